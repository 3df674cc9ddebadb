// Puts the tests into .test/, with the files of src/ that they look into.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { root } from "./bindgen.mjs";

const [from, to] = ["test", ".test"].map((folder) => join(root, "npm", folder));
const tests = readdirSync(from).filter((name) => name.endsWith(".test.ts"));

rmSync(to, { recursive: true, force: true });
await build({
  input: tests.map((name) => join(from, name)),
  // What is tested as its users have it, and what finds its own files.
  external: [/^node:/, /^toolgate/, /\.mjs$/, /^@opentelemetry/, /^better-sqlite3/],
  output: { dir: to, sourcemap: true },
});
