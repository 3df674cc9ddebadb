/** The shapes that this package takes and gives. All times are milliseconds since 1970-01-01T00:00:00Z. */

import type { ToolgateError } from "./errors.js";
import type { Violation } from "./schema.js";

/** What a call does to the world, from harmless to costly. `send` reaches a customer. */
export type Effect = "read" | "write" | "external" | "destructive" | "send" | "billing";

/**
 * The user's own word, as it stands in a policy file; `toolgate/policy.schema.json` describes the file to editors. The
 * first rule that decides counts; without one, reads and plain writes pass and the rest asks.
 */
export interface Policy {
  /** Where the schema is, for editors. */
  $schema?: string;
  /** `observe` only says what it would have done; `read_only` lets nothing but reads pass. Default `enforce`. */
  mode?: "observe" | "enforce" | "read_only";
  rules?: readonly PolicyRule[];
  pace?: PolicyPace;
  /** What happens once. */
  once?: readonly PolicyOnce[];
  /** What results bring into the session, for rules with `after`; reads of the open world are `untrusted` anyhow. */
  marks?: readonly { tools: readonly string[]; marks: readonly PolicyMark[] }[];
  /** Arguments that nobody sees, not even whoever approves the call. What a server marks as secret is shown to them. */
  secret_arguments?: readonly PolicySecretArguments[];
  questions?: PolicyQuestions;
}

/** Some tools' arguments. */
export interface PolicySecretArguments {
  /** Tool name patterns, with `*` for any run of characters. */
  tools: readonly string[];
  /** JSON Pointers (RFC 6901) into the arguments, in which `*` stands for any name or place. */
  paths: readonly string[];
}

/** How often a person is asked. */
export interface PolicyQuestions {
  /** How long a no holds for the same call, in milliseconds. Default: ten minutes; 0: it does not hold. */
  denial_holds_ms?: number;
  /** After so many questions without a yes within `within_ms` nobody is asked another one. Default 20. */
  in_a_row?: number;
  /** In milliseconds. Default: ten minutes. */
  within_ms?: number;
}

/** What makes two calls one consequence: a second one is refused with the first one's record, whoever approved it. */
export interface PolicyOnce {
  tools: readonly string[];
  /**
   * JSON Pointers to the arguments that tell one consequence from another; `*` stands for every item of an array. A call
   * that lacks one of them is refused.
   */
  once_per: readonly string[];
  /** After so many milliseconds it may happen again. Default: never. */
  window_ms?: number;
  /** Entries of one name share their records, and keep them when `tools` is edited. */
  name?: string;
  reason?: string;
}

/** `untrusted`: text that anyone could have written; `private`: what must not be carried out. */
export type PolicyMark = "untrusted" | "private";

/** One rule: what matches, and what then becomes of the call: a verdict, another effect, or both. */
export type PolicyRule = PolicyMatch & {
  /** What the call's arguments must be like; all of it must hold. */
  when?: readonly PolicyPredicate[];
  /** The rule matches only once a result of this session brought any of these in; needs `then` as `ask` or `deny`. */
  after?: readonly PolicyMark[];
  /** For the one who reads the refusal or is asked. */
  reason?: string;
  /** Of the one definition for which the rule lowers or allows anything; needs `tools` with one exact name. */
  digest?: string;
} & (
    | { then: PolicyVerdict; effect?: never; approvers?: never }
    | {
        then: "ask";
        effect?: never;
        /** Who may answer, by the names that the host gives in `by.who`. An answer of anybody else is refused. */
        approvers: Approvers;
      }
    | {
        /** Exact names: a pattern would change tools that the server lists only tomorrow. */
        tools: readonly string[];
        /**
         * What the tools count as from here on, lower or higher than listed; the first such rule counts. The decision,
         * the preview and the approval say so.
         */
        effect: Effect;
        then?: PolicyVerdict;
      }
  );

/** Who may answer for a call. */
export interface Approvers {
  /** 1 to 100 names, each once. */
  from: readonly string[];
  /** How many different ones of them must say yes; one no ends it. Default 1. */
  count?: number;
}

