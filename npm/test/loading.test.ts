/** How the entries load their WebAssembly. Each runs in a process of its own: what is loaded is shared by all. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

function run(script: string): string {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return execFileSync(process.execPath, ["--input-type=module", "--eval", script], { cwd, encoding: "utf8" }).trim();
}

const DIGEST_OF_EMPTY_OBJECT = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

it("Node: ready at import, and init does nothing", () => {
  const said = run(`
    import { digest, init } from "toolgate";
    const before = digest("{}");
    await init();
    console.log(before === digest("{}") && before);`);
  assert.equal(said, DIGEST_OF_EMPTY_OBJECT);
});

it("Node: require() of the same package", () => {
  const said = run(`
    import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    console.log(require("toolgate").digest("{}"));`);
  assert.equal(said, DIGEST_OF_EMPTY_OBJECT);
});

it("browser: a clear error before init, ready after it, and once is enough", () => {
  const said = run(`
    import { digest, Guard, init } from "./dist/browser.js";
    const codes = [];
    try { digest("{}") } catch (error) { codes.push(error.code, error.next) }
    try { await Guard.attach({}) } catch (error) { codes.push(error.code) }
    await Promise.all([init(), init()]);
    await init();
    console.log(JSON.stringify([...codes, digest("{}")]));`);
  const [code, next, ofGuard, digest] = JSON.parse(said);
  assert.equal(code, "not_initialized");
  assert.match(next, /await init\(\)/);
  assert.equal(ofGuard, "not_initialized");
  assert.equal(digest, DIGEST_OF_EMPTY_OBJECT);
});

it("slim: from bytes or a compiled module, and again after a failed attempt", () => {
  const said = run(`
    import { readFileSync } from "node:fs";
    import { digest, init } from "./dist/slim.js";
    const bytes = readFileSync("dist/toolgate.wasm");
    const first = await init(new Uint8Array([1, 2, 3])).then(() => "loaded", (error) => error.name);
    await init(process.argv[1] === "module" ? new WebAssembly.Module(bytes) : bytes);
    console.log(first, digest("{}"));`);
  assert.equal(said, `CompileError ${DIGEST_OF_EMPTY_OBJECT}`);
});

it("schema on Node: ready at import, by either way to import", () => {
  const said = run(`
    import { createRequire } from "node:module";
    import { compile, init } from "toolgate/schema";
    const before = compile({ type: "string" }).isValid("1");
    await init();
    const required = createRequire(import.meta.url)("toolgate/schema");
    console.log(before, required.compile === compile, compile({ type: "string" }).isValid('"1"'));`);
  assert.equal(said, "false true true");
});

it("schema in a browser: a clear error before init, ready after it, from the package or from elsewhere", () => {
  const script = (source: string) => `
    import { readFileSync } from "node:fs";
    import { compile, init, jsonSchemaValidator } from "./dist/schema-browser.js";
    const codes = [];
    for (const early of [() => compile(true), () => jsonSchemaValidator().getValidator({})]) {
      try { early() } catch (error) { codes.push(error.code) }
    }
    const failed = await init(new Uint8Array([1, 2, 3])).catch((error) => error.name);
    await Promise.all([init(${source}), init(${source})]);
    await init();
    console.log(...codes, failed, compile({ type: "string" }).isValid("1"));`;
  for (const source of [
    "",
    'readFileSync("dist/schema.wasm")',
    'new WebAssembly.Module(readFileSync("dist/schema.wasm"))',
  ]) {
    assert.equal(run(script(source)), "not_initialized not_initialized CompileError false", source);
  }
});

it("workers: both entries take their module by an import", () => {
  const said = run(`
    import { register } from "node:module";
    const load = async (url, context, next) => {
      if (!url.endsWith(".wasm")) return next(url, context);
      const read = 'process.getBuiltinModule("node:fs").readFileSync(new URL(import.meta.url))';
      return { format: "module", source: "export default new WebAssembly.Module(" + read + ");", shortCircuit: true };
    };
    register("data:text/javascript,export const load = " + encodeURIComponent(load));
    const { compile } = await import("./dist/schema-workerd.js");
    const early = compile({ type: "string" }).isValid('"1"');
    const { digest } = await import("./dist/workerd.js");
    console.log(early, digest("{}"));`);
  assert.equal(said, `true ${DIGEST_OF_EMPTY_OBJECT}`);
});

it("both entries in one process: the same classes and functions, whichever comes first", () => {
  const script = (first: string, second: string) => `
    const loaded = [];
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (module, imports) {
      const instance = new Instance(module, imports);
      loaded.push("core_new" in instance.exports ? "whole" : "alone");
      return instance;
    };
    const first = await import("toolgate${first}");
    const early = first.compile({ type: "string" });
    const second = await import("toolgate${second}");
    const { digest, Guard, Validator } = "digest" in first ? first : second;
    const late = second.compile({ type: "string" });
    for (const validator of [early, late]) {
      if (!(validator instanceof Validator) || !validator.isValid('"a"') || validator.isValid("1")) loaded.push("wrong");
      if (validator.validate("1").length !== 1) loaded.push("wrong");
    }
    for (const { compile, ToolgateError } of [first, second]) {
      try { compile({ type: 1 }) } catch (error) {
        loaded.push(error instanceof first.ToolgateError && error instanceof second.ToolgateError && error.code);
      }
    }
    const client = { listTools: async () => ({ tools: [] }), callTool: async () => ({}) };
    console.log(...loaded, (await Guard.attach(client, { server: "here" })).tools().length, digest("{}"));`;
  const rest = `invalid_schema invalid_schema 0 ${DIGEST_OF_EMPTY_OBJECT}`;
  assert.equal(run(script("/schema", "")), `alone whole ${rest}`);
  assert.equal(run(script("", "/schema")), `whole ${rest}`);
});

it("the schema engine alone is not enough for the guard", () => {
  const said = run(`
    import { Guard } from "./dist/browser.js";
    import { compile } from "toolgate/schema";
    const error = await Guard.attach({}).catch((error) => error);
    console.log(compile(true).isValid("1"), error.code);`);
  assert.equal(said, "true not_initialized");
});
