// Makes dist/: the core as WebAssembly, whole and the schema engine alone, and the TypeScript around both.
//
//   node scripts/build.mjs                     everything
//   node scripts/build.mjs --typescript-only   when neither core/ nor wasm/ changed

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { root } from "./bindgen.mjs";
import { buildSchemaEngine, buildWhole, run, tool } from "./wasm.mjs";

const npm = join(root, "npm");
const generated = join(npm, "src/generated");
const dist = join(npm, "dist");

const MODULES = ["toolgate", "schema"];
const ENTRIES = [
  "node",
  "browser",
  "workerd",
  "slim",
  "schema-node",
  "schema-browser",
  "schema-workerd",
  "terminal",
  "sqlite",
  "postgres",
];

if (!process.argv.includes("--typescript-only")) {
  rmSync(generated, { recursive: true, force: true });
  buildWhole(generated);
  buildSchemaEngine(generated);
  for (const module of MODULES) {
    const base64 = readFileSync(join(generated, `${module}.wasm`), "base64");
    const bytes = "() => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))";
    writeFileSync(
      join(generated, `${module}-inline.js`),
      `const base64 = "${base64}";\nexport const bytes = ${bytes};\n`,
    );
    writeFileSync(
      join(generated, `${module}-inline.d.ts`),
      "export declare const bytes: () => Uint8Array<ArrayBuffer>;\n",
    );
  }
}

rmSync(dist, { recursive: true, force: true });
run(tool("tsc"), "--project", join(npm, "tsconfig.json"));
// A file an entry and one for what several have in common: each further file delays the start of a process.
await build({
  input: ENTRIES.map((entry) => join(npm, "src", `${entry}.ts`)),
  external: [/^node:/, /\.wasm$/, /-inline\.js$/, "better-sqlite3", "pg"],
  output: { dir: dist, chunkFileNames: "shared-[hash].js", sourcemap: true },
});
cpSync(join(root, "core/src/policy/policy.schema.json"), join(dist, "policy.schema.json"));
mkdirSync(join(dist, "generated"), { recursive: true });
for (const module of MODULES) {
  for (const file of [`${module}.d.ts`, `${module}-inline.js`]) {
    cpSync(join(generated, file), join(dist, "generated", file));
  }
  cpSync(join(generated, `${module}.wasm`), join(dist, `${module}.wasm`));
}
