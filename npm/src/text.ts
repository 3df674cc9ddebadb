import { typed } from "./errors.js";
import { whole } from "./whole.js";

/**
 * The one spelling of a JSON text, by RFC 8785.
 *
 * @throws ToolgateError if the text is no JSON, or has duplicate keys or numbers that would be rounded.
 */
export function canonicalize(json: string): string {
  const { bindings } = whole;
  return typed(() => bindings.canonicalize(json));
}

/**
 * SHA-256 of the canonical form, in lower-case hexadecimal: the digest that approvals are made of.
 *
 * @throws ToolgateError as {@link canonicalize}
 */
export function digest(json: string): string {
  const { bindings } = whole;
  return typed(() => bindings.digest(json));
}
