/** Files of the audit and of the ledger: one writer, nobody else's eyes, and nothing that happens to them unnoticed. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Guard } from "toolgate";
import { FileAudit, SqliteAudit } from "toolgate/node";
import { SqliteLedger } from "toolgate/sqlite";

const Database = createRequire(import.meta.url)("better-sqlite3");
const folder = mkdtempSync(join(tmpdir(), "toolgate-files-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = () => join(folder, `file-${++files}`);

const sent: string[] = [];
const client = {
  getServerVersion: () => ({ name: "notes" }),
  async listTools() {
    return {
      tools: [{ name: "list_notes", annotations: { readOnlyHint: true }, inputSchema: { type: "object" as const } }],
    };
  },
  async callTool({ name }: { name: string; arguments?: unknown; _meta?: object }) {
    sent.push(name);
    return { content: [] };
  },
};

/** Opens an audit, and writes by it what the work does to it meanwhile; how the call after it ends. */
async function meddled(meddle: (path: string, sink: FileAudit) => void): Promise<string> {
  const path = file();
  const sink = new FileAudit(path);
  const guard = await Guard.attach(client, { audit: sink, trusted: true });
  await guard.callTool({ name: "list_notes", arguments: {} });
  meddle(path, sink);
  const before = sent.length;
  let told = "";
  await assert.rejects(guard.callTool({ name: "list_notes", arguments: {} }), (error: Error & { code: string }) => {
    assert.equal(error.code, "audit_failed");
    told = error.message;
    return true;
  });
  assert.equal(sent.length, before);
  sink.close();
  return told;
}

describe("the audit's file", () => {
  it("is looked at before each line", async () => {
    assert.match(await meddled((path) => truncateSync(path, 10)), /cut short/);
    assert.match(await meddled((path) => truncateSync(path, 0)), /cut short/);
    assert.match(await meddled((path) => renameSync(path, `${path}.old`)), /renamed/);
    assert.match(await meddled((path) => rmSync(path)), /renamed, removed/);
    const replaced = await meddled((path) => {
      const text = readFileSync(path);
      renameSync(path, `${path}.old`);
      writeFileSync(path, text);
    });
    assert.match(replaced, /replaced/);
    const linked = await meddled((path) => {
      renameSync(path, `${path}.old`);
      symlinkSync(`${path}.old`, path);
    });
    assert.match(linked, /replaced/);
    assert.match(await meddled((path) => appendFileSync(path, "{}\n")), /another guard wrote/);
    const edited = await meddled((path) => {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, `${text.slice(0, -3)}?}\n`);
    });
    assert.match(edited, /last line was changed/);
    assert.match(await meddled((path) => rmSync(`${path}.lock`)), /lock was taken or removed/);
    let other: FileAudit | undefined;
    const taken = await meddled((path) => {
      rmSync(`${path}.lock`);
      other = new FileAudit(path);
    });
    assert.match(taken, /lock was taken or removed/);
    other?.close();
  });

  it("is written by one guard, and refuses a second one to whom it is given", async () => {
    const sink = new FileAudit(file());
    const first = await Guard.attach(client, { audit: sink, trusted: true });
    const second = Guard.attach(client, { audit: sink, trusted: true });
    await assert.rejects(second, { code: "audit_failed", message: /a guard writes to it already/ });
    await first.callTool({ name: "list_notes", arguments: {} });
    sink.close();
  });

  it("is no link, has one name, and is a file", () => {
    const path = file();
    writeFileSync(`${path}.target`, "");
    symlinkSync(`${path}.target`, path);
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /symbolic link/ });
    const dangling = file();
    symlinkSync(`${dangling}.nowhere`, dangling);
    assert.throws(() => new FileAudit(dangling), { code: "audit_failed", message: /symbolic link/ });
    linkSync(`${path}.target`, `${path}.second`);
    assert.throws(() => new FileAudit(`${path}.second`), { code: "audit_failed", message: /more than one name/ });
    assert.throws(() => new FileAudit("/dev/null"), { code: "audit_failed", message: /no file/ });
    const left = readdirSync(folder).filter((name) => name.includes(".lock"));
    assert.deepEqual(left, []);
  });
});

