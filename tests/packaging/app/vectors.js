import initialize, { Core, room, verifyAudit } from "./bindings.js";
import { playAll } from "./play.mjs";
import { say } from "./say.js";

async function run() {
  const { memory } = await initialize({ module_or_path: "./toolgate.wasm" });
  const files = await (await fetch("./vectors.json")).json();
  const failed = playAll(files, { Core, verifyAudit, room, memory });
  return { count: files.flatMap(({ cases }) => cases).length, failed };
}

say(run());
