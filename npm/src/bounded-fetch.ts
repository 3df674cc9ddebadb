import type { Fetch } from "./fetch.js";

/** Bytes of one answer, whatever its form: as much as the core reads of a result. */
const MAX_ANSWER = 16 << 20;

/** What is told of a longer one. */
export const TOO_LARGE = "The backend's answer is larger than 16 MiB.";

const PARSE_ERROR = -32700;
const GUARDED = new Set(["tools/list", "tools/call"]);

/** What a POST of an MCP transport asks for. */
interface Message {
  id?: unknown;
  method?: unknown;
}

/** Those that do so already. */
export const BOUNDED = new WeakSet<Fetch>();

/**
 * The `fetch` without what a transport must not be left alone with: a redirect of a call is not followed, since it would be
 * sent again, an answer ends at 16 MiB, and the body of a refusal is given on only where it is a JSON-RPC answer. Where
 * another message is sent on within the server's origin, everything goes there from then on. What is no message of MCP's
 * passes as it is.
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
  if (response.body === null) return response;
  if (response.ok && isStream(response)) return cut(response, message.id);
  const body = await bytesOf(response.body);
  if (response.ok) {
    if (body !== undefined || message.id === undefined) return again(response, body ?? null);
    return again(response, tooLarge(message.id), 200, [], { "content-type": "application/json" });
  }
  if (!GUARDED.has(message.method as string)) return again(response, body ?? null);
  // A status may carry a JSON-RPC error, which says more, unless the status alone says what to do.
  const isPlainRefusal = status < 500 && ![401, 403, 408, 429].includes(status);
  const answer = isPlainRefusal && body !== undefined ? await answerIn(body, message.id) : undefined;
  return answer === undefined ? again(response, null) : again(response, answer, 200);
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

/** A stream that ends after the answer's size, for a request with an answer in its place; without one, after an event's. */
function cut(response: Response, id: unknown): Response {
  let size = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size = id === undefined && hasEventEnd(chunk) ? chunk.length : size + chunk.length;
      if (size <= MAX_ANSWER) return controller.enqueue(chunk);
      // The blank line ends the event that is cut.
      const end = `\n\nevent: message\ndata: ${tooLarge(id)}\n\n`;
      if (id !== undefined) controller.enqueue(new TextEncoder().encode(end));
      controller.terminate();
    },
  });
  return again(response, response.body?.pipeThrough(counter) ?? null);
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

function tooLarge(id: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: PARSE_ERROR, message: TOO_LARGE } });
}

function messageIn(body: unknown): Message | undefined {
  if (typeof body !== "string") return undefined;
  const message = parsed(body) as (Message & { jsonrpc?: unknown }) | null | undefined;
  return message?.jsonrpc === "2.0" ? message : undefined;
}

/** The body as this request's answer; an error that names no request is given its id. */
async function answerIn(body: Blob, id: unknown): Promise<string | undefined> {
  const answer = parsed(await body.text()) as { jsonrpc?: unknown; id?: unknown; error?: unknown } | null | undefined;
  if (answer?.jsonrpc !== "2.0" || typeof answer.error !== "object") return undefined;
  return (answer.id ?? id) === id ? JSON.stringify({ ...answer, id }) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
