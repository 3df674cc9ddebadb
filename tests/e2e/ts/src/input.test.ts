/** What a model or a host may hand in by mistake: each a typed error that says what to do, and nothing is sent. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Guard, type GuardOptions } from "toolgate";
import { generations, type Subject } from "./clients.js";
import { form, person, refusal } from "./people.js";
import { Sandbox } from "./sandbox.js";

for (const generation of generations) {
  describe(`${generation.name}: bad input`, () => {
    let sandbox: Sandbox;
    let subject: Subject;
    let snapshot: string;
    let received: number;

    before(async () => {
      sandbox = await Sandbox.start();
      const email = "owner@harbour-yoga.example";
      subject = await generation.http(sandbox.url, { ask: person(sandbox, email) });
      await subject.guard.signup(form(email));
      snapshot = subject.guard.snapshot();
      received = (await sandbox.log()).length;
    });
    after(async () => {
      assert.equal((await sandbox.log()).length, received, "something was sent");
      await subject.call("list_services", {});
      await subject[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    });

    const create = (args: object | string) => subject.call("create_contact", args);
    const keyword = (error: { details: Readonly<Record<string, unknown>> }) =>
      (error.details["violations"] as { keyword: string }[])[0]?.keyword;

    it("a tool that is not listed, with near names", async () => {
      const error = await refusal(subject.call("list_booking", {}), "unknown_tool");
      assert.match(JSON.stringify(error), /list_bookings/);
    });

    it("arguments that are no object", async () => {
      for (const args of ["[]", '"text"', "null", "5"]) await refusal(create(args), "invalid_arguments");
      await refusal(create([]), "invalid_arguments");
    });

    it("10 MB of arguments", async () => {
      await refusal(create({ name: "x".repeat(10_000_000) }), "invalid_arguments");
      await refusal(create(`{"name":"${"x".repeat(10_000_000)}"}`), "invalid_arguments");
    });

    it("nesting of 10,000", async () => {
      await refusal(create(`{"name":${"[".repeat(10_000)}${"]".repeat(10_000)}}`), "invalid_arguments");
    });

    it("duplicate keys", async () => {
      const error = await refusal(create('{"name":"Ada","name":"Eve"}'), "invalid_arguments");
      assert.equal(keyword(error), "duplicate_key");
    });

    it("text that is no JSON", async () => {
      for (const text of ["", "{", "{'name':'x'}", '{"name":"x"} and more']) await refusal(create(text), "invalid_arguments");
    });

    it("NaN and Infinity", async () => {
      for (const number of [Number.NaN, Infinity, -Infinity]) {
        const error = await refusal(create({ name: "Ada", age: number }), "invalid_arguments");
        assert.match(error.message, /NaN, Infinity/);
      }
    });

    it("numbers that would be rounded", async () => {
      await refusal(create('{"name":"Ada","age":9007199254740993}'), "invalid_arguments");
    });

    it("lone surrogates, as text and as data", async () => {
      await refusal(create('{"name":"\ud800"}'), "invalid_arguments");
      await refusal(create('{"name":"\\ud800"}'), "invalid_arguments");
      await refusal(create({ name: "\udc00" }), "invalid_arguments");
    });

    it("what JSON has no word for", async () => {
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      for (const args of [{ a: 1n }, { a: () => 1 }, cycle]) await refusal(create(args), "invalid_arguments");
    });

    it("a credential in the arguments", async () => {
      const key = "fav_mcp_0123456789abcdefghijklmnopqrstuv";
      const error = await refusal(create({ name: key }), "secret_in_arguments");
      assert.ok(!JSON.stringify(error).includes(key));
    });

    it("an approval's id that is no string", async () => {
      await refusal(subject.call("list_services", {}, { approval: 5 as unknown as string }), "invalid_event");
    });

    it("a snapshot that is cut, of an unknown version, or none", () => {
      const bad: [string, string][] = [
        [snapshot.slice(0, snapshot.length / 2), "invalid_snapshot"],
        ["", "invalid_snapshot"],
        ["{}", "invalid_snapshot"],
        [JSON.stringify({ ...JSON.parse(snapshot), version: 99 }), "unsupported_snapshot"],
      ];
      for (const [text, code] of bad) {
        assert.throws(() => subject.guard.restore(text), { name: "ToolgateError", code });
      }
    });

    it("options that cannot be used", async () => {
      const bad: [GuardOptions, "invalid_profile" | "invalid_policy" | "invalid_options"][] = [
        [{ profile: "nobody" }, "invalid_profile"],
        [{ profile: { name: 5 } }, "invalid_profile"],
        [{ policy: { mode: "lenient" } as unknown as NonNullable<GuardOptions["policy"]> }, "invalid_policy"],
        [{ policy: '{\n  "rules": [{ "tools": ["send_*"] }]\n}' }, "invalid_policy"],
        [{ approvalTtl: -1 }, "invalid_options"],
      ];
      for (const [options, code] of bad) await refusal(Guard.attach(subject.guard.client, options), code);
    });
  });
}
