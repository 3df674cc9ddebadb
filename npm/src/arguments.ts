import { invalidArguments } from "./errors.js";

/**
 * The JSON text of a call's arguments, as the core reads it. A string is taken as the text that a model wrote.
 *
 * Whatever `JSON.stringify` would change in silence is either said in the text, so that the core refuses it in its
 * own words (`NaN`), or refused here (functions). A member that is `undefined` is absent, as everywhere in JSON.
 */
export function argumentsText(given: unknown): string {
  if (given === undefined) return "{}";
  if (typeof given === "string") return wellFormed(given);
  const text = stringified(given);
  // Only now is it known that there is neither a cycle nor too much depth for a plain recursion.
  return hasNonFinite(given, undefined) ? withNonFinite(given) : text;
}

function stringified(given: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(given);
    if (text !== undefined) return text;
  } catch (thrown) {
    const why = thrown instanceof RangeError ? "they are nested too deeply" : "they hold a cycle or a BigInt";
    throw invalidArguments(`The arguments cannot be written as JSON: ${why}.`, thrown);
  }
  throw invalidArguments(`The arguments cannot be written as JSON: they are a ${typeof given}.`);
}

/** Where a value stands; a path is only spelled out when something is wrong there. */
interface Place {
  name: string | number;
  within: Place | undefined;
}

/** Throws at what JSON has no word for: it would be dropped, or become `null` or `{}`. */
function hasNonFinite(value: unknown, place: Place | undefined): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value === "function" || typeof value === "symbol") throw unsayable(`a ${typeof value}`, place);
  if (typeof value !== "object" || value === null || "toJSON" in value) return false;
  if (value instanceof Map || value instanceof Set) throw unsayable("a Map or Set", place);
  let found = false;
  const isArray = Array.isArray(value);
  for (const [name, member] of isArray ? value.entries() : Object.entries(value)) {
    if (typeof member === "string" || typeof member === "boolean") continue;
    if (isArray && member === undefined) throw unsayable("undefined", { name, within: place });
    if (hasNonFinite(member, typeof member === "number" ? undefined : { name, within: place })) found = true;
  }
  return found;
}

function unsayable(what: string, place: Place | undefined) {
  let path = "";
  for (let at = place; at !== undefined; at = at.within) path = `/${at.name}${path}`;
  return invalidArguments(`The arguments hold ${what} at ${path || "the top"}, for which JSON has no word.`);
}

/** Writes `NaN` and `Infinity` as they are, by way of a mark that nobody can have put into a string beforehand. */
function withNonFinite(given: unknown): string {
  const mark = crypto.randomUUID();
  const marked = JSON.stringify(given, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? `${mark}${value}` : value,
  );
  return marked.replace(new RegExp(`"${mark}(NaN|-?Infinity)"`, "g"), "$1");
}

/** UTF-8 has no lone surrogates: written as escapes they reach the core instead of becoming U+FFFD on the way. */
export function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  return text.replace(/\p{Surrogate}/gu, (half, at: number) => {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes += 1;
    // Behind an open escape, `\ud800` would read as a backslash and letters; `\x` is as wrong as what stood there.
    return backslashes % 2 === 1 ? "x" : `\\u${half.charCodeAt(0).toString(16)}`;
  });
}
