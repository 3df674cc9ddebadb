import type { Fetch } from "./fetch.js";

/** Bytes of one answer, whatever its form: as much as the core reads of a result. */
const MAX_ANSWER = 16 << 20;

/** What is told of a longer one. */
export const TOO_LARGE = "The backend's answer is larger than 16 MiB.";

/** JSON-RPC's parse error: the official clients' own word, and the bounded `fetch`'s, for an answer of no use. */
export const PARSE_ERROR = -32700;
/** The official clients' own code for a connection that closed. */
const CONNECTION_CLOSED = -32000;
const GUARDED = new Set(["tools/list", "tools/call"]);

/** What a POST of an MCP transport asks for. */
interface Message {
  id?: unknown;
  method?: unknown;
}

/** Those that do so already. */
export const BOUNDED = new WeakSet<Fetch>();

let messages = 0;

/** How many messages of MCP's went through a bounded `fetch`, by which a transport shows that it has one. */
export function boundedMessages(): number {
  return messages;
}

/**
 * A `fetch` for MCP transports without what a client must not be left alone with: a redirect of a call is not followed, since
 * it would be sent again; an answer ends at 16 MiB; what is no answer to the request is told as that, at once. Where another
 * message is sent on within the server's origin, everything goes there from then on. What is no message of MCP's passes as it
 * is. {@link authorizedFetch} is bounded already, and {@link Guard.attach} sees to the official transports as they are today.
 *
 * @param send - Does the requests. Default: the global `fetch`.
 * @example
 * ```ts
 * await client.connect(new StreamableHTTPClientTransport(url, { fetch: boundedFetch() }));
 * ```
 */
export function boundedFetch(send: Fetch = (url, init) => fetch(url, init)): Fetch {
  if (BOUNDED.has(send)) return send;
  const moved = new Map<string, string>();
  const bounded: Fetch = async (given, init) => {
    const { href } = new URL(given);
    const url = moved.get(href) ?? href;
    const message = init?.method === "POST" ? messageIn(init.body) : undefined;
    if (message === undefined) {
      const response = await send(url, init);
      return response.ok && isStream(response) ? cut(response, undefined) : response;
    }
    messages += 1;
    const request: RequestInit = { ...init, redirect: "manual" };
    const response = await send(url, request);
    const target = message.method === "tools/call" ? undefined : targetOf(response, url);
    if (target === undefined) return checked(response, message);
    await response.body?.cancel();
    moved.set(href, target);
    return checked(await send(target, request), message);
  };
  BOUNDED.add(bounded);
  return bounded;
}

/** Where the server wants to have the same message, if that is on the server itself. */
function targetOf(response: Response, url: string): string | undefined {
  const location = response.headers.get("location");
  if (location === null || ![307, 308].includes(response.status) || !URL.canParse(location, url)) return undefined;
  const [from, to] = [new URL(url), new URL(location, url)];
  return to.origin === from.origin && to.href !== from.href ? to.href : undefined;
}

async function checked(response: Response, message: Message): Promise<Response> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    const told = `The server points elsewhere (HTTP ${status}), which is not followed; connect to that address.`;
    return again(response, told, status, ["location"]);
  }
  const { id } = message;
  if (response.ok && isStream(response)) return cut(response, id);
  const isGuarded = id !== undefined && GUARDED.has(message.method as string);
  if (status === 202 && isGuarded) {
    await response.body?.cancel();
    return inPlace(response, refusal(id, CONNECTION_CLOSED, "The server promised no answer (HTTP 202)."));
  }
  if (response.body === null) return response;
  const body = await bytesOf(response.body);
  if (response.ok) {
    if (body === undefined) return id === undefined ? again(response, null) : inPlace(response, tooLarge(id));
    if (!isGuarded || !isJson(response)) return again(response, body);
    const message = parsed(await body.text());
    const answer = asAnswer(message, id);
    if (answer === message && answer !== undefined) return again(response, body);
    return inPlace(response, answer === undefined ? unusable(id) : JSON.stringify(answer));
  }
  if (!isGuarded) return again(response, body ?? null);
  // A status may carry a JSON-RPC error, which says more, unless the status alone says what to do.
  const isPlainRefusal = status < 500 && ![401, 403, 408, 429].includes(status);
  const answer = isPlainRefusal && body !== undefined ? asAnswer(parsed(await body.text()), id) : undefined;
  if (!isObject(answer)) return again(response, null);
  // Beside a result, the status says that it was refused and the body that it ran.
  return inPlace(response, "error" in answer ? JSON.stringify(answer) : unusable(id));
}

function again(
  response: Response,
  body: BodyInit | null,
  status = response.status,
  without: string[] = [],
  more: Record<string, string> = {},
): Response {
  const headers = new Headers(response.headers);
  for (const name of without) headers.delete(name);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  return new Response(body, { status, statusText: response.statusText, headers });
}

/** An answer of ours. */
function inPlace(response: Response, body: string): Response {
  return again(response, body, 200, [], { "content-type": "application/json" });
}

/**
 * A stream in which one answer takes no more than its size, and a request is answered by the end: the clients would wait for
 * the answer until their time is up. One with event ids is resumed by them.
 */
