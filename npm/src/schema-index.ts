/** What every entry of the package exports: JSON Schema, and the errors. */

export type { CoreErrorCode } from "./codes.js";
export type { WasmSource } from "./engine.js";
export type { ErrorCode, ErrorResult, ErrorShape, HostErrorCode } from "./errors.js";
export { ToolgateError } from "./errors.js";
export type { McpValidator, McpValidatorResult } from "./mcp-validator.js";
export { jsonSchemaValidator } from "./mcp-validator.js";
export type { CompileOptions, JsonDocument, Violation } from "./schema.js";
export { compile, Validator } from "./schema.js";
