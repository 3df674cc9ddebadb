// What the WebAssembly weighs. Brotli 11 is what a content delivery network sends.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { root } from "./bindgen.mjs";
import { buildEngine } from "./wasm.mjs";

/** Where the schema engine alone is built for being weighed. */
export const engineFolder = join(root, ".cache/engine");

/** Budgets only shrink: they stand a little above what was reached, and below it lies the goal in tests/bench. */
const MODULES = [
  { name: "schema engine alone", file: join(engineFolder, "toolgate.wasm"), budget: 104_000 },
  { name: "toolgate.wasm", file: join(root, "npm/dist/toolgate.wasm"), budget: 212_000 },
];

/** Builds the engine alone, and weighs it and the whole that was built before. */
export function weigh() {
  buildEngine(engineFolder);
  return MODULES.map(({ name, file, budget }) => {
    const wasm = readFileSync(file);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length };
    return { name, budget, bytes: wasm.length, compressed: brotliCompressSync(wasm, { params }).length };
  });
}