export type PolicyVerdict = "allow" | "ask" | "deny";

/** Which calls something is about. */
export interface PolicyMatch {
  /** Tool name patterns, with `*` for any run of characters. Absent: any tool. */
  tools?: readonly string[];
  /** Absent: any effect. */
  effects?: readonly Effect[];
}

/**
 * A place in the arguments, as a JSON Pointer (RFC 6901), and exactly one operator on the value there. A value that is
 * absent makes it fail. A value that the operator cannot judge, such as a text for `range`, counts as holding for
 * `deny` and `ask` and as failing for `allow`; so does a number that a double would round to another answer.
 */
export type PolicyPredicate = { path: string } & (
  | { equals: unknown }
  | { in: readonly unknown[] }
  /** Numbers, both bounds within, compared without rounding. */
  | { range: PolicyBounds }
  /** ECMA-262 with the flag `u`, wherever it matches in the string. */
  | { pattern: string }
  /** How many items an array, or members an object, has. */
  | { count: PolicyBounds }
);

export type PolicyBounds = { min: number; max?: number } | { min?: number; max: number };

/** How fast, how often, and after which reads tools may be called. Only calls that are sent count. */
export interface PolicyPace {
  /** Every limit that matches a call must have room for it. */
  limits?: readonly PolicyLimit[];
  /** Groups in which nothing above `read` may be called before a read of the group succeeded in this session. */
  read_first?: readonly { tools: readonly string[] }[];
  /** A call that may go within so many milliseconds waits once instead of being refused. Default 0, at most an hour. */
  wait_ms?: number;
}

/** At most so many of the matching calls: a rate, a budget, or both. */
export type PolicyLimit = PolicyMatch & {
  /** Counts for each tool or effect on its own. Absent: all matching calls together. */
  per?: "tool" | "effect";
  /** For the one who reads the refusal. */
  reason?: string;
} & ({ rate: PolicyRate; budget?: number } | { rate?: PolicyRate; budget: number });

/** So many calls in so many milliseconds, evenly spread but for the burst. */
export interface PolicyRate {
  calls: number;
  per_ms: number;
  /** How many may come at once after a pause. Default: `calls`. */
  burst?: number;
}

/** One value as a person sees it. */
export interface PreviewLine {
  /** Names joined by dots, and places in brackets from 1 on; a name that is not a plain word is in quotes. */
  label: string;
  /**
   * JSON on one line, so that `1` and `"1"` differ; characters that could hide or reorder text are written out.
   * `3 items`, `(hidden)` and `…` stand outside quotes.
   */
  value: string;
}

/** A call in words: the same for the same call, in every language. */
export interface Preview {
  /** The tool's title, the server's own word for it: show it in quotes. */
  title?: string;
  tool: string;
  effect: Effect;
  /** The server that is called. */
  server: string;
  /** Who acts. */
  subject: string;
  /** Why the effect counts as that. */
  reasons: string[];
  /** The short view of the arguments, what matters most first, and of `_meta`, whose labels begin with `_meta`. */
  lines: PreviewLine[];
  /** How many lines the short view leaves out. Absent: none. */
  omitted?: number;
  /** The complete arguments; `null` stands for what is hidden. */
  arguments: Record<string, unknown>;
  /** JSON Pointers to arguments that the user's policy or the profile keeps from everybody's eyes. */
  hidden?: string[];
  /**
   * What the tool's schema says that the server fills in, what matters most first; `(may fill in)` stands behind what
   * depends on a condition of the schema.
   */
  defaults?: PreviewLine[];
  /** How many defaults are left out at least. Absent: none. */
  defaultsOmitted?: number;
  /** The call's `_meta`, but for the guard's own members. */
  meta?: Record<string, unknown>;
  /** What is easily overlooked: letters that look like others, characters that are not seen. */
  notes?: string[];
  /** How many more notes there would be. Absent: none. */
  notesOmitted?: number;
  /** What the tool asked for in this round of the call, and is given. */
  inputs?: PreviewLine[];
  /** What the backend says of the thing that the call is about, or a draft of what would be sent. */
  record?: PreviewLine[];
  /** Calls that were sent before and may have run: the same one, or one of the same consequence. `notes` says so too. */
  earlier?: Earlier[];
}

