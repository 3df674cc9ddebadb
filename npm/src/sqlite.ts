/** Entry `toolgate/sqlite`: a ledger in an SQLite file, for one machine. */

import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type Database from "better-sqlite3";
import { ledgerFailed, missingPeer, type ToolgateError } from "./errors.js";
import { ALL, type EntriesOptions, type Ledger } from "./ledger.js";
import { makePrivate, warnIfLaxDatabase } from "./private-file.js";

/** "tgld": how a ledger's file is told from any other. */
const APPLICATION = 0x74676c64;
const VERSION = 1;
/** How long another process may hold the file, in milliseconds. */
const PATIENCE = 5000;

// Not STRICT, which SQLite before 3.37 takes for a damaged file; the checks say the same.
const CREATE = `
CREATE TABLE toolgate_ledger(
  key TEXT NOT NULL PRIMARY KEY CHECK (typeof(key) = 'text'),
  record TEXT NOT NULL CHECK (typeof(record) = 'text')
)`;
const INSERT = "INSERT INTO toolgate_ledger(key, record) VALUES (?, ?) ON CONFLICT(key) DO NOTHING";
const UPDATE = "UPDATE toolgate_ledger SET record = ? WHERE key = ? AND record = ?";
const GET = "SELECT record FROM toolgate_ledger WHERE key = ?";
// The last character of Unicode, which no key holds, ends the range of the prefix.
const ENTRIES = `
SELECT key, record FROM toolgate_ledger
WHERE key >= :prefix AND key < :prefix || char(1114111) AND key > :after ORDER BY key LIMIT :limit`;

/**
 * Records in an SQLite file, which any number of processes on one machine share, those of Python too.
 *
 * A record is on the disk before the call that it allows is sent. The file must lie on a local disk. Every method throws
 * a ToolgateError `ledger_failed` that names the trouble: a file that is locked, full, read-only, damaged, of a later
 * version, or something else than a ledger.
 *
 * @example
 * ```ts
 * const ledger = await SqliteLedger.open("approvals.sqlite");
 * const guard = await Guard.attach(client, { profile: "favcrm", ledger });
 * ```
 */
export class SqliteLedger implements Ledger {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens the file, or makes it with mode 0600, as everything that SQLite keeps beside it: previews hold the data of
   * customers. Warns (`process.emitWarning`) of a file that others may read, and of a folder where anyone may replace it.
   *
   * @throws ToolgateError `ledger_failed`; `invalid_options` if the package better-sqlite3 is not installed.
   */
  static async open(path: string): Promise<SqliteLedger> {
    const { default: Database } = await import("better-sqlite3").catch((missing: unknown) => {
      throw missingPeer("SqliteLedger", "better-sqlite3", missing);
    });
    const file = path === ":memory:" ? undefined : resolve(path.trim());
    if (file !== undefined) made(file);
    const ledger = await patiently(() => {
      // SQLite itself would make the file for everyone to read.
      const database = new Database(file ?? path, { timeout: 0, fileMustExist: file !== undefined });
      try {
        prepare(database);
        return new SqliteLedger(database);
      } catch (thrown) {
        database.close();
        throw thrown;
      }
    });
    if (file !== undefined) warnIfLaxDatabase("The ledger", file);
    return ledger;
  }

  async compareAndSet(key: string, expected: string | undefined, record: string): Promise<boolean> {
    return patiently(() => {
      const { changes } =
        expected === undefined
          ? this.#database.prepare(INSERT).run(key, record)
          : this.#database.prepare(UPDATE).run(record, key, expected);
      return changes === 1;
    });
  }

