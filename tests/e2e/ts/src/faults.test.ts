/** What a misbehaving backend and a broken host come to: a typed error, and a guard that still works. */

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Answer, MemoryLedger, MemoryVault } from "toolgate";
import { generations, KEY, type Subject } from "./clients.js";
import { first, form, person, refusal } from "./people.js";
import { type Fault, Sandbox } from "./sandbox.js";

for (const generation of generations) {
  describe(`${generation.name}: calls`, () => {
    let sandbox: Sandbox;
    let subject: Subject;
    let answer: Answer = { type: "approve" };
    /** Milliseconds by which the guard's clock is ahead. */
    let ahead = 0;

    before(async () => {
      sandbox = await Sandbox.start();
      const email = "owner@harbour-yoga.example";
      subject = await generation.http(sandbox.url, { ask: person(sandbox, email, () => answer), now: () => Date.now() + ahead });
      await subject.guard.signup(form(email));
    });
    beforeEach(async () => {
      answer = { type: "approve" };
      await sandbox.setFaults();
    });
    after(async () => {
      await subject?.[Symbol.asyncDispose]();
      await sandbox?.[Symbol.asyncDispose]();
    });

    /** What a write comes to under a fault, and how often it ran. */
    async function underFault(fault: Fault["fault"], timeout?: number) {
      const before = await sandbox.ran("create_contact");
      await sandbox.setFaults({ tool: "create_contact", times: 1, fault });
      const call = subject.call("create_contact", { name: "Faye Au" }, timeout === undefined ? {} : { timeout });
      const error = await call.then(
        () => assert.fail("it went through"),
        (error: { code: string; details: Record<string, unknown> }) => error,
      );
      if (error.code === "rate_limited") {
        // Nothing more is sent for as long as the backend wished.
        const received = (await sandbox.log()).length;
        await refusal(subject.call("list_services", {}), "rate_limited");
        assert.equal((await sandbox.log()).length, received);
        ahead += 60_000;
      }
      // The guard is still usable.
      await subject.call("list_services", {});
      return { code: error.code, details: error.details, ran: (await sandbox.ran("create_contact")) - before };
    }

    it("429: rate_limited, with the time that the backend gave", async () => {
      const now = Date.now();
      const { code, details, ran } = await underFault({ status: 429, retry_after: 30 });
      assert.equal(code, "rate_limited");
      const wait = (details["retry_at"] as number) - now;
      assert.ok(wait >= 30_000 && wait < 40_000, `retry after ${wait} ms`);
      assert.equal(ran, 0);
    });

    for (const status of [500, 502, 503]) {
      it(`${status}: outcome_unknown`, async () => {
        assert.equal((await underFault({ status })).code, "outcome_unknown");
      });
    }

    it("an answer that is dropped after the work: outcome_unknown, and it ran", async () => {
      const { code, ran } = await underFault({ drop: "after" });
      assert.equal(code, "outcome_unknown");
      assert.equal(ran, 1);
    });

    it("HTML and broken JSON: outcome_unknown", async () => {
      assert.equal((await underFault({ html: true })).code, "outcome_unknown");
      assert.equal((await underFault({ malformed_json: true }, 1000)).code, "outcome_unknown");
    });

    it("a JSON-RPC error: backend_refused, and it did not run", async () => {
      const { code, ran } = await underFault({ rpc_error: { code: -32602, message: "no such thing" } });
      assert.equal(code, "backend_refused");
      assert.equal(ran, 0);
    });

    it("a JSON-RPC internal error: outcome_unknown", async () => {
      const { code } = await underFault({ rpc_error: { code: -32603, message: "it broke" } });
      assert.equal(code, "outcome_unknown");
    });

    it("a result that is not what the tool promises: invalid_result, and not the client's own refusal", async () => {
      const shape = { id: 5, name: null };
      const { code, ran } = await underFault({ shape });
      assert.equal(code, "invalid_result");
      assert.equal(ran, 1);
    });

    it("a timeout of the caller: outcome_unknown", async () => {
      assert.equal((await underFault({ delay_ms: 2000 }, 200)).code, "outcome_unknown");
    });

    it("a lost answer after a yes: unknown in the ledger, and the yes is spent", async () => {
      const booking = await first(subject, "list_bookings");
      await sandbox.setFaults({ tool: "cancel_booking", times: 1, fault: { drop: "after" } });
      const error = await refusal(subject.call("cancel_booking", { id: booking.id }), "outcome_unknown");
      assert.match(error.next, /not repeat/i);
      assert.equal(await sandbox.ran("cancel_booking"), 1);
      assert.equal(subject.guard.approvals().at(-1)?.state, "unknown");
    });

    it("a key that the backend no longer takes: unauthorized", async () => {
      const key = (await subject.vault.get(KEY)) ?? "";
      await subject.vault.put(KEY, "fav_mcp_000000000000000000000000000000000000");
      await refusal(subject.call("list_services", {}), "unauthorized");
      await subject.vault.put(KEY, key);
      await subject.call("list_services", {});
    });

    it("an answer of the wrong kind: wrong_answer at once, and nothing is left open", async () => {
      const [booking] = ((await subject.call("list_bookings", {})).structuredContent?.data as { items: { id: string; status: string }[] }).items.filter(
        ({ status }) => status === "booked",
      );
      assert.ok(booking);
      const cyclic: { type: string; self?: unknown } = { type: "approve" };
      cyclic.self = cyclic;
      const wrong = [{ type: "code", code: "123456" }, true, undefined, "yes", cyclic, () => {}, { type: "deny", reason: "x".repeat(1e7) }];
      for (const given of [...wrong, { type: "deny", reason: "\ud800" }]) {
        answer = given as Answer;
        const error = await refusal(subject.call("cancel_booking", { id: booking.id }), "wrong_answer");
        assert.match(error.message, /`approve`, `deny`/);
        assert.deepEqual(subject.guard.resume(), []);
      }
      answer = { type: "deny" };
      await refusal(subject.call("cancel_booking", { id: booking.id }), "approval_denied");
    });
  });

  describe(`${generation.name}: sign-up`, () => {
    const email = "owner@harbour-yoga.example";

    it("a dropped answer to verify: signup_unknown, and no second verify", async () => {
      await using sandbox = await Sandbox.start();
      await using subject = await generation.http(sandbox.url, { ask: person(sandbox, email) });
      await sandbox.setFaults({ tool: "register_organisation_verify", times: 1, fault: { drop: "after" } });
      const error = await refusal(subject.guard.signup(form(email)), "signup_unknown");
      assert.match(error.next, /not verify again/i);
      const verifies = (await sandbox.log()).filter(({ tool }) => tool === "register_organisation_verify");
      assert.equal(verifies.length, 1);
      assert.equal(await subject.vault.get(KEY), undefined);
    });

    it("a wrong code is asked again, and then taken", async () => {
      await using sandbox = await Sandbox.start();
      const asked: number[] = [];
      await using subject = await generation.http(sandbox.url, {
        ask: async (question) => {
          assert.equal(question.type, "code");
          asked.push(question.attempts);
          const code = await sandbox.code(email);
          if (question.attempts > 0) assert.equal(question.problem?.code, "wrong_code");
          return { type: "code", code: question.attempts > 0 ? code : String((Number(code) + 1) % 1e6).padStart(6, "0") };
        },
      });
      await subject.guard.signup(form(email));
      assert.deepEqual(asked, [0, 1]);
    });

    it("nobody there, or an ask that throws: code_required", async () => {
      await using sandbox = await Sandbox.start();
      await using alone = await generation.http(sandbox.url);
      await refusal(alone.guard.signup(form(email)), "code_required");
      const ask = () => Promise.reject(new Error("the window was closed"));
      await using broken = await generation.http(sandbox.url, { ask });
      await refusal(broken.guard.signup(form("other@harbour-yoga.example")), "code_required");
    });

    it("a form that cannot be right: invalid_input, and nothing was sent", async () => {
      await using sandbox = await Sandbox.start();
      await using subject = await generation.http(sandbox.url);
      for (const wrong of [{ email: "nobody" }, { organisationName: "X" }, { country: "HKG" }, { timezone: "Mars/Base" }]) {
        await refusal(subject.guard.signup({ ...form(email), ...wrong }), "invalid_input");
      }
      assert.deepEqual(await sandbox.log(), []);
    });

    it("a vault that does not keep the key: key_not_kept, and the key is not in the error", async () => {
      await using sandbox = await Sandbox.start();
      let key = "";
      class BrokenVault extends MemoryVault {
        override put(_: string, secret: string): never {
          key = secret;
          throw new Error(`disk full while writing ${secret}`);
        }
      }
      await using subject = await generation.http(sandbox.url, { vault: new BrokenVault(), ask: person(sandbox, email) });
      const error = await refusal(subject.guard.signup(form(email)), "key_not_kept");
      assert.match(key, /^fav_mcp_/);
      assert.ok(!`${JSON.stringify(error)}${error.stack}${subject.guard.snapshot()}`.includes(key));
    });

    it("a vault that cannot be read: unreachable, and its words are not passed on", async () => {
      await using sandbox = await Sandbox.start();
      class LockedVault extends MemoryVault {
        locked = false;
        override get(name: string): string | undefined {
          if (this.locked) throw new Error(`locked, with ${super.get(name)} inside`);
          return super.get(name);
        }
      }
      const vault = new LockedVault();
      await using subject = await generation.http(sandbox.url, { vault, ask: person(sandbox, email) });
      await subject.guard.signup(form(email));
      vault.locked = true;
      const error = await refusal(subject.call("create_contact", { name: "Ada" }), "unreachable");
      assert.ok(!JSON.stringify(error).includes("inside"));
      assert.equal(await sandbox.ran("create_contact"), 0);
      vault.locked = false;
      await subject.call("create_contact", { name: "Ada" });
    });

    it("a ledger that throws or is ahead: nothing is sent", async () => {
      await using sandbox = await Sandbox.start();
      const ledger = new MemoryLedger();
      let mood: "works" | "throws" | "conflicts" = "works";
      await using subject = await generation.http(sandbox.url, {
        ask: person(sandbox, email, () => ({ type: "approve" })),
        ledger: {
          compareAndSet(key, expected, record) {
            if (mood === "throws") throw new Error("disk full");
            return mood === "works" && ledger.compareAndSet(key, expected, record);
          },
          get: (key) => ledger.get(key),
          entries: (prefix) => ledger.entries(prefix),
        },
      });
      await subject.guard.signup(form(email));
      const booking = await first(subject, "list_bookings");
      mood = "throws";
      await refusal(subject.call("cancel_booking", { id: booking.id }), "ledger_failed");
      mood = "conflicts";
      await refusal(subject.call("cancel_booking", { id: booking.id }), "ledger_conflict");
      assert.equal(await sandbox.ran("cancel_booking"), 0);
      mood = "works";
      await subject.call("cancel_booking", { id: booking.id });
      assert.equal(await sandbox.ran("cancel_booking"), 1);
    });
  });

  describe(`${generation.name}: no backend`, () => {
    it("gone after attaching: unreachable, and of a write that may have been sent, not known", async () => {
      const sandbox = await Sandbox.start();
      await using subject = await generation.http(sandbox.url, { ask: person(sandbox, "owner@harbour-yoga.example") });
      await subject.guard.signup(form("owner@harbour-yoga.example"));
      await subject.call("create_tag", { name: "vip" });
      await sandbox[Symbol.asyncDispose]();
      // The plan's yes to tags still holds; about contacts the backend is asked before each.
      await refusal(subject.call("create_tag", { name: "regular" }), generation.unreachable);
      await refusal(subject.call("create_contact", { name: "Nobody" }), "unreachable");
      await refusal(subject.guard.listTools() as Promise<unknown>, "unreachable");
    });
  });
}
