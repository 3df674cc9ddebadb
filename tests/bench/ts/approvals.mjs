// What a call that needs an approval costs, by how many approvals are open already: with arguments of a few bytes and
// with arguments of 3.9 MB.
//
//   node approvals.mjs [RESULTS]

import { writeFileSync } from "node:fs";
import { Guard, MemoryLedger } from "toolgate";

const OPEN = [10, 1_024, 4_000];
const KINDS = { "a few bytes": ["", 101], "3.9 MB": ["x".repeat(3_900_000), 5] };

const client = {
  getServerVersion: () => ({ name: "notes" }),
  listTools: async () => ({ tools: [{ name: "drop_note", inputSchema: { type: "object" } }] }),
  callTool: async () => ({ content: [] }),
};
// As few as may be asked in a row would end it: nobody answers here.
const policy = { questions: { in_a_row: 1_000, within_ms: 1 } };
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds until the guard said that a person must approve the call. */
async function refused(guard, args) {
  const start = performance.now();
  await guard.callTool({ name: "drop_note", arguments: args }).then(
    () => Promise.reject(new Error("it went out")),
    (error) => error.code === "approval_required" || Promise.reject(error),
  );
  return performance.now() - start;
}

const lines = [
  "| arguments | call | open approvals | ms | against the fewest |",
  "| --- | --- | ---: | ---: | ---: |",
];
for (const [kind, [text, rounds]] of Object.entries(KINDS)) {
  const fewest = {};
  for (const open of OPEN) {
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
      lines.push(`| ${kind} | ${call} | ${open} | ${ms.toFixed(3)} | ${(ms / fewest[call]).toFixed(2)} |`);
    }
    guard.free();
  }
}
const text = `${lines.join("\n")}\n`;
process.stdout.write(text);
if (process.argv[2]) writeFileSync(process.argv[2], text);
