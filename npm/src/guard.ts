import { checkPerson } from "./approver.js";
import { argumentsText } from "./arguments.js";
import { type Ask, defer } from "./ask.js";
import { type Asking, asked } from "./asking.js";
import { type AuditOptions, type AuditSink, type AuditWriter, openAudit, type Recorder } from "./audit.js";
import { camel } from "./camel.js";
import { type CallParams, ClientAdapter, type Forwarded, type McpClient, type Page } from "./client.js";
import { Driver, type FlowContext, type Performers } from "./driver.js";
import { endpointOf, isLasting } from "./endpoint.js";
import { type ErrorShape, ledgerFailed, ToolgateError, typed } from "./errors.js";
import { exchangesOf } from "./exchanges.js";
import type { Core } from "./generated/toolgate.js";
import {
  type CreateMessageResult,
  capabilitiesOf,
  type ElicitResult,
  type InputHandlers,
  type ServerRequest,
  type ServerRequestExtra,
  signalOf,
  withHandlers,
} from "./inputs.js";
import { got, type Ledger, listed, MemoryLedger, REMEMBERED, swapped, wordsOfLedger } from "./ledger.js";
import { PlainReads } from "./plain.js";
import type { CallWork, Outcome, Reply, Step, Work } from "./protocol.js";
import { type Tracer, traced } from "./telemetry.js";
import type {
  Approval,
  By,
  CheckReport,
  Decision,
  DoctorReport,
  Drift,
  Finding,
  Finished,
  PlanUpgrade,
  Policy,
  PolicyFinding,
  ProfileReport,
  Question,
  Remembered,
  ResumedFlow,
  SignupForm,
  SignupResult,
  Silence,
  StepNote,
  ToolReport,
} from "./types.js";
import { defaultVault, readSecret, type Vault } from "./vault.js";
import { whole } from "./whole.js";

/** How a guard is made. */
export interface GuardOptions {
  /**
   * Names the server in every approval, for example its address. Default: the name that the server gives itself; with a
   * ledger other than {@link MemoryLedger}, the address or command that the client's transport is connected to.
   */
  server?: string;
  /** A built-in profile's name, such as `favcrm`, or a profile. Default: none, MCP's own rules hold. */
  profile?: string | object;
  /**
   * The user's rules, or the JSON text of a policy file: errors then name the file's own lines. Default: reads and plain
   * writes pass, everything else asks.
   */
  policy?: Policy | string;
  /** Whether the server's hints are believed where nothing contradicts them. Default: what the profile says, or no. */
  trusted?: boolean;
  /** Who acts, such as the user's or tenant's id: part of every approval. Needed with any ledger but {@link MemoryLedger}. */
  subject?: string;
  /** How long an approval is good for, in milliseconds. Default: ten minutes. */
  approvalTtl?: number;
  /** How long a call may be on its way before its answer counts as lost, in milliseconds. Default: five minutes. */
  dispatchTimeout?: number;
  /** Shows questions to a person. Default: nobody answers, and what needs a yes is refused. */
  ask?: Ask;
  /** Handlers of the host for what tools ask for in the middle of a call. Default: forms and addresses go to `ask`. */
  inputs?: InputHandlers;
  /** Where the key goes. Default: memory, in front of the environment variables that the profile names. */
  vault?: Vault;
  /** Where approvals are recorded. Default: memory. */
  ledger?: Ledger;
  /**
   * Where every decision and outcome is written down before it takes effect; with `redact`, what is left out. If it
   * cannot be written nothing is sent. Default: nowhere. {@link verifyAudit} finds what was changed afterwards.
   */
  audit?: AuditSink | AuditWriter | AuditOptions;
  /**
   * At least 32 random bytes in hexadecimal that seal the ledger's records, the snapshots and the audit, so that nobody
   * without them can forge or rewrite one. Every process that shares the ledger needs the same. Default: none, and only
   * damage is noticed.
   */
  sealKey?: string;
  /** Values of at least 8 bytes that must be seen nowhere: masked in results, refused in arguments. */
  secrets?: readonly string[];
  /** OpenTelemetry's, such as `trace.getTracer("agent")`: a span a tool call, without arguments and results. */
  tracer?: Tracer;
  /** The clock, in milliseconds since 1970. Default: `Date.now`. */
  now?: () => number;
  /** Told how the gates decided on each call. What it throws is dropped: a log must not break a call. */
  onDecision?: (decision: Decision) => void;
  /** Told of each step, for a log; it never gets arguments, answers or secrets. What it throws is dropped. */
  onStep?: (note: StepNote) => void;
  /**
   * Told of what `ask` throws, which is also the `cause` of the error that the caller gets. What it throws itself is
   * dropped.
   */
  onError?: (thrown: unknown) => void;
  /** What {@link Guard.snapshot} gave, to go on with its flows and approvals; see {@link Guard.resume}. */
  snapshot?: string;
  /**
   * The pinned definitions, as {@link Guard.lock} wrote them, or the same as an object. Tools that it does not name
   * wait for {@link Guard.accept}. Default: every tool is pinned as this guard first sees it.
   */
  lock?: string | object;
  /**
   * What {@link Guard.listTools} shows. `usable`: tools whose definition waits for a person with their pinned text, and
   * none that is new, unusable, or denied by the policy whatever its arguments, so that a model reads only what was
   * accepted. `all`: the list as the server gave it. Default: `usable`.
   */
  listed?: "usable" | "all";
}

