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
   * @returns Whether it was stored. Throws if that cannot be known; nothing is then sent.
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
