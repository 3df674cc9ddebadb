/** What a tool asks for in the middle of a call: who answers it here, and what a client tells the server of that. */

import type { Ask, AskContext } from "./ask.js";
import type { Answer, InputAnswer, InputRequest, InputsQuestion, RunningCall } from "./types.js";

/** Beside a request that a handler answers. */
export interface InputContext {
  /** The calls that may be asking. */
  calls: readonly RunningCall[];
  /** Aborts when the request needs no answer any more. */
  signal: AbortSignal | undefined;
}

/**
 * Handlers of the host for what a tool asks for in the middle of a call. What they give is held against the request's
 * schema and searched for secrets; above `write` a person is shown it and asked, whatever rule let the call itself out. A
 * handler that throws counts as nobody being there; what is no {@link InputAnswer} is a `wrong_answer` error at once.
 */
export interface InputHandlers {
  /** Answers forms and addresses instead of `ask`. Default: `ask` gets a question of the type `inputs`. */
  elicitation?: (
    request: Extract<InputRequest, { type: "form" | "url" }>,
    context: InputContext,
  ) => InputAnswer | Promise<InputAnswer>;
  /** Answers `sampling/createMessage` with a `CreateMessageResult`. Default: completions are not offered. */
  sampling?: (params: Record<string, unknown>, context: InputContext) => object | Promise<object>;
  /** Answers `roots/list` with a `ListRootsResult`. Default: roots are not offered; a server that asks gets none. */
  roots?: (context: InputContext) => object | Promise<object>;
}

/** The capabilities that go with a call of 2026-07-28, where each request names them. */
export function capabilitiesOf(handlers: InputHandlers, isAsked: boolean): Record<string, unknown> {
  return {
    ...(isAsked || handlers.elicitation ? { elicitation: { form: {}, url: {} } } : {}),
    ...(handlers.sampling ? { sampling: {} } : {}),
    ...(handlers.roots ? { roots: {} } : {}),
  };
}

/** Lets the handlers answer what a tool asks for, as far as they can, before a person is asked. */
export function withHandlers(ask: Ask, handlers: InputHandlers): Ask {
  return (question, context) =>
    question.type === "inputs" ? answered(question, handlers, ask, context) : ask(question, context);
}

async function answered(
  question: InputsQuestion,
  handlers: InputHandlers,
  ask: Ask,
  context: AskContext,
): Promise<Answer> {
  const responses: Record<string, InputAnswer> = {};
  const open: InputRequest[] = [];
  const within: InputContext = { calls: question.calls, signal: context.signal };
  for (const request of question.requests) {
    const answer = request.declined === undefined ? await handled(request, handlers, within) : undefined;
    if (answer === undefined) open.push(request);
    // Nothing that the core could hold against the request: it is told at once as a wrong answer.
    else if (!isAnswer(answer)) return null as never;
    else responses[request.key] = { ...answer, by: "host" };
  }
  // What nobody can be asked for is told by the core.
  if (!open.some(({ type, declined }) => declined === undefined && (type === "form" || type === "url"))) {
    return { type: "inputs", responses };
  }
  const answer = await ask({ ...question, requests: open }, context);
  if (answer?.type !== "inputs") return answer;
  const given = Object.entries(answer.responses ?? {}).map(([key, { by: _, ...given }]) => [key, given]);
  return { type: "inputs", responses: { ...Object.fromEntries(given), ...responses } };
}

function isAnswer(given: unknown): boolean {
  return typeof given === "object" && given !== null && ("action" in given || "result" in given);
}

async function handled(
  request: InputRequest,
  { elicitation, sampling, roots }: InputHandlers,
  context: InputContext,
): Promise<InputAnswer | undefined> {
  switch (request.type) {
    case "sampling":
      return sampling && { result: await sampling(request.params, context) };
    case "roots":
      return roots && { result: await roots(context) };
    default:
      return elicitation?.(request, context);
  }
}

/** A request of a server as either generation's client hands it to a handler. */
export interface ServerRequest {
  params?: unknown;
}

/** What either generation's client hands to a handler beside the request. */
export interface ServerRequestExtra {
  signal?: AbortSignal;
  mcpReq?: { signal?: AbortSignal };
}

/** An `ElicitResult`. */
export interface ElicitResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, string | number | boolean | string[]>;
  [other: string]: unknown;
}

/** A `CreateMessageResult`. */
export interface CreateMessageResult {
  role: "user" | "assistant";
  content: { type: "text"; text: string };
  model: string;
  [other: string]: unknown;
}

/** Where it ends when the caller no longer waits. */
export function signalOf(extra: ServerRequestExtra | undefined): AbortSignal | undefined {
  return extra?.signal ?? extra?.mcpReq?.signal;
}
