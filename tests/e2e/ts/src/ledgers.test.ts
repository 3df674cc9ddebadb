/** The ledgers: one is first, whatever is shared; each trouble ends in a refusal that names it, with nothing sent. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { type Ledger, MemoryLedger, MemoryVault } from "toolgate";
import { PostgresLedger } from "toolgate/postgres";
import { SqliteLedger } from "toolgate/sqlite";
import { generations } from "./clients.js";
import { first, form, person, refusal } from "./people.js";
import { peer, poolOf, Server } from "./postgres.js";
import { Sandbox } from "./sandbox.js";

const [, , http] = generations;
assert.ok(http);

let server: Server;
let sandbox: Sandbox;
let folder: string;
let files = 0;
const vault = new MemoryVault();
const email = "owner@harbour-yoga.example";

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "toolgate-ledgers-"));
  [server, sandbox] = await Promise.all([Server.start(), Sandbox.start()]);
  await using subject = await http.http(sandbox.url, { vault, ask: person(sandbox, email) });
  await subject.guard.signup(form(email));
});
after(async () => {
  await Promise.all([server?.[Symbol.asyncDispose](), sandbox?.[Symbol.asyncDispose]()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A new file name. */
function file(): string {
  files += 1;
  return join(folder, `ledger${files}.sqlite`);
}

async function made(): Promise<string> {
  const path = file();
  const ledger = await SqliteLedger.open(path);
  assert.ok(await ledger.compareAndSet("old", undefined, "record"));
  ledger.close();
  return path;
}

/** Lets a guard try to have something approved; what it says of the ledger. */
async function refused(ledger: Ledger, secret = "nothing of this kind"): Promise<string> {
  assert.ok(http);
  const ask = person(sandbox, email, () => ({ type: "approve" }));
  await using subject = await http.http(sandbox.url, { vault, ask, ledger });
  const { id } = await first(subject, "list_bookings");
  const error = await refusal(subject.call("cancel_booking", { id }), "ledger_failed");
  assert.ok(error.retryable);
  const [said, told] = error.message.split(" nothing was sent. ");
  assert.match(said ?? "", /^The ledger could not (be read|store the approval's record);$/);
  assert.ok(told);
  assert.equal((await sandbox.log()).filter(({ tool }) => tool === "cancel_booking").length, 0);
  const thrown = [error, await caught(ledger.get("k")), await caught(ledger.entries(""))];
  assert.ok(!`${inspect(thrown, { depth: 9, showHidden: true })}${subject.guard.snapshot()}`.includes(secret));
  return told;
}

async function caught(work: unknown): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return error;
  }
}

/** What a Node process of its own prints that works on the ledger in a file; as nobody where this one is root. */
function child(path: string, code: string, { before = "", asNobody = false } = {}): string {
  const script = `
    import { SqliteLedger } from ${JSON.stringify(import.meta.resolve("toolgate/sqlite"))};
    // What it takes to open any file is read while that is still allowed.
    await SqliteLedger.open(":memory:").catch(() => {});
    if (${asNobody} && process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    const ledger = await SqliteLedger.open(${JSON.stringify(path)});
    ${code}`;
  const command = `${before} exec "$0" --input-type=module --eval "$1"`;
  return execFileSync("bash", ["-c", command, process.execPath, script], { encoding: "utf8" }).trim();
}

const stores: Record<string, () => Promise<() => Promise<Ledger>>> = {
  async memory() {
    const ledger = new MemoryLedger();
    return async () => ledger;
  },
  async SQLite() {
    const path = file();
    return () => SqliteLedger.open(path);
  },
  async PostgreSQL() {
    const url = await server.database({ table: true });
    return () => PostgresLedger.open(url);
  },
};

