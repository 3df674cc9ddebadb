// The installed tarball on Node.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { consumer, npm, run } from "./pack.mjs";
import { startSandbox } from "./sandbox.mjs";

const DIGEST = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

it("import and require give the same package", () => {
  const path = consumer({
    "module.mjs": 'import { digest, init } from "toolgate"; await init(); console.log(digest("{}"));',
    "script.cjs": 'const { digest } = require("toolgate"); console.log(digest("{}"));',
    "slim.mjs": `import { readFile } from "node:fs/promises";
      import { digest, init } from "toolgate/slim";
      await init(await readFile(new URL(import.meta.resolve("toolgate/wasm"))));
      console.log(digest("{}"));`,
  });
  for (const file of ["module.mjs", "script.cjs", "slim.mjs"]) assert.equal(run(path, "node", file).trim(), DIGEST, file);
});

it("so do they of the schema engine alone, whose WebAssembly can be had as a file", () => {
  const path = consumer({
    "module.mjs": 'import { compile, init } from "toolgate/schema"; await init(); console.log(compile({ type: "string" }).isValid("5"));',
    "script.cjs": 'const { compile } = require("toolgate/schema"); console.log(compile({ type: "string" }).isValid("5"));',
    "file.mjs": `import { readFile } from "node:fs/promises";
      const module = new WebAssembly.Module(await readFile(new URL(import.meta.resolve("toolgate/schema.wasm"))));
      console.log(WebAssembly.Module.exports(module).some(({ name }) => name.startsWith("core_")));`,
  });
  for (const file of ["module.mjs", "script.cjs", "file.mjs"]) assert.equal(run(path, "node", file).trim(), "false", file);
});

it("a ledger whose driver is missing says what to install", () => {
  const code = (entry, name, where) => `import { ${name} } from "toolgate/${entry}";
    await ${name}.open("${where}").catch((error) => console.log(error.code, error.message));`;
  const path = consumer({
    "sqlite.mjs": code("sqlite", "SqliteLedger", "ledger.sqlite"),
    "postgres.mjs": code("postgres", "PostgresLedger", "postgresql://127.0.0.1/crm"),
  });
  assert.match(run(path, "node", "sqlite.mjs"), /^invalid_options .*`npm install better-sqlite3`/);
  assert.match(run(path, "node", "postgres.mjs"), /^invalid_options .*`npm install pg`/);
});

it("the README's example runs as it is written", async () => {
  const readme = readFileSync(join(npm, "README.md"), "utf8");
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1];
  const path = consumer({ "example.ts": example }, "@modelcontextprotocol/client", "typescript", "@types/node");
  run(path, "npx", "tsc", "--module", "nodenext", "--target", "es2022", "--types", "node", "example.ts");
  const sandbox = await startSandbox();
  try {
    const env = { ...process.env, FAVCRM_MCP_URL: sandbox.url };
    // At a terminal of its own: elsewhere nobody is asked.
    const child = spawn("script", ["-qefc", "node example.js", "/dev/null"], { cwd: path, env });
    let said = "";
    let asked;
    const question = new Promise((resolve) => (asked = resolve));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        said += data;
        if (said.includes("Code, or r")) asked();
      });
    }
    const ended = new Promise((resolve) => child.once("close", resolve));
    await Promise.race([question, ended]);
    child.stdin.write(`${await sandbox.code()}\n`);
    assert.equal(await ended, 0, said);
    assert.match(said, /fav_mcp_…\(sha256:[0-9a-f]{8}\)/);
    assert.match(said, /svc_/);
    assert.equal(await sandbox.ran("list_services"), 1);
  } finally {
    sandbox.stop();
  }
});