/** How one flow is run. */
export interface FlowOptions {
  /** Calls the flow off. What was sent by then may have run, and the error says so. */
  signal?: AbortSignal;
}

/** What travels with a flow. */
interface Context extends FlowContext {
  call?: Forwarded;
  pages?: Page[];
  listOptions?: object | undefined;
}

/** The members of a call's `_meta` that quote an approval, the first that is there counts; they are not sent on. */
const APPROVAL = "toolgate/approval";
const APPROVAL_BY_DOMAIN = "dev.toolgate/approval";

/** What else can be said with a person's answer. */
export interface AnswerOptions {
  /** Who answered, and by what means; a text is the person. */
  by?: By | string;
}

/** What else can be said with a no. */
export interface DenyOptions extends AnswerOptions {
  /** Ask nothing more about this tool, or nothing more at all. */
  silence?: "tool" | "agent";
  /** When that ends, in milliseconds since 1970. Default: with the session. */
  until?: number;
}

/**
 * Stands between an agent and one MCP server. It has the client's own `callTool` and `listTools`; a call goes out
 * only if the gates let it.
 *
 * @example
 * ```ts
 * const guard = await Guard.attach(client, { profile: "favcrm", vault, ask });
 * await guard.callTool({ name: "list_bookings", arguments: {} });
 * ```
 */
export class Guard<C extends McpClient = McpClient> {
  /** The client as it was given, without any gate. */
  readonly client: C;
  readonly #core: Core;
  readonly #adapter: ClientAdapter;
  readonly #driver: Driver<Context>;
  readonly #options: GuardOptions;
  readonly #vault: Vault;
  readonly #ledger: Ledger;

  private constructor(client: C, core: Core, options: GuardOptions, recorder: Recorder | undefined) {
    const vault = options.vault ?? defaultVault(options.profile);
    const { onStep, onDecision, tracer } = options;
    const isWatched = [onStep, onDecision, tracer, recorder].some((watcher) => watcher !== undefined);
    this.client = client;
    this.#core = core;
    this.#options = options;
    this.#vault = vault;
    this.#ledger = options.ledger ?? new MemoryLedger();
    const { inputs = {}, ask = defer, now = Date.now } = options;
    this.#adapter = new ClientAdapter(client, exchangesOf(vault), capabilitiesOf(inputs, options.ask !== undefined));
    this.#adapter.masked = (value) => this.masked(value);
    const asking = { ask: withHandlers(ask, inputs), now, onError: (thrown: unknown) => this.#complain(thrown) };
    this.#driver = new Driver(core, {
      performers: performers(this.#adapter, vault, this.#ledger, asking),
      now,
      onStep: (step) => this.#note(step),
      recorder,
      plain: isWatched ? undefined : new PlainReads(core, whole.room),
    });
  }

