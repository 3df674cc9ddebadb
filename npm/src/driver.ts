/** The one loop that turns the core's steps into awaits. Nothing is decided here. */

import type { Recorder } from "./audit.js";
import { cancelled, ToolgateError, typed } from "./errors.js";
import type { Core } from "./generated/toolgate.js";
import type { PlainReads } from "./plain.js";
import type { CallWork, DoneStep, Happening, OpenStep, Outcome, Reply, Step, Work } from "./protocol.js";

/** The steps that a host performs by itself; waiting is the driver's own. */
type Performed = Exclude<OpenStep, { type: "wait" }>;

/** What performs the steps: one function a kind. None of them throws; what goes wrong is a `failed` event. */
export type Performers<Context> = {
  [Type in Performed["type"]]: (
    step: Omit<Extract<Performed, { type: Type }>, "id" | "flow" | "audit">,
    context: Context,
  ) => Promise<Reply>;
};

/** What a flow carries along. */
export interface FlowContext {
  /** Calls the flow off. */
  signal?: AbortSignal | undefined;
  /** The flow's id, once it has begun. */
  flow?: string;
  /** Takes the open question back, because it needs no answer any more. */
  withdrawn?: AbortSignal;
}

export interface DriverOptions<Context> {
  performers: Performers<Context>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of each step before it is performed. */
  onStep: (step: Step) => void;
  /** Stores the audit's lines, where there is an audit. */
  recorder: Recorder | undefined;
  /** Lets plain reads go without a flow; absent where somebody is told of every step or decision. */
  plain: PlainReads | undefined;
}

export class Driver<Context extends FlowContext> {
  readonly #core: Core;
  readonly #options: DriverOptions<Context>;
  readonly #driven = new Set<string>();
  /** What could not go on out of a snapshot: the core tells so once. */
  #ended: Step[] = [];
  #byFlow = false;
  /** The questions that somebody looks at, by their steps. */
  readonly #asking = new Map<string, AbortController>();

  constructor(core: Core, options: DriverOptions<Context>) {
    this.#core = core;
    this.#options = options;
  }

  /** Gives each call a flow from now on, so that the core knows which are on their way. */
  alwaysByFlow(): void {
    this.#byFlow = true;
  }

  /** Makes a call: a plain read as it is, anything else by its flow. */
  async call(work: CallWork, context: Context, document: string): Promise<Outcome> {
    const { performers, now } = this.#options;
    const plain = this.#byFlow ? undefined : this.#options.plain;
    const { name } = work;
    const isBare = work.approval === undefined && work.meta === undefined;
    if (context.signal?.aborted || !isBare || !plain?.isRead(name, document, now())) {
      return this.run(work, context, document);
    }
    const sent = performers.call_tool({ type: "call_tool", name, arguments: JSON.parse(document) }, context);
    const reply = await orCalledOff(sent, context.signal);
    if (reply.document !== undefined && plain.isResult(name, reply.document)) {
      return { type: "result", result: JSON.parse(reply.document) };
    }
    return this.#begin(work, context, document, reply);
  }

  /** Begins a flow and sees it through. */
  async run(flow: Work, context: Context, document?: string): Promise<Outcome> {
    if (context.signal?.aborted) throw cancelled();
    return this.#begin(flow, context, document);
  }

