/** How the entries load their WebAssembly. Each runs in a process of its own: one instance is shared by all. */

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
