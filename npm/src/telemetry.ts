/** A span a tool call, by OpenTelemetry's conventions for generative AI and MCP. No arguments, no results. */

import { ToolgateError } from "./errors.js";
import type { Outcome } from "./protocol.js";
import type { Decision } from "./types.js";

/** What is needed of a span of `@opentelemetry/api`. */
export interface Span {
  setAttribute(name: string, value: string): unknown;
  setStatus(status: { code: number }): unknown;
  updateName(name: string): unknown;
  end(): void;
}

/** What is needed of a tracer of `@opentelemetry/api`. */
export interface Tracer {
  startActiveSpan(name: string, work: (span: Span) => unknown): unknown;
}

const OPERATION = "execute_tool";
/** `SpanStatusCode.ERROR`. */
const ERROR = 2;

/** Runs a call in a span that tells how it ended. */
export async function traced(
  tracer: Tracer | undefined,
  context: { flow?: string },
  call: () => Promise<Outcome>,
): Promise<Outcome> {
  if (tracer === undefined) return call();
  let outcome: Promise<Outcome> | undefined;
  tracer.startActiveSpan(OPERATION, (span) => {
    span.setAttribute("gen_ai.operation.name", OPERATION);
    span.setAttribute("gen_ai.tool.type", "function");
    span.setAttribute("mcp.method.name", "tools/call");
    outcome = call()
      .then((ended) => {
        tell(span, ended);
        return ended;
      })
      .catch((thrown) => {
        fail(span, thrown instanceof ToolgateError ? thrown.code : "_OTHER");
        throw thrown;
      })
      .finally(() => {
        if (context.flow !== undefined) span.setAttribute("gen_ai.tool.call.id", context.flow);
        span.end();
      });
    return outcome;
  });
  return outcome ?? call();
}

function tell(span: Span, outcome: Outcome): void {
  const decision = "decision" in outcome ? (outcome.decision as Decision | undefined) : undefined;
  if (decision !== undefined) {
    // Only now: the name that the model gave may hold anything, and the core masks what it must not.
    span.updateName(`${OPERATION} ${decision.tool}`);
    span.setAttribute("gen_ai.tool.name", decision.tool);
    const gate = decision.gates.at(-1)?.gate;
    if (decision.effect !== undefined) span.setAttribute("toolgate.effect", decision.effect);
    if (gate !== undefined) span.setAttribute("toolgate.gate", gate);
    if (decision.approval !== undefined) span.setAttribute("toolgate.approval", decision.approval);
  }
  if (outcome.type === "failed") fail(span, outcome.error.code);
  else if (outcome.type === "result" && (outcome.result as { isError?: unknown }).isError === true) {
    fail(span, "tool_error");
  }
}

function fail(span: Span, kind: string): void {
  span.setAttribute("error.type", kind);
  span.setStatus({ code: ERROR });
}