  async get(key: string): Promise<string | undefined> {
    return patiently(() => this.#database.prepare(GET).get(key)?.record as string | undefined);
  }

  async entries(prefix: string, options: EntriesOptions = {}): Promise<[string, string][]> {
    const { after, limit } = { ...ALL, ...options };
    const rows = await patiently(() => this.#database.prepare(ENTRIES).all({ prefix, after, limit }));
    return rows.map(({ key, record }) => [key as string, record as string]);
  }

  /** Closes the file; the ledger cannot be used any more. */
  close(): void {
    this.#database.close();
  }
}

function made(file: string): void {
  try {
    makePrivate(file);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw ledgerFailed(TROUBLES[code === "ENOSPC" || code === "EDQUOT" ? "FULL" : "CANTOPEN"] as string);
  }
}

/** Waits for whoever holds the file without holding up the process, as SQLite's own patience would. */
async function patiently<T>(work: () => T): Promise<T> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    try {
      return work();
    } catch (thrown) {
      if (kind(thrown) !== "BUSY" || Date.now() > deadline) throw trouble(thrown);
    }
    await sleep(1 + Math.random() * 20);
  }
}

function prepare(database: Database): void {
  if (version(database) === 0) {
    database.exec("BEGIN IMMEDIATE");
    // Another process may have been faster.
    if (version(database) === 0) {
      database.exec(`${CREATE}; PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${VERSION}`);
    }
    database.exec("COMMIT");
  }
  if (database.pragma("journal_mode = WAL", { simple: true }) !== "wal") {
    throw ledgerFailed("The ledger's SQLite file cannot have a write-ahead log; put it on a local disk.");
  }
  // The second is what it takes on macOS to reach the disk itself, and nothing elsewhere.
  database.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
}

/** The version of the ledger in the file; 0 for a file that holds nothing yet. */
function version(database: Database): number {
  const application = database.pragma("application_id", { simple: true });
  const found = database.pragma("user_version", { simple: true }) as number;
  const tables = database.prepare("SELECT count(*) AS tables FROM sqlite_master").get()?.tables;
  if (application === 0 && found === 0 && tables === 0) return 0;
  if (application !== APPLICATION) {
    throw ledgerFailed("The SQLite file holds something else than a ledger; give another path.");
  }
  if (found > VERSION) {
    const told = `The ledger's SQLite file is of version ${found}, and this toolgate knows version ${VERSION}`;
    throw ledgerFailed(`${told}; update toolgate.`);
  }
  return found;
}

const TROUBLES: Readonly<Record<string, string>> = {
  BUSY: "The ledger's SQLite file is locked by another process; let that one finish.",
  CANTOPEN: "The ledger's SQLite file cannot be opened; its folder must exist, and this process may write there.",
  CORRUPT: "The ledger's SQLite file is damaged; move it away, begin a new one, and ask for open approvals anew.",
  FULL: "The ledger's SQLite file cannot grow; make room on its disk.",
  IOERR: "The disk of the ledger's SQLite file does not read or write; look whether it is full or broken.",
  NOTADB: "The ledger's file is no SQLite database; give another path.",
  READONLY: "The ledger's SQLite file is read-only; let this process write to it and to its folder.",
};

/** What kind of trouble SQLite has: the second word of its code; none for an error that is not SQLite's. */
function kind(thrown: unknown): string | undefined {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (typeof code === "string" && code.startsWith("SQLITE_")) return code.split("_")[1];
  // better-sqlite3 looks by itself whether the folder is there.
  return message === "Cannot open database because the directory does not exist" ? "CANTOPEN" : undefined;
}

function trouble(thrown: unknown): ToolgateError | unknown {
  const found = kind(thrown);
  if (found !== undefined) return ledgerFailed(TROUBLES[found] ?? `SQLite failed (SQLITE_${found}).`);
  const { message } = thrown as { message?: unknown };
  if (message === "The database connection is not open") return ledgerFailed("The ledger is closed; make a new one.");
  if (String(message).startsWith("Could not locate the bindings file")) {
    return ledgerFailed("better-sqlite3 is installed without its binary; run `npm rebuild better-sqlite3`.");
  }
  return thrown;
}
