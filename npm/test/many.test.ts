/** Many open approvals: none is forgotten, whatever memory has room for. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Ask, defer, Guard, MemoryLedger, type ToolgateError } from "toolgate";

const COUNT = 1_300;
const APPROVAL = "toolgate/approval";

function notes() {
  const sent: unknown[] = [];
  const client = {
    getServerVersion: () => ({ name: "notes" }),
    async listTools() {
      return { tools: [{ name: "drop_note", inputSchema: { type: "object" as const } }] };
    },
    async callTool({ arguments: given }: { name: string; arguments?: unknown; _meta?: object }) {
      sent.push(given);
      return { content: [] };
    },
  };
  return { sent, client };
}

const call = (id: number, text = "") => ({ name: "drop_note", arguments: { id, text } });

/** Opens so many approvals; their ids. */
async function opened(guard: Guard<ReturnType<typeof notes>["client"]>, count: number, text = ""): Promise<string[]> {
  const ids: string[] = [];
  for (let id = 0; id < count; id += 1) {
    await assert.rejects(guard.callTool(call(id, text)), (error: ToolgateError) => {
      assert.equal(error.code, "approval_required");
      ids.push(String(error.details.approval));
      return true;
    });
  }
  return ids;
}

describe("many open approvals", () => {
  it("are all there, by their id and by their call, also in the next process", async () => {
    const { sent, client } = notes();
    const ledger = new MemoryLedger();
    let ask: Ask = defer;
    const options = { ledger, ask: ((question, context) => ask(question, context)) satisfies Ask };
    const first = await Guard.attach(client, options);
    const ids = await opened(first, COUNT);
    assert.equal(new Set(ids).size, COUNT);
    // The same call again is the same question, also where memory had no room for its record.
    for (const id of [0, 1, COUNT - 1]) {
      await assert.rejects(first.callTool(call(id)), (error: ToolgateError) => error.details.approval === ids[id]);
    }
    assert.equal(ledger.dump().length, COUNT);

    const second = await Guard.attach(client, { ...options, snapshot: first.snapshot() });
    for (const id of [2, COUNT - 2]) {
      await assert.rejects(second.callTool(call(id)), (error: ToolgateError) => error.details.approval === ids[id]);
    }
    for (const id of [3, 4, COUNT - 3]) {
      const approval = ids[id] as string;
      await second.approve(approval);
      await second.callTool({ ...call(id), _meta: { [APPROVAL]: approval } });
      await assert.rejects(second.callTool({ ...call(id), _meta: { [APPROVAL]: approval } }), {
        code: "approval_spent",
      });
    }
    // An answer at the question counts for the approval that was open.
    ask = async (question) => {
      assert.equal((question as { approval: string }).approval, ids[5]);
      return { type: "approve" };
    };
    await second.callTool(call(5));
    assert.deepEqual(
      sent.map((given) => (given as { id: number }).id),
      [3, 4, COUNT - 3, 5],
    );
    assert.equal(ledger.dump().length, COUNT);
  });

  it("of megabytes are left to the ledger", async () => {
    const { sent, client } = notes();
    const ledger = new MemoryLedger();
    const guard = await Guard.attach(client, { ledger });
    const text = "x".repeat(3_000_000);
    const ids = await opened(guard, 8, text);
    assert.ok(guard.snapshot().length < 25_000_000);
    const approval = ids[0] as string;
    await assert.rejects(guard.callTool(call(0, text)), (error: ToolgateError) => error.details.approval === approval);
    await guard.approve(approval);
    await guard.callTool(call(0, text));
    assert.equal(sent.length, 1);
  });

  it("whose record is gone are asked for anew", async () => {
    const { client } = notes();
    const ledger = new MemoryLedger();
    const guard = await Guard.attach(client, { ledger });
    const [id] = await opened(guard, COUNT);
    const after = await Guard.attach(client, { ledger: new MemoryLedger(), snapshot: guard.snapshot() });
    await assert.rejects(after.callTool(call(0)), (error: ToolgateError) => {
      assert.equal(error.code, "approval_required");
      assert.notEqual(error.details.approval, id);
      return true;
    });
  });
});