  /** @param ahead - What came of the call that is the flow's first step, where it was made already. */
  #begin(flow: Work, context: Context, document?: string, ahead?: Reply): Promise<Outcome> {
    const start = JSON.stringify({ now: this.#options.now(), entropy: entropy(), flow });
    const first = this.#parsed(() => this.#core.start(start, bytes(document)));
    return this.resume(first, context, ahead);
  }

  /** Sees an open flow through from its open step. */
  async resume(first: Step, context: Context, ahead?: Reply): Promise<Outcome> {
    const { flow } = first;
    this.#driven.add(flow);
    context.flow = flow;
    try {
      let step = first;
      let cause: unknown;
      for (;;) {
        this.#options.onStep(step);
        const failure = this.#options.recorder && (await this.#unaudited(step, this.#options.recorder));
        if (step.type === "done") {
          const { outcome } = step satisfies DoneStep;
          if (failure !== undefined && "decision" in outcome)
            Object.assign(outcome.decision ?? {}, { audit: "failed" });
          return outcome.type === "failed" && cause !== undefined ? { ...outcome, cause } : outcome;
        }
        if (failure !== undefined) {
          step = this.#handle(step, { type: "failed", kind: "audit", message: failure });
        } else {
          const known = step === first && step.type === "call_tool" ? ahead : undefined;
          const reply = known ?? (await this.#perform(step, context));
          const { type } = step;
          step = this.#answer(step, reply);
          if (type === "ask") cause = reply.cause;
        }
      }
    } finally {
      this.#driven.delete(flow);
    }
  }

  /** The open steps of the flows that nobody sees through at the moment, and the ends of those that a snapshot ended. */
  idle(): Step[] {
    const steps = JSON.parse(this.#core.openSteps()) as Step[];
    const ended = this.#ended.splice(0);
    return [...ended, ...steps.filter((step) => !this.#driven.has(step.flow))];
  }

  /** Takes over a snapshot. */
  restore(snapshot: string): void {
    const steps = JSON.parse(typed(() => this.#core.restore(snapshot))) as Step[];
    for (const step of steps) this.#options.recorder?.add(step.audit ?? []);
    this.#ended.push(...steps.filter((step) => step.type === "done"));
  }

  /** Waits until the step's lines are stored; says why it must not be performed, if it must not. */
  async #unaudited(step: Step, recorder: Recorder): Promise<string | undefined> {
    const failure = await recorder.failure();
    // A key that is shown once is kept, and what was done is settled, whatever becomes of the audit.
    const held = step.type === "call_tool" || step.type === "ask" || step.type === "done";
    return held || (step.audit && step.type !== "keep") ? failure : undefined;
  }

  #perform(step: OpenStep, context: Context): Promise<Reply> {
    const { performers } = this.#options;
    const { signal } = context;
    // A key that is shown only once and the record of what was done are written whether or not the caller still
    // wants the result.
    if (step.type === "keep") return performers.keep(step, context);
    if (step.type === "commit") return performers.commit(step, context);
    if (step.type === "read") return performers.read(step, context);
    if (signal?.aborted) return Promise.resolve(step.type === "call_tool" ? NOT_SENT : CALLED_OFF);
    switch (step.type) {
      case "call_tool":
        return orCalledOff(performers.call_tool(step, context), signal);
      case "list_tools":
        return orCalledOff(performers.list_tools(step, context), signal);
      case "check_vault":
        return orCalledOff(performers.check_vault(step, context), signal);
      case "ask":
        return orCalledOff(this.#ask(step, context), signal);
      case "wait":
        return orCalledOff(this.#wait(step.until, signal), signal);
    }
  }

  async #ask(step: Extract<OpenStep, { type: "ask" }>, context: Context): Promise<Reply> {
    const withdrawn = new AbortController();
    this.#asking.set(step.id, withdrawn);
    try {
      return await this.#options.performers.ask(step, { ...context, withdrawn: withdrawn.signal });
    } finally {
      this.#asking.delete(step.id);
    }
  }

  #answer(step: OpenStep, reply: Reply): Step {
    const { event, document } = reply;
    try {
      return this.#handle(step, event, document);
    } catch (error) {
      if (step.type === "ask") {
        // An answer that is no text or has a member that does not fit, or a kind of question without an end of its own.
        reply.cause ??= error;
        return this.#handle(step, { type: "answer", answer: event.type === "woke" ? { type: "defer" } : null });
      }
      // A document that the core cannot take came from the backend; a flow must not hang on it.
      if (document === undefined || !(error instanceof ToolgateError)) throw error;
      return this.#handle(step, { type: "failed", kind: "malformed", message: error.message });
    }
  }

  #handle(step: OpenStep, event: Happening, document?: string): Step {
    const text = JSON.stringify({ step: step.id, now: this.#options.now(), event });
    return this.#parsed(() => this.#core.handle(text, bytes(document)));
  }

  #parsed(work: () => string): Step {
    const step = JSON.parse(typed(work)) as Step;
    // Its lines take their places before anything else is asked of the core.
    if (step.audit) this.#options.recorder?.add(step.audit);
    for (const id of step.withdraw ?? []) this.#asking.get(id)?.abort();
    return step;
  }

  #wait(until: number, signal: AbortSignal | undefined): Promise<Reply> {
    // A longer timer would go off at once; an early `woke` is answered by the same step again.
    const delay = Math.min(Math.max(0, until - this.#options.now()), 0x7fff_ffff);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ event: { type: "woke" } }), delay);
      signal?.addEventListener("abort", () => clearTimeout(timer), { once: true });
    });
  }
}

const CALLED_OFF: Reply = { event: { type: "cancelled" } };

/** More than `cancelled` can say: the core would have to take the call for lost. */
const NOT_SENT: Reply = { event: { type: "failed", kind: "called_off", message: "" } };

/** Whichever comes first: the answer, or the caller's change of mind. The core knows what may have run by then. */
function orCalledOff(answer: Promise<Reply>, signal: AbortSignal | undefined): Promise<Reply> {
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(CALLED_OFF);
    signal.addEventListener("abort", onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

const encoder = new TextEncoder();

function bytes(document: string | undefined): Uint8Array | undefined {
  return document === undefined ? undefined : encoder.encode(document);
}

function entropy(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
