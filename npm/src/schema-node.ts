/** `toolgate/schema` for Node and its like: the schema engine is read and ready when the import is done. */

import { readFileSync } from "node:fs";
import { loadSync } from "./alone.js";

loadSync(() => readFileSync(new URL("./schema.wasm", import.meta.url)));

export { init } from "./engine.js";
export * from "./schema-index.js";
