/** Entry `toolgate/postgres`: a ledger in PostgreSQL, for many machines. */

import type { Pool } from "pg";
import { invalidOptions, ledgerFailed, missingPeer, type ToolgateError } from "./errors.js";
import { ALL, type EntriesOptions, type Ledger } from "./ledger.js";

/** What is needed of a pool of connections, such as a `pg.Pool`. */
export interface PostgresPool {
  query(statement: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/** How long PostgreSQL may take to connect, and how long to answer, in milliseconds. */
const PATIENCE = 10_000;
/** Under stricter isolation than READ COMMITTED whoever is second gets an error in place of no row. */
const ATTEMPTS = 5;

const IDENTITY = "toolgate ledger, version ";
const VERSION = 1;
const FIND = `SELECT to_regclass('toolgate_ledger') IS NOT NULL AS there,
  obj_description(to_regclass('toolgate_ledger'), 'pg_class') AS comment`;
const CREATE = `
DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(${0x74676c64});
  IF to_regclass('toolgate_ledger') IS NULL THEN
    CREATE TABLE toolgate_ledger (key text COLLATE "C" PRIMARY KEY, record text COLLATE "C" NOT NULL);
    COMMENT ON TABLE toolgate_ledger IS '${IDENTITY}${VERSION}';
  END IF;
END $$`;
// Set for this transaction alone: the record is on the disk when the commit returns, whatever the connection's default.
const DURABLE = `
WITH durable AS (SELECT set_config('synchronous_commit',
  CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true))`;
const INSERT = `${DURABLE}
INSERT INTO toolgate_ledger (key, record) SELECT $1::text, $2::text FROM durable ON CONFLICT (key) DO NOTHING`;
const UPDATE = `${DURABLE} UPDATE toolgate_ledger SET record = $1 FROM durable WHERE key = $2 AND record = $3`;
const GET = "SELECT record FROM toolgate_ledger WHERE key = $1";
const ENTRIES = `
SELECT key, record FROM toolgate_ledger WHERE starts_with(key, $1) AND key > $2 ORDER BY key LIMIT $3`;

/**
 * Records in PostgreSQL (12 or later), which any number of processes and machines share, those of Python too.
 *
 * A record is on the server's disk before the call that it allows is sent. {@link PostgresLedger.create} makes the table
 * once; in daily use the user needs no more than SELECT, INSERT and UPDATE on it. Every method throws a ToolgateError
 * `ledger_failed` that names the trouble and holds nothing of the connection string.
 *
 * @example
 * ```ts
 * const ledger = await PostgresLedger.open(databaseUrl);
 * await ledger.create();
 * ```
 */
export class PostgresLedger implements Ledger {
  readonly #pool: PostgresPool;
  /** The pool, if it is the ledger's own. */
  readonly #own: Pool | undefined;
  #found = false;

  private constructor(pool: PostgresPool, own?: Pool) {
    this.#pool = pool;
    this.#own = own;
  }

  /**
   * Makes a ledger over a connection string, or over a pool of yours. Nothing is connected yet.
   *
   * @throws ToolgateError `invalid_options` if it is neither, or if the package pg is not installed for the former.
   */
  static async open(where: string | PostgresPool): Promise<PostgresLedger> {
    if (typeof where !== "string") {
      if (typeof where?.query !== "function") throw invalidOptions("A connection string or a pool is needed.");
      return new PostgresLedger(where);
    }
    const { default: pg } = await import("pg").catch((missing: unknown) => {
      throw missingPeer("PostgresLedger", "pg", missing);
    });
    const pool = new pg.Pool({
      connectionString: where,
      connectionTimeoutMillis: PATIENCE,
      query_timeout: PATIENCE,
    });
    // A connection that breaks while nobody uses it would end the process; the pool replaces it.
    pool.on("error", () => {});
    return new PostgresLedger(pool, pool);
  }

  /** Makes the table `toolgate_ledger`, if there is none. */
  async create(): Promise<void> {
    await this.#query(CREATE);
  }

  async compareAndSet(key: string, expected: string | undefined, record: string): Promise<boolean> {
    await this.#find();
    const { rowCount } =
      expected === undefined
        ? await this.#query(INSERT, [key, record])
        : await this.#query(UPDATE, [record, key, expected]);
    return rowCount === 1;
  }

  async get(key: string): Promise<string | undefined> {
    await this.#find();
    const { rows } = await this.#query(GET, [key]);
    return rows[0]?.record as string | undefined;
  }

  async entries(prefix: string, options: EntriesOptions = {}): Promise<[string, string][]> {
    const { after, limit } = { ...ALL, ...options };
    await this.#find();
    const { rows } = await this.#query(ENTRIES, [prefix, after, limit]);
    return rows.map(({ key, record }) => [key as string, record as string]);
  }

  /** Closes the ledger's own connections; a pool of yours stays as it is. */
  async close(): Promise<void> {
    await this.#own?.end();
  }

  async #find(): Promise<void> {
    if (this.#found) return;
    const { rows } = await this.#query(FIND);
    if (rows[0]?.there !== true) throw ledgerFailed(MISSING);
    const comment = String(rows[0].comment);
    const version = comment.startsWith(IDENTITY) ? Number(comment.slice(IDENTITY.length)) : Number.NaN;
    if (!Number.isInteger(version)) {
      throw ledgerFailed("The table toolgate_ledger is something else than a ledger; use another schema.");
    }
    if (version > VERSION) {
      const told = `The table toolgate_ledger is of version ${version}, and this toolgate knows version ${VERSION}`;
      throw ledgerFailed(`${told}; update toolgate.`);
    }
    this.#found = true;
  }

  async #query(statement: string, values: unknown[] = []): Promise<Awaited<ReturnType<PostgresPool["query"]>>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#pool.query(statement, values);
      } catch (thrown) {
        const { code } = thrown as { code?: unknown };
        // The driver's own error may quote the connection string: it is no cause of ours.
        if (code !== "40001" || attempt === ATTEMPTS) throw trouble(code, (thrown as Error).message);
      }
    }
  }
}

const MISSING = "The table toolgate_ledger is missing; call `create()` once.";
const LATE = "PostgreSQL did not answer in time; look what it waits for, and whether the network lets it answer.";
const UNREACHED =
  "PostgreSQL was not reached, or refused the connection; look whether it runs, and check the address, the database, the user and the password.";
const TROUBLES: Readonly<Record<string, string>> = {
  "25006": "PostgreSQL is read-only here; connect to the primary, as a user who may write.",
  "42501": "PostgreSQL does not let this user do that; grant SELECT, INSERT and UPDATE on toolgate_ledger.",
  "42P01": MISSING,
  "53100": "PostgreSQL's disk is full; make room there.",
  "55P03": LATE,
  "57014": LATE,
};
/** Connections that break, credentials, databases that are not there, too many connections, shutting down, starting. */
const CONNECTION = /^(08|28|3D|53300|57P)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

function trouble(code: unknown, message: string): ToolgateError {
  // Errors of the driver itself have either no code or a word of the operating system.
  if (message === "Query read timeout") return ledgerFailed(LATE);
  if (message === "Cannot use a pool after calling end on the pool") {
    return ledgerFailed("The ledger is closed; make a new one.");
  }
  if (typeof code !== "string" || !SQLSTATE.test(code) || CONNECTION.test(code)) return ledgerFailed(UNREACHED);
  return ledgerFailed(TROUBLES[code] ?? `PostgreSQL refused the statement (SQLSTATE ${code}).`);
}
