/** Takes an MCP client by its shape: the official ones of both generations, and whatever looks like them. */

import { boundedFetch, boundedMessages } from "./bounded-fetch.js";
import { invalidOptions } from "./errors.js";
import type { Exchanges } from "./exchanges.js";
import { beforeWriting, classesOf, failureOf, wordsOf } from "./failures.js";
import type { Fetch } from "./fetch.js";
import type { CallToolStep, Reply } from "./protocol.js";

/**
 * What a guard needs of a client. `Client` of `@modelcontextprotocol/client` (v2) and of
 * `@modelcontextprotocol/sdk` (v1) fit, and so does {@link FetchClient}.
 */
export interface McpClient {
  listTools(...args: never[]): Promise<unknown>;
  callTool(...args: never[]): Promise<unknown>;
  getServerVersion?(): { name: string } | undefined;
}

/** The arguments as the JSON text that a model wrote, so that nothing in it is lost before it is checked. */
export interface StringArguments {
  name: string;
  /** A JSON object as text. */
  arguments: string;
  _meta?: Record<string, unknown>;
}

/** The parameters of a call where nothing is known of the client. */
export interface PlainArguments {
  name: string;
  arguments?: Record<string, unknown>;
  _meta?: Record<string, unknown>;
}

/** The client's own parameters of a call; the arguments may also be JSON text. */
export type CallParams<C extends McpClient> =
  | ([Parameters<C["callTool"]>[0]] extends [never] ? PlainArguments : Parameters<C["callTool"]>[0])
  | StringArguments;

/** What a caller gave beside the call's name and arguments, on its way through. */
export interface Forwarded {
  /** The tool that was asked for: a call of another one, made by a gate, does not get the caller's options. */
  tool: string;
  /** The parameters after the first, as the client's own signature has them. */
  rest: readonly unknown[];
}

/** What the clients' request options have in common. */
interface RequestOptions {
  signal?: AbortSignal;
  timeout?: number;
  maxTotalTimeout?: number;
  [other: string]: unknown;
}

/** The members of the official clients that are used if they are there. */
interface Inspected {
  listTools(params: object | undefined, options?: object): Promise<unknown>;
  callTool(params: object, ...rest: unknown[]): Promise<unknown>;
  request?(request: object, schema: object, options?: object): Promise<unknown>;
  getServerCapabilities?(): { tools?: unknown } | undefined;
  getProtocolEra?(): unknown;
  /** Absent after the connection was closed. */
  transport?: Messages;
  /** The v2 client's own: what it says of itself in each request. */
  _capabilities?: object;
}

/** The official transports over HTTP, in either generation. */
const OVER_HTTP = /^(StreamableHTTP|SSE)ClientTransport$/;

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

/** What MCP's transports have in common: whoever listens gets each message. */
interface Messages {
  onmessage?: (...message: unknown[]) => void;
  send?: (...message: unknown[]) => unknown;
  /** Of those over HTTP: the address, and the host's `fetch`. */
  _url?: unknown;
  _fetch?: Fetch | undefined;
}

/**
 * A result schema, for either client's `request`, that takes what came. The clients' own schemas drop what they do
 * not know, and among that may be a hint that makes a tool more dangerous.
 */
const AS_IT_CAME = {
  safeParse: (data: unknown) => ({ success: true, data }),
  "~standard": { version: 1, vendor: "toolgate", validate: (value: unknown) => ({ value }) },
};

/** Marks the parameters of a call of ours on their way through the client; no transport writes it. */
const SENT_CALL = Symbol("toolgate/call");

/** A call that is on its way: the id that the client gave it, and the result as it came. */
interface SentCall {
  id?: unknown;
  result?: unknown;
}

/** One page of `tools/list`. */
export interface Page {
  tools?: unknown;
  nextCursor?: unknown;
}

/** What a step sends. */
type Sent = Pick<CallToolStep, "name" | "arguments" | "meta" | "input_responses" | "request_state">;

export class ClientAdapter {
  readonly #client: Inspected;
  readonly #exchanges: Exchanges;
  /** The listed definitions without their output schemas, for the v2 client. */
  readonly #definitions = new Map<string, object>();
  /** Only the v1 client takes a result schema before the options. */
  readonly #optionsAt: 0 | 1;
  /** Whether the client is of the official ones' make, which reject only with what their transport raised. */
  readonly #isOfficial: boolean;
  /** The transport whose messages are looked at: a client may be connected anew. */
  #heard: Messages | undefined;
  #listChanged = false;
  /** By the ids of their requests. */
  readonly #sentCalls = new Map<unknown, SentCall>();
  /** Whether the transport goes over HTTP, and only its messages can show that its `fetch` is bounded. */
  #isUnproven = false;

