import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const { schemas, document } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const ajv = addFormats(new Ajv2020());
const compiled = schemas.map((schema) => ajv.compile(schema));
process.exitCode = compiled.at(-1)(JSON.parse(document)) ? 0 : 1;
