/** Reads lines from a terminal while one question is on it, and leaves the terminal as it was. */

import { kill, pid, platform } from "node:process";
import { isInFront } from "./terminal-front.js";
import { widthOf } from "./terminal-rows.js";

/** What a terminal is to this module: `process.stdin` and the like. */
export interface TerminalInput extends NodeJS.ReadableStream {
  isTTY?: boolean;
  isRaw?: boolean;
  setRawMode?: (isRaw: boolean) => unknown;
}

/**
 * `closed`: the reader was closed before a line came. `isPasted`: of some of it the terminal said that it was pasted.
 * `isText`: no key is in it that writes nothing, such as an arrow.
 */
export type Typed =
  | { type: "line"; text: string; isPasted: boolean; isText: boolean }
  | { type: "interrupt" }
  | { type: "end" }
  | { type: "closed" };

/** How long nothing must have come before a question is shown, in milliseconds. */
const QUIET_MS = 80;
/** After so long without quiet there is nobody at the keyboard, but a program. */
const NEVER_QUIET_MS = 2_000;
/** No answer is longer; what is typed beyond is not taken. */
const MAX_LINE = 2_000;

/** What a terminal sends before what is pasted, where a program asked it to. */
const PASTE = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** Besides a tab, and a mark that one language takes for a blank. */
const NO_TEXT = /[^\P{Cc}\t]|\ufeff/u;
/** What is shown of a key that writes nothing. */
const UNSEEN = "?";
/** How often a program that was sent to the background looks whether it is back. */
const LOOK_MS = 200;

/** How long the end of the input waits for the signal that a terminal sends when it goes away, in milliseconds. */
const HANG_UP_MS = 100;

interface Reading {
  prompt: string;
  typed: string[];
  escape: string;
  isPasted: boolean;
  /** Whether the last key was Ctrl-D. */
  isEnding: boolean;
  done: (typed: Typed) => void;
}

/** Whoever else listens to the input, such as a chat's own prompt, must not be given the answers. */
const LISTENED = ["data", "readable", "keypress"] as const;

/**
 * The input in raw mode, so that nothing of what was typed before is left with the system and Ctrl-C is a key. It
 * needs no escape sequences, so that any terminal will do.
 */
export class LineReader {
  readonly #input: TerminalInput;
  readonly #write: (text: string) => void;
  readonly #decoder = new TextDecoder();
  readonly #wasRaw: boolean;
  readonly #wasFlowing: boolean;
  readonly #others: [string, ((...given: unknown[]) => void)[]][];
  #reading: Reading | undefined;
  #heardAt = Date.now();
  /** How often Ctrl-C was typed. */
  interrupts = 0;
  #ended = false;
  #closed = false;

