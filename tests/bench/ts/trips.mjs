// What the gates cost in round trips: the articles' own way beside a guarded write, counted in real HTTP requests against
// the sandbox.
//
//   node trips.mjs RESULTS

import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { authorizedFetch, Guard, MemoryVault } from "toolgate";

const ROUNDS = 60;
const WARM = 10;
/** The write that is called: every plan includes it, and it uses no quota up. */
const NAME = "update_contact";

const folder = mkdtempSync(join(tmpdir(), "toolgate-trips-"));
const options = ["--dialect", "article", "--demo-data", "--outbox", folder, "--exit-with-stdin"];
const sandbox = spawn(process.env.TOOLGATE_SANDBOX, options, { stdio: ["pipe", "pipe", "ignore"] });

let requests = 0;

async function connected(url, vault) {
  const authorized = authorizedFetch(vault, "favcrm_api_key", { origin: url });
  const counting = (...given) => {
    requests += 1;
    return authorized(...given);
  };
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: counting }));
  return client;
}

const data = (result) => {
  assert.ok(!result.isError, JSON.stringify(result));
  return result.structuredContent.data;
};

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** The ways take turns, so that whatever else the machine does hits all alike. */
async function measured(ways) {
  const figures = Object.fromEntries(Object.keys(ways).map((name) => [name, { trips: [], times: [] }]));
  const names = Object.keys(ways);
  for (let round = -WARM; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + WARM + turn) % names.length];
      const [sent, begin] = [requests, performance.now()];
      await ways[name](`Ana ${round}`);
      if (round < 0) continue;
      figures[name].times.push(performance.now() - begin);
      figures[name].trips.push(requests - sent);
    }
  }
  return figures;
}

try {
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: sandbox.stdout }).once("line", resolve);
    sandbox.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
    sandbox.once("error", reject);
  });
  const url = new URL(JSON.parse(line).mcp);
  const vault = new MemoryVault();
  const client = await connected(url, vault);
  const code = () => {
    const [mail] = readdirSync(folder).filter((file) => file.endsWith(".eml"));
    return /^Your code is (\d{6})\s*$/m.exec(readFileSync(join(folder, mail), "utf8"))[1];
  };
  const ask = async ({ type }) => (type === "code" ? { type, code: code() } : { type: "defer" });
  const guard = await Guard.attach(client, { server: url.href, profile: "favcrm", vault, ask });
  await guard.signup({ email: "ana@example.com", organisationName: "Ana's Studio", industry: "beauty" });
  const { id } = data(await client.callTool({ name: "list_contacts", arguments: {} })).items[0];

  const call = (name) => ({ name: NAME, arguments: { id, name } });
  const ways = {
    bare: async (name) => data(await client.callTool(call(name))),
    articles: async (name) => {
      data(await client.callTool({ name: "tool_describe", arguments: { tool: NAME } }));
      const { allowed } = data(await client.callTool({ name: "plan_check", arguments: { tool: NAME } }));
      assert.equal(allowed, true);
      data(await client.callTool(call(name)));
    },
    guarded: async (name) => data(await guard.callTool(call(name))),
  };
  const before = requests;
  await ways.guarded("Ana");
  const first = requests - before - 1;

  const figures = await measured(ways);
  const extra = (way) => {
    const [fewest, most] = [Math.min(...figures[way].trips), Math.max(...figures[way].trips)];
    assert.equal(fewest, most, `${way} took between ${fewest} and ${most} requests`);
    return fewest - figures.bare.trips[0];
  };
  const ratio = (way, other) => median(figures[way].times.map((time, round) => time / figures[other].times[round]));
  const row = (what, way, goal) => {
    const mark = goal === undefined ? "" : ` (goal ${goal})${extra(way) === goal ? " ✓" : " ✗"}`;
    const time = median(figures[way].times).toFixed(2);
    return `| ${what} | ${extra(way)}${mark} | ${time} | ${ratio(way, "bare").toFixed(2)} | ${ratio(way, "articles").toFixed(2)} |`;
  };
  const lines = [
    `A write (\`${NAME}\`) over HTTP against the sandbox, ${ROUNDS} of each in turns:`,
    "",
    "| | extra round trips | ms | by the bare call | by the articles' way |",
    "|---|---:|---:|---:|---:|",
    row("the official client alone", "bare"),
    row("the articles' way: `tool_describe`, `plan_check`, the call", "articles"),
    row("guarded, within the time for which the plan's yes holds", "guarded", 0),
    "",
    `The first guarded write asked the plan: ${first} extra round trip${first === 1 ? "" : "s"}.`,
    "",
  ];
  writeFileSync(process.argv[2], lines.join("\n"));
  guard.free();
  await client.close();
} finally {
  const ended = new Promise((resolve) => sandbox.once("exit", resolve));
  sandbox.stdin.end();
  if (sandbox.exitCode === null) await ended;
  rmSync(folder, { recursive: true, force: true });
}
