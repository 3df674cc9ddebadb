/** Entry without the WebAssembly inside: `init` must be told where it is. */

import type { WasmSource } from "./engine.js";
import { whole } from "./whole.js";

export * from "./index.js";

/**
 * Loads the WebAssembly. Await it once, before anything else of this package; further calls do nothing.
 *
 * @param source - The address of the file `toolgate/wasm` (which can be streamed), its bytes, or a compiled module.
 */
export function init(source: WasmSource): Promise<void> {
  return whole.load(() => source);
}
