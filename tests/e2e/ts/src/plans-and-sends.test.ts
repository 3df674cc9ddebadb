/** The plan, sends by two phases, records shown before they are destroyed, and calls whose answer was lost. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { Client } from "@modelcontextprotocol/client";
import {
  type Answer,
  type Approval,
  type ApprovalQuestion,
  type Ask,
  Guard,
  type GuardOptions,
  type McpClient,
  MemoryLedger,
  type PreviewLine,
  type Question,
} from "toolgate";
import { type Generation, generations, type Result, type Subject } from "./clients.js";
import { data, first, form, refusal } from "./people.js";
import { Sandbox } from "./sandbox.js";

const EMAIL = "ana@harbour-yoga.example";
const YES: Answer = { type: "approve" };
const WHATSAPP = { to: "+85212345678", body: "See you on Friday" };

/** Answers codes from the outbox and everything else as told, then later; remembers what was asked. */
class Person {
  readonly asked: Question[] = [];
  readonly answers: Answer[];
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox, ...answers: Answer[]) {
    this.#sandbox = sandbox;
    this.answers = answers;
  }

  readonly ask: Ask = async (question) => {
    this.asked.push(question);
    if (question.type === "code") return { type: "code", code: await this.#sandbox.code(EMAIL) };
    return this.answers.shift() ?? { type: "defer" };
  };

  /** What the backend said of the thing that was asked about last. */
  record(): Record<string, string> {
    const { record = [] } = (this.asked.at(-1) as ApprovalQuestion).preview;
    return Object.fromEntries(record.map(({ label, value }: PreviewLine) => [label, value]));
  }
}

async function workspace(generation: Generation, sandbox: Sandbox, person: Person, options: GuardOptions = {}) {
  const subject = await generation.http(sandbox.url, { ask: person.ask, ...options });
  await subject.guard.signup(form(EMAIL));
  return subject;
}

async function calls(sandbox: Sandbox, tool: string): Promise<number> {
  return (await sandbox.log()).filter((call) => call.tool === tool).length;
}

/** The approval that the guard knows; there is one. */
function only(guard: Guard<McpClient>): Approval {
  const [approval, ...others] = guard.approvals();
  assert.ok(approval && others.length === 0);
  return approval;
}

