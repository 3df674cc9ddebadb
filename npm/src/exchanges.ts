import type { Vault } from "./vault.js";

/** What an HTTP answer said beside its body. */
interface Exchange {
  /** The backend's clock, in milliseconds. */
  date: number | undefined;
  /** How long it asks to wait, in milliseconds. */
  retryAfter: number | undefined;
}

/**
 * The HTTP answers that a guard's client got. The clients' errors and results say nothing of `Date` and
 * `Retry-After`, so the wrapped `fetch` notes them here. Answers of calls that run at the same time are not told
 * apart: the clock of the one backend is the same in all of them, and so is its wish for less traffic.
 */
export class Exchanges {
  #count = 0;
  #latest: Exchange | undefined;
  #latestRefusal: Exchange | undefined;
  #refusedAt = 0;

  /** Takes the headers `Date` and `Retry-After` of an answer. */
  note(dateHeader: string | null | undefined, retryHeader: string | null | undefined): void {
    const date = Date.parse(dateHeader ?? "");
    const exchange: Exchange = {
      date: Number.isNaN(date) ? undefined : date,
      retryAfter: retryAfter(retryHeader, date),
    };
    this.#count += 1;
    this.#latest = exchange;
    if (exchange.retryAfter !== undefined) {
      this.#latestRefusal = exchange;
      this.#refusedAt = this.#count;
    }
  }

  /** A point in time, for the questions below. */
  mark(): number {
    return this.#count;
  }

  /** The backend's clock as of the newest answer since the mark. */
  serverTime(since: number): number | undefined {
    return this.#count > since ? this.#latest?.date : undefined;
  }

  /** How long the backend asked to wait since the mark. */
  retryAfter(since: number): number | undefined {
    return this.#refusedAt > since ? this.#latestRefusal?.retryAfter : undefined;
  }
}

/** Seconds, or a date; either in milliseconds from the answer's own time. */
function retryAfter(value: string | null | undefined, date: number): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  // A negative number reads as a date of long ago.
  if (!/[A-Za-z]/.test(value)) return undefined;
  const until = Date.parse(value) - (Number.isNaN(date) ? Date.now() : date);
  return Number.isNaN(until) ? undefined : Math.max(0, until);
}

/** The vault is what a guard and the `fetch` of its client have in common. */
const byVault = new WeakMap<Vault, Exchanges>();

export function exchangesOf(vault: Vault): Exchanges {
  let exchanges = byVault.get(vault);
  if (exchanges === undefined) {
    exchanges = new Exchanges();
    byVault.set(vault, exchanges);
  }
  return exchanges;
}
