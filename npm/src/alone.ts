import { Engine, hasSchemaEngine, type WasmSource } from "./engine.js";
import initialize, { initSync, room, Validator } from "./generated/schema.js";

const alone = new Engine({ initialize, initSync, room, Validator });

/** Loads the schema engine alone, unless the whole is there already, which has it too. */
export function loadSync(module: () => BufferSource | WebAssembly.Module): void {
  if (!hasSchemaEngine()) alone.loadSync(module());
}

/** The same where loading takes waiting. */
export function load(source: () => WasmSource | Promise<WasmSource>): Promise<void> {
  return hasSchemaEngine() ? Promise.resolve() : alone.load(source);
}