function cut(response: Response, id: unknown): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const events = new Events(id);
  let size = 0;
  let isLineOpen = false;
  const end = (controller: ReadableStreamDefaultController<Uint8Array>, told: string | undefined) => {
    // An event that is cut has a name that nobody listens to.
    const text = `${isLineOpen ? "\n" : ""}event: cut\n\nevent: message\ndata: ${told}\n\n`;
    if (told !== undefined) controller.enqueue(new TextEncoder().encode(text));
    controller.close();
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) return end(controller, events.missing());
        size = events.answered && hasEventEnd(value) ? value.length : size + value.length;
        if (size <= MAX_ANSWER) events.feed(value);
        if (size <= MAX_ANSWER && events.ending === undefined) {
          isLineOpen = value.at(-1) !== 10;
          return controller.enqueue(value);
        }
        reader.cancel().catch(() => {});
        end(controller, events.ending ?? (events.answered ? undefined : tooLarge(id)));
      } catch (error) {
        const missing = error instanceof Error && error.name === "AbortError" ? undefined : events.missing();
        if (missing === undefined) return controller.error(error);
        end(controller, missing);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return again(response, body);
}

/** Watches a stream of events for the answer to one request; without one, nothing is missing. */
class Events {
  answered: boolean;
  /** What is said in the answer's place, whatever else would come. */
  ending: string | undefined;
  readonly #id: unknown;
  readonly #decoder = new TextDecoder();
  #resumable = false;
  #line: string[] = [];
  #name = "";
  #data: string[] = [];

  constructor(id: unknown) {
    this.#id = id;
    this.answered = id === undefined;
  }

  feed(chunk: Uint8Array): void {
    if (this.answered) return;
    const lines = this.#decoder.decode(chunk, { stream: true }).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#line.push(line);
      this.#end(this.#line.join("").replace(/\r+$/, ""));
      this.#line = [];
      if (this.answered || this.ending !== undefined) return;
    }
    this.#line.push(rest);
  }

  #end(line: string): void {
    if (line.startsWith("data:")) this.#data.push(line.slice(5));
    else if (line.startsWith("event:")) this.#name = line.slice(6).trim();
    else if (line.startsWith("id:")) this.#resumable = true;
    else if (line === "") {
      const text = this.#data.join("\n");
      if (text.trim() !== "" && (this.#name === "" || this.#name === "message")) this.#take(text);
      this.#name = "";
      this.#data = [];
    }
  }

  #take(text: string): void {
    const message = parsed(text);
    const answer = asAnswer(message, this.#id);
    if (answer === message && message !== undefined) this.answered = true;
    else if (answer !== undefined) this.ending = JSON.stringify(answer);
    else if (!isRequest(message)) this.ending = unusable(this.#id);
  }

  /** What is said in the answer's place, if there is none and there will be none. */
  missing(): string | undefined {
    if (this.answered || this.#resumable) return undefined;
    return refusal(this.#id, CONNECTION_CLOSED, "The server's stream ended without the answer.");
  }
}

function hasEventEnd(chunk: Uint8Array): boolean {
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) {
    const next = chunk[at + 1] === 13 ? chunk[at + 2] : chunk[at + 1];
    if (next === 10) return true;
  }
  return false;
}

/** `undefined` if it is too long. */
async function bytesOf(body: ReadableStream<Uint8Array>): Promise<Blob | undefined> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = body.getReader();
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(chunks);
    size += value.length;
    if (size > MAX_ANSWER) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value as Uint8Array<ArrayBuffer>);
  }
}

function isStream(response: Response): boolean {
  return /^\s*text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
}

function isJson(response: Response): boolean {
  return /^\s*application\/json\b/i.test(response.headers.get("content-type") ?? "");
}

function tooLarge(id: unknown): string {
  return refusal(id, PARSE_ERROR, TOO_LARGE);
}

function unusable(id: unknown): string {
  return refusal(id, PARSE_ERROR, "The server's answer is of no use.");
}

function refusal(id: unknown, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}

/**
 * What the official clients write begins and ends so; what is between may be megabytes. Nothing in arguments can look like
 * it: within a string the quotation marks would be escaped, and the last brace closes the message itself.
 */
const HEAD = /^\{"method":"([^"\\]*)",/;
const TAIL = /,"jsonrpc":"2\.0","id":(\d+)\}$/;
const LONGEST_MARK = 100;

function messageIn(body: unknown): Message | undefined {
  if (typeof body !== "string") return undefined;
  const method = HEAD.exec(body.slice(0, LONGEST_MARK))?.[1];
  const id = TAIL.exec(body.slice(-LONGEST_MARK))?.[1];
  if (method !== undefined && id !== undefined) return { method, id: Number(id) };
  const message = parsed(body) as (Message & { jsonrpc?: unknown }) | null | undefined;
  return message?.jsonrpc === "2.0" ? message : undefined;
}

/**
 * The message as this request's answer, so that its client will not wait for another one; an error that names no request is
 * given its id.
 */
function asAnswer(message: unknown, id: unknown): unknown {
  // The protocol of 2025-03-26 knows lists of messages.
  if (Array.isArray(message)) return message.some((one) => isResponse(one) && isOf(one, id)) ? message : undefined;
  if (!isResponse(message)) return undefined;
  if (isOf(message, id)) return message;
  return "error" in message && (message.id ?? null) === null ? { ...message, id } : undefined;
}

function isOf(message: Message, id: unknown): boolean {
  return message.id !== undefined && String(message.id) === String(id);
}

function isResponse(message: unknown): message is Message & object {
  if (!isObject(message) || message.jsonrpc !== "2.0" || "result" in message === "error" in message) return false;
  const { result, error } = message;
  if ("result" in message) return isObject(result);
  return isObject(error) && Number.isInteger(error.code) && typeof error.message === "string";
}

function isRequest(message: unknown): boolean {
  return (Array.isArray(message) ? message : [message]).every((one) => isObject(one) && typeof one.method === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
