/**
 * One process whose agent makes calls that a person at the terminal is asked about.
 *
 *   node asker.js <log> <plan>
 *
 * The plan is JSON: `calls`, each with `tool`, `arguments`, `meta`, `after` and `abort` (milliseconds) and the number of
 * its `guard`; `tools` beside the two that there always are; `guards`, their `policy`, `by` (who sits there), and `ttl`,
 * the approvals' life in milliseconds. With `chain` a call begins when the one before is over. The log gets a line for everything that is sent and for every end:
 * `sent NAME`, `NAME CODE`. With `question` only that is asked, and the answer logged. `ledger` is a SQLite file. After
 * `silenced` milliseconds somebody elsewhere says no to the last approval and wants no more questions about its tool.
 * `logs` milliseconds after a call was sent the program writes a line of its own.
 */

import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Guard, type Question, ToolgateError } from "toolgate";
import { askInTerminal } from "toolgate/node";
import { SqliteLedger } from "toolgate/sqlite";

interface Call {
  tool: string;
  arguments: Record<string, unknown>;
  meta?: Record<string, unknown>;
  after?: number;
  abort?: number;
  guard?: number;
}

interface Plan {
  calls: Call[];
  tools?: object[];
  guards?: number;
  ttl?: number;
  policy?: object;
  by?: string;
  chain?: boolean;
  begin?: number;
  ledger?: string;
  silenced?: number;
  logs?: number;
  question?: Record<string, unknown>;
}

const [log = "", given = "{}"] = process.argv.slice(2);
const plan: Plan = JSON.parse(given);
const write = (line: string) => appendFileSync(log, `${line}\n`);

const inputSchema = { type: "object" };
const tools = [
  { name: "delete_file", inputSchema, annotations: { destructiveHint: true } },
  { name: "share_file", inputSchema, annotations: { destructiveHint: false, openWorldHint: true } },
  ...(plan.tools ?? []),
];

/** As little of a client as a guard needs. */
const client = {
  listTools: async () => ({ tools }),
  callTool: async (call: { name: string; arguments?: Record<string, unknown>; _meta?: object }, _options?: object) => {
    write(`sent ${call.arguments?.name ?? call.name}`);
    if (plan.logs !== undefined) {
      await sleep(plan.logs);
      console.log(`the log tells of ${call.arguments?.name}`);
    }
    return { content: [{ type: "text", text: "done" }] };
  },
};

async function make(guard: Guard<typeof client>, call: Call): Promise<void> {
  const name = call.arguments.name ?? call.tool;
  await sleep(call.after ?? 0);
  const signal = call.abort === undefined ? undefined : AbortSignal.timeout(call.abort);
  try {
    const asked = { name: call.tool, arguments: call.arguments, ...(call.meta && { _meta: call.meta }) };
    await guard.callTool(asked, signal && { signal });
    write(`${name} done`);
  } catch (error) {
    if (!(error instanceof ToolgateError)) throw error;
    write(`${name} ${signal?.aborted ? "aborted" : error.code}`);
  }
}

if (plan.begin) {
  console.log("the program begins");
  await sleep(plan.begin);
}
if (plan.question !== undefined) {
  const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const members = Object.entries(plan.question).map(([name, value]) => [camel(name), value]);
  const question = Object.fromEntries(members) as unknown as Question;
  write(JSON.stringify(await askInTerminal()(question, { signal: new AbortController().signal })));
  process.exit();
}
const ledger = plan.ledger === undefined ? {} : { ledger: await SqliteLedger.open(plan.ledger) };
const guards: Guard<typeof client>[] = [];
for (let made = 0; made < (plan.guards ?? 1); made += 1) {
  const ask = askInTerminal(plan.by === undefined ? {} : { by: plan.by });
  const policy = plan.policy && { policy: JSON.stringify(plan.policy) };
  const options = { server: "https://files.example/mcp", subject: "agent:tests", ask, ...policy, ...ledger };
  guards.push(await Guard.attach(client, plan.ttl === undefined ? options : { ...options, approvalTtl: plan.ttl }));
}
if (plan.silenced !== undefined) {
  setTimeout(() => {
    const last = guards[0]?.approvals().at(-1);
    if (last !== undefined) void guards[0]?.deny(last.id, undefined, { silence: "tool" });
  }, plan.silenced);
}
const guardOf = (call: Call) => guards[call.guard ?? 0] as Guard<typeof client>;
if (plan.chain) for (const call of plan.calls) await make(guardOf(call), call);
else await Promise.all(plan.calls.map((call) => make(guardOf(call), call)));
write("end");
console.log("the program goes on");
