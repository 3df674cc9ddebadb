/** Entry for Node and its like: the WebAssembly is read and ready when the import is done. */

import { readFileSync } from "node:fs";
import { loadSync, type WasmSource } from "./engine.js";

loadSync(readFileSync(new URL("./toolgate.wasm", import.meta.url)));

export * from "./index.js";

/** Nothing to do here; awaiting it lets the same code run in a browser. */
export async function init(_source?: WasmSource): Promise<void> {}
