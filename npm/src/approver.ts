/** What a person needs who answers for approvals, with nothing but the ledger: no client, no server, no tools. */

import { camel } from "./camel.js";
import {
  invalidOptions,
  ledgerConflict,
  ledgerFailed,
  ToolgateError,
  typed,
  unknownApproval,
  unknownRemembered,
} from "./errors.js";
import { got, type Ledger, listed, REMEMBERED, swapped, wordsOfLedger } from "./ledger.js";
import type { Approval, By, Remembered } from "./types.js";
import { whole } from "./whole.js";

/** What every approver needs. */
export interface ApproverOptions {
  /** The `sealKey` of the agent's guard, if it has one: without it a record can neither be trusted nor be written. */
  sealKey?: string;
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  now?: () => number;
}

/** Which approvals, or remembered answers, are wanted. */
export interface OpenApprovalsOptions extends ApproverOptions {
  /** Also those that were answered, used, withdrawn or have expired. Default: only those that wait or hold. */
  everything?: boolean;
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

/** What the core makes of a record: an approval or a remembered answer, by its key. */
interface Desk {
  approval?: unknown;
  remembered?: unknown;
  is_open: boolean;
  record?: string;
}

/** A kind of record that people answer for. */
interface Kind {
  prefix: string;
  /** Nothing else is looked for: it may be anything, a secret too. */
  id: RegExp;
  unknown: () => ToolgateError;
}

const APPROVAL: Kind = { prefix: "approval/", id: /^apr_[0-9a-f]{24}$/, unknown: unknownApproval };
const ANSWER: Kind = { prefix: REMEMBERED, id: /^rem_[0-9a-f]{24}$/, unknown: unknownRemembered };
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
  const found = (await records(ledger, APPROVAL, options)).map(({ approval }) => camel<Approval>(approval));
  return found.sort((one, other) => one.proposedAt - other.proposedAt);
}

/**
 * The answers of people that let further calls out (`remember`), oldest first, of every guard that shares the ledger;
 * those that end with a session too.
 *
 * @throws ToolgateError `ledger_failed`, `invalid_record`, `unsupported_record`; `not_initialized` in a browser before
 * `init()`
 */
export async function rememberedAnswers(ledger: Ledger, options: OpenApprovalsOptions = {}): Promise<Remembered[]> {
  const found = (await records(ledger, ANSWER, options)).map(({ remembered }) => camel<Remembered>(remembered));
  return found.sort((one, other) => one.rememberedAt - other.rememberedAt);
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
  return decide(ledger, id, { type: "approve" }, options);
}

/**
 * Records a person's no. A second no is no error.
 *
 * @returns The approval as the ledger has it now.
 * @throws ToolgateError `unknown_approval`, `approval_expired`, `approval_spent`, `invalid_record`, `ledger_failed`, …
 */
export function deny(ledger: Ledger, id: string, options: ApproverRefusal = {}): Promise<Approval> {
  return decide(ledger, id, { type: "deny" }, options);
}

/**
 * Takes a yes back, or the question itself, as long as the call was not sent. Of a withdrawal and a dispatch at the same
 * time exactly one happens.
 *
 * @returns The approval as the ledger has it now.
 * @throws ToolgateError `unknown_approval`, `approval_spent`, `invalid_record`, `ledger_failed`, …
 */
export function withdraw(ledger: Ledger, id: string, options: ApproverRefusal = {}): Promise<Approval> {
  return decide(ledger, id, { type: "withdraw" }, options);
}

/**
 * Takes a remembered answer back: no call goes out by it any more, in any process. A second time is no error.
 *
 * @returns The answer as the ledger has it now.
 * @throws ToolgateError `unknown_approval`, `invalid_record`, `ledger_failed`, …
 */
export async function forget(ledger: Ledger, id: string, options: ApproverOptions = {}): Promise<Remembered> {
  return camel((await answer(ledger, ANSWER, id, { type: "withdraw" }, options)).remembered);
}

async function decide(ledger: Ledger, id: string, said: object, options: ApproverRefusal): Promise<Approval> {
  const { by, reason } = options;
  const work = {
    ...said,
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by: checkPerson(by) }),
  };
  return camel((await answer(ledger, APPROVAL, id, work, options)).approval);
}

async function answer(ledger: Ledger, kind: Kind, id: string, said: object, options: ApproverOptions): Promise<Desk> {
  const key = `${kind.prefix}${id}`;
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const found = kind.id.test(id) ? await read(ledger, key) : undefined;
    if (found === undefined) throw kind.unknown();
    const desk = readDesk(key, found, options, said);
    if (desk.record === undefined || (await store(ledger, key, found, desk.record))) return desk;
    // Somebody was quicker: the answer is held against what they made of it.
  }
  throw ledgerConflict();
}

async function records(ledger: Ledger, { prefix }: Kind, options: OpenApprovalsOptions): Promise<Desk[]> {
  const { everything = false, onUnreadable } = options;
  const found: Desk[] = [];
  // Before anything is read: an empty ledger would not tell that the core is not loaded.
  typed(() => whole.bindings);
  for await (const [key, record] of entries(ledger, prefix)) {
    try {
      const desk = readDesk(key, record, options);
      if (everything || desk.is_open) found.push(desk);
    } catch (thrown) {
      const isOfRecord = thrown instanceof ToolgateError && UNREADABLE.has(thrown.code);
      if (!isOfRecord || onUnreadable === undefined) throw thrown;
      onUnreadable(thrown, key);
    }
  }
  return found;
}

const UNREADABLE: ReadonlySet<string> = new Set(["invalid_record", "unsupported_record"]);

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

function readDesk(key: string, record: string, { sealKey, now = Date.now }: ApproverOptions, said?: object): Desk {
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

async function* entries(ledger: Ledger, prefix: string): AsyncGenerator<[string, string]> {
  const all = listed(ledger, prefix);
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
