/**
 * One process of a race: many guards over one ledger, for the approval of a snapshot or under a policy.
 *
 *   node racer.js <url> <snapshot file> <PostgreSQL URL or SQLite file> <booking> <guards> [<policy as JSON>]
 *
 * It says `ready`, waits for a line on standard input, and lets every guard make the call at once; the last line is a
 * JSON list of what each came to. The key comes from the environment variable that the profile names.
 */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { defaultVault, FetchClient, Guard, ToolgateError } from "toolgate";
import { PostgresLedger } from "toolgate/postgres";
import { SqliteLedger } from "toolgate/sqlite";
import { KEY } from "./clients.js";

const [url = "", file = "", where = "", id = "", count = "", policy] = process.argv.slice(2);
const snapshot = readFileSync(file, "utf8");
const approval: string | undefined = JSON.parse(snapshot).approvals[0]?.id;
const quoted = approval === undefined ? {} : { _meta: { "toolgate/approval": approval } };
const options = policy === undefined ? {} : { policy: JSON.parse(policy) };

const postgres = where.startsWith("postgresql:");
const ledger = postgres ? await PostgresLedger.open(where) : await SqliteLedger.open(where);
const client = new FetchClient(url, { vault: defaultVault("favcrm"), credential: KEY });
await client.connect();
// The tool list is read once for all the guards.
const tools = await client.listTools();
const listed = { listTools: async () => tools, callTool: client.callTool.bind(client) };
const guards: Guard<typeof listed>[] = [];
for (let made = 0; made < Number(count); made += 1) {
  guards.push(
    await Guard.attach(listed, { server: url, subject: "agent", profile: "favcrm", snapshot, ledger, ...options }),
  );
}

async function run(guard: Guard<typeof listed>): Promise<string> {
  try {
    await guard.callTool({ name: "cancel_booking", arguments: { id }, ...quoted });
    return "ran";
  } catch (error) {
    if (error instanceof ToolgateError) return error.code;
    throw error;
  }
}

const lines = createInterface({ input: process.stdin });
process.stdout.write("ready\n");
await new Promise((resolve) => lines.once("line", resolve));
const ended = await Promise.all(guards.map(run));
lines.close();
await ledger.close();
process.stdout.write(`${JSON.stringify(ended)}\n`);