  /**
   * Puts a guard in front of a connected client and reads the server's whole tool list once.
   *
   * @throws ToolgateError `invalid_options`, `invalid_policy`, `invalid_profile`, `invalid_lock`; `unreachable` and the like if
   * the list cannot be read; `invalid_snapshot`, `unsupported_snapshot`; `audit_failed`, `invalid_audit`;
   * `not_initialized` in a browser before `init()`.
   */
  static async attach<C extends McpClient>(client: C, options: GuardOptions = {}): Promise<Guard<C>> {
    const { Core } = whole.bindings;
    const audit = options.audit === undefined ? undefined : await openAudit(options.audit);
    const core = typed(() => new Core(JSON.stringify({ ...coreOptions(client, options), audit: audit?.options })));
    const guard = new Guard(client, core, options, audit?.recorder);
    await guard.#run({ type: "list" }, {});
    guard.#adapter.checkBounded();
    await guard.#hideHeld();
    if (options.snapshot !== undefined) guard.restore(options.snapshot);
    // What cannot be learnt is asked about.
    await guard.remembered().catch(() => {});
    return guard;
  }

  /**
   * Calls a tool through the gates. Takes what the client's own `callTool` takes and gives what it gives; secrets in
   * the result are masked. What is sent are the arguments as they were checked, whatever becomes of the object.
   *
   * @param params - The arguments may also be the JSON text that a model wrote. `_meta["toolgate/approval"]` quotes
   * an approval that was given for this exact call.
   * @param rest - The client's own further parameters: timeouts, progress and `signal`, which calls the flow off.
   * @throws ToolgateError with what was wrong and what to do next. A result with `isError` is no error here.
   */
  async callTool(
    params: CallParams<C>,
    ...rest: Parameters<C["callTool"]> extends [unknown, ...infer Rest] ? Rest : unknown[]
  ): Promise<Awaited<ReturnType<C["callTool"]>>> {
    const { name, arguments: given, _meta } = params as { name: string; arguments?: unknown; _meta?: object };
    const { [APPROVAL]: own, [APPROVAL_BY_DOMAIN]: other, ...meta } = (_meta ?? {}) as Record<string, unknown>;
    const approval = own ?? other;
    const work: CallWork = { type: "call", name };
    if (approval !== undefined) work.approval = approval as string;
    if (Object.keys(meta).length > 0) work.meta = meta;
    const context: Context = {
      signal: this.#adapter.options(rest).signal,
      call: { tool: name, rest },
    };
    const document = argumentsText(given);
    if (this.#adapter.listChanged) await this.#run({ type: "list" }, { signal: context.signal });
    const outcome = await traced(this.#options.tracer, context, () => this.#driver.call(work, context, document));
    const { result } = this.#succeeded(outcome) as Extract<Outcome, { type: "result" }>;
    return result as Awaited<ReturnType<C["callTool"]>>;
  }

  /**
   * Lists the tools as the client does, but always all of them and always fresh, and brings the guard up to date. What
   * a model should not read is left out: see {@link GuardOptions.listed}; credentials are masked. There is one page, whatever
   * `cursor` is given.
   */
  async listTools(...given: Parameters<C["listTools"]>): Promise<Awaited<ReturnType<C["listTools"]>>> {
    const [, options] = given as unknown as [unknown, { signal?: AbortSignal }?];
    const pages: Page[] = [];
    await this.#run({ type: "list" }, { pages, listOptions: options, signal: options?.signal });
    const { nextCursor: _, ...first } = (pages[0] ?? {}) as Page & { _meta?: unknown };
    if (this.#options.listed !== "all") delete first._meta;
    const tools = this.masked(pages.flatMap((page) => this.#shown(page)));
    return { ...first, tools } as Awaited<ReturnType<C["listTools"]>>;
  }

  /** The tools of a page as a model may read them. */
  #shown({ tools }: Page): unknown[] {
    if (!Array.isArray(tools)) return [];
    if (this.#options.listed === "all") return tools;
    const { hidden, pinned } = JSON.parse(this.#core.listing()) as { hidden: string[]; pinned: Record<string, object> };
    const left = new Set(hidden);
    const isShown = (name: unknown) => typeof name === "string" && name !== "" && !left.has(name);
    return tools
      .filter((tool: { name?: unknown } | null) => isShown(tool?.name))
      .map((tool: { name: string }) => (Object.hasOwn(pinned, tool.name) ? pinned[tool.name] : tool));
  }

  /** Every listed tool with its effect and the reasons for it. */
  tools(): ToolReport[] {
    return camel(JSON.parse(this.#core.tools()));
  }

  /** The tools whose listed definition is not the pinned one, and how it differs, and those that wait to be confirmed. */
  drift(): Drift[] {
    return JSON.parse(this.#core.drift());
  }

  /**
   * Records that a person accepts a tool's definition, so that it is pinned from now on and its hints are believed. Never
   * let a model decide this: what changed may be what the model reads.
   *
   * @param digest - Of the definition that the person saw: the error's `details.digest`, or that of {@link Guard.drift}.
   * @throws ToolgateError `unknown_tool`, `invalid_definition`; `definition_changed` with the new difference, if the
   * server lists another definition by now.
   */
  async accept(tool: string, digest: string): Promise<void> {
    await this.#run({ type: "accept", tool, digest }, {}, "accepted");
  }

  /**
   * The lock file: every pinned definition, in a form that is good to review and to compare. The same definitions
   * give the same bytes in every language. Keep it as `toolgate.lock.json` under version control, and give it to
   * {@link Guard.attach} as `lock`.
   */
  lock(): string {
    return this.#core.lock();
  }

  /** What is suspicious about the tools as listed; it decides nothing. Reads every definition. */
  findings(): Finding[] {
    return JSON.parse(this.#core.findings());
  }

  /** What looks safe in the policy and is not, beside the tools as listed; {@link lintPolicy} looks at a policy alone. */
  policyFindings(): PolicyFinding[] {
    return JSON.parse(this.#core.policyFindings());
  }

  /** What the guard knows of its backend's profile, or `null`. */
  profile(): ProfileReport | null {
    return camel(this.#core.profile());
  }

  /**
   * Signs an organisation up. The code that the backend emails is asked of a person; the key goes into the vault and
   * nowhere else.
   *
   * @throws ToolgateError `invalid_input`, `existing_account`, `code_required`, `code_expired`, `too_many_attempts`,
   * `rate_limited`, `signup_unknown`, `key_not_kept`, `no_registration`, …
   */
  async signup(form: SignupForm, options: FlowOptions = {}): Promise<SignupResult> {
    const { organisationName, ...same } = form;
    const work: Work = { type: "signup", form: { ...same, organisation_name: organisationName } };
    const { type: _, ...result } = camel<{ type: "ready" } & SignupResult>(await this.#run(work, options, "ready"));
    return result;
  }

  /** Looks whether the workspace is usable. What is missing stands in the report; it is no error. */
  async doctor(options: FlowOptions = {}): Promise<DoctorReport> {
    const { report } = await this.#run({ type: "doctor" }, options, "report");
    return camel(report);
  }

  /**
   * What the gates would say of a call, without sending, asking or spending anything. Takes what {@link Guard.callTool}
   * takes.
   */
  async check(params: CallParams<C>): Promise<CheckReport> {
    const { name, arguments: given, _meta } = params as { name: string; arguments?: unknown; _meta?: object };
    const { [APPROVAL]: approval, ...meta } = (_meta ?? {}) as Record<string, unknown>;
    const now = (this.#options.now ?? Date.now)();
    const request = JSON.stringify({ now, name, approval, ...(Object.keys(meta).length > 0 ? { meta } : {}) });
    const document = new TextEncoder().encode(argumentsText(given));
    const { error, ...report } = JSON.parse(typed(() => this.#core.check(request, document)));
    return { ...camel<CheckReport>(report), ...(error ? { error: new ToolgateError(error) } : {}) };
  }

  /**
   * The remembered answers that calls of this guard may go by, as the ledger has them now; also learns of those that
   * other processes were given.
   *
   * @throws ToolgateError `ledger_failed`
   */
  async remembered(): Promise<Remembered[]> {
    const records: string[] = [];
    try {
      for await (const [, record] of listed(this.#ledger, REMEMBERED)) records.push(record);
    } catch (thrown) {
      throw ledgerFailed(wordsOfLedger(thrown));
    }
    return camel(typed(() => this.#core.remembered(JSON.stringify(records))));
  }

  /**
   * Takes a remembered answer back: no call goes out by it any more, in any process.
   *
   * @throws ToolgateError `unknown_approval`, `ledger_failed`, …
   */
  async forget(remembered: string): Promise<Remembered> {
    const forgotten = await this.#run({ type: "forget", remembered }, {}, "forgotten");
    return camel(forgotten.remembered);
  }

  /** The approvals that the guard knows, also those that wait for a person. */
  approvals(): Approval[] {
    return camel(this.#core.approvals());
  }

  /**
   * Records a person's yes to an approval that was left open. The call is then made by calling the tool again with
   * exactly the same arguments and the approval's id in `_meta["toolgate/approval"]`.
   *
   * A second yes is no error. Where the policy wants several people, the approval is `proposed` until enough of them
   * said yes.
   *
   * @throws ToolgateError `unknown_approval`, `approver_required`, `approval_denied`, `approval_expired`,
   * `approval_spent`, …
   */
  async approve(approval: string, { by }: AnswerOptions = {}): Promise<Approval> {
    return this.#decide({ type: "decide", approval, answer: { type: "approve", ...given({ by: checkPerson(by) }) } });
  }

  /**
   * Records a person's no to an approval that was left open. It holds for the same call for a while, and may silence
   * more.
   *
   * @throws ToolgateError `unknown_approval`, `approver_required`, `already_decided`, `approval_expired`, …
   */
  async deny(approval: string, reason?: string, options: DenyOptions = {}): Promise<Approval> {
    checkPerson(options.by);
    return this.#decide({ type: "decide", approval, answer: { type: "deny", ...given({ reason, ...options }) } });
  }

  /**
   * Takes a yes back, or the question itself, as long as the call was not sent. Of a withdrawal and a dispatch at the
   * same time exactly one happens.
   *
   * @returns The approval, `denied` and `withdrawn`.
   * @throws ToolgateError `unknown_approval`; `approval_spent` if the call was sent
   */
  async withdraw(approval: string, reason?: string, { by }: AnswerOptions = {}): Promise<Approval> {
    return this.#decide({
      type: "decide",
      approval,
      answer: { type: "withdraw", ...given({ reason, by: checkPerson(by) }) },
    });
  }

  /** What people do not want to be asked about: denied calls whose no still holds, and silenced tools. */
  silences(): Silence[] {
    return camel(this.#core.silences(this.#now()));
  }

  /**
   * Takes a silence back, so that people are asked again.
   *
   * @param silence - Its id.
   * @returns Whether there was one.
   */
  async lift(silence: string): Promise<boolean> {
    return (await this.#run({ type: "lift", silence }, {}, "lifted")).lifted;
  }

  /**
   * Finds out what became of a call that was sent under an approval: after its answer was lost, or while the backend
   * asks its owner. Looks at the ledger, then asks the backend or a person; never sends the call again.
   *
   * @param outcome - What a person knows of it, where they looked themselves.
   * @throws ToolgateError `unknown_approval`, `still_dispatched`, `invalid_record`, `ledger_failed`, …
   */
  async settle(
    approval: string,
    outcome?: { ran: boolean; by?: By | string },
    options: FlowOptions = {},
  ): Promise<Approval> {
    checkPerson(outcome?.by);
    const settled = await this.#run({ type: "settle", approval, ...outcome }, options, "settled");
    return camel(settled.approval);
  }

  /**
   * Makes a payment link for another plan, once a person said yes to exactly that plan and price.
   *
   * @returns The backend's own result, which holds the link.
   * @throws ToolgateError `invalid_input` without a plan to propose, `approval_required`, `approval_denied`, …
   */
  async planUpgrade(wanted: PlanUpgrade = {}, options: FlowOptions = {}): Promise<Awaited<ReturnType<C["callTool"]>>> {
    const { plan, billingCycle: billing_cycle, returnUrl: return_url } = wanted;
    const upgrade = {
      ...(plan === undefined ? {} : { plan }),
      ...(billing_cycle === undefined ? {} : { billing_cycle }),
      ...(return_url === undefined ? {} : { return_url }),
    };
    const { result } = await this.#run({ type: "plan_upgrade", upgrade }, options, "result");
    return result as Awaited<ReturnType<C["callTool"]>>;
  }

  /**
   * A handler for `elicitation/create` requests, in which servers of protocols before 2026-07-28 ask while a call runs:
   * `client.setRequestHandler("elicitation/create", guard.elicitationHandler())`, or with `ElicitRequestSchema` for the v1
   * client, which must declare the capability when it is made. The request goes the way of any round: to the handlers of
   * {@link GuardOptions.inputs} or to `ask`, with the running calls; forms that ask for secrets are declined, and above
   * `write` what is answered has a record of its own. Where nobody answers, the server is told `cancel`.
   */
  elicitationHandler(): (request: ServerRequest, extra?: ServerRequestExtra) => Promise<ElicitResult> {
    this.#driver.alwaysByFlow();
    return async ({ params }, extra) => {
      try {
        return (await this.#given("elicitation/create", params, signalOf(extra))) as ElicitResult;
      } catch (thrown) {
        return { action: thrown instanceof ToolgateError && thrown.code === "approval_denied" ? "decline" : "cancel" };
      }
    };
  }

  /**
   * The same for `sampling/createMessage`, answered by the `sampling` of {@link GuardOptions.inputs}.
   *
   * @throws ToolgateError which the client hands to the server as a JSON-RPC error.
   */
  samplingHandler(): (request: ServerRequest, extra?: ServerRequestExtra) => Promise<CreateMessageResult> {
    this.#driver.alwaysByFlow();
    return async ({ params }, extra) =>
      (await this.#given("sampling/createMessage", params, signalOf(extra))) as CreateMessageResult;
  }

  /** The guard, its approvals and its open flows as versioned JSON, for another process. Holds no secret. */
  snapshot(): string {
    return this.#core.snapshot();
  }

  /**
   * Takes the approvals and flows of a snapshot over; {@link Guard.resume} then goes on with the flows. A snapshot
   * that cannot be used changes nothing.
   *
   * @throws ToolgateError `invalid_snapshot`, `unsupported_snapshot`
   */
  restore(snapshot: string): void {
    this.#driver.restore(snapshot);
  }

  /**
   * Goes on with every open flow that nobody waits for: those of a snapshot. What may have been done already is not done
   * again: its flow rejects with `outcome_unknown`. A write that needed no approval is claimed in the ledger first, so
   * that of several processes with the same snapshot one sends it (the others reject with `snapshot_taken`); without a
   * ledger that they share nobody does (`snapshot_unclaimed`).
   */
  resume(options: FlowOptions = {}): ResumedFlow[] {
    return this.#driver.idle().map((step) => {
      const finished = this.#driver.resume(step, options).then((outcome) => this.#finished(outcome));
      // Whoever awaits it still gets the error; whoever only cares for another flow is not brought down by it.
      finished.catch(() => {});
      return { flow: step.flow, finished };
    });
  }

  /**
   * The text, or the JSON data, with every credential in it masked as it is in results: known kinds of keys, `secrets`,
   * the seal's key and the backend's own, in each of their forms. For what does not pass through the guard, such as a
   * client's own notification handlers and a host's logs. Data that cannot be written as JSON is given as a text.
   */
  masked<T>(value: T): T {
    if (typeof value === "string") return this.#core.masked(value) as T;
    const text = JSON.stringify(value);
    if (text === undefined) return value;
    const masked = this.#core.maskedJson(text);
    return masked === text ? value : (JSON.parse(masked) as T);
  }

  /** What the vault holds already is masked too. A vault that cannot be read is the transport's to tell of. */
  async #hideHeld(): Promise<void> {
    const name = this.profile()?.credential?.name;
    if (name === undefined) return;
    const held = await readSecret(this.#vault, name).catch(() => undefined);
    if (held) this.#core.hide(held);
  }

  /** Gives the guard's memory back now instead of at some garbage collection. The guard is of no use afterwards. */
  free(): void {
    this.#core.free();
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #given(method: string, params: unknown, signal: AbortSignal | undefined): Promise<object> {
    const outcome = await this.#driver.run({ type: "inputs" }, { signal }, JSON.stringify({ method, params }));
    return (this.#succeeded(outcome) as Extract<Outcome, { type: "inputs" }>).response;
  }

  async #decide(work: Work): Promise<Approval> {
    const { approval } = await this.#run(work, {}, "decided");
    return camel(approval);
  }

  async #run<Type extends Outcome["type"]>(
    work: Work,
    context: Context,
    _wanted?: Type,
  ): Promise<Extract<Outcome, { type: Type }>> {
    return this.#succeeded(await this.#driver.run(work, context)) as Extract<Outcome, { type: Type }>;
  }

  #finished(outcome: Outcome): Finished {
    const { type } = this.#succeeded(outcome);
    return type === "result" ? (outcome as Finished) : camel(outcome);
  }

  #succeeded(outcome: Outcome): Outcome {
    const { onDecision } = this.#options;
    if ("decision" in outcome && outcome.decision && onDecision) {
      const decision = camel<Decision>(outcome.decision);
      quietly(() => onDecision(decision));
    }
    if (outcome.type === "failed") {
      const { error, cause } = outcome;
      throw new ToolgateError(error, cause === undefined ? undefined : { cause });
    }
    return outcome;
  }

  #complain(thrown: unknown): void {
    quietly(() => this.#options.onError?.(thrown));
  }

  #note(step: Step): void {
    const { onStep } = this.#options;
    if (onStep === undefined) return;
    const note: StepNote = { flow: step.flow, step: step.id, type: step.type };
    const name = noteName(step);
    quietly(() => onStep(name === undefined ? note : { ...note, name }));
  }
}

function coreOptions(client: McpClient, options: GuardOptions): object {
  const { server, profile, policy, trusted, subject, approvalTtl, dispatchTimeout, sealKey, lock, secrets } = options;
  const name = client.getServerVersion?.()?.name;
  const identity = { server, name, endpoint: endpointOf(client), lasting: isLasting(options.ledger) };
  const timing = { approval_ttl: approvalTtl, dispatch_timeout: dispatchTimeout };
  return { ...identity, profile, policy, trusted, subject, ...timing, seal_key: sealKey, lock, secrets };
}

/** Without what is undefined. */
function given<T extends object>(members: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function performers(adapter: ClientAdapter, vault: Vault, ledger: Ledger, asking: Asking): Performers<Context> {
  return {
    async list_tools(step, { pages, listOptions, signal }) {
      const options = signal === undefined ? { ...listOptions } : { ...listOptions, signal };
      const { page, ...reply } = await adapter.list(step.cursor, options);
      if (page !== undefined) pages?.push(page);
      return reply;
    },
    call_tool: (step, { call, signal }) => adapter.call(step, signal, call),
    ask: (step, { signal, withdrawn }) => asked(asking, question(step.question), signal, withdrawn),
    async keep(step) {
      try {
        await vault.put(step.name, step.secret);
        return { event: { type: "kept" } };
      } catch {
        // Not the vault's own words: they may quote what it was given.
        return host("the vault did not keep the secret");
      }
    },
    async check_vault(step) {
      try {
        const held = await vault.get(step.name);
        return { event: { type: "checked", held: held !== undefined && held !== null && held !== "" } };
      } catch {
        return host("the vault could not be read");
      }
    },
    async commit(step) {
      try {
        const stored = await swapped(ledger, step.key, step.expected, step.record);
        return { event: { type: stored ? "committed" : "conflict" } };
      } catch (thrown) {
        return host(wordsOfLedger(thrown));
      }
    },
    async read(step) {
      try {
        const record = await got(ledger, step.key);
        return { event: { type: "found", ...(record === undefined ? {} : { record }) } };
      } catch (thrown) {
        return host(wordsOfLedger(thrown));
      }
    },
  };
}

function host(message: string): Reply {
  return { event: { type: "failed", kind: "host", message } };
}

function question(asked: unknown): Question {
  const question = camel<Question & { problem?: ErrorShape }>(asked);
  return question.problem ? ({ ...question, problem: new ToolgateError(question.problem) } as Question) : question;
}

function noteName(step: Step): string | undefined {
  switch (step.type) {
    case "call_tool":
    case "keep":
    case "check_vault":
      return step.name;
    case "commit":
    case "read":
      return step.key;
    case "ask":
      return (step.question as Question).type;
    case "done":
      return step.outcome.type;
    default:
      return undefined;
  }
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // As documented: a log must not break a call.
  }
}
