import { typed } from "./errors.js";
import type { PolicyFinding } from "./types.js";
import { whole } from "./whole.js";

/**
 * What looks safe in a policy and is not: patterns that fit a part of a value, what a rule does not reach, rules that
 * decide nothing. It decides nothing; {@link Guard.policyFindings} looks at the listed tools too.
 *
 * @param policy - The policy, or the text of its file.
 * @returns The findings, in the order of the rules.
 * @throws ToolgateError `invalid_policy` if it cannot be used.
 * @example
 * ```ts
 * lintPolicy({ rules: [{ when: [{ path: "/to", pattern: "studio.example" }], then: "allow" }] });
 * // [{ rule: 1, kind: "unanchored_pattern", path: "/rules/0/when/0/pattern", … }, …]
 * ```
 */
export function lintPolicy(policy: string | object): PolicyFinding[] {
  const { bindings } = whole;
  return typed(() => bindings.policyFindings(JSON.stringify(policy)));
}
