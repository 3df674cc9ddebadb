/** An approver has nothing but the ledger; the agent's process waits meanwhile. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { after, describe, it } from "node:test";
import {
  approve,
  deny,
  forget,
  Guard,
  type GuardOptions,
  type Ledger,
  MemoryLedger,
  openApprovals,
  rememberedAnswers,
  ToolgateError,
  withdraw,
} from "toolgate";
import { askInTerminal } from "toolgate/node";
import { SqliteLedger } from "toolgate/sqlite";

const KEY = "07".repeat(32);
const AGENT = new URL("../test/approver-agent.mjs", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "toolgate-approver-"));
after(() => rmSync(folder, { recursive: true }));

const tool = { name: "drop_note", inputSchema: { type: "object" as const } };

async function agent(ledger: Ledger, options: Partial<GuardOptions> = {}) {
  const sent: unknown[] = [];
  const client = {
    listTools: async () => ({ tools: [tool] }),
    async callTool(params: { name: string; arguments?: unknown; _meta?: object }) {
      sent.push(params.arguments);
      return { content: [] };
    },
  };
  const guard = await Guard.attach(client, { server: "notes", subject: "agent", ledger, ...options });
  const drop = (id: number, approval?: string) =>
    guard.callTool({
      name: tool.name,
      arguments: { id },
      ...(approval !== undefined && { _meta: { "toolgate/approval": approval } }),
    });
  return { guard, sent, drop };
}

/** The code of what was thrown, or the state that was answered. */
async function ended(work: Promise<{ state?: string }>): Promise<string> {
  try {
    return String((await work).state);
  } catch (thrown) {
    assert.ok(thrown instanceof ToolgateError, String(thrown));
    assert.doesNotMatch(JSON.stringify(thrown), /sk-0000/);
    return thrown.code;
  }
}

