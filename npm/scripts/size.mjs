// Fails when the WebAssembly grows beyond its budget. Brotli 11 is what a content delivery network sends. Most of it
// is the general JSON Schema validator; the budget shrinks with whatever replaces it.

import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET = 950_000;

const wasm = readFileSync(new URL("../dist/toolgate.wasm", import.meta.url));
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length };
const compressed = brotliCompressSync(wasm, { params }).length;
const percent = ((100 * compressed) / BUDGET).toFixed(1);
process.stdout.write(`toolgate.wasm: ${wasm.length} bytes, ${compressed} by brotli 11: ${percent} % of ${BUDGET}\n`);
if (compressed > BUDGET) process.exitCode = 1;
