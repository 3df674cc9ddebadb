/** What every entry of the package exports. */

export type { Ask, AskContext } from "./ask.js";
export { defer } from "./ask.js";
export type { CallParams, McpClient, PlainArguments, StringArguments } from "./client.js";
export type { CoreErrorCode } from "./codes.js";
export type { WasmSource } from "./engine.js";
export type { ErrorCode, ErrorShape, HostErrorCode } from "./errors.js";
export { ToolgateError } from "./errors.js";
export type { AuthorizedFetchOptions, Fetch } from "./fetch.js";
export { authorizedFetch } from "./fetch.js";
export type { FetchClientOptions, FetchedResult, FetchedTool, FetchRequestOptions } from "./fetch-client.js";
export { FetchClient } from "./fetch-client.js";
export type { FlowOptions, GuardOptions } from "./guard.js";
export { Guard } from "./guard.js";
export type { Ledger } from "./ledger.js";
export { MemoryLedger } from "./ledger.js";
export type { McpValidator, McpValidatorResult } from "./mcp-validator.js";
export { jsonSchemaValidator } from "./mcp-validator.js";
export type { CompileOptions, JsonDocument, Violation } from "./schema.js";
export { compile, Validator } from "./schema.js";
export { canonicalize, digest } from "./text.js";
export type * from "./types.js";
export type { MemoryVaultOptions, Vault } from "./vault.js";
export { defaultVault, MemoryVault } from "./vault.js";
