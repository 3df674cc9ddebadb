// What an outsider can make the guard spend: with the number of secrets to mask, with the number of open approvals, and
// by an answer that never ends.
//
//   node bounds.mjs RESULTS

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { authorizedFetch, FetchClient, Guard, MemoryLedger, MemoryVault } from "toolgate";

const SECRET = "Sup3r$ecret/Value+1";
const KEYS = [10_000, 40_000];
const OPEN = [10, 1_024, 4_000];
const KINDS = { "a few bytes": ["", 101], "3.9 MB": ["x".repeat(3_900_000), 5] };
const TIMEOUT_MS = 1_000;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [head, head.map((_, at) => (at < 2 ? "---" : "---:")), ...rows].map(row).join("\n");

const local = (tool, result = { content: [] }) => ({
  getServerVersion: () => ({ name: "notes" }),
  listTools: async () => ({ tools: [tool] }),
  callTool: async () => result,
});

// ---- secrets in a result ------------------------------------------------------------------------------------------

const read = { name: "get_notes", inputSchema: { type: "object" }, annotations: { readOnlyHint: true, openWorldHint: false } };

async function masking() {
  const rows = [];
  let fewest;
  for (const keys of KEYS) {
    const numbers = Array.from({ length: keys }, (_, number) => number);
    const whole = Object.fromEntries(numbers.map((number) => [`${SECRET} ${number}`, SECRET.toUpperCase()]));
    const result = { content: [{ type: "text", text: JSON.stringify(whole) }], structuredContent: whole };
    const guard = await Guard.attach(local(read, result), { secrets: [SECRET] });
    const spent = [];
    for (let round = 0; round < 5; round += 1) {
      const start = performance.now();
      await guard.callTool({ name: read.name, arguments: {} });
      spent.push(performance.now() - start);
    }
    guard.free();
    const ms = median(spent);
    fewest ??= ms / keys;
    rows.push([keys, "a call", ms.toFixed(0), (ms / keys / fewest).toFixed(2)]);
  }
  return table(["names and values with a declared secret", "", "ms", "for each, against the fewest"], rows);
}

// ---- open approvals -----------------------------------------------------------------------------------------------

// As few as may be asked in a row would end it: nobody answers here.
const policy = { questions: { in_a_row: 1_000, within_ms: 1 } };

/** Milliseconds until the guard said that a person must approve the call. */
async function refused(guard, args) {
  const start = performance.now();
  await guard.callTool({ name: "drop_note", arguments: args }).then(
    () => Promise.reject(new Error("it went out")),
    (error) => error.code === "approval_required" || Promise.reject(error),
  );
  return performance.now() - start;
}

async function approvals() {
  const rows = [];
  for (const [kind, [text, rounds]] of Object.entries(KINDS)) {
    const fewest = {};
    for (const open of OPEN) {
      const client = local({ name: "drop_note", inputSchema: { type: "object" } });
      const guard = await Guard.attach(client, { ledger: new MemoryLedger(), policy });
      for (let id = 0; id < open; id += 1) await refused(guard, { id });
      const works = {
        "a new one": (round) => refused(guard, { id: -1 - round, text }),
        "one that is open": () => refused(guard, { id: -1, text }),
      };
      for (const [call, work] of Object.entries(works)) {
        const spent = [];
        for (let round = 0; round < rounds; round += 1) spent.push(await work(round));
        const ms = median(spent);
        fewest[call] ??= ms;
        rows.push([kind, call, open, ms.toFixed(3), (ms / fewest[call]).toFixed(2)]);
      }
      guard.free();
    }
  }
  return table(["arguments", "call", "open approvals", "ms", "against the fewest"], rows);
}

// ---- answers that never end ---------------------------------------------------------------------------------------

const vault = new MemoryVault();
const CLIENTS = {
  "official client, `authorizedFetch`": async (url) => {
    const client = new Client({ name: "bench", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(url, { fetch: authorizedFetch(vault, "key", { origin: url }) }));
    return client;
  },
  "`FetchClient`": async (url) => {
    const client = new FetchClient(url, { vault, credential: "key" });
    await client.connect();
    return client;
  },
};

/** How long the call takes, how much memory it and the second after it need, and how long nothing else could run. */
async function flooded(guard, name) {
  const [before, start] = [process.memoryUsage().rss, performance.now()];
  let [most, longest, last] = [before, 0, start];
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 10);
  const code = await guard.callTool({ name, arguments: {} }, { timeout: TIMEOUT_MS }).then(
    () => "a result",
    (error) => error.code ?? error.name,
  );
  const ms = performance.now() - start;
  await sleep(1_000);
  clearInterval(watch);
  return [code, ms.toFixed(0), ((most - before) / 1e6).toFixed(0), longest.toFixed(0)];
}

async function floods() {
  const server = spawn(process.execPath, [fileURLToPath(new URL("flood.mjs", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const rows = [];
  for (const [name, connect] of Object.entries(CLIENTS)) {
    for (const kind of ["json", "events", "failure"]) {
      const guard = await Guard.attach(await connect(new URL(line)), { vault });
      rows.push([name, kind, ...(await flooded(guard, `get_${kind}`))]);
    }
  }
  server.stdin.end();
  return table(["client", "answer", "ends with", `ms, at a time-out of ${TIMEOUT_MS}`, "MB", "longest halt, ms"], rows);
}

const text = [
  await masking(),
  await approvals(),
  `An answer that never ends; the memory is what it took at most, a second after the end included:\n\n${await floods()}`,
].join("\n\n");
process.stdout.write(`${text}\n`);
if (process.argv[2]) writeFileSync(process.argv[2], `${text}\n`);
process.exit();
