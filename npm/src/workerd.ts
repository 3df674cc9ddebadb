/** Entry for workers that compile WebAssembly at deployment and allow no other. */

import module from "./toolgate.wasm";
import { whole } from "./whole.js";

whole.loadSync(module);

export { init } from "./engine.js";
export * from "./index.js";
