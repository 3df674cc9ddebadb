import { compile, init } from "toolgate/schema";
import { runSuite } from "./run.mjs";
import { say } from "./say.js";

async function run() {
  const early = await Promise.resolve().then(() => compile(true)).catch((error) => error.code);
  await init();
  const cases = await (await fetch("./cases.json")).json();
  return { early, failed: runSuite(cases, compile) };
}

say(run());
