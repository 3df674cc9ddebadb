// Writes src/codes.ts from the core's list of errors; run it after a build that changed the list.

import { readFileSync, writeFileSync } from "node:fs";
import { errorCodes, initSync } from "../src/generated/toolgate.js";

const url = (path) => new URL(`../${path}`, import.meta.url);

initSync({ module: readFileSync(url("dist/toolgate.wasm")) });
const codes = errorCodes().map(({ code }) => `  | "${code}"`);
const text = `/** Written by \`npm run codes\` from the core's list of errors; a test compares them. */
export type CoreErrorCode =
${codes.join("\n")};
`;

if (!process.argv.includes("--check")) {
  writeFileSync(url("src/codes.ts"), text);
} else if (readFileSync(url("src/codes.ts"), "utf8") !== text) {
  process.stderr.write("src/codes.ts is not what the core's list says: npm run codes\n");
  process.exitCode = 1;
}
