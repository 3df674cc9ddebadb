/**
 * A run with everything captured that a host could write down (stdout, stderr, results, errors, snapshots at every
 * step, decisions, steps, the ledger), and then a search for what must not be there.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { generations } from "./clients.js";
import { Sandbox } from "./sandbox.js";

const program = fileURLToPath(new URL("canary-run.js", import.meta.url));

async function texts(folder: string): Promise<[string, string][]> {
  const names = await readdir(folder);
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as [string, string]));
}

/** What was captured, what the vault got and what was emailed. */
async function run(generation: number) {
  await using sandbox = await Sandbox.start("--seed", "20261121");
  const folder = sandbox.file("captures");
  const vault = sandbox.file("vault");
  await mkdir(folder);
  const args = [program, String(generation), folder, vault, sandbox.url.href, sandbox.outbox];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(createWriteStream(join(folder, "stdout.txt")));
  child.stderr.pipe(createWriteStream(join(folder, "stderr.txt")));
  const exit = await new Promise((resolve) => child.once("close", resolve));
  const captures = await texts(folder);
  assert.equal(exit, 0, captures.find(([name]) => name === "stderr.txt")?.[1].slice(-3000));
  const keys = new Set((await readFile(vault, "utf8")).trim().split("\n"));
  const codes = (await texts(sandbox.outbox)).map(([, text]) => /^Your code is (\d{6})/m.exec(text)?.[1] ?? "");
  return { captures, keys: [...keys], codes };
}

for (const [number, generation] of generations.entries()) {
  it(`${generation.name}: keys and codes are in the vault and the outbox, and nowhere else`, async () => {
    const { captures, keys, codes } = await run(number);
    assert.equal(keys.length, 2);
    assert.equal(codes.length, 2);
    for (const key of keys) assert.match(key, /^fav_mcp_[0-9A-Za-z]{16,}$/);
    for (const code of codes) assert.match(code, /^\d{6}$/);

    // What must be there, so that the search is known to look in the right place.
    const all = captures.map(([, text]) => text).join("\n");
    const expected = ["signup: result", "verify: result", "wrong_code", "secret_in_arguments", "…(sha256:", '"state":"proposed"'];
    for (const text of expected) assert.ok(all.includes(text), `${text} was not captured`);
    assert.deepEqual(captures.map(([name]) => name).sort(), ["captured.json", "stderr.txt", "stdout.txt"]);

    // A code is short: within a longer number or a digest it is chance.
    const written = keys.flatMap((key) => [
      key,
      key.toUpperCase(),
      [...key].join("\u200b"),
      Buffer.from(key).toString("hex"),
      Buffer.from(key).toString("base64").slice(0, -4),
    ]);
    const secrets = [...written.map((key) => new RegExp(key, "g")), ...codes.map((code) => new RegExp(`(?<![0-9a-f])${code}(?![0-9a-f])`, "g"))];
    const leaks = captures.flatMap(([name, text]) =>
      secrets.flatMap((secret) =>
        [...text.matchAll(secret)].map(({ index }) => `${name}: …${text.slice(Math.max(0, index - 200), index)}[here]`),
      ),
    );
    assert.deepEqual(leaks, []);
  });
}