for (const [name, store] of Object.entries(stores)) {
  describe(name, () => {
    const open: Ledger[] = [];
    async function two(): Promise<[Ledger, Ledger]> {
      const another = await store();
      const ledgers: [Ledger, Ledger] = [await another(), await another()];
      open.push(...ledgers);
      return ledgers;
    }
    after(async () => {
      for (const ledger of open) if ("close" in ledger) await (ledger as PostgresLedger).close();
    });

    it("stores a record only over what was seen", async () => {
      const [ledger, other] = await two();
      assert.equal(await ledger.get("k"), undefined);
      assert.equal(await ledger.compareAndSet("k", "1", "2"), false);
      assert.equal(await ledger.compareAndSet("k", undefined, "1"), true);
      assert.equal(await other.get("k"), "1");
      assert.equal(await other.compareAndSet("k", undefined, "1"), false);
      assert.equal(await other.compareAndSet("k", "0", "2"), false);
      assert.equal(await other.compareAndSet("k", "1", "2"), true);
      assert.equal(await ledger.compareAndSet("k", "1", "3"), false);
      assert.equal(await ledger.get("k"), "2");
    });

    it("compares records byte for byte", async () => {
      const [ledger] = await two();
      const pairs = [["a", "A"], ["a", "a "], ["\u00e9", "e\u0301"], ["1", "1.0"], ["%", "_"], ["", " "]] as const;
      for (const [number, [held, guessed]] of pairs.entries()) {
        const key = `k${number}`;
        assert.equal(await ledger.compareAndSet(key, undefined, held), true);
        assert.equal(await ledger.compareAndSet(key, guessed, "stolen"), false);
        assert.equal(await ledger.get(key), held);
        assert.equal(await ledger.compareAndSet(key, held, guessed), true);
      }
    });

    it("gives the entries of a prefix in order and in pages", async () => {
      const [ledger] = await two();
      for (const key of ["b/2", "a/3", "a/1", "a/2", "a", "a%", "B/1", "a0"]) {
        assert.equal(await ledger.compareAndSet(key, undefined, `record of ${key}`), true);
      }
      const expected = ["a/1", "a/2", "a/3"].map((key) => [key, `record of ${key}`]);
      assert.deepEqual(await ledger.entries("a/"), expected);
      assert.deepEqual(await ledger.entries("a/", { limit: 2 }), expected.slice(0, 2));
      assert.deepEqual(await ledger.entries("a/", { after: "a/2" }), expected.slice(2));
      assert.deepEqual((await ledger.entries("a%")).length, 1);
      const all = (await ledger.entries("")).map(([key]) => key);
      assert.deepEqual(all, ["B/1", "a", "a%", "a/1", "a/2", "a/3", "a0", "b/2"]);
    });

    it("lets one of many be first", async () => {
      const ledgers = await two();
      for (const expected of [undefined, "0"]) {
        const tries = Array.from({ length: 40 }, (_, number) =>
          ledgers[number % 2]?.compareAndSet("k", expected, expected === undefined ? "0" : "1"),
        );
        assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
      }
    });
  });
}

/** A try to open a file that must fail; with nothing to hand to a guard, nothing can be sent. */
async function unopened(path: string): Promise<string> {
  return (await refusal(SqliteLedger.open(path), "ledger_failed")).message;
}

