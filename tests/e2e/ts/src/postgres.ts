/** A PostgreSQL of the tests' own, and databases in it. */

import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PostgresLedger } from "toolgate/postgres";

const script = fileURLToPath(new URL("../../../setup/postgres.sh", import.meta.url));

/** What the tests use of a `pg.Pool`. */
export interface Pool {
  query(statement: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
  connect(): Promise<Pool & { release(): void }>;
  on(event: "error", listener: () => void): void;
  end(): Promise<void>;
}

/** A package, as the package toolgate finds it. */
export const peer = createRequire(import.meta.resolve("toolgate/sqlite"));

export function poolOf(url: string, max = 10): Pool {
  const pool: Pool = new (peer("pg").Pool)({ connectionString: url, max });
  // Tests end connections.
  pool.on("error", () => {});
  return pool;
}

/** One running server; it ends with this process, however that ends. */
export class Server implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;
  #databases = 0;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(): Promise<Server> {
    // Nothing here is about a machine that loses its power, and to wait for its disk takes most of the time.
    const process = spawn(script, ["-c", "fsync=off"], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: process.stdout });
    const url = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      process.once("exit", () => reject(new Error("no PostgreSQL: run tests/setup/system.sh postgres")));
    });
    return new Server(process, url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin?.end();
    await ended;
  }

  /** Runs statements one after the other, in the database of the URL. */
  async run(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
    const pool = poolOf(url, 1);
    try {
      let rows: Record<string, unknown>[] = [];
      for (const statement of statements) ({ rows } = await pool.query(statement));
      return rows;
    } finally {
      await pool.end();
    }
  }

  /** The URL of a new database; with the table, if it is wanted. */
  async database({ table }: { table: boolean }): Promise<string> {
    this.#databases += 1;
    const name = `test${this.#databases}`;
    await this.run(this.url, `CREATE DATABASE ${name}`);
    const url = this.url.replace(/postgres$/, name);
    if (table) {
      const ledger = await PostgresLedger.open(url);
      await ledger.create();
      await ledger.close();
    }
    return url;
  }
}
