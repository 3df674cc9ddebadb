/** The one WebAssembly instance, however it was loaded. */

import { notInitialized } from "./errors.js";
import * as bindings from "./generated/toolgate.js";

let ready = false;

/** Where the WebAssembly comes from: an address to stream it from, its bytes, or a compiled module. */
export type WasmSource = string | URL | Response | Promise<Response> | ArrayBuffer | Uint8Array | WebAssembly.Module;

let memory: WebAssembly.Memory | undefined;

/** Where documents are written for the core to read. */
export function linearMemory(): WebAssembly.Memory {
  if (memory === undefined) throw notInitialized();
  return memory;
}

/** The core's bindings. Throws `not_initialized` before they are loaded. */
export function engine(): typeof bindings {
  if (!ready) throw notInitialized();
  return bindings;
}

/** Loads without waiting, where that is allowed. */
export function loadSync(module: BufferSource | WebAssembly.Module): void {
  if (ready) return;
  memory = bindings.initSync({ module }).memory;
  ready = true;
}

let loading: Promise<void> | undefined;

/** Loads once; a failed attempt may be repeated. */
export function load(source: () => WasmSource | Promise<WasmSource>): Promise<void> {
  if (ready) return Promise.resolve();
  loading ??= (async () => {
    try {
      memory = (await bindings.default({ module_or_path: await source() })).memory;
      ready = true;
    } finally {
      loading = undefined;
    }
  })();
  return loading;
}
