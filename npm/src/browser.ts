/** Entry for browsers and everything else: `await init()` loads the WebAssembly that travels with the package. */

import type { WasmSource } from "./engine.js";
import { whole } from "./whole.js";

export * from "./index.js";

/**
 * Loads the WebAssembly. Await it once, before anything else of this package; further calls do nothing. On Node it
 * does nothing at all. A page with a strict content security policy needs `script-src 'wasm-unsafe-eval'`.
 *
 * @param source - Where to get it instead of from the package: the address of the file `toolgate/wasm` (which can
 * be streamed), its bytes, or a compiled module.
 */
export function init(source?: WasmSource): Promise<void> {
  // Imported only when needed, so that whoever brings the WebAssembly along does not download it twice.
  return whole.load(async () => source ?? (await import("./generated/toolgate-inline.js")).bytes());
}
