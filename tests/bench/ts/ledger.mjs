// What a ledger's commit costs beside a plain INSERT of the same record, by the same driver and as durable.
//
//   node ledger.mjs RESULTS
//
// Both take turns in one process, so that both see the same disk.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PostgresLedger } from "toolgate/postgres";
import { SqliteLedger } from "toolgate/sqlite";

const ROUNDS = 21;
const COMMITS = 40;

// The drivers as the package itself finds them.
const peer = createRequire(import.meta.resolve("toolgate/sqlite"));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const record = (state) => JSON.stringify({ state, preview: "x".repeat(800) });
const [PROPOSED, APPROVED] = ["proposed", "approved"].map(record);

async function timed(work, first) {
  const start = performance.now();
  for (let number = first; number < first + COMMITS; number += 1) await work(number);
  return (performance.now() - start) / COMMITS;
}

/** Rounds of three: a record that is new, a record that moves on, a plain INSERT. */
async function measure(name, ledger, insert) {
  const must = async (stored) => {
    if ((await stored) !== true) throw new Error("a commit was refused");
  };
  const works = {
    "a new record": (number) => must(ledger.compareAndSet(`approval/${number}`, undefined, PROPOSED)),
    "a record that moves on": (number) => must(ledger.compareAndSet(`approval/${number}`, PROPOSED, APPROVED)),
    plain: (number) => insert(`approval/${number}`, PROPOSED),
  };
  const figures = Object.fromEntries(Object.keys(works).map((work) => [work, []]));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [work, does] of Object.entries(works)) {
      const spent = await timed(does, (round + 1) * COMMITS);
      // The first round warms up.
      if (round >= 0) figures[work].push(spent);
    }
  }
  const { plain, ...ours } = figures;
  return Object.entries(ours).map(([work, spent]) => {
    const ratio = median(spent.map((figure, round) => figure / plain[round]));
    const cells = [1000 / median(spent), 1000 / median(plain)].map((rate) => rate.toFixed(0));
    return `| ${name}: ${work} | ${cells.join(" | ")} | ${ratio.toFixed(2)} |`;
  });
}

async function sqlite(folder) {
  const plain = new (peer("better-sqlite3"))(join(folder, "plain.sqlite"));
  plain.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  plain.exec("CREATE TABLE plain(key TEXT NOT NULL PRIMARY KEY, record TEXT NOT NULL)");
  const insert = plain.prepare("INSERT INTO plain(key, record) VALUES (?, ?)");
  const ledger = await SqliteLedger.open(join(folder, "ledger.sqlite"));
  try {
    return await measure("SQLite", ledger, async (key, text) => insert.run(key, text));
  } finally {
    ledger.close();
    plain.close();
  }
}

async function postgres() {
  const server = spawn(fileURLToPath(new URL("../../setup/postgres.sh", import.meta.url)), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout });
  const url = await new Promise((resolve) => lines.once("line", resolve));
  const pool = new (peer("pg").Pool)({ connectionString: url });
  try {
    await pool.query("CREATE TABLE plain (key text PRIMARY KEY, record text NOT NULL)");
    const ledger = await PostgresLedger.open(pool);
    await ledger.create();
    return await measure("PostgreSQL", ledger, (key, text) =>
      pool.query("INSERT INTO plain (key, record) VALUES ($1, $2)", [key, text]),
    );
  } finally {
    await pool.end();
    server.stdin.end();
  }
}

const folder = mkdtempSync(join(tmpdir(), "toolgate-bench-"));
try {
  const rows = [...(await sqlite(folder)), ...(await postgres())];
  const head = ["| | commits a second | plain INSERTs a second | time against the INSERT |", "|---|---:|---:|---:|"];
  writeFileSync(process.argv[2], [...head, ...rows, ""].join("\n"));
} finally {
  rmSync(folder, { recursive: true });
}
