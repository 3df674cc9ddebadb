// Makes dist/: the core as WebAssembly, its glue, and the TypeScript around it.
//
//   node scripts/build.mjs                     everything
//   node scripts/build.mjs --typescript-only   when neither core/ nor wasm/ changed

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { bindgen, root } from "./bindgen.mjs";

const npm = join(root, "npm");
const generated = join(npm, "src/generated");
const dist = join(npm, "dist");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");

const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: "inherit" });
const tool = (name) => join(npm, "node_modules/.bin", name);

if (!process.argv.includes("--typescript-only")) {
  // The symbols tell wasm-bindgen which features rustc used; it drops them afterwards.
  process.env.CARGO_PROFILE_RELEASE_STRIP = "none";
  // Panic messages name source files; they shall not tell where this machine keeps them.
  const crates = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const registries = existsSync(crates) ? readdirSync(crates) : [];
  const remapped = [...registries.map((name) => `${join(crates, name)}=crates`), `${target}=target`, `${root}=`];
  process.env.CARGO_ENCODED_RUSTFLAGS = remapped.map((paths) => `--remap-path-prefix=${paths}`).join("\x1f");
  run("cargo", "build", "--release", "--package", "toolgate-wasm", "--target", "wasm32-unknown-unknown");
  rmSync(generated, { recursive: true, force: true });
  // Without a default module path the glue holds no `new URL(…, import.meta.url)`, which bundlers trip over.
  run(
    join(bindgen(), "wasm-bindgen"),
    join(target, "wasm32-unknown-unknown/release/toolgate_wasm.wasm"),
    ...["--target", "web", "--out-dir", generated, "--out-name", "toolgate"],
    ...["--omit-default-module-path", "--remove-name-section", "--remove-producers-section"],
  );
  const wasm = join(generated, "toolgate_bg.wasm");
  const optimised = join(generated, "toolgate.wasm");
  // What rustc turns on by itself, and nothing else: `--all-features` would let the optimiser use what engines lack.
  const features = ["bulk-memory", "bulk-memory-opt", "multivalue", "mutable-globals"];
  features.push("nontrapping-float-to-int", "reference-types", "sign-ext", "call-indirect-overlong", "simd");
  run(tool("wasm-opt"), wasm, "-Oz", ...features.map((feature) => `--enable-${feature}`), "-o", optimised);
  const base64 = readFileSync(optimised, "base64");
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
