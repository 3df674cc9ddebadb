import { auditFailed, typed } from "./errors.js";
import type { AuditReport } from "./types.js";
import { whole } from "./whole.js";

/** Where the audit's lines are kept, in the order in which they come. One guard at a time writes to a sink. */
export interface AuditSink {
  /** The last line that is stored, as it stands there; `undefined`: there is none. */
  last(): string | undefined | Promise<string | undefined>;
  /** Stores one line, which has no line end; fulfils once it is durable, and throws if that cannot be done. */
  append(line: string): void | Promise<void>;
}

/** A function as a sink: its chain begins anew with each guard. */
export type AuditWriter = (line: string) => void | Promise<void>;

/** A sink, and what its lines do not show. */
export interface AuditOptions {
  sink: AuditSink | AuditWriter;
  /**
   * JSON Pointers to what no line may show, in arguments and in results, at whatever depth: `/customer/phone`. `*` is
   * any one part.
   */
  redact?: readonly string[];
}

/** Gives the lines of all flows to one sink, one after the other, in the order of the core. */
export class Recorder {
  readonly #sink: AuditSink;
  #last: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  constructor(sink: AuditSink) {
    this.#sink = sink;
  }

  /** Takes lines that must be stored; called before anything else is asked of the core. */
  add(lines: readonly string[]): void {
    for (const line of lines) this.#last = this.#last.then(() => this.#store(line));
  }

  /** Fulfils once everything that was added is stored, or with why it is not. */
  async failure(): Promise<string | undefined> {
    await this.#last;
    return this.#failure;
  }

  async #store(line: string): Promise<void> {
    // After a gap no line may follow.
    if (this.#failure !== undefined) return;
    try {
      await this.#sink.append(line);
    } catch (thrown) {
      this.#failure = words(thrown);
    }
  }
}

/** The recorder of an audit, and what the core must know of it. */
export async function openAudit(
  audit: AuditSink | AuditWriter | AuditOptions,
): Promise<{ recorder: Recorder; options: { last?: string; redact: readonly string[] } }> {
  const { sink: given, redact = [] } = "sink" in audit ? audit : { sink: audit };
  const sink: AuditSink = typeof given === "function" ? { last: () => undefined, append: given } : given;
  let last: string | undefined;
  try {
    last = await sink.last();
  } catch (thrown) {
    throw auditFailed(`The audit's last line cannot be read (${words(thrown)}).`);
  }
  return { recorder: new Recorder(sink), options: last === undefined ? { redact } : { last, redact } };
}

/** What a verification needs. */
export interface VerifyAuditOptions {
  /** The `sealKey` that the lines were sealed with. */
  key?: string;
  /** The hash that the last line must have; without it, lines missing at the end are not noticed. */
  head?: string;
}

/**
 * Follows the chain of an audit's lines and names the first that was removed, edited, moved or put there later.
 *
 * @param lines - The whole audit, a line end after each line.
 * @throws ToolgateError `invalid_options` if the key cannot be one.
 */
export function verifyAudit(lines: string | Uint8Array, options: VerifyAuditOptions = {}): AuditReport {
  const { bindings } = whole;
  const bytes = typeof lines === "string" ? new TextEncoder().encode(lines) : lines;
  const { first_bad, ...report } = typed(() => bindings.verifyAudit(bytes, JSON.stringify(options)));
  return first_bad === undefined ? report : { ...report, firstBad: first_bad };
}

/** A system's own words may be told; those of someone's sink may quote what it was given. */
function words(thrown: unknown): string {
  const { code, name } = (thrown ?? {}) as { code?: unknown; name?: unknown };
  if (thrown instanceof AuditBroken) return thrown.message;
  if (typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  return typeof name === "string" ? name.slice(0, 60) : "the sink failed";
}

/** What a sink of ours found wrong with its own file: the words may be told. */
export class AuditBroken extends Error {}
