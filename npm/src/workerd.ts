/** Entry for workers that compile WebAssembly at deployment and allow no other. */

import { loadSync, type WasmSource } from "./engine.js";
import module from "./toolgate.wasm";

loadSync(module);

export * from "./index.js";

/** Nothing to do here; awaiting it lets the same code run in a browser. */
export async function init(_source?: WasmSource): Promise<void> {}
