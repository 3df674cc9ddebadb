// What of the package gets into the bundles of its users: whoever only validates does not pay for the guard.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { consumer } from "./pack.mjs";

const BUNDLERS = {
  async Vite(context, entry, out) {
    const { build } = await import("vite");
    const rollupOptions = { input: join(context, entry) };
    await build({ root: context, configFile: false, logLevel: "error", build: { outDir: out, rollupOptions } });
  },
  async webpack(context, entry, out) {
    const { default: webpack } = await import("webpack");
    await new Promise((resolve, reject) => {
      const options = { mode: "production", context, entry: `./${entry}`, output: { path: out } };
      webpack(options, (error) => (error ? reject(error) : resolve()));
    });
  },
};

/** Of a WebAssembly file as it is inlined, a part that no other has. */
function partOf(wasm) {
  const base64 = readFileSync(wasm, "base64");
  const middle = base64.length / 2;
  return base64.slice(middle, middle + 200);
}

let path;
let marks;
before(() => {
  path = consumer({
    "schema.js": 'import { compile, init } from "toolgate/schema";\ninit().then(() => console.log(compile(true).isValid("1")));\n',
    "guard.js": 'import { compile, Guard, init } from "toolgate";\ninit().then(() => Guard.attach({})).then(() => compile(true));\n',
  });
  const dist = join(path, "node_modules/toolgate/dist");
  marks = {
    "the schema engine": partOf(join(dist, "schema.wasm")),
    "the whole": partOf(join(dist, "toolgate.wasm")),
    // The names of what the glue calls are the module's and outlive every minifier.
    "the guard's glue": "core_openSteps",
    "the validator's glue": "validator_check",
  };
});

for (const [name, bundle] of Object.entries(BUNDLERS)) {
  describe(name, () => {
    async function holds(entry) {
      const out = join(path, `${name}-${entry}`);
      await bundle(path, entry, out);
      const files = readdirSync(out, { recursive: true }).filter((file) => file.endsWith(".js"));
      const text = files.map((file) => readFileSync(join(out, file), "utf8")).join("\n");
      return Object.keys(marks).filter((mark) => text.includes(marks[mark]));
    }

    it("has the schema engine and nothing else for the entry toolgate/schema", async () => {
      assert.deepEqual(await holds("schema.js"), ["the schema engine", "the validator's glue"]);
    });

    it("has the whole, and the schema engine not twice, for the entry toolgate", async () => {
      assert.deepEqual(await holds("guard.js"), ["the whole", "the guard's glue", "the validator's glue"]);
    });
  });
}