/** As RFC 8785 says, of an object of texts. */
function digest(object: Record<string, string>): string {
  const sorted = Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

async function aMessage(subject: Subject) {
  const { items } = data(await subject.call("list_contacts", {})) as { items: { id: string; email?: string }[] };
  const contact = items.find(({ email }) => email);
  assert.ok(contact?.email);
  const message = { contactId: contact.id, channel: "email", subject: "Friday", body: "See you on Friday" };
  return { message, to: contact.email };
}

/** A call by a guard of its own, over a subject's client. */
function quoting(guard: Guard<McpClient>, name: string, args: object, approval: string): Promise<Result> {
  const params = { name, arguments: args as Record<string, unknown>, _meta: { "toolgate/approval": approval } };
  return guard.callTool(params) as Promise<Result>;
}

for (const generation of generations) {
  describe(generation.name, () => {
    it("a plan that does not include it blocks and proposes", async () => {
      await using sandbox = await Sandbox.start();
      const person = new Person(sandbox, YES);
      await using subject = await workspace(generation, sandbox, person);
      const { details } = await refusal(subject.call("send_whatsapp_message", WHATSAPP), "plan_blocked");
      assert.match(details["reason"] as string, /whatsapp/);
      assert.equal((details["upgrade_action"] as { planCode: string }).planCode, "starter");
      assert.equal(await calls(sandbox, "send_whatsapp_message"), 0);
      assert.deepEqual(person.asked.map(({ type }) => type), ["code"]);

      const link = data((await subject.guard.planUpgrade()) as Result);
      assert.deepEqual(person.record(), { name: '"Starter"', pricePerMonth: "49", currency: '"USD"' });
      assert.equal(await sandbox.ran("create_plan_upgrade_link"), 1);
      assert.equal(link["planCode"], "starter");

      await sandbox.pay(link["url"] as string);
      person.answers.push(YES);
      assert.equal(data(await subject.call("send_whatsapp_message", WHATSAPP))["status"], "pending");
    });

    it("a yes of the plan holds for a while", async () => {
      await using sandbox = await Sandbox.start();
      let now = Date.now();
      await using subject = await workspace(generation, sandbox, new Person(sandbox), { now: () => now });
      const { id } = await first(subject, "list_contacts");
      const update = async (name: string) => assert.ok(!(await subject.call("update_contact", { id, name })).isError);

      await Promise.all(["Ana", "Ben", "Cem", "Dee", "Eve"].map(update));
      assert.equal(await calls(sandbox, "check_plan_operation"), 1);
      assert.equal(await sandbox.ran("update_contact"), 5);
      const before = (await sandbox.log()).length;
      await update("Fay");
      assert.equal((await sandbox.log()).length, before + 1);
      now += 60_000;
      await update("Gus");
      assert.equal(await calls(sandbox, "check_plan_operation"), 2);
    });

    it("a send goes by a draft, a person and the owner", async () => {
      await using sandbox = await Sandbox.start();
      const person = new Person(sandbox, YES);
      await using subject = await workspace(generation, sandbox, person);
      const { guard } = subject;
      const { message, to } = await aMessage(subject);
      const mails = await sandbox.mails();
      const pending = data(await subject.call("send_message", message));
      assert.deepEqual(person.record(), {
        channel: '"email"',
        to: JSON.stringify(to),
        subject: '"Friday"',
        body: '"See you on Friday"',
      });
      assert.equal(pending["status"], "pending");
      assert.equal(await sandbox.mails(), mails);
      assert.equal(await calls(sandbox, "send_message"), 0);

      const { id, state, request } = only(guard);
      assert.equal(state, "dispatched");
      assert.deepEqual(request, { id: pending["approvalId"], status: "pending" });
      assert.ok((pending["summary"] as string).includes(`sha256:${digest(message).slice(0, 32)})`));
      assert.equal((await guard.settle(id)).state, "dispatched");

      await sandbox.ownerDecides(pending["approvalId"] as string, "approve");
      assert.equal(await sandbox.mails(), mails + 1);
      const settled = await guard.settle(id);
      assert.equal(settled.state, "completed");
      assert.equal(settled.request?.status, "completed");
      await refusal(subject.call("send_message", message, { approval: id }), "approval_spent");
      assert.equal(await sandbox.mails(), mails + 1);
      assert.equal(await sandbox.ran("request_send_approval"), 1);
    });

    for (const [drop, state] of [
      ["after", "completed"],
      ["before", "failed"],
    ]) {
      it(`an answer lost ${drop} the work is settled by a read, and the call never sent again`, async () => {
        await using sandbox = await Sandbox.start();
        await using subject = await workspace(generation, sandbox, new Person(sandbox, YES));
        const { id } = await first(subject, "list_bookings");
        await sandbox.setFaults({ tool: "cancel_booking", times: 1, fault: { drop } });
        await refusal(subject.call("cancel_booking", { id }), "outcome_unknown");
        const approval = only(subject.guard);
        assert.equal(approval.state, "unknown");
        const settled = await subject.guard.settle(approval.id);
        assert.deepEqual([settled.state, settled.settledBy], [state, "read"]);
        assert.equal(await calls(sandbox, "cancel_booking"), 1);
      });
    }
  });
}

// What is left has nothing to do with the client.
const [generation] = generations as [Generation];

it("the word for yes is never the agent's", async () => {
  await using sandbox = await Sandbox.start();
  const person = new Person(sandbox, { type: "deny", reason: "too expensive" });
  await using subject = await workspace(generation, sandbox, person);
  const confirmed = subject.call("create_plan_upgrade_link", { planCode: "starter", confirm: true });
  const { details } = await refusal(confirmed, "invalid_arguments");
  assert.equal((details["violations"] as { path: string }[])[0]?.path, "/confirm");
  await refusal(subject.call("create_plan_upgrade_link", { planCode: "starter" }), "approval_denied");
  assert.equal(person.asked.length, 2);
  assert.equal(await calls(sandbox, "create_plan_upgrade_link"), 0);
});

it("what uses a quota up is asked about each time", async () => {
  await using sandbox = await Sandbox.start();
  await using subject = await workspace(generation, sandbox, new Person(sandbox));
  for (const name of ["Ana", "Ben"]) assert.ok(!(await subject.call("create_contact", { name })).isError);
  assert.equal(await calls(sandbox, "check_plan_operation"), 2);
});

it("asking again with the approval tells how the owner decided", async () => {
  await using sandbox = await Sandbox.start();
  await using subject = await workspace(generation, sandbox, new Person(sandbox, YES));
  const { message } = await aMessage(subject);
  const pending = data(await subject.call("send_message", message));
  const { id: approval } = only(subject.guard);
  assert.equal(data(await subject.call("send_message", message, { approval }))["status"], "pending");
  await sandbox.ownerDecides(pending["approvalId"] as string, "deny");
  assert.equal(data(await subject.call("send_message", message, { approval }))["status"], "denied");
  assert.equal(only(subject.guard).state, "failed");
  assert.equal(await sandbox.ran("request_send_approval"), 1);
});

it("a bulk is shown by its count and three rows", async () => {
  await using sandbox = await Sandbox.start();
  const person = new Person(sandbox, YES, YES);
  await using subject = await workspace(generation, sandbox, person);
  const campaign = { name: "Spring", channel: "email", subject: "Hi", body: "Dear {{name}}" };
  const { id } = data(await subject.call("create_campaign", campaign));
  const pending = data(await subject.call("send_campaign", { id }));
  const record = person.record();
  assert.equal(record["channel"], '"email"');
  assert.ok(Number(record["recipientCount"]) >= 3);
  assert.equal(record["rows"], "3 items");
  assert.match(record["rows[3].body"] ?? "", /^"Dear /);
  await sandbox.ownerDecides(pending["approvalId"] as string, "approve");
  const sending = subject.guard.approvals().find(({ request }) => request?.id === pending["approvalId"]);
  assert.equal((await subject.guard.settle(sending?.id ?? "")).state, "completed");
});

it("where the agent sends, it does once the owner agreed", async () => {
  await using sandbox = await Sandbox.start("--agent-sends");
  const person = new Person(sandbox, YES);
  await using subject = await workspace(generation, sandbox, person);
  const { message } = await aMessage(subject);
  const profile = { extends: "favcrm", sends: { sender: "agent" } };
  const { client } = subject.guard;
  const guard = await Guard.attach(client, { profile, ask: person.ask, server: sandbox.url.href });
  const pending = data((await guard.callTool({ name: "send_message", arguments: message })) as Result);
  const mails = await sandbox.mails();
  const { id } = only(guard);
  assert.equal(data(await quoting(guard, "send_message", message, id))["status"], "pending");
  assert.equal(await calls(sandbox, "send_message"), 0);
  await sandbox.ownerDecides(pending["approvalId"] as string, "approve");
  const other = { ...message, body: "Something else" };
  await refusal(quoting(guard, "send_message", other, id), "approval_mismatch");
  assert.equal(data(await quoting(guard, "send_message", message, id))["status"], "sent");
  assert.equal(await sandbox.mails(), mails + 1);
  await refusal(quoting(guard, "send_message", message, id), "approval_spent");
  assert.equal(await sandbox.ran("send_message"), 1);
});

it("what is to be voided is shown, and asked about again if it changed", async () => {
  await using sandbox = await Sandbox.start();
  const person = new Person(sandbox);
  await using subject = await workspace(generation, sandbox, person);
  const { guard } = subject;
  const { id, status } = await first(subject, "list_invoices");
  await refusal(subject.call("void_invoice", { id }), "approval_required");
  const record = person.record();
  assert.equal(record["status"], JSON.stringify(status));
  assert.ok("total" in record);
  const { id: approval } = only(guard);
  await guard.approve(approval);
  // Somebody else takes the money meanwhile.
  const client = guard.client as unknown as Client;
  const paid = await client.callTool({ name: "mark_invoice_paid", arguments: { id } });
  assert.ok(!paid.isError);
  const { details } = await refusal(subject.call("void_invoice", { id }, { approval }), "approval_mismatch");
  assert.deepEqual(details["different"], ["record"]);
  assert.equal(await calls(sandbox, "void_invoice"), 0);
});

it("what no read can tell, a person does", async () => {
  await using sandbox = await Sandbox.start();
  const person = new Person(sandbox, YES, { type: "ran" });
  await using subject = await workspace(generation, sandbox, person);
  const { id } = data(await subject.call("create_tag", { name: "vip" }));
  await sandbox.setFaults({ tool: "delete_tag", times: 1, fault: { drop: "after" } });
  await refusal(subject.call("delete_tag", { id }), "outcome_unknown");
  const settled = await subject.guard.settle(only(subject.guard).id);
  assert.equal(person.asked.at(-1)?.type, "outcome");
  assert.deepEqual([settled.state, settled.settledBy], ["completed", "person"]);
});

it("one asks, a second answers, a third calls", async () => {
  await using sandbox = await Sandbox.start();
  const shared = { ledger: new MemoryLedger(), sealKey: "4d1c".repeat(16) };
  await using subject = await workspace(generation, sandbox, new Person(sandbox), shared);
  const { guard: one } = subject;
  const { id } = await first(subject, "list_bookings");
  const { details } = await refusal(subject.call("cancel_booking", { id }), "approval_required");
  const approval = details["approval"] as string;
  const options = { profile: "favcrm", server: sandbox.url.href, ...shared };
  const two = await Guard.attach(one.client, options);
  const { preview } = await two.approve(approval);
  assert.deepEqual(preview, details["preview"]);
  const three = await Guard.attach(one.client, options);
  assert.ok(!(await quoting(three, "cancel_booking", { id }, approval)).isError);
  for (const guard of [one, two, three]) {
    await refusal(quoting(guard, "cancel_booking", { id }, approval), "approval_spent");
  }
  const stranger = await Guard.attach(one.client, { ...options, sealKey: "aa".repeat(32) });
  await refusal(quoting(stranger, "cancel_booking", { id }, approval), "invalid_record");
  assert.equal(await sandbox.ran("cancel_booking"), 1);
});
