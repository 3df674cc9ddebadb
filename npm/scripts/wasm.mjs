// The core as WebAssembly with its JavaScript glue: whole, as it is shipped, and without the guard, as it is weighed.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { bindgen, root } from "./bindgen.mjs";

const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");

export const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: "inherit" });
export const tool = (name) => join(root, "npm/node_modules/.bin", name);

// What rustc turns on by itself, and nothing else: `--all-features` would let the optimiser use what engines lack.
const FEATURES = ["bulk-memory", "bulk-memory-opt", "multivalue", "mutable-globals"];
FEATURES.push("nontrapping-float-to-int", "reference-types", "sign-ext", "call-indirect-overlong", "simd");

/** Writes `toolgate.wasm`, `toolgate.js` and `toolgate.d.ts` into the folder. */
export function buildWhole(folder) {
  build(folder, target, []);
}

/** The same of the schema engine alone, in a target folder of its own lest it replaces what others look at. */
export function buildEngine(folder) {
  build(folder, join(target, "engine"), ["--no-default-features"]);
}

function build(folder, targetFolder, options) {
  // The symbols tell wasm-bindgen which features rustc used; it drops them afterwards.
  process.env.CARGO_PROFILE_RELEASE_STRIP = "none";
  // Panic messages name source files; they shall not tell where this machine keeps them.
  const crates = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const registries = existsSync(crates) ? readdirSync(crates) : [];
  const remapped = [...registries.map((name) => `${join(crates, name)}=crates`), `${targetFolder}=target`, `${root}=`];
  process.env.CARGO_ENCODED_RUSTFLAGS = remapped.map((paths) => `--remap-path-prefix=${paths}`).join("\x1f");
  const where = ["--target", "wasm32-unknown-unknown", "--target-dir", targetFolder];
  run("cargo", "build", "--release", "--package", "toolgate-wasm", ...where, ...options);
  rmSync(folder, { recursive: true, force: true });
  // Without a default module path the glue holds no `new URL(…, import.meta.url)`, which bundlers trip over.
  run(
    join(bindgen(), "wasm-bindgen"),
    join(targetFolder, "wasm32-unknown-unknown/release/toolgate_wasm.wasm"),
    ...["--target", "web", "--out-dir", folder, "--out-name", "toolgate"],
    ...["--omit-default-module-path", "--remove-name-section", "--remove-producers-section"],
  );
  const [wasm, optimised] = [join(folder, "toolgate_bg.wasm"), join(folder, "toolgate.wasm")];
  run(tool("wasm-opt"), wasm, "-Oz", ...FEATURES.map((feature) => `--enable-${feature}`), "-o", optimised);
}
