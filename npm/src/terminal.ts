/** Entry `toolgate/node`: asks a person at the terminal, and keeps the audit in files. */

import { readFileSync } from "node:fs";
import process, { env as environment } from "node:process";
import { checkPerson } from "./approver.js";
import type { Ask } from "./ask.js";
import { type ConfigValues, resolveConfig as resolve } from "./config.js";
import { terminalOf } from "./terminal-queue.js";
import type { By } from "./types.js";
import { whole } from "./whole.js";

export { FileAudit } from "./file-audit.js";
export { SqliteAudit, type SqliteDatabase } from "./sqlite-audit.js";

/**
 * As the `resolveConfig` of `toolgate`, with the process's own environment where no other is given.
 *
 * @throws ToolgateError `invalid_config`
 */
export function resolveConfig(config: string, { env = environment, inputs = {} }: ConfigValues = {}): string {
  load();
  return resolve(config, { env, inputs });
}

/** What the terminal is; the process's own by default. */
export interface TerminalOptions {
  input?: NodeJS.ReadableStream;
  /** Default: standard output, or standard error where only that is a terminal. */
  output?: NodeJS.WritableStream;
  /** Who sits at the terminal; each answer then says so. A text is the person. */
  by?: By | string;
}

/**
 * Asks on the terminal, one question at a time however many guards share it, each shown whole. A call is answered by
 * yes or no; one that destroys, sends or pays by `yes` in full. Anything but a clear yes is a no.
 *
 * What was typed before a question was shown is thrown away. Without a terminal, or at its end, nobody is asked: the
 * answer is `defer`, and a line says so. Ctrl-C calls off the call that is asked about, a second one ends the process. A
 * question whose signal aborts is withdrawn.
 *
 * Where the policy names `approvers`, nobody is asked but one of them, so that `by` is needed. A yes for further calls is
 * given by `remember`, where the question offers it and nothing is paid. While a question is on the screen no other
 * program should read the terminal: two readers share what is typed. Enter alone shows the question again, should
 * output of others stand below it.
 *
 * @throws ToolgateError `invalid_options` if `by` is neither a text nor a {@link By}
 */
export function askInTerminal({ input, output, by }: TerminalOptions = {}): Ask {
  load();
  checkPerson(by);
  const who = typeof by === "string" ? { who: by, means: "terminal" } : by;
  return (question, context) => {
    const from = input ?? process.stdin;
    const to = output ?? (!isTerminal(process.stdout) && isTerminal(process.stderr) ? process.stderr : process.stdout);
    const complaints = output ?? process.stderr;
    return terminalOf(from, to).ask({
      question,
      signal: context?.signal,
      input: from,
      output: to,
      complaints,
      by: who,
    });
  };
}

function isTerminal(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true;
}

function load(): void {
  whole.loadSync(readFileSync(new URL("./toolgate.wasm", import.meta.url)));
}
