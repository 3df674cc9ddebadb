// Writes src/codes.ts from the core's list of errors; run it after a build that changed the list.

import { readFileSync, writeFileSync } from "node:fs";
import { errorCodes, initSync } from "../dist/generated/toolgate.js";

initSync({ module: readFileSync(new URL("../dist/toolgate.wasm", import.meta.url)) });
const codes = errorCodes().map(({ code }) => `  | "${code}"`);
const text = `/** Written by \`npm run codes\` from the core's list of errors; a test compares them. */
export type CoreErrorCode =
${codes.join("\n")};
`;
writeFileSync(new URL("../src/codes.ts", import.meta.url), text);