/** Lets the agent ask, so that an approval stays open. */
async function asked(drop: Promise<unknown>): Promise<string> {
  const error = await drop.then(
    () => assert.fail("it was not asked about"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ToolgateError && error.code === "approval_required", String(error));
  return String(error.details.approval);
}

describe("an approver", () => {
  for (const sealKey of [undefined, KEY]) {
    const seals = sealKey === undefined ? {} : { sealKey };
    for (const [word, state, answered] of [
      ["approve", "approved", "ran"],
      ["deny", "denied", "approval_denied"],
      ["withdraw", "denied", "approval_denied"],
    ] as const) {
      it(`answers ${word} to a process that waits${sealKey === undefined ? "" : ", under its seal"}`, async () => {
        const path = join(folder, `${word}-${sealKey !== undefined}.sqlite`);
        const waiting = spawn(process.execPath, [AGENT.pathname, path, ...(sealKey === undefined ? [] : [sealKey])], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const said = createInterface(waiting.stdout)[Symbol.asyncIterator]();
        const id = String((await said.next()).value);
        const ledger = await SqliteLedger.open(path);
        const [found] = await openApprovals(ledger, seals);
        assert.equal(found?.id, id);
        assert.deepEqual(found?.preview.arguments, { id: 1, to: "ana@example.com" });
        assert.deepEqual([found?.preview.server, found?.preview.subject], ["notes", "agent"]);
        const after = await { approve, deny, withdraw }[word](ledger, id, { by: "ana", ...seals });
        assert.equal(after.state, state);
        assert.deepEqual(after.decidedBy, { who: "ana" });
        assert.equal((await said.next()).value, answered);
        assert.deepEqual(await openApprovals(ledger, seals), []);
        await ledger.close();
      });
    }
  }

  it("is refused what was used, denied, expired or never there", async () => {
    const ledger = new MemoryLedger();
    const { drop, sent } = await agent(ledger);
    const [used, denied, old] = [await asked(drop(0)), await asked(drop(1)), await asked(drop(2))];
    assert.equal(await ended(approve(ledger, used)), "approved");
    assert.equal(await ended(approve(ledger, used)), "approved");
    await drop(0, used);
    assert.deepEqual(sent, [{ id: 0 }]);
    assert.equal(await ended(deny(ledger, denied, { reason: "not today" })), "denied");
    assert.equal(await ended(deny(ledger, denied)), "denied");
    const later = { now: () => 2 ** 45 };
    for (const [work, code] of [
      [approve(ledger, used), "approval_spent"],
      [deny(ledger, used), "approval_spent"],
      [withdraw(ledger, used), "approval_spent"],
      [approve(ledger, denied), "approval_denied"],
      [approve(ledger, old, later), "approval_expired"],
      [approve(ledger, `apr_${"0".repeat(24)}`), "unknown_approval"],
      [approve(ledger, `sk-${"0".repeat(40)}`), "unknown_approval"],
      [forget(ledger, `rem_${"0".repeat(24)}`), "unknown_approval"],
      [forget(ledger, `sk-${"0".repeat(40)}`), "unknown_approval"],
      [forget(ledger, used), "unknown_approval"],
      [approve(ledger, old, { sealKey: KEY }), "invalid_record"],
      [approve(ledger, old, { sealKey: "short" }), "invalid_options"],
    ] as const) {
      assert.equal(await ended(work), code);
    }
    assert.deepEqual(
      (await openApprovals(ledger)).map(({ id }) => id),
      [old],
    );
    assert.deepEqual(await openApprovals(ledger, later), []);
    assert.equal((await openApprovals(ledger, { everything: true })).length, 3);
    await assert.rejects(drop(1, denied), /not today/);
  });

  it("is a text or has a name, and means that are one", async () => {
    const ledger = new MemoryLedger();
    const id = await asked((await agent(ledger)).drop(0));
    for (const by of [5, ["ana"], {}, { who: 5 }, { who: "ana", means: 5 }, null]) {
      for (const answer of [approve, deny, withdraw]) {
        assert.equal(await ended(answer(ledger, id, { by } as object)), "invalid_options");
      }
      assert.throws(() => askInTerminal({ by } as object), { code: "invalid_options" });
    }
    const person = { who: "ana", means: "slack" };
    assert.deepEqual((await approve(ledger, id, { by: person })).decidedBy, person);
  });

  it("sees what others answered for further calls, and takes it back", async () => {
    const ledger = new MemoryLedger();
    const remember = { arguments: [], calls: 5, scope: "ledger" as const };
    const { drop, sent, guard } = await agent(ledger, {
      sealKey: KEY,
      ask: async (question) => {
        if (sent.length > 0 || question.type !== "approval") return { type: "defer" };
        return { type: "approve", by: "ana", remember };
      },
    });
    await drop(0);
    await drop(1);
    const [found, ...others] = await rememberedAnswers(ledger, { sealKey: KEY });
    assert.deepEqual([found?.tool, found?.state, found?.calls, found?.used], ["drop_note", "active", 5, 1]);
    assert.deepEqual([found?.by, others], [{ who: "ana" }, []]);
    const id = String(found?.id);
    await assert.rejects(rememberedAnswers(ledger), { code: "invalid_record" });
    assert.equal(await ended(forget(ledger, id)), "invalid_record");
    const unreadable: string[] = [];
    const onUnreadable = (_: ToolgateError, key: string) => void unreadable.push(key);
    assert.deepEqual(await rememberedAnswers(ledger, { onUnreadable }), []);
    assert.deepEqual(unreadable, [`remembered/${id}`]);
    assert.equal(await ended(forget(ledger, id, { sealKey: KEY })), "withdrawn");
    assert.equal(await ended(forget(ledger, id, { sealKey: KEY })), "withdrawn");
    assert.deepEqual(await rememberedAnswers(ledger, { sealKey: KEY }), []);
    assert.equal((await rememberedAnswers(ledger, { sealKey: KEY, everything: true })).length, 1);
    await asked(drop(2));
    assert.deepEqual(sent, [{ id: 0 }, { id: 1 }]);
    assert.deepEqual(await guard.remembered(), await rememberedAnswers(ledger, { sealKey: KEY, everything: true }));
  });
});
