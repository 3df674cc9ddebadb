/**
 * What a client's error says of what came over the wire: an answer's code or status, of which the core knows what it means,
 * or what only the host can tell. Whatever is in doubt is `lost`.
 *
 * Errors are told apart by their class, never by what a server wrote into them. Copies of a package make `instanceof`
 * useless, so a class is known by its name, which no server sets: what came over the wire is a `ProtocolError` (v2) or an
 * `McpError` (v1), whatever code, message and data it holds, and never means that nothing was sent.
 */

import { PARSE_ERROR, TOO_LARGE } from "./bounded-fetch.js";
import type { Failure, TransportFailure } from "./protocol.js";

/** What the caller knows beside the error itself. */
export interface Evidence {
  /**
   * Whether the client rejects only with what its transport raised, as the official ones do. In a client of the host's
   * own the tool itself may have raised a refused connection.
   */
  transportOnly: boolean;
  /** Whether an HTTP answer came since the call began, so that some part of it was written. */
  answered: boolean;
}

const NO_EVIDENCE: Evidence = { transportOnly: false, answered: true };

/** The members that the clients' errors are told by. */
interface Thrown {
  message?: unknown;
  code?: unknown;
  data?: { status?: unknown };
  status?: unknown;
  cause?: unknown;
}

export function failureOf(thrown: unknown, evidence: Evidence = NO_EVIDENCE): TransportFailure {
  if (typeof thrown !== "object" || thrown === null) return { kind: "lost" };
  if (unwritten.has(thrown)) return { kind: "not_sent" };
  const error: Thrown = thrown;
  const is = classesOf(thrown);
  // Before all else: the members of such an error are the server's.
  if (is.has("ProtocolError") || is.has("McpError")) return byRpcCode(error);
  if (is.has("SdkError") || is.has("FetchClientError")) {
    const status = error.data?.status ?? error.status;
    if (typeof status === "number" && !(status >= 200 && status < 300)) return { http_status: status };
  }
  // The v1 client's way to say that the content type is none of MCP's is -1.
  if (is.has("StreamableHTTPError") && error.code !== -1) return byNumber("http_status", error.code);
  return { kind: byClass(error, is, evidence) };
}

function byClass(error: Thrown, is: ReadonlySet<string>, evidence: Evidence): Failure {
  if (is.has("UnauthorizedError")) return "unauthorized";
  if (is.has("SdkError") || is.has("FetchClientError")) {
    const kind = bySdkCode(error.code);
    // A later request of the same call may find the connection gone.
    return kind === "not_sent" && evidence.answered ? "lost" : (kind ?? byNetwork(error.cause, evidence));
  }
  // An answer whose body is no JSON, or JSON that is no JSON-RPC message.
  const isUnreadable = ["StreamableHTTPError", "SyntaxError", "ZodError", "$ZodError"].some((name) => is.has(name));
  return isUnreadable ? "malformed" : byNetwork(error, evidence);
}

/** Errors of the guard's own parts that were raised before a request was made. */
const unwritten = new WeakSet<object>();

/** Marks an error as one that was raised before anything of its request was written. */
export function beforeWriting(thrown: unknown): unknown {
  const error = typeof thrown === "object" && thrown !== null ? thrown : new Error(String(thrown));
  unwritten.add(error);
  return error;
}

/** The names of an object's classes, the parents' too. A class that was renamed by a bundler is known by the own name. */
export function classesOf(error: object): ReadonlySet<string> {
  const names = new Set<string>();
  const own: unknown = (error as { name?: unknown }).name;
  if (typeof own === "string") names.add(own);
  for (let at: unknown = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    const maker = (at as { constructor?: { name?: unknown; mcpBrand?: unknown } }).constructor;
    if (typeof maker?.name === "string") names.add(maker.name);
    if (typeof maker?.mcpBrand === "string") names.add(maker.mcpBrand.replace(/^mcp\./, ""));
  }
  return names;
}

