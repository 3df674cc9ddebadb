// Makes dist/: the core as WebAssembly, its glue, and the TypeScript around it.
//
//   node scripts/build.mjs                     everything
//   node scripts/build.mjs --typescript-only   when neither core/ nor wasm/ changed

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bindgen.mjs";
import { buildWhole, run, tool } from "./wasm.mjs";

const npm = join(root, "npm");
const generated = join(npm, "src/generated");
const dist = join(npm, "dist");

if (!process.argv.includes("--typescript-only")) {
  buildWhole(generated);
  const base64 = readFileSync(join(generated, "toolgate.wasm"), "base64");
  writeFileSync(join(generated, "inline.js"), `export const base64 = "${base64}";\n`);
  writeFileSync(join(generated, "inline.d.ts"), "export declare const base64: string;\n");
}

rmSync(dist, { recursive: true, force: true });
run(tool("tsc"), "--project", join(npm, "tsconfig.json"));
mkdirSync(join(dist, "generated"), { recursive: true });
for (const file of ["toolgate.js", "toolgate.d.ts", "inline.js", "inline.d.ts"]) {
  cpSync(join(generated, file), join(dist, "generated", file));
}
cpSync(join(generated, "toolgate.wasm"), join(dist, "toolgate.wasm"));
