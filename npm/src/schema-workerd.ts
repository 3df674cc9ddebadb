/** `toolgate/schema` for workers that compile WebAssembly at deployment and allow no other. */

import { loadSync } from "./alone.js";
import module from "./schema.wasm";

loadSync(() => module);

export { init } from "./engine.js";
export * from "./schema-index.js";
