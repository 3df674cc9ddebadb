// What the guard costs: attaching to large catalogues, and a read call against the bare client.
//
//   node --expose-gc guard.mjs RESULTS

import { writeFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/client";
import { Guard } from "toolgate";
import { smallArguments, tool } from "./tools.mjs";

const REPEATS = 7;
const CALLS = 3000;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const figure = (number) => number.toFixed(1);
const lines = [];
const say = (...given) => lines.push(...given);

/** A client without a wire, so that only the guard is measured. */
function localClient(pages) {
  const result = { content: [{ type: "text", text: "{}" }], structuredContent: { id: "thg_0_a", items: [] } };
  return {
    listTools: async (params) => pages[Number(params?.cursor ?? 0)],
    callTool: async () => result,
  };
}

async function attach(count) {
  const tools = Array.from({ length: count }, (_, number) => tool(number));
  const pages = [{ tools }];
  const [whole, text] = [[], []];
  let guard;
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    guard?.free();
    globalThis.gc?.();
    const start = performance.now();
    guard = await Guard.attach(localClient(pages), { server: "bench", trusted: true });
    whole.push(performance.now() - start);
    const writing = performance.now();
    JSON.stringify(pages[0]);
    text.push(performance.now() - writing);
  }
  const reporting = performance.now();
  guard.tools();
  const report = performance.now() - reporting;
  guard.free();
  return { count, bytes: JSON.stringify(pages[0]).length, whole: median(whole), text: median(text), report };
}

say("Attaching, without transfer:", "");
say(
  "| tools | MB | attach (ms) | of it JSON.stringify (ms) | per tool (µs) | tools() (ms) |",
  "|---:|---:|---:|---:|---:|---:|",
);
for (const count of [1000, 2500, 5000, 10_000]) {
  const { bytes, whole, text, report } = await attach(count);
  const cells = [bytes / 1e6, whole, text, (1000 * whole) / count, report].map(figure);
  say(`| ${[count, ...cells].join(" | ")} |`);
}

async function perCall(work) {
  for (let warm = 0; warm < 300; warm += 1) await work(warm);
  const rounds = [];
  for (let round = 0; round < REPEATS; round += 1) {
    const start = performance.now();
    for (let call = 0; call < CALLS / REPEATS; call += 1) await work(call);
    rounds.push(((performance.now() - start) * 1000) / (CALLS / REPEATS));
  }
  return median(rounds);
}

/** The official client against a server in the same process: the wire costs nothing, the client's own work counts. */
async function inMemory(tools) {
  const server = { onmessage: undefined, onclose: undefined, onerror: undefined, async start() {}, async close() {} };
  const answer = (method) => {
    if (method === "initialize") {
      return {
        protocolVersion: "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "bench", version: "1" },
      };
    }
    if (method === "tools/list") return { tools };
    return { content: [{ type: "text", text: "{}" }], structuredContent: { id: "thg_0_a", items: [] } };
  };
  server.send = async ({ id, method }) => {
    if (id !== undefined) queueMicrotask(() => server.onmessage?.({ jsonrpc: "2.0", id, result: answer(method) }));
  };
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(server);
  return client;
}

const tools = Array.from({ length: 100 }, (_, number) => tool(number));
const name = "list_thing_0";
const bare = await inMemory(tools);
const guarded = await Guard.attach(await inMemory(tools), { trusted: true });
await bare.listTools();
const alone = await Guard.attach(localClient([{ tools }]), { server: "bench", trusted: true });

const client = await perCall((call) => bare.callTool({ name, arguments: smallArguments(call) }));
const both = await perCall((call) => guarded.callTool({ name, arguments: smallArguments(call) }));
const only = await perCall((call) => alone.callTool({ name, arguments: smallArguments(call) }));
say("", "A read call, 64 distinct arguments:", "", "| | µs |", "|---|---:|");
say(`| official client alone, which checks the result by Ajv | ${figure(client)} |`);
say(`| the same client, guarded: arguments and result are checked | ${figure(both)} |`);
say(`| the guard over no client | ${figure(only)} |`, "");
writeFileSync(process.argv[2], lines.join("\n"));
