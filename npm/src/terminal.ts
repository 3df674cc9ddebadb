/** Entry `toolgate/node`: asks a person at the terminal, and keeps the audit in files. */

import { readFileSync } from "node:fs";
import { env as environment, stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";
import type { Ask } from "./ask.js";
import { type ConfigValues, resolveConfig as resolve } from "./config.js";
import type { Answer, ApprovalQuestion, CodeQuestion, Question } from "./types.js";
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
      const prompt = question.type === "code" ? "Code (r: resend, q: cancel): " : "Do this? (y/N) ";
      return answer(question, (await terminal.question(prompt, signal ? { signal } : {})).trim());
    } finally {
      terminal.close();
    }
  };
}

function shown(question: Question): string {
  return question.type === "code" ? shownCode(question) : shownApproval(question);
}

function shownCode({ message, expiresAt, problem }: CodeQuestion): string {
  const why = problem ? `${problem.message}\n` : "";
  return `\n${why}${message}\nThe code is good until ${new Date(expiresAt).toLocaleTimeString()}.\n`;
}

function shownApproval({ message, preview, expiresAt }: ApprovalQuestion): string {
  const lines = preview.lines
    .map(({ label, value }) => `    ${label}: ${value.replaceAll("\n", "\n      ")}\n`)
    .join("");
  const head = `\n${message}\n  ${preview.title} (${preview.tool}, ${preview.effect})\n`;
  return `${head}${lines}  The yes would be good until ${new Date(expiresAt).toLocaleTimeString()}.\n`;
}

function answer(question: Question, typed: string): Answer {
  if (question.type === "approval") return { type: /^y(es)?$/i.test(typed) ? "approve" : "deny" };
  if (/^r(esend)?$/i.test(typed)) return { type: "resend" };
  if (/^q(uit)?$/i.test(typed)) return { type: "cancel" };
  return { type: "code", code: typed };
}
