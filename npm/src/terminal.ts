/** Entry `toolgate/node`: asks a person at the terminal, and keeps the audit in files. */

import { readFileSync } from "node:fs";
import { env as environment, stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";
import type { Ask } from "./ask.js";
import { type ConfigValues, resolveConfig as resolve } from "./config.js";
import type { Answer, ApprovalQuestion, CodeQuestion, Difference, Preview, Question } from "./types.js";
import { whole } from "./whole.js";

export { FileAudit } from "./file-audit.js";
export { SqliteAudit, type SqliteDatabase } from "./sqlite-audit.js";

/**
 * As the `resolveConfig` of `toolgate`, with the process's own environment where no other is given.
 *
 * @throws ToolgateError `invalid_config`
 */
export function resolveConfig(config: string, { env = environment, inputs = {} }: ConfigValues = {}): string {
  whole.loadSync(readFileSync(new URL("./toolgate.wasm", import.meta.url)));
  return resolve(config, { env, inputs });
}

/** What the terminal is; the process's own by default. */
export interface TerminalOptions {
  input?: NodeJS.ReadableStream;
  output?: NodeJS.WritableStream;
}

/**
 * Asks on the terminal: an emailed code is typed in, a call is shown and answered by yes or no. Anything but a clear
 * yes is a no.
 */
export function askInTerminal({ input = stdin, output = stdout }: TerminalOptions = {}): Ask {
  return async (question, { signal }) => {
    const terminal = createInterface({ input, output });
    try {
      output.write(shown(question));
      return answer(question, (await terminal.question(PROMPTS[question.type], signal ? { signal } : {})).trim());
    } finally {
      terminal.close();
    }
  };
}

const PROMPTS: Record<Question["type"], string> = {
  code: "Code (r: resend, q: cancel): ",
  approval: "Do this? (y/N) ",
  definition: "Go on with the new definition? (y/N) ",
  outcome: "Did it take effect? (y/n, anything else: not known) ",
};

function shown(question: Question): string {
  switch (question.type) {
    case "code":
      return shownCode(question);
    case "approval":
      return shownApproval(question);
    case "definition":
      return `\n${question.message}\n${question.differences.map(shownDifference).join("")}`;
    case "outcome":
      return `\n${question.message}\n${shownPreview(question.preview)}`;
  }
}

function shownCode({ message, expiresAt, problem }: CodeQuestion): string {
  const why = problem ? `${problem.message}\n` : "";
  return `\n${why}${message}\nThe code is good until ${new Date(expiresAt).toLocaleTimeString()}.\n`;
}

function shownPreview({ title, tool, effect, record = [], lines }: Preview): string {
  const shown = [...record, ...lines].map(
    ({ label, value }) => `    ${label}: ${value.replaceAll("\n", "\n      ")}\n`,
  );
  return `  ${tool} (${effect})${title === undefined ? "" : ` ${JSON.stringify(title)}`}\n${shown.join("")}`;
}

function shownDifference({ change, path, note, before, after }: Difference): string {
  const values = [before === undefined ? "" : `      - ${before}\n`, after === undefined ? "" : `      + ${after}\n`];
  return `    ${change} ${path}: ${note}\n${values.join("")}`;
}

function shownApproval({ message, preview, expiresAt }: ApprovalQuestion): string {
  return `\n${message}\n${shownPreview(preview)}  The yes would be good until ${new Date(expiresAt).toLocaleTimeString()}.\n`;
}

function answer(question: Question, typed: string): Answer {
  if (question.type === "outcome") {
    if (/^y(es)?$/i.test(typed)) return { type: "ran" };
    return /^n(o)?$/i.test(typed) ? { type: "not_ran" } : { type: "defer" };
  }
  if (question.type === "approval" || question.type === "definition")
    return { type: /^y(es)?$/i.test(typed) ? "approve" : "deny" };
  if (/^r(esend)?$/i.test(typed)) return { type: "resend" };
  if (/^q(uit)?$/i.test(typed)) return { type: "cancel" };
  return { type: "code", code: typed };
}
