// Runs the tests of the crate wasm/: natively, in Node, and in a headless Chromium.
//
// CHROMEDRIVER names the driver, default /usr/bin/chromedriver; the browser's flags stand in wasm/webdriver.json.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { bindgen, root } from "./bindgen.mjs";

const env = {
  CHROMEDRIVER: "/usr/bin/chromedriver",
  ...process.env,
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: join(bindgen(), "wasm-bindgen-test-runner"),
};
const test = (...args) =>
  execFileSync("cargo", ["test", "--package", "toolgate-wasm", ...args], { cwd: root, env, stdio: "inherit" });

const inJavaScript = ["--target", "wasm32-unknown-unknown", "--test", "core"];
test("--lib");
test(...inJavaScript);
test(...inJavaScript, "--features", "browser");
