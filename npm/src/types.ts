/** The shapes that this package takes and gives. All times are milliseconds since 1970-01-01T00:00:00Z. */

import type { ToolgateError } from "./errors.js";

/** What a call does to the world, from harmless to costly. `send` reaches a customer. */
export type Effect = "read" | "write" | "external" | "destructive" | "send" | "billing";

/** The user's own word. The first rule that matches decides; without one, reads and plain writes pass and the rest asks. */
export interface Policy {
  /** `observe` only says what it would have done; `read_only` lets nothing but reads pass. Default `enforce`. */
  mode?: "observe" | "enforce" | "read_only";
  rules?: readonly PolicyRule[];
}

/** One rule: what matches, and what then becomes of the call. */
export interface PolicyRule {
  /** Tool name patterns, with `*` for any run of characters. Absent: any tool. */
  tools?: readonly string[];
  /** Absent: any effect. */
  effects?: readonly Effect[];
  then: "allow" | "ask" | "deny";
  /** For the one who reads the refusal. */
  reason?: string;
}

/** One argument as a person sees it. */
export interface PreviewLine {
  /** Where it stands: names joined by dots. */
  label: string;
  /** Its value; characters that could hide or reorder text are written out. */
  value: string;
}

/** A call in words: the same for the same call, in every language. */
export interface Preview {
  /** The tool's title, or its name. */
  title: string;
  tool: string;
  effect: Effect;
  /** Why it counts as that. */
  reasons: string[];
  lines: PreviewLine[];
}

/** The question for the code that the backend sent by email. */
export interface CodeQuestion {
  type: "code";
  /** A sentence to show. */
  message: string;
  /** The backend's name for the sign-up request. */
  requestId: string;
  /** For display only: neither match on it nor write it to a log. */
  maskedEmail: string;
  /** When the code ends. */
  expiresAt: number;
  /** From when on `resend` requests a fresh code. */
  resendAt: number;
  /** How many digits the code has. */
  digits: number;
  /** Wrong codes so far. */
  attempts: number;
  /** Wrong codes that are still accepted before a fresh one is needed. */
  attemptsLeft: number;
  /** Why the person is asked again. */
  problem?: ToolgateError;
}

/** The question whether one exact call may be made. */
export interface ApprovalQuestion {
  type: "approval";
  /** A sentence to show. */
  message: string;
  /** The approval's id. */
  approval: string;
  /** What will happen. */
  preview: Preview;
  /** The digest of exactly what is approved. */
  digest: string;
  /** When the approval ends. */
  expiresAt: number;
}

/** What a person is asked. */
export type Question = CodeQuestion | ApprovalQuestion;

/**
 * What a person answered. A code takes `code`, `resend`, `cancel` or `defer`; an approval takes `approve`, `deny`
 * or `defer`. After `defer` the call is refused with `approval_required` and the approval stays open for
 * {@link Guard.approve}; a sign-up ends with `code_required`.
 */
export type Answer =
  | { type: "code"; code: string }
  | { type: "resend" }
  | { type: "approve" }
  | { type: "deny"; reason?: string }
  | { type: "defer" }
  | { type: "cancel" };

/** How the gates decided on one call. */
export interface Decision {
  tool: string;
  /** Absent for an unknown tool. */
  effect?: Effect;
  /** How the effect was come by. */
  reasons: string[];
  /** The gates that were reached, in order; after a pause the earlier ones stand here again. */
  gates: GatePassage[];
  /** The approval that the call needed. */
  approval?: string;
}

/** What one gate said. */
export interface GatePassage {
  gate: "known" | "pinned" | "arguments" | "policy" | "pace" | "plan" | "approval" | "dispatch" | "result";
  verdict: "pass" | "ask" | "deny";
  /** Why. */
  note?: string;
}

/** A listed tool as the guard sees it. */
export interface ToolReport {
  name: string;
  title?: string;
  effect: Effect;
  /** The hints as they count, after MCP's worst-case defaults. */
  hints: { readOnly: boolean; destructive: boolean; idempotent: boolean; openWorld: boolean };
  /** How the effect was come by. */
  reasons: string[];
}

/** One approval as it stands. */
export interface Approval {
  id: string;
  /** Past `expiresAt`, `proposed` and `approved` count as expired. */
  state: "proposed" | "approved" | "denied" | "dispatched" | "completed" | "failed" | "unknown";
  /** The digest of exactly what is approved. */
  digest: string;
  preview: Preview;
  proposedAt: number;
  expiresAt: number;
  decidedAt?: number;
  /** Why it was denied, in the person's words. */
  reason?: string;
}

/** What a backend wants to know of a new organisation. */
export interface SignupForm {
  /** Where the code goes. */
  email: string;
  /** At least two characters. */
  organisationName: string;
  /** One of the backend's list. */
  industry?: string;
  /** ISO 3166-1 alpha-2, such as `NL`. */
  country?: string;
  /** An IANA name, such as `Europe/Amsterdam`. */
  timezone?: string;
}

/** Where a secret is, and what may be seen of it. */
export interface MaskedSecret {
  /** The vault's name for it. */
  name: string;
  /** The known prefix and a fingerprint; no character of the secret part. */
  masked: string;
}

/** What a look at the workspace found. */
export interface DoctorReport {
  /** Reachable, authorised, tools listed, plan known. */
  healthy: boolean;
  endpoint: "active" | "unreachable";
  /** `unknown`: nothing was asked that would tell. */
  auth: "configured" | "missing" | "unknown";
  toolCount: number;
  /** As the backend describes it; `null` if it did not. */
  organisation: unknown;
  /** As the backend describes it; `null` if it did not. */
  plan: unknown;
  /** Its absence is no failure. */
  whatsapp: unknown;
  /** What keeps the workspace from being healthy. */
  problems: string[];
}

/** A sign-up that reached its end. The key itself is in the vault, under `key.name`. */
export interface SignupResult {
  account: {
    organisationId: string;
    companyId: string;
    userId: string;
    /** Where the person signs in. */
    loginUrl: string;
    /** As the backend says it. */
    nextSteps: unknown;
  };
  key: MaskedSecret;
  /** The workspace as seen with the new key. */
  report: DoctorReport;
}

/** What a host needs to know of a backend's profile. */
export interface ProfileReport {
  name: string;
  title: string;
  endpoint: { url: string };
  credential: {
    /** The vault's name for the key. */
    name: string;
    /** Environment variables that may hold it, the first that is set counts. */
    environment: string[];
  } | null;
  /** Whether one can sign up with it. */
  registration: boolean;
}

/** How a flow ended that was resumed. */
export type Finished =
  | { type: "listed"; count: number }
  | { type: "result"; result: unknown; decision: Decision }
  | ({ type: "ready" } & SignupResult)
  | { type: "report"; report: DoctorReport }
  | { type: "decided"; approval: Approval };

/** A flow that goes on where a snapshot left it. */
export interface ResumedFlow {
  /** The flow's id. */
  flow: string;
  /** Fulfils with the flow's end, or rejects with a `ToolgateError`. */
  finished: Promise<Finished>;
}

/** A step on its way, for a log: neither arguments nor answers nor secrets. */
export interface StepNote {
  flow: string;
  step: string;
  type: "list_tools" | "call_tool" | "ask" | "keep" | "commit" | "read" | "wait" | "done";
  /** The tool of `call_tool`, the secret's name of `keep`, the key of `commit`, the kind of question or outcome. */
  name?: string;
}
