// What Node itself takes to start and to read a file.
import { readFileSync } from "node:fs";

JSON.parse(readFileSync(process.argv[2], "utf8"));