/** The v2 client's own codes that are certain; its other ones (timeouts, closed connections) are not. */
const SDK_CODES: Readonly<Record<string, Failure>> = {
  NOT_CONNECTED: "not_sent",
  NOT_INITIALIZED: "not_sent",
  CAPABILITY_NOT_SUPPORTED: "refused",
  METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION: "refused",
  CLIENT_HTTP_AUTHENTICATION: "unauthorized",
  CLIENT_HTTP_FORBIDDEN: "unauthorized",
  CLIENT_HTTP_UNEXPECTED_CONTENT: "malformed",
  INVALID_RESULT: "malformed",
  RESULT_TOO_LARGE: "malformed",
  UNSUPPORTED_RESULT_TYPE: "malformed",
  INPUT_REQUIRED_ROUNDS_EXCEEDED: "malformed",
  LIST_PAGINATION_EXCEEDED: "malformed",
};

function bySdkCode(code: unknown): Failure | undefined {
  return typeof code === "string" && Object.hasOwn(SDK_CODES, code) ? SDK_CODES[code] : undefined;
}

const OUTPUT_REFUSED_BY_CLIENT =
  /has an output schema but did not return structured content|^(MCP error -?\d+: )?(Structured content does not match|Failed to validate structured content)/;

/** A JSON-RPC error. The clients make some up themselves: for a timeout, a closed connection, a result they refuse. */
function byRpcCode({ message, code }: Thrown): TransportFailure {
  // They throw what looks like the backend's refusal although the call ran.
  if (typeof message === "string" && OUTPUT_REFUSED_BY_CLIENT.test(message)) return { kind: "malformed" };
  return byNumber("rpc_code", code);
}

function byNumber(name: "rpc_code" | "http_status", value: unknown): TransportFailure {
  return Number.isSafeInteger(value) ? ({ [name]: value } as unknown as TransportFailure) : { kind: "lost" };
}

/** What is told of a failure: its own words, but not those that quote an answer's body. */
export function wordsOf(thrown: unknown, failure: TransportFailure): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.message.includes(TOO_LARGE)) return TOO_LARGE;
  if ("kind" in failure && failure.kind === "malformed") return "";
  if ("rpc_code" in failure && failure.rpc_code === PARSE_ERROR) return "";
  const { code, data, status } = thrown as Thrown;
  const is = classesOf(thrown);
  if (is.has("ProtocolError") || is.has("McpError")) return thrown.message;
  const http = data?.status ?? status ?? (is.has("StreamableHTTPError") ? code : undefined);
  return typeof http === "number" ? `HTTP ${http}` : thrown.message;
}

/** No connection came about. Some of these may also end a connection that was there: the system call tells. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_[A-Z]+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ETIMEDOUT)$/;
const NO_CONNECTION_YET =
  /^(UND_ERR_CONNECT_TIMEOUT|CERT_[A-Z_]+|ERR_TLS_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|UNABLE_TO_[A-Z_]+)$/;

interface SystemError {
  code?: unknown;
  errno?: unknown;
  syscall?: unknown;
  host?: unknown;
  localAddress?: unknown;
  errors?: unknown;
  socket?: { bytesWritten?: unknown };
}

/** What `fetch` or a socket raised: `fetch failed` hides the reason in its cause. */
function byNetwork(thrown: unknown, { transportOnly, answered }: Evidence): Failure {
  if (!transportOnly || answered || typeof thrown !== "object" || thrown === null) return "lost";
  const { cause } = thrown as { cause?: unknown };
  const isFetch = classesOf(thrown).has("TypeError") && typeof cause === "object" && cause !== null;
  return neverConnected((isFetch ? cause : thrown) as SystemError, isFetch) ? "not_sent" : "lost";
}

function neverConnected(error: SystemError, fromFetch: boolean): boolean {
  const { code, errno, syscall, errors, socket } = error;
  // A host with several addresses: none of them answered.
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.every((one) => typeof one === "object" && one !== null && neverConnected(one, fromFetch));
  }
  if (typeof code !== "string") return false;
  if (NOT_CONNECTED.test(code)) {
    return (
      syscall === "connect" || syscall === "getaddrinfo" || (fromFetch && syscall === undefined && errno === undefined)
    );
  }
  if (!fromFetch) return false;
  if (NO_CONNECTION_YET.test(code)) return true;
  // The peer went away during the TLS handshake: only then the socket's error has these members.
  if (code === "ECONNRESET" && syscall === undefined && "localAddress" in error && "host" in error) return true;
  return code === "UND_ERR_SOCKET" && socket?.bytesWritten === 0;
}
