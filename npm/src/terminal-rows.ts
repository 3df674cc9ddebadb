/** Lines on a terminal. Whatever is not ours is in quotes or behind `|`; a line that goes on begins with `...`. */

import type { Answer } from "./types.js";
import { whole } from "./whole.js";

/** What was typed means an answer, or the wish to see something, or nothing clear. */
export type Reading =
  | { answer: Answer }
  | { next: Sheet }
  | { show: "complete" | "help" }
  | { unclear: string; isHalfYes?: true };

/** One question as a terminal shows it. */
export interface Sheet {
  /** Its lines, the first of them our own sentence. */
  lines: Row[];
  /** Everything that the question is about, in pages; empty where there is no more than the lines. */
  complete: Row[];
  prompt: string;
  help: string[];
  read: (typed: string) => Reading;
  /** What it means that nothing clear was typed. */
  otherwise: Answer;
  /** What that is said to be, and what the end of the input is, where it is not left open. */
  end?: string;
}

/** A line; `quoted` is not in our words, `spare` is shortened or left out where the screen is too low for all. */
export interface Row {
  text: string;
  quoted?: boolean;
  spare?: boolean;
}

/** These reach beyond what can be undone, so that a slip of the finger must not do. */
export const STRICT: ReadonlySet<string> = new Set(["destructive", "send", "billing"]);

export function own(text: string): Row {
  return { text };
}

/** A text from outside as part of one line, as the core writes it out. */
export function inLine(text: unknown): string {
  return whole.bindings.visible(typeof text === "string" ? text : (JSON.stringify(text) ?? ""));
}

export function quoted(text: string): string {
  return `"${inLine(text.replaceAll("\\", "\\\\")).replaceAll('"', '\\"')}"`;
}

/** Rows as lines that the terminal need not break: a broken line could begin with words that look like ours. */
export function written(rows: readonly Row[], columns: number, most = Number.POSITIVE_INFINITY): string {
  return rows.map((row) => broken(row, columns, row.spare ? most : Number.POSITIVE_INFINITY)).join("");
}

/** Rows on at most so many lines, if what is spare in them allows it, with a count of what is left out. */
export function fitted(rows: readonly Row[], columns: number, height: number): string {
  for (const most of [Number.POSITIVE_INFINITY, 8, 3, 1]) {
    const text = written(rows, columns, most);
    if (linesOf(text) <= height) return text;
  }
  let excess = linesOf(written(rows, columns, 1)) + 1 - height;
  const kept = [...rows];
  let [left, place] = [0, rows.length];
  for (let at = rows.length - 1; at >= 0 && excess > 0; at -= 1) {
    if (!rows[at]?.spare) continue;
    kept.splice(at, 1);
    [left, excess, place] = [left + 1, excess - 1, at];
  }
  kept.splice(
    place,
    0,
    own(`${left} more ${left === 1 ? "line" : "lines"} for this screen: type all to see everything.`),
  );
  return written(kept, columns, 1);
}

export function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

function broken({ text, quoted }: Row, columns: number, most: number): string {
  // No row begins as one goes on, so that none can be drawn by what stands in another.
  const [first, further] = quoted ? ["    | ", "    ... "] : ["  ", "  ... "];
  // One column stays free: some terminals break a line that fills them all.
  const roomBehind = (margin: string) => Math.max(4, columns - margin.length - 1);
  let room = roomBehind(first);
  const lines: string[][] = [];
  let line: string[] = [];
  let [used, taken] = [0, 0];
  for (const character of text) {
    const wide = widthOf(character);
    if (used + wide > room) {
      if (lines.length + 1 >= most) break;
      // Between words, where there are any.
      const space = line.lastIndexOf(" ");
      const cut = space < Math.floor(line.length / 2) ? line.length : space + 1;
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
      room = roomBehind(further);
      used = line.reduce((columns, each) => columns + widthOf(each), 0);
    }
    line.push(character);
    used += wide;
    taken += 1;
  }
  const left = Array.from(text).length - taken;
  if (left > 0) {
    const more = ` … ${left + 20} more`;
    line.splice(Math.max(0, line.length - 20));
    line.push(...more);
  }
  lines.push(line);
  return lines.map((each, at) => `${at === 0 ? first : further}${each.join("")}\n`).join("");
}

/** A prompt is broken by the terminal itself: on fewer columns what it holds might look like a line of ours. */
export const LEAST_COLUMNS = 30;

/** At least the columns that it takes: what is not Latin, Greek, Cyrillic and the like may take two. */
export function widthOf(character: string): number {
  return (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
}
