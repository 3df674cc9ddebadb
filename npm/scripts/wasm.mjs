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
  build(folder, "toolgate", target, [], [LEAN, FEWER_INLINED]);
}

/** Writes `schema.wasm` and so on; in a target folder of its own, so that neither build begins anew after the other. */
export function buildSchemaEngine(folder) {
  build(folder, "schema", join(target, "engine"), ["--no-default-features"], [LEAN]);
}

// The standard library as it comes brings panic messages, and all that formats them, into a module where a panic can
// only trap: built again so that a panic is nothing but the trap, it is far smaller. Cargo does that only for who says
// that he knows it to be unstable.
const UNSTABLE = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size", "-Zpanic-immediate-abort"];
const PROFILE = {
  RUSTC_BOOTSTRAP: "1",
  CARGO_PROFILE_RELEASE_PANIC: "immediate-abort",
  // As fast here as 3, and smaller.
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "2",
  // The symbols tell wasm-bindgen which features rustc used; it drops them afterwards.
  CARGO_PROFILE_RELEASE_STRIP: "none",
};
// Unrolled, SHA-256 would weigh more than its speed is worth.
const LEAN = '--cfg=sha2_backend_soft="compact"';
// A twentieth off the whole for a fortieth of its validators' speed. Who wants only validators has the other module.
const FEWER_INLINED = "-Cllvm-args=-inline-threshold=50";

function build(folder, name, targetFolder, options, rustFlags) {
  // What is left of source files' names shall not tell where this machine keeps them.
  const crates = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const registries = existsSync(crates) ? readdirSync(crates) : [];
  const sysroot = execFileSync("rustc", ["--print", "sysroot"], { cwd: root, encoding: "utf8" }).trim();
  const remapped = registries.map((name) => `${join(crates, name)}=crates`);
  remapped.push(`${join(sysroot, "lib/rustlib/src/rust")}=rust`, `${targetFolder}=target`, `${root}=`);
  const flags = [...rustFlags, ...remapped.map((paths) => `--remap-path-prefix=${paths}`)];
  const where = ["--target", "wasm32-unknown-unknown", "--target-dir", targetFolder];
  execFileSync("cargo", ["build", "--release", "--package", "toolgate-wasm", ...UNSTABLE, ...where, ...options], {
    ...{ cwd: root, stdio: "inherit" },
    env: { ...process.env, ...PROFILE, CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") },
  });
  // Without a default module path the glue holds no `new URL(…, import.meta.url)`, which bundlers trip over.
  run(
    join(bindgen(), "wasm-bindgen"),
    join(targetFolder, "wasm32-unknown-unknown/release/toolgate_wasm.wasm"),
    ...["--target", "web", "--out-dir", folder, "--out-name", name],
    ...["--omit-default-module-path", "--remove-name-section", "--remove-producers-section"],
  );
  const [wasm, optimised] = [join(folder, `${name}_bg.wasm`), join(folder, `${name}.wasm`)];
  // All but the smallest functions stay apart though each has one caller. Merged, they compress badly for all their
  // locals, and V8 compiles such large ones a second time after few rounds, which a process waits for before it ends.
  // The lowest memory is the stack's last kilobyte: whatever is not sound there is out of bounds, so it traps.
  const passes = ["-Oz", "--converge", "--one-caller-inline-max-function-size=16", "--low-memory-unused"];
  run(tool("wasm-opt"), wasm, ...passes, ...FEATURES.map((feature) => `--enable-${feature}`), "-o", optimised);
}
