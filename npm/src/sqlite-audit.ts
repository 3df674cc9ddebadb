import type { AuditSink } from "./audit.js";
import { warnIfLaxDatabase } from "./private-file.js";

/** What is needed of a database: `better-sqlite3`'s, `node:sqlite`'s, or any of their shape. */
export interface SqliteDatabase {
  exec(statements: string): unknown;
  prepare(statement: string): {
    run(...values: (string | number)[]): unknown;
    all(...values: (string | number)[]): unknown[];
  };
  /** The file, as `better-sqlite3` tells it. */
  readonly name?: string;
  /** The file, as `node:sqlite` tells it. */
  location?(): string | null;
}

/**
 * Lines in the table `toolgate_audit` of an SQLite database, each committed before the guard goes on. A second guard
 * that writes to the same table is found out by the first line that both write.
 */
export class SqliteAudit implements AuditSink {
  readonly #database: SqliteDatabase;

  /** Warns (`process.emitWarning`) of a database that others than its owner may read. */
  constructor(database: SqliteDatabase) {
    this.#database = database;
    const file = database.location?.() ?? database.name;
    if (typeof file === "string" && file !== "" && file !== ":memory:") warnIfLaxDatabase("The audit", file);
    database.exec("PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE IF NOT EXISTS toolgate_audit (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT");
  }

  last(): string | undefined {
    return this.#lines("ORDER BY seq DESC LIMIT 1")[0];
  }

  append(line: string): void {
    const { seq } = JSON.parse(line) as { seq: number };
    this.#database.prepare("INSERT INTO toolgate_audit (seq, line) VALUES (?, ?)").run(seq, line);
  }

  /** All lines, as {@link verifyAudit} takes them. */
  text(): string {
    return this.#lines("ORDER BY seq")
      .map((line) => `${line}\n`)
      .join("");
  }

  #lines(order: string): string[] {
    const rows = this.#database.prepare(`SELECT line FROM toolgate_audit ${order}`).all();
    return (rows as { line: string }[]).map(({ line }) => line);
  }
}