describe("the audit's lock", () => {
  const token = "0".repeat(32);
  const owner = { pid: 0, host: hostname(), started: "", token };
  const dead = () => spawnSync(process.execPath, ["-e", ""]).pid;

  it("is taken from the dead, and from the dead heirs of the dead", () => {
    const path = file();
    const lock = `${path}.lock`;
    writeFileSync(lock, JSON.stringify({ ...owner, pid: dead() }));
    const heir = { ...owner, pid: dead(), token: "1".repeat(32) };
    writeFileSync(`${lock}.${token}`, JSON.stringify(heir));
    const sink = new FileAudit(path);
    assert.equal(JSON.parse(readFileSync(lock, "utf8")).pid, process.pid);
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /another guard uses it/ });
    sink.close();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes("lock")),
      [],
    );
  });

  it("is not taken from the living heir of the dead", () => {
    const path = file();
    writeFileSync(`${path}.lock`, JSON.stringify({ ...owner, pid: dead() }));
    const heir = { ...owner, pid: process.ppid, token: "1".repeat(32) };
    writeFileSync(`${path}.lock.${token}`, JSON.stringify(heir));
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /another guard uses it/ });
  });

  it("is taken where a later process has the number of the dead", { skip: process.platform !== "linux" }, () => {
    const path = file();
    const sink = new FileAudit(path);
    const { started } = JSON.parse(readFileSync(`${path}.lock`, "utf8"));
    sink.close();
    const earlier = `${started.split(" ").slice(0, 2).join(" ")} 1`;
    writeFileSync(`${path}.lock`, JSON.stringify({ ...owner, pid: process.pid, started: earlier }));
    new FileAudit(path).close();
    const boot = `another-boot ${started.split(" ").slice(1).join(" ")}`;
    writeFileSync(`${path}.lock`, JSON.stringify({ ...owner, pid: process.pid, started: boot }));
    new FileAudit(path).close();
  });

  it("is left to other hosts, and to whatever cannot be read", () => {
    const path = file();
    const lock = `${path}.lock`;
    writeFileSync(lock, JSON.stringify({ ...owner, pid: dead(), host: "elsewhere" }));
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /on elsewhere/ });
    for (const text of ["", "4711 host", "{}", JSON.stringify({ ...owner, pid: -1 }), "x".repeat(10_000)]) {
      writeFileSync(lock, text);
      assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /cannot be read; .* remove/ });
    }
    rmSync(lock);
    mkdirSync(lock);
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /no file/ });
    rmSync(lock, { recursive: true });
    spawnSync("mkfifo", [lock]);
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /no file/ });
  });

  it("is no link that somebody put there", () => {
    const path = file();
    const precious = file();
    writeFileSync(precious, "precious");
    symlinkSync(precious, `${path}.lock`);
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /symbolic link/ });
    assert.equal(readFileSync(precious, "utf8"), "precious");
    rmSync(`${path}.lock`);
    symlinkSync(`${precious}.nowhere`, `${path}.lock`);
    assert.throws(() => new FileAudit(path), { code: "audit_failed", message: /symbolic link/ });
    assert.equal(readdirSync(folder).includes(`${precious}.nowhere`), false);
  });

  it("ends with its process", () => {
    const path = file();
    const script = `import { FileAudit } from ${JSON.stringify(import.meta.resolve("toolgate/node"))};
      new FileAudit(${JSON.stringify(path)});`;
    spawnSync(process.execPath, ["--input-type=module", "--eval", script]);
    assert.throws(() => statSync(`${path}.lock`), { code: "ENOENT" });
  });
});

describe("modes", () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.code === "TOOLGATE_LAX_FILE") warnings.push(warning.message);
  };
  before(() => process.on("warning", onWarning));
  after(() => process.off("warning", onWarning));
  /** What was warned of since the last time. */
  async function warned(): Promise<string> {
    await new Promise((resolve) => setImmediate(resolve));
    return warnings.splice(0).join("\n");
  }
  const mode = (path: string) => statSync(path).mode & 0o777;

  for (const umask of [0o000, 0o022, 0o777]) {
    it(`are the owner's alone under the umask 0${umask.toString(8)}`, async () => {
      const [ledgerFile, auditFile] = [file(), file()];
      const before = process.umask(umask);
      let ledger: SqliteLedger;
      let sink: FileAudit;
      try {
        ledger = await SqliteLedger.open(ledgerFile);
        await ledger.compareAndSet("k", undefined, "1");
        sink = new FileAudit(auditFile);
      } finally {
        process.umask(before);
      }
      for (const ending of ["", "-wal", "-shm"]) assert.equal(mode(`${ledgerFile}${ending}`), 0o600);
      assert.equal(mode(auditFile), 0o600);
      assert.equal(mode(`${auditFile}.lock`), 0o600);
      ledger.close();
      sink.close();
      assert.equal(await warned(), "");
    });
  }

  it("of what is there already are warned of where they are laxer, and are left as they are", async () => {
    const ledgerFile = file();
    (await SqliteLedger.open(ledgerFile)).close();
    chmodSync(ledgerFile, 0o644);
    const ledger = await SqliteLedger.open(ledgerFile);
    assert.match(await warned(), /The ledger .* has mode 0644/);
    assert.equal(mode(ledgerFile), 0o644);
    ledger.close();

    const auditFile = file();
    writeFileSync(auditFile, "", { mode: 0o640 });
    new FileAudit(auditFile).close();
    assert.match(await warned(), /The audit .* has mode 0640/);

    const databaseFile = file();
    const database = new Database(databaseFile);
    chmodSync(databaseFile, 0o604);
    new SqliteAudit(database);
    assert.match(await warned(), /The audit .* has mode 0604/);
    database.close();
    new SqliteAudit(new Database(":memory:"));
    assert.equal(await warned(), "");
  });

  it("of the folder count where anyone may replace the file", async () => {
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    new FileAudit(join(open, "audit")).close();
    assert.match(await warned(), /lies in a folder with mode 0777/);
    chmodSync(open, 0o1777);
    new FileAudit(join(open, "audit")).close();
    assert.equal(await warned(), "");
  });

  it("are right before SQLite has the file, which it does not make by itself", async () => {
    const path = file();
    symlinkSync(`${path}.nowhere`, path);
    await assert.rejects(SqliteLedger.open(path), { code: "ledger_failed", message: /cannot be opened/ });
    assert.throws(() => statSync(`${path}.nowhere`), { code: "ENOENT" });
  });
});
