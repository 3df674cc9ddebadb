// What the WebAssembly weighs. Brotli 11 is what a content delivery network sends.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { root } from "./bindgen.mjs";

const dist = join(root, "npm/dist");

/** Budgets only shrink: they stand a little above what was reached, and below it lies the goal in tests/bench. */
const MODULES = [
  { name: "schema.wasm", budget: 97_500 },
  { name: "toolgate.wasm", budget: 179_500 },
];

/** Weighs the schema engine alone and the whole, as they are shipped. */
export function weigh() {
  return MODULES.map(({ name, budget }) => {
    const wasm = readFileSync(join(dist, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length };
    return { name, budget, bytes: wasm.length, compressed: brotliCompressSync(wasm, { params }).length };
  });
}
