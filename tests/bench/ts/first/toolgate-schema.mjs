import { readFileSync } from "node:fs";
import { compile } from "toolgate/schema";

const { schemas, document } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const compiled = schemas.map((schema) => compile(schema));
process.exitCode = compiled.at(-1).isValid(document) ? 0 : 1;
