/** The questions of one terminal, one after the other. */

import { fstatSync } from "node:fs";
import { kill, pid, stdin } from "node:process";
import { SETTLED } from "./asking.js";
import { isInFront } from "./terminal-front.js";
import { LineReader, type TerminalInput } from "./terminal-line.js";
import {
  fitted,
  LEAST_COLUMNS,
  linesOf,
  quoted,
  type Reading,
  type Row,
  type Sheet,
  written,
} from "./terminal-rows.js";
import { sheetOf, timeOf, unasked } from "./terminal-text.js";
import type { Answer, By, Question } from "./types.js";

/** One question on its way to a person. */
export interface Asked {
  question: Question;
  signal: AbortSignal | undefined;
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  /** Where it is said that nobody could be asked. */
  complaints: NodeJS.WritableStream;
  /** Who sits at the terminal, if that is known. */
  by: By | undefined;
}

interface Waiting extends Asked {
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

/** What stands around a sheet's lines: a blank, our number, and a prompt that may take two. */
const FRAME_LINES = 4;
const LEAST_LINES = 12;

const byDevice = new Map<number, Terminal>();
const byStream = new WeakMap<object, Terminal>();

/** The one terminal of these streams: two that share an input, an output or a device share their questions. */
export function terminalOf(input: object, output: object): Terminal {
  const devices = [deviceOf(input), deviceOf(output)].filter((device) => device !== undefined);
  const known =
    byStream.get(input) ?? byStream.get(output) ?? devices.map((device) => byDevice.get(device)).find(Boolean);
  const terminal = known ?? new Terminal();
  byStream.set(input, terminal).set(output, terminal);
  for (const device of devices) byDevice.set(device, terminal);
  return terminal;
}

function deviceOf(stream: { isTTY?: boolean; fd?: number }): number | undefined {
  if (stream.isTTY !== true || typeof stream.fd !== "number") return undefined;
  try {
    return fstatSync(stream.fd).rdev;
  } catch {
    return undefined;
  }
}

/** How often an answer may be unclear. */
const MAX_UNCLEAR = 3;
/** How often Enter alone shows the question again, where other output stands below it. */
const MAX_EMPTY = 20;
/** So long the next question waits for what the program writes of the last one's answer, in milliseconds. */
const GO_ON_MS = 300;

export class Terminal {
  readonly #waiting: Waiting[] = [];
  #isBusy = false;
  /** Until then the program may write what came of the last answer. */
  #goesOnUntil = 0;
  /** How many were shown since there were none. */
  #shown = 0;
  /** Whether the last that was typed was Ctrl-C. */
  #wasInterrupted = false;

