// One of many processes, of both languages, that fight for one audit's file (tests/e2e/python/test_files.py): opens it,
// writes a few lines of a chain, and gives it up or dies. Usage: lock-racer.mjs FILE SECONDS. Prints each line's hash
// before anything that follows it, and how often the file was its own.

import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { FileAudit } from "toolgate/node";

const [, , path, seconds] = process.argv;
const until = Date.now() + Number(seconds) * 1000;
const chance = (one, of) => randomBytes(1)[0] % of < one;

while (Date.now() < until) {
  let sink;
  try {
    sink = new FileAudit(path);
  } catch (error) {
    if (error.code !== "audit_failed" || !/another guard uses it|others try/.test(error.message)) throw error;
    await sleep(1);
    continue;
  }
  let prev = JSON.parse(sink.last() ?? `{"hash":"${"0".repeat(64)}"}`).hash;
  for (let lines = 0; lines < 4; lines += 1) {
    const hash = createHash("sha256").update(prev).update(randomBytes(16)).digest("hex");
    await sink.append(JSON.stringify({ prev, hash, by: `node ${process.pid}` }));
    process.stdout.write(`${hash}\n`);
    prev = hash;
    if (chance(1, 16)) process.kill(process.pid, "SIGKILL");
  }
  sink.close();
  if (chance(1, 2)) await sleep(1);
}
