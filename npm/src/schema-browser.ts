/** `toolgate/schema` for browsers and everything else: `await init()` loads the schema engine alone. */

import { load } from "./alone.js";
import type { WasmSource } from "./engine.js";

export * from "./schema-index.js";

/**
 * Loads the WebAssembly of the schema engine. Await it once, before anything else of `toolgate/schema`; further calls
 * do nothing, and so does the first where `toolgate` is loaded already. On Node it does nothing at all. A page with a
 * strict content security policy needs `script-src 'wasm-unsafe-eval'`.
 *
 * @param source - Where to get it instead of from the package: the address of the file `toolgate/schema.wasm` (which
 * can be streamed), its bytes, or a compiled module.
 */
export function init(source?: WasmSource): Promise<void> {
  // Imported only when needed, so that whoever brings the WebAssembly along does not download it twice.
  return load(async () => source ?? (await import("./generated/schema-inline.js")).bytes());
}
