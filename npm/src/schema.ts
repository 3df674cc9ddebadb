/** JSON Schema on its own: compile once, validate text or objects, explain what is wrong. */

import { wellFormed } from "./arguments.js";
import { schemaEngine } from "./engine.js";
import { ToolgateError, typed } from "./errors.js";
import type { Validator as CompiledSchema } from "./generated/schema.js";
import type { Room } from "./room.js";

/** How a schema is compiled. */
export interface CompileOptions {
  /** Whether `format` is an assertion (the default) or only an annotation. */
  formats?: "assert" | "annotate";
  /** The meta-schema's URI for schemas without `$schema`. Default: that of draft 2020-12. */
  dialect?:
    | "https://json-schema.org/draft/2020-12/schema"
    | "https://json-schema.org/draft/2019-09/schema"
    | "http://json-schema.org/draft-07/schema#"
    | "http://json-schema.org/draft-06/schema#";
  /** Schemas by the absolute URIs that `$ref` may lead to. Nothing is ever fetched. */
  resources?: Readonly<Record<string, unknown>>;
}

/** A document to validate: a string or bytes are JSON text, anything else is what `JSON.stringify` makes of it. */
export type JsonDocument = string | Uint8Array | object | number | boolean | null;

/** One thing that is wrong with a document, and how to mend it. */
export interface Violation {
  /** JSON Pointer into the document. */
  path: string;
  /** JSON Pointer into the schema; behind its URI where a reference led to another document. */
  schemaPath: string;
  /** The schema's keyword, or what keeps the document from being read: `syntax`, `duplicate_key`, `too_deep` … */
  keyword: string;
  /** What would be right. */
  expected: string;
  /** What came, shortened; hidden where it may be a secret. */
  got: string;
  /** What to do about it, in one line. */
  repair: string;
}

/**
 * A compiled schema. Made by {@link compile}.
 *
 * @example
 * ```ts
 * const validator = compile({ type: "object", required: ["country"], properties: { country: { enum: ["HK", "SG"] } } });
 * validator.isValid('{"country":"HK"}'); // true
 * validator.validate({ country: "HJ" })[0].repair; // '`country` must be one of "HK", "SG"; did you mean `HK`?'
 * ```
 */
export class Validator {
  readonly #compiled: CompiledSchema;
  readonly #room: Room;

  /** @internal */
  constructor(compiled: CompiledSchema, room: Room) {
    this.#compiled = compiled;
    this.#room = room;
  }

  /** Whether the document is valid. Text that is no strict JSON (RFC 8259, no duplicate keys) is not. */
  isValid(document: JsonDocument): boolean {
    const valid = this.#compiled.check(this.#written(document));
    this.#room.release();
    return valid;
  }

  /** What is wrong with the document, the most useful first; empty if nothing is. */
  validate(document: JsonDocument): Violation[] {
    const length = this.#written(document);
    const explained = this.#compiled.explain(length);
    this.#room.release();
    if (explained === undefined) return [];
    const violations = explained as (Omit<Violation, "schemaPath"> & { schema_path: string })[];
    return violations.map(({ path, schema_path: schemaPath, keyword, expected, got, repair }) => {
      return { path, schemaPath, keyword, expected, got, repair };
    });
  }

  #written(document: JsonDocument): number {
    if (typeof document === "string") {
      return this.#room.write(wellFormed(document));
    }
    if (document instanceof Uint8Array) return this.#room.writeBytes(document);
    return this.#room.write(jsonText(document, "document"));
  }
}

/**
 * Compiles a schema: an object, `true`, `false`, or JSON text. Drafts 2020-12, 2019-09, 7 and 6, each by its `$schema`.
 *
 * @throws ToolgateError `invalid_schema`; its details name the problem, the keyword and the path.
 */
export function compile(schema: object | boolean | string, options: CompileOptions = {}): Validator {
  const text = typeof schema === "string" ? wellFormed(schema) : jsonText(schema, "schema");
  const optionsText = jsonText(options, "options");
  const { bindings, room } = schemaEngine();
  return new Validator(
    typed(() => new bindings.Validator(text, optionsText)),
    room,
  );
}

/** @internal A value as JSON text; what JSON has no word for is refused, as far as `JSON.stringify` does. */
export function jsonText(value: unknown, what: "document" | "schema" | "options"): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    cause = thrown;
  }
  if (text !== undefined) return text;
  const why = cause === undefined ? `it is ${value === undefined ? "undefined" : `a ${typeof value}`}` : String(cause);
  const isDocument = what === "document";
  throw new ToolgateError(
    {
      code: isDocument ? "invalid_input" : "invalid_schema",
      message: `The ${what} cannot be written as JSON: ${why}.`,
      retryable: false,
      next: "Give plain JSON data: no functions, no cycles, no BigInt.",
      ...(isDocument ? {} : { details: { problem: "unreadable", keyword: "", path: "" } }),
    },
    { cause },
  );
}
