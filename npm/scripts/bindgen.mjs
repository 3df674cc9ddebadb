// wasm-bindgen's tools: they must be of the crate's version to the letter, so they are installed within the clone.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The folder of `wasm-bindgen` and `wasm-bindgen-test-runner`. */
export function bindgen() {
  const manifest = readFileSync(join(root, "wasm/Cargo.toml"), "utf8");
  const version = /^wasm-bindgen = "=(.+)"$/m.exec(manifest)[1];
  const home = join(root, ".cache/wasm-bindgen", version);
  if (!existsSync(join(home, "bin/wasm-bindgen"))) {
    const install = ["install", "wasm-bindgen-cli", "--version", version, "--root", home];
    execFileSync("cargo", install, { cwd: root, stdio: "inherit" });
  }
  return join(home, "bin");
}