  constructor(input: TerminalInput, write: (text: string) => void) {
    this.#input = input;
    this.#write = write;
    this.#wasRaw = input.isRaw === true;
    this.#wasFlowing = (input as { readableFlowing?: boolean | null }).readableFlowing === true;
    this.#others = LISTENED.map((event) => [event, input.rawListeners(event) as ((...given: unknown[]) => void)[]]);
    for (const [event, listeners] of this.#others) for (const listener of listeners) input.off(event, listener);
    this.#raw(true);
    // Node itself does so for the other signals that end it.
    if (process.listenerCount("SIGHUP") === 0) process.on("SIGHUP", this.#onHangUp);
    input.on("data", this.#onData);
    for (const event of ["end", "close", "error"]) input.on(event, this.#onEnd);
    input.resume();
  }

  /** Throws away what was typed until nothing more comes. */
  async quiet(): Promise<"quiet" | "interrupt" | "noise" | "end"> {
    const began = Date.now();
    this.#heardAt = began;
    for (;;) {
      const now = Date.now();
      if (this.#ended || this.#closed) return "end";
      if (this.interrupts > 0) return "interrupt";
      const left = this.#heardAt + QUIET_MS - now;
      if (left <= 0) return "quiet";
      if (now - began > NEVER_QUIET_MS) return "noise";
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  /** What is typed from now on, up to the end of the line. */
  line(prompt: string): Promise<Typed> {
    if (this.#ended || this.#closed) return Promise.resolve({ type: this.#closed ? "closed" : "end" });
    this.#write(prompt);
    return new Promise((done) => {
      this.#reading = { prompt, typed: [], escape: "", isPasted: false, isEnding: false, done };
    });
  }

  /** Gives the terminal back. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const input = this.#input;
    input.off("data", this.#onData);
    for (const event of ["end", "close", "error"]) input.off(event, this.#onEnd);
    process.off("SIGHUP", this.#onHangUp);
    this.#raw(this.#wasRaw);
    if (!this.#wasFlowing) input.pause();
    for (const [event, listeners] of this.#others) for (const listener of listeners) input.on(event, listener);
    if (!this.#wasFlowing) input.pause();
    this.#done({ type: "closed" });
  }

  readonly #onHangUp = (): void => {
    this.#raw(this.#wasRaw);
    process.off("SIGHUP", this.#onHangUp);
    // Whoever listens since has the say.
    if (process.listenerCount("SIGHUP") === 0) kill(pid, "SIGHUP");
  };

  readonly #onEnd = (): void => {
    // A window that was closed ends the program by its signal, which comes at the same time.
    setTimeout(() => {
      this.#ended = true;
      this.#done({ type: "end" });
    }, HANG_UP_MS);
  };

  readonly #onData = (chunk: Uint8Array | string): void => {
    this.#heardAt = Date.now();
    const text = typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true });
    this.interrupts += text.split("\x03").length - 1;
    for (const character of text) {
      // What comes behind a line was typed before what follows it was shown.
      if (this.#reading === undefined) return;
      this.#key(character, this.#reading);
    }
  };

  #key(character: string, reading: Reading): void {
    const { typed } = reading;
    if (character === "\x1b" || (reading.escape !== "" && character >= " ")) {
      const sequence = reading.escape + character;
      reading.escape = afterEscape(reading.escape, character);
      if (sequence === PASTE) reading.isPasted = true;
      if (reading.escape === "" && sequence !== PASTE && sequence !== PASTE_END) this.#take("\x1b", typed);
      return;
    }
    // One that is not finished.
    if (reading.escape !== "") this.#take("\x1b", typed);
    reading.escape = "";
    const isAgain = reading.isEnding;
    reading.isEnding = character === "\x04";
    switch (character) {
      case "\r":
      case "\n":
        this.#write("\n");
        this.#line(typed.join(""), reading.isPasted);
        return;
      case "\x03":
        this.#write("^C\n");
        this.#done({ type: "interrupt" });
        return;
      case "\x04":
        if (typed.length > 0 && !isAgain) return;
        this.#write("\n");
        this.#done({ type: "end" });
        return;
      case "\x7f":
      case "\b":
        this.#erase(typed, 1);
        return;
      case "\x15":
        this.#erase(typed, typed.length);
        return;
      case "\x17":
        this.#erase(typed, /\S*\s*$/.exec(typed.join(""))?.[0].length ?? 0);
        return;
      case "\x1a":
        this.#signal("SIGTSTP", reading);
        return;
      case "\x1c":
        this.#signal("SIGQUIT", reading);
        return;
    }
    this.#take(character, typed);
  }

  #take(character: string, typed: string[]): void {
    if (typed.length >= MAX_LINE) return;
    typed.push(character);
    this.#write(/\p{C}/u.test(character) ? UNSEEN : character);
  }

  #line(text: string, isPasted: boolean): void {
    this.#done({ type: "line", text: text.trim(), isPasted, isText: !NO_TEXT.test(text) });
  }

  #erase(typed: string[], most: number): void {
    for (let left = most; left > 0; left -= 1) {
      const character = typed.pop();
      if (character === undefined) return;
      this.#write("\b \b".repeat(/\p{C}/u.test(character) ? 1 : widthOf(character)));
    }
  }

  /** What the terminal itself does with these keys outside of raw mode. */
  #signal(signal: "SIGTSTP" | "SIGQUIT", reading: Reading): void {
    if (platform === "win32") return;
    this.#raw(this.#wasRaw);
    const goOn = (): void => {
      if (this.#closed) return;
      // In the background the terminal is another's, and to set it would stop the program again.
      if (!isInFront(this.#input)) {
        setTimeout(goOn, LOOK_MS);
        return;
      }
      this.#raw(true);
      reading.typed.length = 0;
      this.#write(`\n${reading.prompt}`);
    };
    process.once("SIGCONT", goOn);
    kill(signal === "SIGTSTP" ? 0 : pid, signal);
  }

  #raw(isRaw: boolean): void {
    try {
      this.#input.setRawMode?.(isRaw);
    } catch {
      // The terminal has gone away.
      this.#ended = true;
    }
  }

  #done(typed: Typed): void {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.done(typed);
  }
}

/** What is left of an escape sequence after one more character; nothing at its end. */
function afterEscape(before: string, character: string): string {
  const sequence = before + character;
  if (sequence.length === 1) return sequence;
  if (sequence.length === 2) return character === "[" || character === "O" ? sequence : "";
  const isEnd = sequence[1] === "O" || (character >= "@" && character <= "~");
  return isEnd || sequence.length > 32 ? "" : sequence;
}
