/** A key that the vault has is replaced by a person's word alone, whoever signs up: the host, or the agent itself. */

import assert from "node:assert/strict";
import { it } from "node:test";
import type { Answer, Question } from "toolgate";
import { generations, KEY } from "./clients.js";
import { data, form, refusal } from "./people.js";
import { Sandbox } from "./sandbox.js";

const OWNER = "owner@harbour-yoga.example";
const OTHER = "mallory@harbour-yoga.example";
const other = { ...form(OTHER), organisationName: "Mallory's" };

/** Types each code that is emailed, and says of everything else what comes next; yes when nothing is left. */
function person(sandbox: Sandbox, says: Answer[], asked: Question[]) {
  let email = OWNER;
  return async (question: Question): Promise<Answer> => {
    if (question.type === "code") {
      const code = await sandbox.code(email);
      email = OTHER;
      return { type: "code", code };
    }
    asked.push(question);
    return says.shift() ?? { type: "approve" };
  };
}

for (const generation of generations) {
  it(`${generation.name}: signing up again asks before it replaces the key`, async () => {
    await using sandbox = await Sandbox.start();
    const asked: Question[] = [];
    const ask = person(sandbox, [{ type: "deny" }, { type: "defer" }], asked);
    await using subject = await generation.http(sandbox.url, { ask });
    await subject.guard.signup(form(OWNER));
    const key = await subject.vault.get(KEY);
    const requests = async () => (await sandbox.log()).filter(({ tool }) => tool === "register_organisation_request").length;
    const before = await requests();
    for (let time = 0; time < 2; time += 1) await refusal(subject.guard.signup(other), "credential_held");
    assert.equal(await requests(), before);
    assert.equal(await subject.vault.get(KEY), key);

    const { account } = await subject.guard.signup(other);
    assert.notEqual(await subject.vault.get(KEY), key);
    assert.match(account.organisationId, /^org_/);
    assert.deepEqual([...new Set(asked.map((question) => question.type))], ["credential"]);
    assert.ok(JSON.stringify(asked[0]).includes("Mallory's"));
  });

  it(`${generation.name}: an agent that signs up by itself replaces no key unasked`, async () => {
    await using sandbox = await Sandbox.start();
    const asked: Question[] = [];
    const policy = { rules: [{ effects: ["write" as const, "external" as const], then: "allow" as const }] };
    await using subject = await generation.http(sandbox.url, { policy, ask: person(sandbox, [{ type: "deny" }], asked) });
    await subject.guard.signup(form(OWNER));
    const key = await subject.vault.get(KEY);
    const requested = await subject.call("register_organisation_request", { email: OTHER, organisationName: "Mallory's" });
    const code = await sandbox.code(OTHER);
    const verify = { requestId: data(requested)["requestId"], code };
    await refusal(subject.call("register_organisation_verify", verify), "approval_denied");
    assert.equal(await subject.vault.get(KEY), key);
    const ran = (await sandbox.log()).filter(({ tool, executed }) => tool === "register_organisation_verify" && executed);
    assert.equal(ran.length, 1);
    assert.ok(!JSON.stringify(asked).includes(code));
  });
}
