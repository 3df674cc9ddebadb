/** Where the records of approvals are kept, so that each is used at most once, whatever crashes. */
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
}

/** Records in memory. They end with the process, unless the entries are written out and handed to the next one. */
export class MemoryLedger implements Ledger {
  readonly #records: Map<string, string>;

  /** @param entries - What {@link MemoryLedger.entries} gave. */
  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.#records = new Map(entries);
  }

  compareAndSet(key: string, expected: string | undefined, record: string): boolean {
    if (this.#records.get(key) !== expected) return false;
    this.#records.set(key, record);
    return true;
  }

  get(key: string): string | undefined {
    return this.#records.get(key);
  }

  /** All records, as JSON can hold them. They hold no secret. */
  entries(): [string, string][] {
    return [...this.#records];
  }
}