/** A call that was sent before. */
export interface Earlier {
  /** The approval under which it was sent. */
  approval: string;
  /**
   * `dispatched`: it may be on its way; `unknown`: its answer was lost; `failed`: the server answered with an error, and
   * may have done it all the same.
   */
  state: "dispatched" | "unknown" | "failed";
}

/** What every question says. */
export interface Asked {
  /** The server that it is about. */
  server: string;
  /** What a person should know of it beside that: that it calls itself so, or as what it was started. */
  serverNote?: string;
  /** Who acts there. */
  subject: string;
}

/** The question for the code that the backend sent by email. */
export interface CodeQuestion extends Asked {
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
export interface ApprovalQuestion extends Asked {
  type: "approval";
  /** A sentence to show. */
  message: string;
  /** The approval's id. */
  approval: string;
  /** What will happen. */
  preview: Preview;
  /** The digest of exactly what is approved. */
  digest: string;
  /** When the approval ends, and the question with it. */
  expiresAt: number;
  /** The approval of an equal call that is open as well: the agent asks for the same call twice. */
  sameCall?: string;
  /** JSON Pointers to the argument values that `remember` may fix. Absent: the answer cannot be remembered. */
  remember?: string[];
  /** Whether the answer can be remembered beyond the session too (`scope: "ledger"`), because the ledger lasts. */
  rememberInLedger?: boolean;
  /** Who may answer, where the policy says so: the answer then says in `by` who it was. */
  approvers?: Required<Approvers>;
  /** Who of them agreed already. */
  agreed?: string[];
  /** The same call was sent before and may have run: `dispatched`, it may be on its way; `unknown`, its answer was lost. */
  earlier?: Earlier;
}

/** The question whether a tool's new definition is accepted. */
export interface DefinitionQuestion extends Asked {
  type: "definition";
  /** A sentence to show. */
  message: string;
  tool: string;
  /** The worst of the differences. */
  change: Change;
  /** The digest of the new definition. */
  digest: string;
  /** How it differs from the pinned one. */
  differences: Difference[];
  /** The server's own words on the tool, on one line: show them in quotes. */
  description?: string;
  /** The names of the tool's parameters. */
  parameters?: string[];
  /** The call that a yes sends, unless another gate has something against it. */
  preview?: Preview;
}

/** The question whether a credential in the vault may be replaced by that of a new organisation. */
export interface CredentialQuestion extends Asked {
  type: "credential";
  /** A sentence to show. */
  message: string;
  /** The vault's name for the credential. */
  name: string;
  /** Whose the one in the vault is, as the backend says; absent: not known. */
  heldOrganisation?: string;
  /** Whose the new one would be. */
  organisation?: string;
}

/** The question whether a call whose answer was lost took effect. */
export interface OutcomeQuestion extends Asked {
  type: "outcome";
  /** A sentence to show. */
  message: string;
  /** The approval's id. */
  approval: string;
  /** What was to happen. */
  preview: Preview;
}

/** A call that is on its way. */
export interface RunningCall {
  /** The flow of the call. */
  flow: string;
  tool: string;
  effect?: Effect;
  /** The approval under which it was sent, where it needed one. */
  approval?: string;
}

/** A field of a form. Titles, descriptions and options are the server's own words, each on one line. */
export interface InputField {
  /** The member of `content` that it fills. */
  name: string;
  /** `choice` is one of the options, `choices` an array of some of them. */
  type: "string" | "number" | "integer" | "boolean" | "choice" | "choices";
  /** Whether an accepted form must have it. */
  required: boolean;
  title?: string;
  description?: string;
  /** `email`, `uri`, `date`, `date-time` or another format of JSON Schema. */
  format?: string;
  options?: { value: string; title?: string }[];
  /** What the server proposes. */
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

/** One thing that a tool asks for in the middle of a call. `message` is the server's own: show it in quotes. */
export type InputRequest = {
  /** The server's name for it; it is answered under the same. */
  key: string;
  /** What a person should know. */
  notes?: string[];
  /** Why the guard declines it by itself; such a request takes no answer. */
  declined?: string;
} & (
  | { type: "form"; message: string; fields: InputField[] }
  | {
      type: "url";
      message: string;
      /** The whole address; it was not fetched, and must not be before a person agreed. Absent if it is not fit to be shown. */
      url?: string;
    }
  | { type: "sampling"; params: Record<string, unknown> }
  | { type: "roots" }
);

/** The answer to one request. */
export interface InputAnswer {
  /** What became of a form or an address. */
  action?: "accept" | "decline" | "cancel";
  /** The accepted form's values, by the fields' names. */
  content?: Record<string, string | number | boolean | null | readonly string[]>;
  /** A handler's `CreateMessageResult` or `ListRootsResult`. */
  result?: object;
  /** Set by the guard: `host` for what a handler gave. */
  by?: "person" | "host";
}

/** The question for what a tool wants before it goes on. What is typed in answer to it is a person's yes to exactly that. */
export interface InputsQuestion extends Asked {
  type: "inputs";
  /** A sentence to show. */
  message: string;
  /** The calls that may be asking; several only under an older protocol, which does not tell. */
  calls: RunningCall[];
  /** Which of the call's rounds it is, from 1 on; absent under an older protocol. */
  round?: number;
  requests: InputRequest[];
  /** When the question ends. */
  expiresAt: number;
  /** Why the person is asked again. */
  problem?: ToolgateError;
}

/** What a person is asked. */
export type Question =
  | CodeQuestion
  | ApprovalQuestion
  | DefinitionQuestion
  | CredentialQuestion
  | OutcomeQuestion
  | InputsQuestion;

/** Who answered, as the host knows the person that it asked. In an answer a text is the person. Neither may hold control or invisible characters. */
export interface By {
  /** The person, such as a user's id; 1 to 200 bytes. */
  who: string;
  /** How they were asked and recognised, such as `terminal` or `slack`; at most 200 bytes. */
  means?: string;
}

/** What a person does not want to be asked. */
export interface Silence {
  /** What {@link Guard.lift} takes. */
  id: string;
  /** One call that was denied, every call of a tool, or everything. */
  scope: "call" | "tool" | "agent";
  tool?: string;
  since: number;
  /** Absent: until the session ends. */
  until?: number;
  /** In the person's words. */
  reason?: string;
  by?: By;
}

/**
 * What a person answered. A code takes `code`, `resend`, `cancel` or `defer`; an approval and a definition
 * take `approve`, `deny` or `defer`; an outcome takes `ran`, `not_ran`, `cancel` or `defer`; inputs take `inputs`,
 * `deny` (which declines all of them), `cancel` or `defer`. After `defer` the call is refused with `approval_required` and the approval stays open for
 * {@link Guard.approve}; a sign-up ends with `code_required`.
 */
export type Answer =
  | { type: "code"; code: string }
  | { type: "resend" }
  | { type: "approve"; by?: By | string; remember?: Remember }
  | {
      type: "deny";
      reason?: string;
      by?: By | string;
      /** Besides the same call, whose no holds for a while: ask nothing more about this tool, or nothing more at all. */
      silence?: "tool" | "agent";
      /** When that ends. Default: with the session. */
      until?: number;
    }
  | { type: "ran"; by?: By | string }
  | { type: "not_ran"; by?: By | string }
  | { type: "inputs"; responses: Record<string, InputAnswer> }
  /** `unasked`: nobody was even asked, so that it is none of the questions in a row, which are bounded. */
  | { type: "defer"; unasked?: boolean }
  | { type: "cancel" };

/**
 * Which further calls of the same tool a yes holds for, while its definition, the policy and the rule that asked stay as
 * they are. Never for `billing`.
 */
export interface Remember {
  /** JSON Pointers to the argument values that are fixed, of those that the question names; all others are free. */
  arguments: readonly string[];
  /** When it ends. */
  until?: number;
  /** For how many further calls it is good. */
  calls?: number;
  /** `ledger`: every process that shares it goes by the answer; it then needs `until` or `calls`. Default `session`. */
  scope?: "session" | "ledger";
}

/** An answer that holds for further calls. */
export interface Remembered {
  id: string;
  /** `spent`: it let out all the calls that it was good for. */
  state: "active" | "spent" | "withdrawn";
  /** Who gave it. */
  by?: By;
  /** The approval whose question it answered. */
  approval: string;
  server: string;
  subject: string;
  tool: string;
  effect: Effect;
  /** The argument values that are fixed: as JSON, shortened. */
  arguments: { path: string; value: string }[];
  rememberedAt: number;
  until?: number;
  /** For how many calls it is good. */
  calls?: number;
  /** How many were let out, but for those of which nothing was sent. */
  used: number;
  usedAt?: number;
  /** The session that it ends with. */
  session?: string;
}

/** What the gates would say of a call. */
export interface CheckReport {
  /** `invalid`: it cannot be made as it is; `wait`: from `retryAt` on. */
  verdict: "allow" | "ask" | "deny" | "invalid" | "wait";
  tool: string;
  /** Absent for an unknown tool. */
  effect?: Effect;
  /** How the effect was come by. */
  reasons: string[];
  /** The gates that were reached. A note that begins with `would` names what only the call itself finds out. */
  gates: GatePassage[];
  /** What is wrong with the arguments. */
  violations?: Violation[];
  /** What a person would see. */
  preview?: Preview;
  retryAt?: number;
  /** What the call would end with, or why a person would be asked. */
  error?: ToolgateError;
}

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
  /** The call came back, but its outcome could not be written into the audit; nothing more is sent. */
  audit?: "failed";
}

/** What one gate said. */
export interface GatePassage {
  gate: "known" | "pinned" | "arguments" | "policy" | "pace" | "plan" | "once" | "approval" | "dispatch" | "result";
  verdict: "pass" | "ask" | "deny";
  /** Why. */
  note?: string;
}

/** A listed tool as the guard sees it. */
export interface ToolReport {
  name: string;
  title?: string;
  effect: Effect;
  /**
   * Nothing but the hints of a server that is not trusted makes the effect so low: the first call asks a person to
   * confirm it, or {@link Guard.accept} does.
   */
  unconfirmed?: true;
  /** The hints as they count, after MCP's worst-case defaults. */
  hints: { readOnly: boolean; destructive: boolean; idempotent: boolean; openWorld: boolean };
  /** How the effect was come by. */
  reasons: string[];
}

/**
 * What a difference means: less is accepted; a model reads another text; more may be done or less is checked; nothing
 * differs, but nothing except the server's own hints says how little the tool does.
 */
export type Change = "narrowed" | "changed" | "widened" | "unconfirmed";

/** One difference between a pinned definition and the listed one. */
export interface Difference {
  aspect: "description" | "title" | "hints" | "inputSchema" | "outputSchema" | "effect" | "other" | "added";
  change: Change;
  /** JSON Pointer into the definition. */
  path: string;
  /** Shortened, with secrets masked and hidden characters written out; `after` too. */
  before?: string;
  after?: string;
  /** What it means, for people. */
  note: string;
}

/** A tool whose listed definition is not the pinned one, or waits for a person to confirm what its hints say. */
export interface Drift {
  tool: string;
  /** The worst of the differences. What is `narrowed` can be called, all else waits for {@link Guard.accept}. */
  change: Change;
  /** Of the listed definition: what {@link Guard.accept} takes. */
  digest: string;
  /** The first of them: what is suspicious, then the worst. */
  differences: Difference[];
  /** How many there are besides. */
  more: number;
}

/** Something that looks safe in a policy and is not. */
export interface PolicyFinding {
  /** The place in `rules`, or in `once` where `path` leads there, counted from 1. */
  rule: number;
  kind:
    | "unanchored_pattern"
    | "open_pattern"
    | "unescaped_dot"
    | "open_range"
    | "value_deny"
    | "name_deny"
    | "unbound_effect"
    | "shadowed"
    | "unknown_tool"
    | "missed_tool"
    | "unnamed_once"
    | "alike_approvers";
  /** JSON Pointer into the policy. */
  path: string;
  /** What it means and what would be better, for people. */
  message: string;
}

/** Something suspicious about a listed tool. */
export interface Finding {
  tool: string;
  kind: "contradiction" | "hidden_characters" | "bidirectional" | "instructions" | "look_alike";
  /** JSON Pointer into the definition. */
  path: string;
  /** What it means, for people. */
  message: string;
  /** Shortened, with secrets masked and hidden characters written out. */
  excerpt: string;
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
  /** Who decided; where several must agree, the last one. */
  decidedBy?: By;
  /** It was denied by taking back what was asked or agreed. */
  withdrawn?: boolean;
  /** Who may answer, where the policy says so. */
  approvers?: Required<Approvers>;
  /** Who of them agreed. */
  agreed?: { by: By; at: number }[];
  /** When the call was sent. */
  dispatchedAt?: number;
  /** The backend's own question to its owner about a send, and how it stood when the backend was last asked. */
  request?: { id: string; status: string };
  /** Who said what became of a call whose answer was lost. */
  settledBy?: "person" | "read";
  /** The record of the round before, where this one is of a later round of the same call. */
  continues?: string;
  /** What came back, where it was no result: a question of the tool's own, or a task. */
  resultType?: "input_required" | "task";
  /** It ended before anything of the call was written, so that it certainly did not run. */
  notSent?: boolean;
  /** The person who looked. */
  witness?: By;
}

/** Another plan that is wanted. */
export interface PlanUpgrade {
  /** The plan's code. Default: the plan that the backend's last refusal proposed. */
  plan?: string;
  /** How often is paid, in the backend's words, such as `monthly`. */
  billingCycle?: string;
  /** Where the person goes after they paid. */
  returnUrl?: string;
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
    /** Where the person signs in: an `https` address. Absent where the backend gave one that nobody should open. */
    loginUrl?: string;
    /** As the backend says it, but for credentials and unsafe addresses. */
    nextSteps: unknown;
    /** What was left out or written otherwise. */
    notes?: string[];
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
  | { type: "decided"; approval: Approval }
  | { type: "settled"; approval: Approval }
  | { type: "accepted"; tool: string };

/** A flow that goes on where a snapshot left it. */
export interface ResumedFlow {
  /** The flow's id. */
  flow: string;
  /**
   * Fulfils with the flow's end, or rejects with a `ToolgateError`: `outcome_unknown` for a call that was on its way
   * when the snapshot was written.
   */
  finished: Promise<Finished>;
}

/** A step on its way, for a log: neither arguments nor answers nor secrets. */
export interface StepNote {
  flow: string;
  step: string;
  type: "list_tools" | "call_tool" | "ask" | "keep" | "check_vault" | "commit" | "read" | "wait" | "done";
  /**
   * The tool of `call_tool`, the secret's name of `keep`, the key of `commit` and `read`, the kind of question or
   * outcome.
   */
  name?: string;
}

/** What `verifyAudit` found. */
export interface AuditReport {
  /** Whether the whole chain holds. */
  ok: boolean;
  /** How many lines hold, from the first on. */
  lines: number;
  /** The hash of the last of them. */
  head: string;
  /** The first line that does not hold. */
  firstBad?: AuditBreak;
}

/** A line of an audit that does not hold. */
export interface AuditBreak {
  /** Counted from 1. */
  line: number;
  why:
    | "cut"
    | "unreadable"
    | "other_version"
    | "wrong_key"
    | "not_sealed"
    | "edited"
    | "removed"
    | "reordered"
    | "duplicated"
    | "inserted"
    | "truncated";
  /** The same as a sentence. */
  message: string;
}