describe("SQLite in trouble", () => {
  const Database = peer("better-sqlite3");

  it("a file that is no database, and one of another program, stay as they are", async () => {
    const path = file();
    writeFileSync(path, "Buy milk. ".repeat(500));
    assert.equal(await unopened(path), "The ledger's file is no SQLite database; give another path.");
    assert.equal(readFileSync(path, "utf8"), "Buy milk. ".repeat(500));
    const other = file();
    new Database(other).exec("CREATE TABLE customers(name TEXT)").close();
    const before = readFileSync(other);
    assert.equal(await unopened(other), "The SQLite file holds something else than a ledger; give another path.");
    assert.ok(before.equals(readFileSync(other)));
  });

  it("a file of a later version", async () => {
    const path = await made();
    new Database(path).exec("PRAGMA user_version = 2").close();
    assert.match(await unopened(path), /^The ledger's SQLite file is of version 2, .* version 1; update toolgate\.$/);
  });

  it("a folder that is not there, a folder in the place of a file, and memory", async () => {
    assert.match(await unopened(join(folder, "nowhere/ledger.sqlite")), /cannot be opened; its folder must exist/);
    assert.match(await unopened(folder), /cannot be opened/);
    assert.match(await unopened(":memory:"), /cannot have a write-ahead log; put it on a local disk/);
  });

  it("a file that another connection holds: the process goes on meanwhile, and waits as long as it takes", async () => {
    const path = await made();
    const holder = new Database(path);
    holder.exec("BEGIN IMMEDIATE");
    const ledger = await SqliteLedger.open(path);
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 10);
    const waiting = ledger.compareAndSet("k", undefined, "1");
    setTimeout(() => holder.exec("ROLLBACK"), 300);
    assert.equal(await waiting, true);
    assert.ok(ticks > 5, `${ticks}`);
    holder.exec("BEGIN IMMEDIATE");
    assert.equal(await refused(ledger), "The ledger's SQLite file is locked by another process; let that one finish.");
    clearInterval(ticking);
    holder.close();
    ledger.close();
  });

  it("a damaged file", async () => {
    const path = await made();
    const ledger = await SqliteLedger.open(path);
    for (let number = 0; number < 50; number += 1) await ledger.compareAndSet(`key ${number}`, undefined, "x".repeat(500));
    ledger.close();
    const bytes = readFileSync(path).fill(0xa5, 4096);
    writeFileSync(path, bytes);
    const damaged = await SqliteLedger.open(path);
    assert.match(await refused(damaged), /^The ledger's SQLite file is damaged; move it away/);
    damaged.close();
  });

  it("a file that cannot grow", async () => {
    // The system refuses this process every write beyond so many blocks, and takes that for an error of the disk.
    const told = child(
      await made(),
      `process.on("SIGXFSZ", () => {});
       try { for (let n = 0; n < 200; n += 1) await ledger.compareAndSet("k" + n, undefined, "x".repeat(2000)); }
       catch (error) { console.log(error.code, error.message, await ledger.get("old")); }`,
      { before: "ulimit -f 100;" },
    );
    assert.match(told, /^ledger_failed The (ledger's SQLite file cannot grow|disk of the ledger's SQLite file does not).* record$/);
  });

  it("a file that may only be read", async () => {
    // As root nothing is read-only, so that another process tries, as nobody.
    const path = await made();
    chmodSync(folder, 0o777);
    chmodSync(path, 0o444);
    const code = `
      console.log(await ledger.get("old"));
      try { await ledger.compareAndSet("k", undefined, "1"); } catch (error) { console.log(error.message); }`;
    assert.deepEqual(child(path, code, { asNobody: true }).split("\n"), [
      "record",
      "The ledger's SQLite file is read-only; let this process write to it and to its folder.",
    ]);
  });

  it("a ledger that was closed", async () => {
    const ledger = await SqliteLedger.open(file());
    ledger.close();
    assert.equal(await refused(ledger), "The ledger is closed; make a new one.");
  });
});

const UNREACHED = /^PostgreSQL was not reached, or refused the connection;/;

describe("PostgreSQL in trouble", () => {
  /** What a guard says over that URL. */
  async function over(url: string, secret?: string): Promise<string> {
    const ledger = await PostgresLedger.open(url);
    try {
      return await refused(ledger, secret);
    } finally {
      await ledger.close();
    }
  }

  it("nobody listens, a wrong password, no such database, no connection string", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as { port: number };
    await new Promise((resolve) => listener.close(resolve));
    assert.match(await over(`postgresql://ana:hunter2hunter2@127.0.0.1:${port}/crm`, "hunter2hunter2"), UNREACHED);
    const wrong = server.url.replace(/toolgate:[^@]+/, "toolgate:hunter2hunter2");
    assert.match(await over(wrong, "hunter2hunter2"), UNREACHED);
    const password = new URL(server.url.replace("postgresql:", "http:")).password;
    assert.match(await over(server.url.replace(/postgres$/, "nowhere"), password), UNREACHED);
    assert.match(await over("postgresql://ana:hunter2hunter2@crm:port/db", "hunter2hunter2"), UNREACHED);
  });

  it("no table, until it is created, by however many at once", async () => {
    const url = await server.database({ table: false });
    assert.equal(await over(url), "The table toolgate_ledger is missing; call `create()` once.");
    const ledger = await PostgresLedger.open(url);
    await Promise.all(Array.from({ length: 8 }, () => ledger.create()));
    assert.equal(await ledger.compareAndSet("k", undefined, "1"), true);
    await ledger.close();
  });

  it("a table of a later version, and one of another program", async () => {
    const later = await server.database({ table: true });
    await server.run(later, "COMMENT ON TABLE toolgate_ledger IS 'toolgate ledger, version 2'");
    assert.match(await over(later), /^The table toolgate_ledger is of version 2, .* version 1; update toolgate\.$/);
    const other = await server.database({ table: false });
    await server.run(other, "CREATE TABLE toolgate_ledger (id int)");
    assert.match(await over(other), /^The table toolgate_ledger is something else than a ledger/);
  });

  it("a database that may only be read, a user without the right to write, a full disk", async () => {
    const url = await server.database({ table: true });
    const name = url.split("/").at(-1);
    await server.run(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    assert.match(await over(url), /^PostgreSQL is read-only here; connect to the primary/);
    await server.run(
      url,
      "SET default_transaction_read_only = off",
      `ALTER DATABASE ${name} SET default_transaction_read_only = off`,
      "CREATE ROLE reader LOGIN PASSWORD 'hunter2hunter2'",
      "GRANT SELECT ON toolgate_ledger TO reader",
    );
    const reader = url.replace(/toolgate:[^@]+/, "reader:hunter2hunter2");
    assert.match(await over(reader, "hunter2hunter2"), /^PostgreSQL does not let this user do that; grant SELECT, INSERT/);
    await server.run(
      url,
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$`,
      "CREATE TRIGGER full_disk BEFORE INSERT ON toolgate_ledger EXECUTE FUNCTION full_disk()",
    );
    assert.equal(await over(url), "PostgreSQL's disk is full; make room there.");
  });

  it("a connection that breaks while idle is replaced, and the process lives on", async () => {
    const url = await server.database({ table: true });
    const ledger = await PostgresLedger.open(url);
    assert.equal(await ledger.compareAndSet("k", undefined, "1"), true);
    const name = url.split("/").at(-1);
    const end = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`;
    await server.run(server.url, end);
    assert.equal(await ledger.compareAndSet("k", "1", "2"), true);
    await ledger.close();
    assert.equal(await refused(ledger), "The ledger is closed; make a new one.");
  });

  it("what is stored is on the disk, whatever the database's default", async () => {
    const url = await server.database({ table: true });
    // The trigger fires while the transaction commits.
    await server.run(
      url,
      `ALTER DATABASE ${url.split("/").at(-1)} SET synchronous_commit = off`,
      "CREATE TABLE seen (setting text)",
      `CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$`,
      `CREATE CONSTRAINT TRIGGER look AFTER INSERT OR UPDATE ON toolgate_ledger DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION look()`,
    );
    const ledger = await PostgresLedger.open(url);
    assert.ok(await ledger.compareAndSet("k", undefined, "1"));
    assert.ok(await ledger.compareAndSet("k", "1", "2"));
    await ledger.close();
    assert.deepEqual(await server.run(url, "SELECT setting FROM seen"), [{ setting: "on" }, { setting: "on" }]);
  });

  for (const isolation of ["read committed", "repeatable read", "serializable"]) {
    it(`one is first in a pool of one's own, at ${isolation}`, async () => {
      const url = await server.database({ table: true });
      const name = url.split("/").at(-1);
      await server.run(url, `ALTER DATABASE ${name} SET default_transaction_isolation = '${isolation}'`);
      const pool = poolOf(url, 8);
      const ledger = await PostgresLedger.open(pool);
      for (const [expected, record] of [[undefined, "1"], ["1", "2"], ["2", "3"]] as const) {
        const tries = Array.from({ length: 24 }, () => ledger.compareAndSet("k", expected, record));
        assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
      }
      await ledger.close();
      assert.deepEqual((await pool.query("SELECT record FROM toolgate_ledger")).rows, [{ record: "3" }]);
      await pool.end();
    });
  }
});

describe("any other ledger", () => {
  it("only the class of its error is told", async () => {
    class Foreign extends MemoryLedger {
      override compareAndSet(): never {
        throw new RangeError("could not reach redis://:hunter2hunter2@cache");
      }
    }
    assert.equal(await refused(new Foreign(), "hunter2hunter2"), "The ledger failed (RangeError).");
  });
});
