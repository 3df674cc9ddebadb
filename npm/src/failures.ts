/**
 * What a client's error says about the backend. Both official clients throw many kinds of error, and copies of a
 * package make `instanceof` useless, so errors are told by their shape. The one question that matters for a call is
 * whether it may have run: whatever is in doubt counts as `lost`.
 */

import type { Failure } from "./protocol.js";

/** The members that the clients' errors are told by. */
interface Thrown {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  status?: unknown;
  data?: { status?: unknown };
  cause?: unknown;
}

export function failureOf(thrown: unknown): Failure {
  if (typeof thrown !== "object" || thrown === null) return "lost";
  const error: Thrown = thrown;
  return byTransportName(error) ?? byHttpStatus(error) ?? byRpcCode(error) ?? byNetworkCode(error) ?? "lost";
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
  UNSUPPORTED_RESULT_TYPE: "malformed",
  INPUT_REQUIRED_ROUNDS_EXCEEDED: "malformed",
  LIST_PAGINATION_EXCEEDED: "malformed",
};

function byTransportName({ name, message, code }: Thrown): Failure | undefined {
  if (name === "UnauthorizedError") return "unauthorized";
  // The answer's body was no JSON, or JSON that is no JSON-RPC message.
  if (name === "SyntaxError" || name === "ZodError" || name === "$ZodError") return "malformed";
  if (message === "Not connected") return "not_sent";
  return typeof code === "string" ? SDK_CODES[code] : undefined;
}

function byHttpStatus({ name, message, code, status, data }: Thrown): Failure | undefined {
  const http = data?.status ?? status ?? (isV1HttpError(name, message) ? code : undefined);
  if (typeof http !== "number") return undefined;
  // The v1 client's way to say that the content type is none of MCP's.
  if (http === -1) return "malformed";
  if (http === 401 || http === 403) return "unauthorized";
  if (http === 429) return "rate_limited";
  // 408 is the backend's own timeout.
  return http >= 400 && http < 500 && http !== 408 ? "refused" : "lost";
}

function isV1HttpError(name: unknown, message: unknown): boolean {
  return name === "StreamableHTTPError" || (typeof message === "string" && message.startsWith("Streamable HTTP error"));
}

const OUTPUT_REFUSED_BY_CLIENT =
  /has an output schema but did not return structured content|^(MCP error -?\d+: )?(Structured content does not match|Failed to validate structured content)/;

function byRpcCode({ name, message, code }: Thrown): Failure | undefined {
  if ((name !== "McpError" && name !== "ProtocolError") || typeof code !== "number") return undefined;
  // The clients check results too, and throw what looks like the backend's refusal although the call ran.
  if (typeof message === "string" && OUTPUT_REFUSED_BY_CLIENT.test(message)) return "malformed";
  // -32603: the backend broke while it worked. -32000 and -32001: the v1 client's closed connection and timeout.
  return code === -32603 || code === -32000 || code === -32001 ? "lost" : "refused";
}

/** The connection never came about. */
const NOT_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

function byNetworkCode({ code, cause }: Thrown): Failure | undefined {
  for (const link of [code, causeCode(cause)]) {
    if (typeof link === "string" && NOT_CONNECTED.test(link)) return "not_sent";
  }
  return undefined;
}

/** `fetch failed` hides the reason in its cause, and for a host with several addresses in that one's list. */
function causeCode(cause: unknown): unknown {
  if (typeof cause !== "object" || cause === null) return undefined;
  const { code, errors } = cause as { code?: unknown; errors?: unknown };
  return code ?? (Array.isArray(errors) ? (errors[0] as { code?: unknown } | undefined)?.code : undefined);
}