  ask(asked: Asked): Promise<Answer> {
    const { question, signal, input, output, complaints } = asked;
    const defer = (why: string): Promise<Answer> => {
      complaints.write(unasked(question, why));
      return Promise.resolve({ type: "defer", unasked: true });
    };
    if (signal?.aborted) return Promise.reject(signal.reason);
    if ((input as TerminalInput).isTTY !== true) return defer("the input is no terminal");
    if ((output as { isTTY?: boolean }).isTTY !== true) return defer("the output is no terminal");
    if (sheetOf(question) === undefined) return defer("this version cannot show such a question");
    const notThem = whyNotBy(question, asked.by);
    if (notThem !== undefined) return defer(notThem);
    if (!isInFront(input)) return defer(IN_BACKGROUND);
    return new Promise((resolve, reject) => {
      const waiting = { ...asked, resolve, reject };
      signal?.addEventListener("abort", () => this.#drop(waiting), { once: true });
      this.#waiting.push(waiting);
      if (!this.#isBusy) void this.#work();
    });
  }

  #drop(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    waiting.reject(waiting.signal?.reason);
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const left = Math.min(GO_ON_MS, this.#goesOnUntil - Date.now());
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      const next = this.#waiting.shift();
      if (next === undefined) break;
      try {
        next.resolve(await this.#show(next));
      } catch (error) {
        next.reject(error);
      }
      this.#goesOnUntil = Date.now() + GO_ON_MS;
    }
    this.#isBusy = false;
    this.#shown = 0;
  }

  /** One question from its first line to its answer. Throws the signal's reason if it is withdrawn. */
  async #show({ question, signal, input, output, complaints, by }: Waiting): Promise<Answer> {
    const why = !isInFront(input) ? IN_BACKGROUND : columnsOf(output) < LEAST_COLUMNS ? TOO_NARROW : undefined;
    if (why !== undefined) {
      complaints.write(unasked(question, why));
      return { type: "defer", unasked: true };
    }
    const ignore = () => {};
    const write = (text: string) => void output.write(text);
    output.on("error", ignore);
    const reader = new LineReader(input as TerminalInput, write);
    const close = () => reader.close();
    signal?.addEventListener("abort", close, { once: true });
    try {
      const state = await reader.quiet();
      signal?.throwIfAborted();
      if (state === "interrupt") {
        // Nothing stood on the screen: it is meant for the program.
        this.#wasInterrupted = true;
        return this.#interrupted(reader, input, write);
      }
      if (state !== "quiet") {
        const why = state === "end" ? "the input is at its end" : "the input does not fall silent";
        complaints.write(unasked(question, why));
        return { type: "defer", unasked: true };
      }
      const sheet = sheetOf(question);
      if (sheet === undefined) return { type: "defer" };
      this.#shown += 1;
      const number = `question ${this.#shown} of ${this.#shown + this.#waiting.length}`;
      sheet.lines.push(...this.#twins(question));
      write(`\ntoolgate asks, ${number}:\n`);
      const answer = await this.#dialogue(sheet, reader, output, () => this.#interrupted(reader, input, write));
      if (signal?.aborted) {
        write(
          `\n  The question is withdrawn: ${whyWithdrawn(question, signal)}. What is typed now does not answer it.\n`,
        );
        throw signal.reason;
      }
      if (answer.type === "resend" && question.type === "code" && question.resendAt > Date.now()) {
        write(`  The server makes no fresh code before ${timeOf(question.resendAt)}. It is requested then.\n`);
      }
      return by !== undefined && SIGNED.has(answer.type) ? ({ ...answer, by } as Answer) : answer;
    } finally {
      signal?.removeEventListener("abort", close);
      reader.close();
      output.off("error", ignore);
    }
  }

  async #dialogue(
    sheet: Sheet,
    reader: LineReader,
    output: NodeJS.WritableStream,
    interrupted: () => Answer,
  ): Promise<Answer> {
    const say = (...lines: string[]) =>
      void output.write(
        written(
          lines.map((text) => ({ text })),
          columnsOf(output),
        ),
      );
    if ((await put(sheet, reader, output)) === "interrupt") return interrupted();
    let [unclear, halves, empty] = [0, 0, 0];
    while (unclear < MAX_UNCLEAR && halves < 2) {
      const typed = await reader.line(sheet.prompt);
      if (typed.type === "interrupt") return interrupted();
      if (typed.type === "closed") return { type: "defer" };
      if (typed.type === "end") {
        say(`Not answered: the input is at its end. ${sheet.end ?? "It can be answered later."}`);
        return { type: "defer" };
      }
      this.#wasInterrupted = false;
      if (!typed.isText) {
        unclear += 1;
        say("A key in it is no text, such as an arrow: type it again.");
        continue;
      }
      const reading = sheet.read(typed.text);
      if (typed.isPasted && !("show" in reading) && !isHarmless(reading)) {
        unclear += 1;
        say("What is pasted is no answer: type it.");
        continue;
      }
      if ("answer" in reading) return reading.answer;
      if ("next" in reading) return this.#dialogue(reading.next, reader, output, interrupted);
      if ("show" in reading) {
        if (reading.show === "help") say(...sheet.help);
        else if ((await page(sheet.complete, reader, output)) === "interrupt") return interrupted();
        // What was asked has left the screen.
        else await put(sheet, reader, output);
        continue;
      }
      say(reading.unclear);
      if (typed.text === "" && empty < MAX_EMPTY) {
        empty += 1;
        if ((await put(sheet, reader, output)) === "interrupt") return interrupted();
      } else if (reading.isHalfYes) halves += 1;
      else unclear += 1;
    }
    const open = sheet.end === undefined ? "No clear answer: it stays open." : `No clear answer. ${sheet.end}`;
    say(sheet.otherwise.type === "deny" ? "No clear yes: that is a no." : open);
    return sheet.otherwise;
  }

  /** Ctrl-C: the call is called off; once more, and the process ends as if nobody had caught it. */
  #interrupted(reader: LineReader, input: unknown, write: (text: string) => void): Answer {
    const isOwn = input === stdin;
    reader.close();
    if (isOwn && (this.#wasInterrupted || reader.interrupts > 1)) kill(pid, "SIGINT");
    else write(`  The call is called off.${isOwn ? " Ctrl-C once more ends the program." : ""}\n`);
    this.#wasInterrupted = true;
    return { type: "cancel" };
  }

  #twins(question: Question): Row[] {
    const isSame = (waiting: Waiting) => isSameCall(waiting.question, question);
    // The question's own message says it then.
    if ("sameCall" in question) return [];
    if (!this.#waiting.some(isSame)) return [];
    return [{ text: "Note: the agent asks for the same call twice; the other question waits behind this one." }];
  }
}

const IN_BACKGROUND = "the program runs in the background";
const TOO_NARROW = `the terminal has fewer than ${LEAST_COLUMNS} columns, on which lines cannot be told apart`;

/** The answers that say who gave them. */
const SIGNED: ReadonlySet<string> = new Set(["approve", "deny", "ran", "not_ran"]);

/** Why the person at the terminal cannot answer, where the policy says who may. */
function whyNotBy(question: Question, by: By | undefined): string | undefined {
  if (question.type !== "approval" || question.approvers === undefined) return undefined;
  if (by === undefined) return "the policy names who must answer, and `by` does not say who sits at the terminal";
  if (!question.approvers.from.includes(by.who)) return `${quoted(by.who)} is none of those who may answer`;
  return question.agreed?.includes(by.who) ? `${quoted(by.who)} agreed already, and others must too` : undefined;
}

/** A code, or a value of a form, may come from the clipboard; a yes may not. */
function isHarmless(reading: Reading): boolean {
  return "unclear" in reading || "next" in reading || ("answer" in reading && !YES.has(reading.answer.type));
}

const YES: ReadonlySet<string> = new Set(["approve", "inputs", "ran", "not_ran"]);

/** The sheet as the screen has room for it: shortened where `all` shows the rest, else a screen at a time. */
async function put(sheet: Sheet, reader: LineReader, output: NodeJS.WritableStream): Promise<"shown" | "interrupt"> {
  const height = Math.max(LEAST_LINES, rowsOf(output) - FRAME_LINES);
  const columns = columnsOf(output);
  const whole = written(sheet.lines, columns);
  if (sheet.complete.length > 0 || linesOf(whole) <= height) {
    output.write(sheet.complete.length > 0 ? fitted(sheet.lines, columns, height) : whole);
    return "shown";
  }
  if ((await page(sheet.lines, reader, output)) === "interrupt") return "interrupt";
  output.write(written(sheet.lines.slice(0, 1), columns));
  return "shown";
}

/** The complete call, a screen at a time. */
async function page(
  rows: readonly Row[],
  reader: LineReader,
  output: NodeJS.WritableStream,
): Promise<"shown" | "interrupt"> {
  const lines = written(rows, columnsOf(output)).split("\n").slice(0, -1);
  const height = Math.max(5, rowsOf(output) - 2);
  for (let from = 0; from < lines.length; from += height) {
    output.write(`${lines.slice(from, from + height).join("\n")}\n`);
    const left = lines.length - from - height;
    if (left <= 0) return "shown";
    const typed = await reader.line(`  ${left} more lines; Enter: go on, q: enough: `);
    if (typed.type === "interrupt") return "interrupt";
    if (typed.type !== "line" || /^q/i.test(typed.text)) return "shown";
  }
  return "shown";
}

function isSameCall(one: Question, other: Question): boolean {
  if (one.type !== "approval" || other.type !== "approval") return false;
  const [{ preview: a }, { preview: b }] = [one, other];
  return JSON.stringify([a, "server" in one && one.server]) === JSON.stringify([b, "server" in other && other.server]);
}

function columnsOf(output: NodeJS.WritableStream): number {
  return (output as { columns?: number }).columns || 80;
}

function rowsOf(output: NodeJS.WritableStream): number {
  return (output as { rows?: number }).rows || 24;
}

function whyWithdrawn(question: Question, { reason }: AbortSignal): string {
  if ((reason as { message?: unknown } | undefined)?.message === SETTLED) return "it is answered elsewhere";
  return isOver(question) ? "its time is over" : "its call was called off";
}

function isOver(question: Question): boolean {
  return question.type !== "code" && "expiresAt" in question && question.expiresAt <= Date.now();
}