  /** What a server may ask for in the middle of a call. */
  readonly #offered: Record<string, unknown>;

  /** Masks credentials in what is told to a caller on the way. */
  masked: (value: unknown) => unknown = (value) => value;

  constructor(client: McpClient, exchanges: Exchanges, offered: Record<string, unknown> = {}) {
    this.#client = client as unknown as Inspected;
    this.#exchanges = exchanges;
    this.#offered = offered;
    this.#optionsAt = "request" in client && !("getProtocolEra" in client) ? 1 : 0;
    this.#isOfficial = "request" in client && "transport" in client && "getServerCapabilities" in client;
    this.#hear();
  }

  /** The request options among a caller's further parameters. */
  options(rest: readonly unknown[]): RequestOptions {
    return (rest[this.#optionsAt] ?? {}) as RequestOptions;
  }

  /** Reads one page; the page itself comes along for whoever asked for the list. */
  async list(cursor: string | undefined, options: RequestOptions): Promise<Reply & { page?: Page }> {
    const mark = this.#exchanges.mark();
    const listChanged = this.#listChanged;
    const messages = boundedMessages();
    try {
      this.#checkConnected();
      // What comes while the list is read counts for the next call.
      if (cursor === undefined) this.#listChanged = false;
      const page = await this.#page(cursor === undefined ? undefined : { cursor }, options);
      this.#remember(page);
      return { event: { type: "tools" }, document: JSON.stringify(page), page };
    } catch (thrown) {
      this.#listChanged ||= listChanged;
      return this.#failed(thrown, mark);
    } finally {
      this.#isUnproven &&= boundedMessages() === messages;
    }
  }

  /** Makes a call whose arguments passed the gates. */
  async call(step: Sent, signal: AbortSignal | undefined, given: Forwarded | undefined): Promise<Reply> {
    const mark = this.#exchanges.mark();
    const sent: SentCall = {};
    try {
      this.#checkConnected();
      const parsed = await this.#send(step, signal, given, sent);
      // What a client makes of a result that leaves the call open depends on its generation.
      const result = isOpen(sent.result) ? sent.result : parsed;
      const serverTime = this.#exchanges.serverTime(mark);
      const event = serverTime === undefined ? {} : { server_time: serverTime };
      return { event: { type: "result", ...event }, document: JSON.stringify(result) };
    } catch (thrown) {
      if (isOpen(sent.result)) return { event: { type: "result" }, document: JSON.stringify(sent.result) };
      // What the v2 client does not know it keeps to itself; that it came, under that name, is all that can be told.
      const resultType = unknownResultType(thrown);
      if (resultType !== undefined) return { event: { type: "result" }, document: JSON.stringify({ resultType }) };
      return this.#failed(thrown, mark);
    } finally {
      this.#sentCalls.delete(sent.id);
    }
  }

  #send(
    { name, arguments: args, meta, input_responses, request_state }: Sent,
    signal: AbortSignal | undefined,
    given: Forwarded | undefined,
    call: SentCall,
  ): Promise<unknown> {
    const asked = given?.tool === name;
    const options = this.options(given?.rest ?? []);
    const sent = asked ? { ...options } : timing(options);
    if (signal !== undefined) sent.signal = signal;
    const told = sent.onprogress;
    // A server may put anything into its progress notifications.
    if (typeof told === "function") sent.onprogress = (progress: unknown) => told(this.masked(progress));
    // The v2 client would check the result by itself and throw away what the call did. The core checks it too, and
    // keeps the result; a definition without an output schema turns the client's check off.
    const definition = this.#definitions.get(name);
    if ("getProtocolEra" in this.#client && definition !== undefined) sent.toolDefinition ??= definition;
    // Whatever the client is told to do with a tool's questions: they are the guard's to answer.
    if ("getProtocolEra" in this.#client) sent.allowInputRequired = true;
    const _meta = asked ? this.#offering(meta) : meta;
    const params = {
      name,
      arguments: args,
      ...(_meta === undefined ? {} : { _meta }),
      ...(input_responses === undefined ? {} : { inputResponses: input_responses }),
      ...(request_state === undefined ? {} : { requestState: request_state }),
      ...(this.#isOfficial ? { [SENT_CALL]: call } : {}),
    };
    const schema = asked ? given.rest[0] : undefined;
    return this.#client.callTool(params, ...(this.#optionsAt === 1 ? [schema, sent] : [sent]));
  }

  /** From 2026-07-28 on each request names what its client can be asked for; the guard's own word is added to it. */
  #offering(meta: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
    const { getProtocolEra, _capabilities } = this.#client;
    if (Object.keys(this.#offered).length === 0 || getProtocolEra?.call(this.#client) !== "modern") return meta;
    const given = meta?.[CAPABILITIES];
    return { ...meta, [CAPABILITIES]: { ...(given ?? _capabilities ?? {}), ...this.#offered } };
  }

  async #page(params: object | undefined, options: RequestOptions): Promise<Page> {
    const { request, getServerCapabilities } = this.#client;
    if (request === undefined) return (await this.#client.listTools(params, options)) as Page;
    // As the clients do it: a server without tools is not asked for them.
    const capabilities = getServerCapabilities?.call(this.#client);
    if (capabilities !== undefined && capabilities.tools === undefined) return { tools: [] };
    const message = params === undefined ? { method: "tools/list" } : { method: "tools/list", params };
    return (await request.call(this.#client, message, AS_IT_CAME, options)) as Page;
  }

  #remember(page: Page): void {
    if (!("getProtocolEra" in this.#client) || !Array.isArray(page.tools)) return;
    for (const { outputSchema: _, ...definition } of page.tools as { name: string; outputSchema?: unknown }[]) {
      this.#definitions.set(definition.name, definition);
    }
  }

  /** Whether the server said since the list was read last that its tools changed. */
  get listChanged(): boolean {
    return this.#listChanged;
  }

  /**
   * Looks at the transport's messages on their way to the client, in front of its own handlers: those of the host stay
   * as they are, in either generation.
   */
  #hear(): void {
    const { transport } = this.#client;
    const next = transport?.onmessage;
    if (transport === undefined || transport === this.#heard || typeof next !== "function") return;
    this.#heard = transport;
    // The official transports are given a `fetch` when they are made, and no public way leads to it afterwards.
    const isReached = "_fetch" in transport && Reflect.set(transport, "_fetch", boundedFetch(transport._fetch));
    this.#isUnproven = !isReached && [...classesOf(transport)].some((name) => OVER_HTTP.test(name));
    const { send } = transport;
    if (typeof send === "function") {
      transport.send = (...message) => {
        const { id, params } = (message[0] ?? {}) as { id?: unknown; params?: { [SENT_CALL]?: SentCall } };
        const call = params?.[SENT_CALL];
        if (call !== undefined) {
          call.id = id;
          this.#sentCalls.set(id, call);
        }
        return send.apply(transport, message);
      };
    }
    transport.onmessage = (...message) => {
      const { method, id, result } = (message[0] ?? {}) as { method?: unknown; id?: unknown; result?: unknown };
      const call = method === undefined ? this.#sentCalls.get(id) : undefined;
      if (call !== undefined) call.result = result;
      if (method === "notifications/tools/list_changed") this.#listChanged = true;
      return next.apply(transport, message);
    };
  }

  /** @throws ToolgateError `invalid_options` where answers may be endless and calls sent twice. */
  checkBounded(): void {
    if (!this.#isUnproven) return;
    throw invalidOptions(
      "The guard cannot bound the answers of this transport; make it with `fetch: boundedFetch()` or `authorizedFetch`.",
    );
  }

  /** Asked before, because the clients' own `Not connected` is a plain error that anybody could throw. */
  #checkConnected(): void {
    this.#hear();
    if (this.#isOfficial && this.#client.transport === undefined) {
      throw beforeWriting(new Error("the connection is closed"));
    }
  }

  #failed(thrown: unknown, mark: number): Reply {
    const answered = this.#exchanges.mark() > mark;
    const failure = failureOf(thrown, { transportOnly: this.#isOfficial || isOwn(thrown), answered });
    const message = wordsOf(thrown, failure);
    const retryAfter = this.#exchanges.retryAfter(mark);
    const wait = retryAfter === undefined ? {} : { retry_after: retryAfter };
    return { event: { type: "failed", ...failure, message, ...wait } };
  }
}

/** The package's own client, whose errors carry what `fetch` raised. */
function isOwn(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "FetchClientError";
}

/** Whether a result says that the call is not over, or is of a type that only the core judges. */
function isOpen(result: unknown): boolean {
  const { resultType, task } = (typeof result === "object" && result !== null ? result : {}) as Record<string, unknown>;
  const isTask = typeof task === "object" && task !== null;
  return isTask || (resultType !== undefined && resultType !== null && resultType !== "complete");
}

function unknownResultType(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown.name !== "SdkError") return undefined;
  const { code, data } = thrown as { code?: unknown; data?: { resultType?: unknown; violation?: unknown } };
  if (code !== "UNSUPPORTED_RESULT_TYPE" && code !== "INVALID_RESULT") return undefined;
  return data?.violation === "input-required-missing-both" ? "input_required" : data?.resultType;
}

/** What of a caller's options also holds for the calls that a gate makes. */
function timing({ timeout, maxTotalTimeout }: RequestOptions): RequestOptions {
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(maxTotalTimeout === undefined ? {} : { maxTotalTimeout }),
  };
}
