/**
 * One half of a piece of work that two processes share. The first half ends as if it had died: when a person is
 * asked, it writes down what a host keeps (snapshot, ledger, vault) and exits.
 *
 *   node worker.js <generation> <state file> <url> begin-signup <email>
 *   node worker.js <generation> <state file> <url> end-signup <code>
 *   node worker.js <generation> <state file> <url> begin-cancel <booking>
 *   node worker.js <generation> <state file> <url> end-cancel
 *
 * The last line of stdout is the outcome as JSON.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Answer, type Ask, MemoryLedger, MemoryVault, type Question, ToolgateError } from "toolgate";
import { generations, KEY } from "./clients.js";
import { form } from "./people.js";

interface State {
  snapshot?: string;
  ledger: [string, string][];
  key?: string;
}

const [generation = "", file = "", url = "", task = "", argument = ""] = process.argv.slice(2);
const state: State = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { ledger: [] };

const vault = new MemoryVault();
if (state.key !== undefined) vault.put(KEY, state.key);
const ledger = new MemoryLedger(state.ledger);

function save(snapshot?: string): void {
  const key = vault.get(KEY);
  const kept = { ...(snapshot === undefined ? {} : { snapshot }), ...(key === undefined ? {} : { key }) };
  writeFileSync(file, JSON.stringify({ ...kept, ledger: ledger.dump() }));
}

const die: Ask = () => {
  save(subject.guard.snapshot());
  process.stdout.write(`${JSON.stringify({ died: true })}\n`);
  process.exit(0);
};

const answer: Ask = (question: Question): Answer =>
  question.type === "code" ? { type: "code", code: argument } : { type: "approve" };

const resuming = task.startsWith("end");
const options = resuming && state.snapshot !== undefined ? { snapshot: state.snapshot } : {};
const subject = await generations[Number(generation)]!.http(new URL(url), {
  vault,
  ledger,
  ask: resuming ? answer : die,
  ...options,
});

async function work(): Promise<unknown> {
  if (task === "begin-signup") return subject.guard.signup(form(argument));
  if (task === "begin-cancel") return subject.call("cancel_booking", { id: argument });
  const flows = subject.guard.resume();
  const [end, ...others] = await Promise.all(flows.map(({ finished }) => finished));
  if (others.length > 0) throw new Error("more flows than were begun");
  return end;
}

const outcome = await work().catch((error: unknown) => {
  if (error instanceof ToolgateError) return { error };
  throw error;
});
save();
process.stdout.write(`${JSON.stringify(outcome)}\n`);
await subject[Symbol.asyncDispose]();
