/**
 * A whole run with everything that a host could write down: argv is the generation, the folder for the captures, the
 * file of the vault, the sandbox's address and its outbox. Whatever the package hands out goes to a file; the parent searches the files.
 */

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { MemoryLedger, MemoryVault, type Question, type StepNote } from "toolgate";
import { generations, KEY } from "./clients.js";
import { form } from "./people.js";

const [generation = "", folder = "", vaultFile = "", url = "", outbox = ""] = process.argv.slice(2);

const FIRST = "first@harbour-yoga.example";
const SECOND = "second@harbour-yoga.example";

const captured: [string, unknown][] = [];
function capture<T>(name: string, value: T): T {
  captured.push([name, value]);
  // Also the way in which a careless program would: with everything that hides in an object.
  console.log(name, inspect(value, { depth: 10, showHidden: true, getters: true }));
  return value;
}

async function attempt(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    capture(`${name}: result`, await work());
  } catch (error) {
    capture(`${name}: error`, error);
    console.error(error);
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      capture(`${name}: as a text`, `${cause}\n${cause.stack}\n${JSON.stringify(cause)}`);
    }
  }
}

/** The one place where a secret may be written to. */
class FileVault extends MemoryVault {
  override put(name: string, secret: string): void {
    appendFileSync(vaultFile, `${secret}\n`);
    super.put(name, secret);
  }
}

/** The key as others write it. */
function forms(key: string): Record<string, string> {
  const bytes = Buffer.from(key);
  return {
    "upper case": key.toUpperCase(),
    hexadecimal: bytes.toString("hex"),
    percent: bytes.toString("hex").replaceAll(/../g, "%$&"),
    base64: bytes.toString("base64"),
    "base64 of a pair": Buffer.from(`ana:${key}`).toString("base64"),
    "base64 for addresses": Buffer.from(`id${key}`).toString("base64url"),
    "zero-width": [...key].join("\u200b"),
    "behind a letter": `x${key}x`,
  };
}

const vault = new FileVault();
const ledger = new MemoryLedger();
let wrong = true;

async function code(email: string): Promise<string> {
  for (;;) {
    const names = readdirSync(outbox).filter((name) => name.endsWith(".eml"));
    const texts = names.map((name) => readFileSync(join(outbox, name), "utf8"));
    const found = /^Your code is (\d{6})/m.exec(texts.find((text) => text.includes(email)) ?? "")?.[1];
    if (found !== undefined) return found;
    await sleep(20);
  }
}

const subject = await generations[Number(generation)]!.http(new URL(url), {
  vault,
  ledger,
  onDecision: (decision) => capture("decision", decision),
  onStep: (note: StepNote) => {
    capture("step", note);
    // At every step: what another process would go on from.
    if (note.type !== "done") capture("snapshot", subject?.guard.snapshot());
  },
  ask: async (question: Question) => {
    capture("question", question);
    if (question.type === "approval") return { type: "approve" };
    if (question.type === "credential") return { type: "deny" };
    const right = await code(FIRST);
    if (!wrong) return { type: "code", code: right };
    wrong = false;
    return { type: "code", code: String((Number(right) + 1) % 1e6).padStart(6, "0") };
  },
});
const { guard } = subject;

await attempt("signup", () => guard.signup(form(FIRST)));
await attempt("doctor", () => guard.doctor());
const key = vault.get(KEY) ?? "";

// The agent walks the same way by itself, through the guard.
const asked = { email: SECOND, organisationName: "Second" };
const requested = await subject.call("register_organisation_request", asked);
capture("request", requested);
const { requestId } = requested.structuredContent?.data as { requestId: string };
const right = await code(SECOND);
await attempt("verify", () => subject.call("register_organisation_verify", { requestId, code: right }));
await attempt("verify again", () => subject.call("register_organisation_verify", { requestId, code: right }));
vault.put(KEY, key);

await attempt("read", () => subject.call("list_bookings", {}));
await attempt("keys", () => subject.call("list_mcp_keys", {}));
await attempt("key in arguments", () => subject.call("create_contact", { name: key }));
await attempt("key as an argument's name", () => subject.call("create_contact", { [key]: "x" }));
await attempt("key as a tool", () => subject.call(key, {}));
await attempt("key as text", () => subject.call("create_contact", `{"name": "${key}`));
for (const [form, text] of Object.entries(forms(key))) {
  capture(`masked as ${form}`, guard.masked(`see ${text}.`));
  await attempt(`key as ${form}`, () => subject.call("create_contact", { name: "Eve", notes: `see ${text}` }));
}
await attempt("key in the notes", () => subject.call("cancel_booking", { id: "bkg_x", reason: key }));
await attempt("key as an approval", () => subject.call("list_bookings", {}, { approval: key }));
await attempt("key as an approval to give", () => guard.approve(key));
await attempt("key in a form", () => guard.signup({ ...form(key), industry: key, country: key, timezone: key }));
await attempt("key as a snapshot", async () => guard.restore(key));

await attempt("another key", () => guard.signup(form(SECOND)));

capture("tools", guard.tools());
capture("lock", guard.lock());
capture("findings", guard.findings());
capture("approvals", guard.approvals());
capture("profile", guard.profile());
capture("snapshot at the end", guard.snapshot());
capture("ledger", ledger.dump());
const everything = { depth: 20, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null };
for (const [name, object] of Object.entries({ vault, guard, client: guard.client })) capture(name, inspect(object, everything));

writeFileSync(join(folder, "captured.json"), JSON.stringify(captured));
await subject[Symbol.asyncDispose]();
