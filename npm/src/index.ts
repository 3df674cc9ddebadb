/** What every entry exports that has the guard. */

export type { ApproverAnswer, ApproverOptions, ApproverRefusal, OpenApprovalsOptions } from "./approver.js";
export { approve, deny, forget, openApprovals, rememberedAnswers, withdraw } from "./approver.js";
export type { Ask, AskContext } from "./ask.js";
export { defer } from "./ask.js";
export type { AuditOptions, AuditSink, AuditWriter, VerifyAuditOptions } from "./audit.js";
export { verifyAudit } from "./audit.js";
export { boundedFetch } from "./bounded-fetch.js";
export type { CallParams, McpClient, PlainArguments, StringArguments } from "./client.js";
export type { ConfigReference, ConfigValues } from "./config.js";
export { configReferences, resolveConfig } from "./config.js";
export type { AuthorizedFetchOptions, Fetch } from "./fetch.js";
export { authorizedFetch } from "./fetch.js";
export type { FetchClientOptions, FetchedResult, FetchedTool, FetchRequestOptions } from "./fetch-client.js";
export { FetchClient } from "./fetch-client.js";
export type { AnswerOptions, DenyOptions, FlowOptions, GuardOptions } from "./guard.js";
export { Guard } from "./guard.js";
export type {
  CreateMessageResult,
  ElicitResult,
  InputContext,
  InputHandlers,
  ServerRequest,
  ServerRequestExtra,
} from "./inputs.js";
export type { EntriesOptions, Ledger } from "./ledger.js";
export { MemoryLedger } from "./ledger.js";
export { lintPolicy } from "./policy.js";
export * from "./schema-index.js";
export type { Span, Tracer } from "./telemetry.js";
export { canonicalize, digest } from "./text.js";
export type * from "./types.js";
export type { MemoryVaultOptions, Vault } from "./vault.js";
export { defaultVault, MemoryVault } from "./vault.js";
