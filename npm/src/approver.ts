/** What a person needs who answers for approvals, with nothing but the ledger: no client, no server, no tools. */

import { camel } from "./camel.js";
import { invalidOptions, ledgerConflict, ledgerFailed, ToolgateError, typed, unknownApproval } from "./errors.js";
import { got, type Ledger, listed, swapped, wordsOfLedger } from "./ledger.js";
import type { Approval, By } from "./types.js";
import { whole } from "./whole.js";

/** What every approver needs. */
export interface ApproverOptions {
  /** The `sealKey` of the agent's guard, if it has one: without it a record can neither be trusted nor be written. */
  sealKey?: string;
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  now?: () => number;
}

/** Which approvals are wanted. */
export interface OpenApprovalsOptions extends ApproverOptions {
  /** Also those that were answered, used or have expired. Default: only those that wait for an answer. */
  all?: boolean;
  /**
   * Told of each record that cannot be read: damaged, forged, sealed with another key, or of a later version; it is then
   * left out. Default: the first one is thrown.
   */
  onUnreadable?: (error: ToolgateError, key: string) => void;
}

/** Who answers. */
export interface ApproverAnswer extends ApproverOptions {
  /** The person, and by what means they were asked; a text is the person. */
  by?: By | string;
}

/** Who says no, and why. */
export interface ApproverRefusal extends ApproverAnswer {
  /** Why, for the agent. */
  reason?: string;
}

/** What the core makes of a record. */
interface Desk {
  approval: unknown;
  is_open: boolean;
  record?: string;
}

const PREFIX = "approval/";
/** More often than this others are not quicker one after the other. */
const MOST_LOOKS = 8;

/**
 * The approvals that wait for a person's answer, oldest first, of every guard that shares the ledger. Each says in its
 * `preview` what will happen: server, subject, tool, effect and the complete arguments.
 *
 * @example
 * ```ts
 * const ledger = await SqliteLedger.open("approvals.sqlite");
 * for (const { id, preview } of await openApprovals(ledger)) {
 *   if (await aPersonAgrees(preview)) await approve(ledger, id, { by: "ana@studio.example" });
 * }
 * ```
 *
 * @throws ToolgateError `ledger_failed`, `invalid_record`, `unsupported_record`; `not_initialized` in a browser before
 * `init()`
 */
export async function openApprovals(ledger: Ledger, options: OpenApprovalsOptions = {}): Promise<Approval[]> {
  const { all = false, onUnreadable } = options;
  const found: Approval[] = [];
  for await (const [key, record] of entries(ledger)) {
    try {
      const { approval, is_open } = desk(key, record, options);
      if (all || is_open) found.push(camel(approval));
    } catch (thrown) {
      const isOfRecord = thrown instanceof ToolgateError && RECORD.has(thrown.code);
      if (!isOfRecord || onUnreadable === undefined) throw thrown;
      onUnreadable(thrown, key);
    }
  }
  return found.sort((one, other) => one.proposedAt - other.proposedAt);
}

/**
 * Records a person's yes to an approval that waits for it. The agent's call is then made by calling the tool again with
 * the approval's id in `_meta["toolgate/approval"]`. A second yes is no error.
 *
 * @returns The approval as the ledger has it now.
 * @throws ToolgateError `unknown_approval`, `approval_denied`, `approval_expired`, `approval_spent`, `invalid_record`,
 * `ledger_failed`, …
 */
export function approve(ledger: Ledger, id: string, options: ApproverAnswer = {}): Promise<Approval> {
  return answer(ledger, id, { type: "approve" }, options);
}

/**
 * Records a person's no. A second no is no error.
 *
 * @returns The approval as the ledger has it now.
 * @throws ToolgateError `unknown_approval`, `approval_expired`, `approval_spent`, `invalid_record`, `ledger_failed`, …
 */
export function deny(ledger: Ledger, id: string, options: ApproverRefusal = {}): Promise<Approval> {
  return answer(ledger, id, { type: "deny" }, options);
}

/**
 * Takes a yes back, or the question itself, as long as the call was not sent. Of a withdrawal and a dispatch at the same
 * time exactly one happens.
 *
 * @returns The approval as the ledger has it now.
 * @throws ToolgateError `unknown_approval`, `approval_spent`, `invalid_record`, `ledger_failed`, …
 */
export function withdraw(ledger: Ledger, id: string, options: ApproverRefusal = {}): Promise<Approval> {
  return answer(ledger, id, { type: "withdraw" }, options);
}

const RECORD: ReadonlySet<string> = new Set(["invalid_record", "unsupported_record"]);

async function answer(ledger: Ledger, id: string, said: object, options: ApproverRefusal): Promise<Approval> {
  const { by, reason } = options;
  const work = {
    ...said,
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by: checkPerson(by) }),
  };
  const key = `${PREFIX}${id}`;
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    // Nothing else is looked for: it may be anything, a secret too.
    const found = ID.test(id) ? await read(ledger, key) : undefined;
    if (found === undefined) throw unknownApproval();
    const { approval, record } = desk(key, found, options, work);
    if (record === undefined || (await store(ledger, key, found, record))) return camel(approval);
    // Somebody was quicker: the answer is held against what they made of it.
  }
  throw ledgerConflict();
}

/**
 * The person as it was given.
 *
 * @throws ToolgateError `invalid_options` if it is neither a text nor a {@link By}
 */
export function checkPerson<T extends By | string | undefined>(by: T): T {
  const { who, means = "" } = typeof by === "string" || by === undefined ? { who: "" } : Object(by);
  if (typeof who === "string" && typeof means === "string") return by;
  throw invalidOptions("`by` is the person's name, or { who, means } with names as texts.");
}

const ID = /^apr_[0-9a-f]{24}$/;

function desk(key: string, record: string, { sealKey, now = Date.now }: ApproverOptions, said?: object): Desk {
  const work = { key, record, now: Math.floor(now()), seal_key: sealKey, answer: said };
  return JSON.parse(typed(() => whole.bindings.deskwork(JSON.stringify(work))));
}

async function read(ledger: Ledger, key: string): Promise<string | undefined> {
  return orFailed(() => got(ledger, key));
}

async function store(ledger: Ledger, key: string, expected: string, record: string): Promise<boolean> {
  return orFailed(() => swapped(ledger, key, expected, record));
}

async function orFailed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw typedTrouble(thrown);
  }
}

async function* entries(ledger: Ledger): AsyncGenerator<[string, string]> {
  const all = listed(ledger, PREFIX);
  for (;;) {
    const { done, value } = await orFailed(() => all.next());
    if (done) return;
    yield value;
  }
}

/** What a ledger threw, by its words only where they are ours: others may quote a connection string. */
function typedTrouble(thrown: unknown): ToolgateError {
  return thrown instanceof ToolgateError ? thrown : ledgerFailed(wordsOfLedger(thrown));
}
