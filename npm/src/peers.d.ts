/** What the ledgers use of the packages that their users install beside this one. */

declare module "better-sqlite3" {
  interface Statement {
    run(...values: unknown[]): { changes: number };
    get(...values: unknown[]): Record<string, unknown> | undefined;
    all(...values: unknown[]): Record<string, unknown>[];
  }

  export default class Database {
    constructor(path: string, options: { timeout: number; fileMustExist: boolean });
    exec(statements: string): void;
    prepare(statement: string): Statement;
    pragma(pragma: string, options: { simple: true }): unknown;
    close(): void;
  }
}

declare module "pg" {
  export interface Pool {
    query(statement: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
    on(event: "error", listener: () => void): void;
    end(): Promise<void>;
  }

  const pg: {
    Pool: new (options: { connectionString: string; connectionTimeoutMillis: number; query_timeout: number }) => Pool;
  };
  export default pg;
}
