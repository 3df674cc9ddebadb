/** From nothing to a cancelled booking, with each official client, over Streamable HTTP. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Answer, type ApprovalQuestion, type Decision, Guard } from "toolgate";
import { generations, KEY, type Subject } from "./clients.js";
import { data, first, form, person, refusal } from "./people.js";
import { Sandbox } from "./sandbox.js";

for (const [number, generation] of generations.entries()) {
  describe(generation.name, () => {
    const email = `owner${number}@harbour-yoga.example`;
    const decisions: Decision[] = [];
    const questions: ApprovalQuestion[] = [];
    let answer: Answer | undefined;
    let sandbox: Sandbox;
    let subject: Subject;

    before(async () => {
      sandbox = await Sandbox.start("--page-size", "40");
      const ask = person(sandbox, email, (question) => {
        questions.push(question);
        return answer ?? { type: "defer" };
      });
      subject = await generation.http(sandbox.url, { ask, onDecision: (decision) => decisions.push(decision) });
    });
    after(async () => {
      await subject?.[Symbol.asyncDispose]();
      await sandbox?.[Symbol.asyncDispose]();
    });

    it("knows only the way in before there is a key", async () => {
      await refusal(subject.call("list_bookings", {}), "unauthorized");
      const report = await subject.guard.doctor();
      assert.equal(report.healthy, false);
      assert.equal(report.auth, "missing");
    });

    it("signs up; the key is in the vault and nowhere else", async () => {
      const { account, key, report } = await subject.guard.signup(form(email));
      assert.match(account.organisationId, /^org_/);
      assert.match(account.companyId, /^co_/);
      assert.match(account.userId, /^usr_/);
      assert.equal(key.name, KEY);
      assert.match(key.masked, /^fav_mcp_…\(sha256:[0-9a-f]{8}\)$/);
      assert.equal(report.healthy, true, report.problems.join("\n"));
      assert.match((await subject.vault.get(KEY)) ?? "", /^fav_mcp_.{16,}/);
    });

    it("finds the workspace healthy", async () => {
      const report = await subject.guard.doctor();
      assert.deepEqual(report.problems, []);
      assert.equal(report.endpoint, "active");
      assert.equal(report.auth, "configured");
      assert.equal(report.toolCount, subject.guard.tools().length);
      assert.ok(report.plan);
    });

    it("sees every page of the catalogue, by effect and with reasons", async () => {
      const tools = subject.guard.tools();
      const effect = (name: string) => tools.find((tool) => tool.name === name)?.effect;
      assert.equal(effect("list_bookings"), "read");
      assert.equal(effect("create_booking"), "write");
      assert.equal(effect("cancel_booking"), "destructive");
      assert.equal(effect("send_whatsapp_message"), "send");
      assert.equal(effect("mark_invoice_paid"), "billing");
      assert.ok(tools.every((tool) => tool.reasons.length > 0 && typeof tool.hints.readOnly === "boolean"));
      const listed = (await subject.guard.listTools()) as { tools: { name: string }[]; nextCursor?: string };
      assert.ok(listed.tools.length > 100);
      assert.equal(listed.nextCursor, undefined);
      assert.deepEqual(new Set(listed.tools.map(({ name }) => name)), new Set(tools.map(({ name }) => name)));
    });

    it("lets a read pass", async () => {
      const { items } = data(await subject.call("list_services", {}));
      assert.ok((items as unknown[]).length > 0);
      const decision = decisions.at(-1);
      assert.equal(decision?.effect, "read");
      assert.ok(decision?.gates.every(({ verdict }) => verdict === "pass"));
    });

    it("lets a read go without a flow where nobody is told of it, and gives the same", async () => {
      const unwatched = await Guard.attach(subject.guard.client, { profile: "favcrm", vault: subject.vault });
      const flows = (guard: { snapshot(): string }) => Object.keys(JSON.parse(guard.snapshot()).flows).length;
      for (const [name, args] of [["list_services", {}], ["get_service", { id: "svc_none" }]] as const) {
        const brief = unwatched.callTool({ name, arguments: args });
        assert.equal(flows(unwatched), 0);
        const told = subject.call(name, args);
        assert.equal(flows(subject.guard), 1);
        assert.deepEqual(await brief, await told);
      }
    });

    it("refuses bad arguments with a repair that works, before anything is sent", async () => {
      const service = await first(subject, "list_services");
      const contact = await first(subject, "list_contacts");
      const slot = await freeSlot(service.id);
      const bad = { serviceId: service.id, contactId: contact.id, startsAt: "tomorrow", party: 2 };
      const received = (await sandbox.log()).length;
      const error = await refusal(subject.call("create_booking", bad), "invalid_arguments");
      const violations = error.details["violations"] as { path: string; repair: string; expected: string; got: string }[];
      assert.deepEqual(violations.map(({ path }) => path).sort(), ["", "/startsAt"]);
      assert.match(violations.find(({ path }) => path === "")?.repair ?? "", /party/);
      assert.ok(violations.every(({ repair, expected, got }) => repair && expected && got));
      assert.equal((await sandbox.log()).length, received);
      const { party: _, ...mended } = { ...bad, startsAt: slot };
      const booking = data(await subject.call("create_booking", mended));
      assert.equal(booking["status"], "booked");
      assert.equal(await sandbox.ran("create_booking"), 1);
    });

    it("does not cancel when the person says no", async () => {
      const booking = await first(subject, "list_bookings");
      answer = { type: "deny", reason: "she is a regular" };
      const error = await refusal(subject.call("cancel_booking", { id: booking.id }), "approval_denied");
      assert.match(error.message, /she is a regular/);
      assert.equal(await sandbox.ran("cancel_booking"), 0);
    });

    it("cancels once when the person says yes to the preview", async () => {
      const booking = await first(subject, "list_bookings");
      answer = { type: "approve" };
      const cancelled = data(await subject.call("cancel_booking", { id: booking.id, reason: "rain" }));
      assert.equal(cancelled["status"], "cancelled");
      const question = questions.at(-1);
      assert.equal(question?.preview.tool, "cancel_booking");
      assert.equal(question?.preview.effect, "destructive");
      assert.ok(question?.preview.lines.some(({ label, value }) => label === "id" && value === JSON.stringify(booking.id)));
      assert.ok(question && question.expiresAt > Date.now());
      assert.equal(await sandbox.ran("cancel_booking"), 1);
    });

    it("keeps an approval open, and lets it be used once, for exactly that call", async () => {
      answer = { type: "defer" };
      const booking = data(await book());
      const call = { id: booking["id"], reason: "moved away" };
      const required = await refusal(subject.call("cancel_booking", call), "approval_required");
      const approval = required.details["approval"] as string;
      assert.deepEqual(
        subject.guard.approvals().filter(({ state }) => state === "proposed").map(({ id }) => id),
        [approval],
      );
      assert.equal((await subject.guard.approve(approval)).state, "approved");
      const edited = { ...call, reason: "no reason" };
      await refusal(subject.call("cancel_booking", edited, { approval }), "approval_mismatch");
      assert.equal(await sandbox.ran("cancel_booking"), 1);
      const done = data(await subject.call("cancel_booking", call, { approval }));
      assert.equal(done["cancelReason"], "moved away");
      await refusal(subject.call("cancel_booking", call, { approval }), "approval_spent");
      await refusal(subject.guard.approve(approval), "approval_spent");
      assert.equal(await sandbox.ran("cancel_booking"), 2);
      assert.equal(subject.guard.approvals().find(({ id }) => id === approval)?.state, "completed");
    });

    it("takes a late no, and knows no approval that it did not make", async () => {
      answer = { type: "defer" };
      const booking = data(await book());
      const required = await refusal(subject.call("cancel_booking", { id: booking["id"] }), "approval_required");
      const approval = required.details["approval"] as string;
      const denied = await subject.guard.deny(approval, "not today");
      assert.equal(denied.state, "denied");
      assert.equal(denied.reason, "not today");
      await refusal(subject.call("cancel_booking", { id: booking["id"] }, { approval }), "approval_denied");
      await refusal(subject.guard.approve("apr_000000000000000000000000"), "unknown_approval");
    });

    it("says of a backend's own error that it is one", async () => {
      const result = await subject.call("get_booking", { id: "bkg_doesnotexist" }).catch((error: unknown) => error);
      assert.ok((result as { isError?: boolean }).isError === true || (result as { code?: string }).code === "invalid_arguments");
    });

    it("calls a flow off when its signal aborts", async () => {
      const gone = AbortSignal.abort();
      await refusal(subject.call("list_services", {}, { signal: gone }), "cancelled");
      await sandbox.setFaults({ tool: "create_contact", fault: { delay_ms: 3000 } });
      const soon = AbortSignal.timeout(200);
      await refusal(subject.call("create_contact", { name: "Slow Person" }, { signal: soon }), "outcome_unknown");
      await sandbox.setFaults();
    });

    async function freeSlot(serviceId: string): Promise<string> {
      const date = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
      const { slots } = data(await subject.call("get_available_slots", { serviceId, date }));
      const [slot] = slots as { startsAt: string }[];
      assert.ok(slot);
      return slot.startsAt;
    }

    async function book() {
      const service = await first(subject, "list_services");
      const contact = await first(subject, "list_contacts");
      const startsAt = await freeSlot(service.id);
      return subject.call("create_booking", { serviceId: service.id, contactId: contact.id, startsAt });
    }
  });
}
