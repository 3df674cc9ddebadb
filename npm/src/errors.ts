import type { CoreErrorCode } from "./codes.js";

/** Codes that only this package raises. `not_initialized`: something was used in a browser before `await init()`. */
export type HostErrorCode = "not_initialized";

/** What went wrong: stable over versions. The README lists what each one means. */
export type ErrorCode = CoreErrorCode | HostErrorCode;

/** An error as the core writes it. */
export interface ErrorShape {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  next: string;
  details?: Readonly<Record<string, unknown>>;
}

/**
 * A refusal or failure with a way out. Holds no secret.
 *
 * @example
 * ```ts
 * try {
 *   await guard.callTool({ name: "cancel_booking", arguments: { id: "bk_1" } });
 * } catch (error) {
 *   if (error instanceof ToolgateError && error.code === "approval_required") show(error.details.preview);
 *   else throw error;
 * }
 * ```
 */
export class ToolgateError extends Error {
  /** What went wrong. */
  readonly code: ErrorCode;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** What an agent should do now, in one sentence. */
  readonly next: string;
  /** More, by code, as the core names it: `violations`, `approval`, `preview`, `retry_at` (milliseconds) and so on. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(shape: ErrorShape, options?: ErrorOptions) {
    super(shape.message, options);
    this.name = "ToolgateError";
    this.code = shape.code;
    this.retryable = shape.retryable;
    this.next = shape.next;
    this.details = shape.details ?? {};
  }

  /** The same shape that the core writes, so that a tool result or a log line can carry it. */
  toJSON(): ErrorShape {
    const { code, message, retryable, next, details } = this;
    return { code, message, retryable, next, details };
  }

  /**
   * The error as a `tools/call` result that a model may read: what happened and what to do now, without anything that
   * a server wrote. The message and the details are for people.
   */
  toResult(): ErrorResult {
    return modelForm.of(this.toJSON()) ?? withoutCore(this);
  }
}

/** What {@link ToolgateError.toResult} gives. */
export interface ErrorResult {
  content: { type: "text"; text: string }[];
  isError: true;
  /** The code, a sentence, `retryable`, `next`, and where they are known `approval`, `retry_at`, `expires_at`, `violations`. */
  structuredContent: { code: ErrorCode; message: string; retryable: boolean; next: string; [detail: string]: unknown };
}

/** The core words it, where it is loaded: the schema entry has no core with errors of calls. */
export const modelForm: { of: (error: ErrorShape) => ErrorResult | undefined } = { of: () => undefined };

function withoutCore({ code, retryable, next }: ToolgateError): ErrorResult {
  const message = "The work could not be done.";
  return {
    content: [{ type: "text", text: `${code}: ${message} ${next}` }],
    isError: true,
    structuredContent: { code, message, retryable, next },
  };
}

/** Runs a piece of the core; what it throws is a plain object of the error's shape. */
export function typed<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (isErrorShape(thrown)) throw new ToolgateError(thrown);
    throw thrown;
  }
}

function isErrorShape(thrown: unknown): thrown is ErrorShape {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "next" in thrown;
}

/** Arguments that are no JSON never reach the core, which would say the same of them. */
export function invalidArguments(message: string, cause?: unknown): ToolgateError {
  const shape: ErrorShape = {
    code: "invalid_arguments",
    message,
    retryable: false,
    next: "Give the arguments as plain JSON data and call again.",
  };
  return new ToolgateError(shape, cause === undefined ? undefined : { cause });
}

/** What a host can tell of its own options; the core says the same of those that it reads. */
export function invalidOptions(message: string): ToolgateError {
  return new ToolgateError({
    code: "invalid_options",
    message,
    retryable: false,
    next: "Correct the options and try again.",
  });
}

/** The audit cannot be opened. The core says the same of a line that cannot be stored. */
export function auditFailed(message: string): ToolgateError {
  return new ToolgateError({
    code: "audit_failed",
    message,
    retryable: false,
    next: "Repair where the audit is written, then attach again; nothing is sent until then.",
  });
}

/** What a ledger throws: of this error alone the guard passes the message on, so it holds no secret. */
export function ledgerFailed(message: string): ToolgateError {
  return new ToolgateError({
    code: "ledger_failed",
    message,
    retryable: true,
    next: "Repair the ledger and call again; nothing was sent.",
  });
}

/** The core says the same where a ledger does not know an approval. */
export function unknownApproval(): ToolgateError {
  return new ToolgateError({
    code: "unknown_approval",
    message: "No approval of that id is known here.",
    retryable: false,
    next: "Make the call without an approval's id to ask for one.",
  });
}

/** The core says the same where a ledger does not know a remembered answer. */
export function unknownRemembered(): ToolgateError {
  return new ToolgateError({
    code: "unknown_approval",
    message: "No remembered answer of that id is known here.",
    retryable: false,
    next: "List the remembered answers and take back one of them.",
  });
}

/** The core says the same where a ledger holds another record than the one that was to be replaced. */
export function ledgerConflict(): ToolgateError {
  return new ToolgateError({
    code: "ledger_conflict",
    message: "The ledger held another record for this approval each time; nothing was changed.",
    retryable: true,
    next: "Look at the approval again.",
  });
}

/** A package is missing that only some users need. */
export function missingPeer(who: string, peer: string, cause: unknown): ToolgateError {
  const shape: ErrorShape = {
    code: "invalid_options",
    message: `${who} needs the package ${peer}: run \`npm install ${peer}\`.`,
    retryable: false,
    next: "Correct the options and try again.",
  };
  return new ToolgateError(shape, { cause });
}

/** The core says the same of a flow that is called off before it sent anything. */
export function cancelled(): ToolgateError {
  return new ToolgateError({
    code: "cancelled",
    message: "The work was called off before anything was sent.",
    retryable: false,
    next: "Start again when wanted.",
  });
}

export function notInitialized(): ToolgateError {
  return new ToolgateError({
    code: "not_initialized",
    message: "toolgate was used before its WebAssembly was loaded.",
    retryable: false,
    next: "Call `await init()` once at start, before anything else of toolgate.",
  });
}
