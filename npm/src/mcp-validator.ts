/** The validator that the official TypeScript MCP clients take in place of their own. */

import { type CompileOptions, compile, jsonText, type Validator } from "./schema.js";

/** What a client is told of a value. */
export type McpValidatorResult<T> =
  | { valid: true; data: T; errorMessage: undefined }
  | { valid: false; data: undefined; errorMessage: string };

/** The interface of the clients' option `jsonSchemaValidator`. */
export interface McpValidator {
  /** @throws ToolgateError `invalid_schema`, or in a browser `not_initialized`. */
  getValidator<T>(schema: object): (input: unknown) => McpValidatorResult<T>;
}

/**
 * Lets an official MCP client check structured results with this package. It needs no `eval`, so it works under a
 * strict content security policy, and what it says tells how to mend the value.
 *
 * @example
 * ```ts
 * const client = new Client({ name: "my-agent", version: "1.0.0" }, { jsonSchemaValidator: jsonSchemaValidator() });
 * ```
 */
export function jsonSchemaValidator(options: CompileOptions = {}): McpValidator {
  // Clients ask again for the same schema; a list of tools that was dropped takes its validators along.
  const known = new WeakMap<object, Validator>();
  return {
    getValidator<T>(schema: object) {
      const validator = known.get(schema) ?? compile(schema, options);
      known.set(schema, validator);
      return (input: unknown): McpValidatorResult<T> => {
        // As text, because a string is a value here and not JSON text.
        const violations = validator.validate(jsonText(input, "document"));
        if (violations.length === 0) return { valid: true, data: input as T, errorMessage: undefined };
        return { valid: false, data: undefined, errorMessage: violations.map(({ repair }) => repair).join(" ") };
      };
    },
  };
}
