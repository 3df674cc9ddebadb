/** A ledger of the host's own may answer what it should not: nothing is sent then. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type EntriesOptions, Guard, type Ledger, MemoryLedger, type ToolgateError } from "toolgate";

const sent: string[] = [];
const client = {
  getServerVersion: () => ({ name: "notes" }),
  async listTools() {
    return { tools: [{ name: "drop_note", inputSchema: { type: "object" as const } }] };
  },
  async callTool({ name }: { name: string; arguments?: unknown; _meta?: object }) {
    sent.push(name);
    return { content: [] };
  },
};

/** A ledger that answers what it is told to, from the given write on. */
class Odd implements Ledger {
  readonly #kept = new MemoryLedger();
  writes = 0;
  constructor(
    readonly answer: unknown,
    readonly from: number,
    readonly record: unknown = undefined,
  ) {}
  compareAndSet(key: string, expected: string | undefined, record: string): boolean {
    this.writes += 1;
    if (this.writes >= this.from) return this.answer as boolean;
    return this.#kept.compareAndSet(key, expected, record);
  }
  get(key: string): string | undefined {
    return this.record === undefined ? this.#kept.get(key) : (this.record as string);
  }
  entries(prefix: string, options?: EntriesOptions): [string, string][] {
    return this.#kept.entries(prefix, options);
  }
}

describe("a ledger's answer", () => {
  const answers = ["false", "true", "", 1, 0, {}, [], null, undefined, Object(true), () => true];
  for (const from of [1, 2, 3]) {
    for (const answer of answers) {
      it(`${JSON.stringify(answer) ?? String(answer)} at write ${from} sends nothing`, async () => {
        const ledger = new Odd(answer, from);
        const guard = await Guard.attach(client, {
          server: "notes",
          subject: "agent",
          ledger,
          ask: () => ({ type: "approve" }),
        });
        const before = sent.length;
        await assert.rejects(guard.callTool({ name: "drop_note", arguments: {} }), (error: ToolgateError) => {
          assert.equal(error.code, "ledger_failed");
          assert.match(error.message, /`compareAndSet` must return true or false/);
          return true;
        });
        assert.equal(sent.length, before);
      });
    }
    it(`false at write ${from} is a no`, async () => {
      const guard = await Guard.attach(client, {
        server: "notes",
        subject: "agent",
        ledger: new Odd(false, from),
        ask: () => ({ type: "approve" }),
      });
      const before = sent.length;
      await assert.rejects(guard.callTool({ name: "drop_note", arguments: {} }), { code: "ledger_conflict" });
      assert.equal(sent.length, before);
    });
  }

  for (const record of [1, true, {}, [], Buffer.from("x")]) {
    it(`${JSON.stringify(record)} is no record`, async () => {
      const guard = await Guard.attach(client, {
        server: "notes",
        subject: "agent",
        ledger: new Odd(true, 99, record),
      });
      await assert.rejects(guard.approve(`apr_${"0".repeat(24)}`), {
        code: "ledger_failed",
        message: /`get` must return a string or undefined/,
      });
    });
  }
});
