import { ledgerFailed, ToolgateError } from "./errors.js";

/**
 * Where the records of approvals are kept, so that each is used at most once, whatever crashes.
 *
 * What a method throws means that nothing is known, and nothing is then sent. Of a {@link ToolgateError} the message is
 * passed on, so it must hold no secret; of any other error only the name of its class.
 */
export interface Ledger {
  /**
   * Stores `record` durably under `key`, only if the key still holds exactly `expected` (`undefined`: nothing).
   * Must be atomic among all processes that share the ledger.
   *
   * @returns `true` if it was stored, `false` if not. Anything else, such as a count of rows, is taken for neither: the
   * call ends with `ledger_failed` and nothing is sent. Throws if it cannot be known; nothing is then sent either.
   */
  compareAndSet(key: string, expected: string | undefined, record: string): boolean | Promise<boolean>;

  /** What is stored under `key` now, as every process that shares the ledger sees it. Throws if it cannot be known. */
  get(key: string): string | undefined | Promise<string | undefined>;

  /** The keys that begin with `prefix`, such as `approval/`, with their records, in the keys' order. */
  entries(prefix: string, options?: EntriesOptions): [string, string][] | Promise<[string, string][]>;
}

/** Which part of the entries is wanted. */
export interface EntriesOptions {
  /** Only keys behind this one: the last one of a list that was cut at its limit. */
  after?: string;
  /** At most so many. Default: 1000. */
  limit?: number;
}

/** What is meant where nothing is said. */
export const ALL: Required<EntriesOptions> = { after: "", limit: 1000 };

/** Stores a record by a ledger whose answer need not be what it should be. */
export async function swapped(
  ledger: Ledger,
  key: string,
  expected: string | undefined,
  record: string,
): Promise<boolean> {
  const stored: unknown = await ledger.compareAndSet(key, expected, record);
  if (typeof stored !== "boolean") throw wrong("compareAndSet", "true or false", stored);
  return stored;
}

/** Reads a record by a ledger whose answer need not be what it should be; `null` is taken for nothing. */
export async function got(ledger: Ledger, key: string): Promise<string | undefined> {
  const record: unknown = await ledger.get(key);
  if (record === undefined || record === null) return undefined;
  if (typeof record !== "string") throw wrong("get", "a string or undefined", record);
  return record;
}

/** Gives all entries of a ledger whose answer need not be what it should be. */
export async function* listed(ledger: Ledger, prefix: string): AsyncGenerator<[key: string, record: string]> {
  for (let after = ""; ; ) {
    const page: unknown = await ledger.entries(prefix, { after, limit: PAGE });
    if (!Array.isArray(page)) throw wrong("entries", ENTRIES, page);
    // A shorter page is no end: a ledger may give fewer than were wanted.
    if (page.length === 0) return;
    for (const entry of page as unknown[]) {
      const [key, record] = Array.isArray(entry) ? (entry as unknown[]) : [];
      const fits = typeof key === "string" && typeof record === "string" && key.startsWith(prefix);
      if (!fits || key <= after) throw wrong("entries", ENTRIES, entry);
      after = key;
      yield [key, record];
    }
  }
}

/** What may be told of what a ledger threw: the words of anything but our own error may quote a connection string. */
export function wordsOfLedger(thrown: unknown): string {
  if (thrown instanceof ToolgateError) return thrown.message;
  return `The ledger failed (${thrown instanceof Error ? thrown.constructor.name : typeof thrown}).`;
}

/** How the keys of remembered answers begin. */
export const REMEMBERED = "remembered/";

const PAGE = 200;
const ENTRIES = "pairs of strings, of keys that begin with the prefix and lie behind `after`, in their order";

function wrong(method: string, wanted: string, answer: unknown): ToolgateError {
  const kind = answer === null ? "null" : typeof answer;
  return ledgerFailed(`The ledger's \`${method}\` must return ${wanted}; it returned something of the type ${kind}.`);
}

/** Records in memory. They end with the process, unless they are dumped and handed to the next one. */
export class MemoryLedger implements Ledger {
  readonly #records: Map<string, string>;

  /** @param records - What {@link MemoryLedger.dump} gave. */
  constructor(records: Iterable<readonly [string, string]> = []) {
    this.#records = new Map(records);
  }

  compareAndSet(key: string, expected: string | undefined, record: string): boolean {
    if (this.#records.get(key) !== expected) return false;
    this.#records.set(key, record);
    return true;
  }

  get(key: string): string | undefined {
    return this.#records.get(key);
  }

  entries(prefix: string, options: EntriesOptions = {}): [string, string][] {
    const { after, limit } = { ...ALL, ...options };
    const found = this.dump().filter(([key]) => key.startsWith(prefix) && key > after);
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
  }

  /** All records, as JSON can hold them. They hold no secret. */
  dump(): [string, string][] {
    return [...this.#records];
  }
}
