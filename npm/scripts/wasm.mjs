// The core as WebAssembly with its JavaScript glue: the whole, and the schema engine alone.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
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
  build(folder, "toolgate", target, []);
}

/** Writes `schema.wasm` and so on; in a target folder of its own, so that neither build begins anew after the other. */
export function buildSchemaEngine(folder) {
  build(folder, "schema", join(target, "engine"), ["--no-default-features"]);
}

function build(folder, name, targetFolder, options) {
  // The symbols tell wasm-bindgen which features rustc used; it drops them afterwards.
  process.env.CARGO_PROFILE_RELEASE_STRIP = "none";
  // Panic messages name source files; they shall not tell where this machine keeps them.
  const crates = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const registries = existsSync(crates) ? readdirSync(crates) : [];
  const remapped = [...registries.map((name) => `${join(crates, name)}=crates`), `${targetFolder}=target`, `${root}=`];
  process.env.CARGO_ENCODED_RUSTFLAGS = remapped.map((paths) => `--remap-path-prefix=${paths}`).join("\x1f");
  const where = ["--target", "wasm32-unknown-unknown", "--target-dir", targetFolder];
  run("cargo", "build", "--release", "--package", "toolgate-wasm", ...where, ...options);
  // Without a default module path the glue holds no `new URL(…, import.meta.url)`, which bundlers trip over.
  run(
    join(bindgen(), "wasm-bindgen"),
    join(targetFolder, "wasm32-unknown-unknown/release/toolgate_wasm.wasm"),
    ...["--target", "web", "--out-dir", folder, "--out-name", name],
    ...["--omit-default-module-path", "--remove-name-section", "--remove-producers-section"],
  );
  const [wasm, optimised] = [join(folder, `${name}_bg.wasm`), join(folder, `${name}.wasm`)];
  // A function that is called once stays one: V8 compiles large functions that loop a second time after few rounds, and
  // a process does not end before that is done.
  const shape = ["-Oz", "--one-caller-inline-max-function-size=0"];
  run(tool("wasm-opt"), wasm, ...shape, ...FEATURES.map((feature) => `--enable-${feature}`), "-o", optimised);
}
