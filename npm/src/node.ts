/** Entry for Node and its like: the WebAssembly is read and ready when the import is done. */

import { readFileSync } from "node:fs";
import { whole } from "./whole.js";

whole.loadSync(readFileSync(new URL("./toolgate.wasm", import.meta.url)));

export { init } from "./engine.js";
export * from "./index.js";
