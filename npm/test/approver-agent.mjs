// An agent's process that waits open for a person's answer in another process (tests/e2e/python/test_approver.py,
// npm/test/approver.test.ts). Usage: approver-agent.mjs LEDGER [SEAL_KEY]. Prints the approval's id,
// then how the call ended.

import { setTimeout as sleep } from "node:timers/promises";
import { Guard } from "toolgate";
import { SqliteLedger } from "toolgate/sqlite";

const [, , path, sealKey] = process.argv;
const client = {
  listTools: async () => ({ tools: [{ name: "drop_note", inputSchema: { type: "object" } }] }),
  callTool: async () => ({ content: [{ type: "text", text: "dropped" }] }),
};
const ledger = await SqliteLedger.open(path);
const guard = await Guard.attach(client, { server: "notes", subject: "agent", ledger, ...(sealKey && { sealKey }) });
let _meta;
for (let attempt = 0; attempt < 600; attempt += 1) {
  try {
    await guard.callTool({ name: "drop_note", arguments: { id: 1, to: "ana@example.com" }, _meta });
    process.stdout.write("ran\n");
    break;
  } catch (error) {
    if (error.code !== "approval_required") {
      process.stdout.write(`${error.code}\n`);
      break;
    }
    if (_meta === undefined) process.stdout.write(`${error.details.approval}\n`);
    _meta = { "toolgate/approval": error.details.approval };
    await sleep(50);
  }
}
