// The core does no I/O. Linked into WebAssembly, whatever it would need of an operating system would stand among the
// imports as `env` or `wasi_…`; wasm-bindgen's own glue is all that may.
//
// Run after the wasm build, on the module as rustc left it: TOOLGATE_RAW_WASM=… node --test core/tests/wasm_imports.mjs

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

test("the core imports nothing of an operating system", () => {
  const module = new WebAssembly.Module(readFileSync(process.env.TOOLGATE_RAW_WASM));
  const imports = WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`);
  assert.deepEqual(imports.filter((name) => !name.startsWith("__wbindgen_")), []);
  assert.ok(imports.length > 0, "the module is the one with wasm-bindgen's glue");
});
