/** Entry for browsers and everything else: `await init()` loads the WebAssembly that travels with the package. */

import { load, type WasmSource } from "./engine.js";

export * from "./index.js";

/**
 * Loads the WebAssembly. Await it once, before anything else of this package; further calls do nothing. On Node it
 * does nothing at all. A page with a strict content security policy needs `script-src 'wasm-unsafe-eval'`.
 *
 * @param source - Where to get it instead of from the package: the address of the file `toolgate/wasm` (which can
 * be streamed), its bytes, or a compiled module.
 */
export function init(source?: WasmSource): Promise<void> {
  return load(() => source ?? inlined());
}

/** Imported only when needed, so that whoever brings the WebAssembly along does not download it twice. */
async function inlined(): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await import("./generated/inline.js");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
