/** JSON Schema on its own: compile once, validate text or objects, explain what is wrong. */

import { wellFormed } from "./arguments.js";
import { engine, linearMemory } from "./engine.js";
import { ToolgateError, typed } from "./errors.js";
import type { Validator as CompiledSchema } from "./generated/toolgate.js";

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

const encoder = new TextEncoder();

/** So much room is kept for the next document; more is given back at once. */
const KEPT = 1 << 20;
/** What the core refuses for its size alone is cut behind this, so that it does not fill the memory first. */
const LARGEST = (64 << 20) + 1;
let room = new Uint8Array(0);

/** Writes the text where the core reads it; the answer is its length in bytes. */
function write(text: string): number {
  // UTF-8 needs at most three bytes for each unit of UTF-16: too much to make room for where the text is long.
  const needed = text.length * 3;
  if (needed > KEPT) return writeBytes(encoder.encode(text));
  if (room.length < needed) makeRoom(needed);
  return encoder.encodeInto(text, room).written;
}

function writeBytes(given: Uint8Array): number {
  const bytes = given.length > LARGEST ? given.subarray(0, LARGEST) : given;
  // A view of length 0 was detached when the memory grew, and takes not even nothing.
  if (room.length < Math.max(bytes.length, 1)) makeRoom(bytes.length);
  room.set(bytes);
  return bytes.length;
}

function makeRoom(needed: number): void {
  const size = needed > KEPT ? needed : Math.max(1 << 14, 2 ** Math.ceil(Math.log2(needed)));
  const start = engine().room(size);
  room = new Uint8Array(linearMemory().buffer, start, size);
}

function release(): void {
  if (room.length > KEPT) {
    engine().room(0);
    room = new Uint8Array(0);
  }
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

  /** @internal */
  constructor(compiled: CompiledSchema) {
    this.#compiled = compiled;
  }

  /** Whether the document is valid. Text that is no strict JSON (RFC 8259, no duplicate keys) is not. */
  isValid(document: JsonDocument): boolean {
    const valid = this.#compiled.check(this.#written(document));
    release();
    return valid;
  }

  /** What is wrong with the document, the most useful first; empty if nothing is. */
  validate(document: JsonDocument): Violation[] {
    const length = this.#written(document);
    const explained = this.#compiled.explain(length);
    release();
    if (explained === undefined) return [];
    const violations = explained as (Omit<Violation, "schemaPath"> & { schema_path: string })[];
    return violations.map(({ path, schema_path: schemaPath, keyword, expected, got, repair }) => {
      return { path, schemaPath, keyword, expected, got, repair };
    });
  }

  #written(document: JsonDocument): number {
    if (typeof document === "string") {
      return write(wellFormed(document));
    }
    if (document instanceof Uint8Array) return writeBytes(document);
    return write(jsonText(document, "document"));
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
  const bindings = engine();
  return new Validator(typed(() => new bindings.Validator(text, optionsText)));
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
