/** The one place where the core's snake_case reports become this package's camelCase objects. */

/** What the backend or the caller wrote keeps its own names. */
const OPAQUE = new Set([
  "arguments",
  "meta",
  "result",
  "organisation",
  "plan",
  "whatsapp",
  "next_steps",
  "details",
  "params",
  "default",
]);

/** Renames the members of a report, deeply. The caller names the type that the core promises. */
export function camel<T>(report: unknown): T {
  return renamed(report) as T;
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    OPAQUE.has(name) ? member : renamed(member),
  ]);
  return Object.fromEntries(members);
}
