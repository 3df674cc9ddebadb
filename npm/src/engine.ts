/** The WebAssembly modules, however they were loaded: the whole with its guard, and the schema engine alone. */

import { notInitialized } from "./errors.js";
import { Room } from "./room.js";

/** Where the WebAssembly comes from: an address to stream it from, its bytes, or a compiled module. */
export type WasmSource = string | URL | Response | Promise<Response> | ArrayBuffer | Uint8Array | WebAssembly.Module;

/** What the glue of each module has. */
interface Glue extends Pick<typeof import("./generated/schema.js"), "initSync" | "room" | "Validator"> {
  /** Its default export. */
  initialize: typeof import("./generated/schema.js").default;
}

/** One of the modules: what it has can be used once it is loaded. */
export class Engine<Bindings extends Glue = Glue> {
  readonly #bindings: Bindings;
  #room: Room | undefined;
  #loading: Promise<void> | undefined;

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  /** The core's functions. Throws `not_initialized` before they are loaded. */
  get bindings(): Bindings {
    if (this.#room === undefined) throw notInitialized();
    return this.#bindings;
  }

  /** Where its validators find their documents. */
  get room(): Room {
    if (this.#room === undefined) throw notInitialized();
    return this.#room;
  }

  /** Loads without waiting, where that is allowed. */
  loadSync(module: BufferSource | WebAssembly.Module): void {
    if (this.#room === undefined) this.#loaded(this.#bindings.initSync({ module }));
  }

  /** Loads once; a failed attempt may be repeated. */
  load(source: () => WasmSource | Promise<WasmSource>): Promise<void> {
    if (this.#room !== undefined) return Promise.resolve();
    this.#loading ??= (async () => {
      try {
        this.#loaded(await this.#bindings.initialize({ module_or_path: await source() }));
      } finally {
        this.#loading = undefined;
      }
    })();
    return this.#loading;
  }

  #loaded({ memory }: { memory: WebAssembly.Memory }): void {
    this.#room = new Room(this.#bindings.room, memory);
    compiling ??= this;
  }
}

let compiling: Engine | undefined;

/** Whether schemas can be compiled already. */
export function hasSchemaEngine(): boolean {
  return compiling !== undefined;
}

/** What compiles schemas, whichever entry is asked: the module that was loaded first. */
export function schemaEngine(): Engine {
  if (compiling === undefined) throw notInitialized();
  return compiling;
}

/** Nothing to do where the WebAssembly is ready at import; awaiting it lets the same code run in a browser. */
export async function init(_source?: WasmSource): Promise<void> {}
