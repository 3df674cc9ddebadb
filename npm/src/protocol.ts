/**
 * The protocol between the core and this host, as the core writes it (snake_case): steps out, events in. The
 * driver is the only place that speaks it.
 */

import type { ErrorShape } from "./errors.js";
import type { Answer, By } from "./types.js";

export interface CallWork {
  type: "call";
  name: string;
  approval?: string;
  meta?: object;
}

export type Work =
  | { type: "list" }
  | CallWork
  | { type: "signup"; form: Record<string, string> }
  | { type: "doctor" }
  | { type: "decide"; approval: string; answer: Decided }
  | { type: "settle"; approval: string; ran?: boolean; by?: By | string }
  | { type: "lift"; silence: string }
  | { type: "plan_upgrade"; upgrade: { plan?: string; billing_cycle?: string; return_url?: string } }
  | { type: "accept"; tool: string; digest: string }
  | { type: "forget"; remembered: string }
  | { type: "inputs" };

/** A person's word on an approval that was left open. */
export type Decided =
  | Extract<Answer, { type: "approve" | "deny" }>
  | { type: "withdraw"; reason?: string; by?: By | string };

interface StepOf<T extends string> {
  id: string;
  flow: string;
  /** Lines that must be stored in the audit before the step is performed. */
  audit?: string[];
  /** Questions of other flows that a person's no settled as well: they are taken back and answered with `woke`. */
  withdraw?: string[];
  type: T;
}

export interface ListToolsStep extends StepOf<"list_tools"> {
  cursor?: string;
}

export interface CallToolStep extends StepOf<"call_tool"> {
  name: string;
  arguments: Record<string, unknown>;
  /** What goes out as the call's `_meta`. */
  meta?: Record<string, unknown>;
  /** What goes with a later round of the call. */
  input_responses?: Record<string, unknown>;
  request_state?: string;
}

export interface AskStep extends StepOf<"ask"> {
  question: unknown;
}

export interface KeepStep extends StepOf<"keep"> {
  name: string;
  secret: string;
}

export interface CheckVaultStep extends StepOf<"check_vault"> {
  name: string;
}

export interface CommitStep extends StepOf<"commit"> {
  key: string;
  expected?: string;
  record: string;
}

export interface ReadStep extends StepOf<"read"> {
  key: string;
}

export interface WaitStep extends StepOf<"wait"> {
  until: number;
  why: string;
}

export interface DoneStep extends StepOf<"done"> {
  outcome: Outcome;
}

/** A step that the host answers. */
export type OpenStep =
  | ListToolsStep
  | CallToolStep
  | AskStep
  | KeepStep
  | CheckVaultStep
  | CommitStep
  | ReadStep
  | WaitStep;

export type Step = OpenStep | DoneStep;

export type Outcome =
  | { type: "listed"; count: number }
  | { type: "result"; result: unknown; decision?: unknown }
  | { type: "ready"; account: unknown; key: unknown; report: unknown }
  | { type: "report"; report: unknown }
  | { type: "decided"; approval: unknown }
  | { type: "settled"; approval: unknown }
  | { type: "accepted"; tool: string }
  | { type: "lifted"; lifted: boolean }
  | { type: "forgotten"; remembered: unknown }
  | { type: "inputs"; response: object }
  /** The host adds what a person's surface threw. */
  | { type: "failed"; error: ErrorShape; decision?: unknown; cause?: unknown };

/** What a failure says about the backend; `lost`, `malformed` and `host` mean that a call may have run. */
export type Failure =
  | "not_sent"
  | "called_off"
  | "unauthorized"
  | "rate_limited"
  | "refused"
  | "lost"
  | "malformed"
  | "host"
  | "audit";

/** Why a request failed: what the answer held, the meaning of which the core knows, or else the host's own word. */
export type TransportFailure =
  | { kind: Failure }
  /** The code of a JSON-RPC error. */
  | { rpc_code: number }
  | { http_status: number };

export type Happening =
  | { type: "tools" }
  | { type: "result"; server_time?: number }
  | ({ type: "failed"; message: string; retry_after?: number } & TransportFailure)
  | { type: "answer"; answer: unknown }
  | { type: "kept" }
  | { type: "checked"; held: boolean }
  | { type: "committed" }
  | { type: "conflict" }
  | { type: "found"; record?: string }
  | { type: "woke" }
  | { type: "cancelled" };

/** An event, and the document that comes with it. */
export interface Reply {
  event: Happening;
  document?: string;
  /** What a host's own code threw on the way. */
  cause?: unknown;
}
