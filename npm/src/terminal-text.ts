/** How a question is written on a terminal, and what is typed is read. Whatever is not ours is in quotes or behind `|`. */

import { inputsSheet } from "./terminal-inputs.js";
import type {
  Answer,
  ApprovalQuestion,
  CodeQuestion,
  CredentialQuestion,
  DefinitionQuestion,
  Difference,
  OutcomeQuestion,
  Preview,
  PreviewLine,
  Question,
} from "./types.js";
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
  /** Everything that the question is about, in pages. */
  complete: Row[];
  prompt: string;
  help: string[];
  read: (typed: string) => Reading;
  /** What it means that nothing clear was typed. */
  otherwise: Answer;
}

/** A line, and how far in it stands; `quoted` is not in our words. */
export interface Row {
  text: string;
  quoted?: boolean;
}

/** The sheet of a question; `undefined` for a kind that this version does not know. */
export function sheetOf(question: Question): Sheet | undefined {
  switch (question.type) {
    case "approval":
      return approvalSheet(question);
    case "definition":
      return definitionSheet(question);
    case "credential":
      return credentialSheet(question);
    case "outcome":
      return outcomeSheet(question);
    case "code":
      return codeSheet(question);
    case "inputs":
      return inputsSheet(question, headOf(question));
    default:
      return undefined;
  }
}

/** Why nobody was asked, and what can be done instead, in one line. */
export function unasked(question: Question, why: string): string {
  const { type, approval } = question as { type: string; approval?: string };
  const about = type === "code" ? "for the emailed code" : `(${inLine(type)})`;
  const rest =
    approval === undefined
      ? "Run it at a terminal, or give the guard another way to ask."
      : `The approval ${inLine(approval)} stays open: allow it with approve("${inLine(approval)}"), then make the same call again, quoting it.`;
  return `toolgate: nobody was asked ${about}: ${why}. ${rest}\n`;
}

/** Rows as lines that the terminal need not break: a broken line could begin with words that look like ours. */
export function written(rows: readonly Row[], columns: number): string {
  return rows.map(({ text, quoted }) => broken(text, quoted ? "    | " : "  ", columns)).join("");
}

/** A text from outside as part of one line, as the core writes it out. */
export function inLine(text: unknown): string {
  return whole.bindings.visible(typeof text === "string" ? text : (JSON.stringify(text) ?? ""));
}

export function quoted(text: string): string {
  return `"${inLine(text.replaceAll("\\", "\\\\")).replaceAll('"', '\\"')}"`;
}

function broken(text: string, margin: string, columns: number): string {
  // One column stays free: some terminals break a line that fills them all.
  const room = Math.max(20, columns - margin.length - 1);
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const character of text) {
    const wide = widthOf(character);
    if (used + wide > room) {
      // Between words, where there are any.
      const space = line.lastIndexOf(" ");
      const cut = space < line.length / 2 ? line.length : space + 1;
      lines.push(line.slice(0, cut));
      line = `  ${line.slice(cut)}`;
      used = Array.from(line).reduce((columns, each) => columns + widthOf(each), 0);
    }
    line += character;
    used += wide;
  }
  lines.push(line);
  return lines.map((each) => `${margin}${each}\n`).join("");
}

/** At least the columns that it takes: what is not Latin, Greek, Cyrillic and the like may take two. */
export function widthOf(character: string): number {
  return (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
}

export const STRICT: ReadonlySet<string> = new Set(["destructive", "send", "billing"]);

function approvalSheet(question: ApprovalQuestion): Sheet {
  const { preview, expiresAt } = question;
  const isStrict = STRICT.has(preview.effect);
  const rows = [...headOf(question), ...callOf(preview)];
  if ("sameCall" in question) rows.push(own("Note: the agent asks for the same call twice; each yes sends it once."));
  rows.push(own(`A yes would be good until ${timeOf(expiresAt)}.`));
  const yes = isStrict ? "yes (in full)" : "y";
  return {
    lines: rows,
    complete: completeOf(preview),
    prompt: `Allow this call? ${yes}, n, later, all, ?: `,
    help: [
      isStrict ? "yes: the call is made once, exactly as shown." : "y or yes: the call is made once, exactly as shown.",
      "n or no: it is refused. What you type after it is told to the agent as the reason.",
      "later: it is refused for now; the approval stays open until its end.",
      "all: everything that is sent, page by page.",
      "Ctrl-C: the agent's call is called off. A second Ctrl-C ends the program.",
    ],
    read: (typed) => {
      if (isStrict && /^y$/i.test(typed)) return { unclear: "Type yes in full to allow this call.", isHalfYes: true };
      return common(typed) ?? yesOrNo(typed) ?? { unclear: "That is neither yes nor no." };
    },
    otherwise: { type: "deny", reason: "The person gave no clear answer." },
  };
}

function credentialSheet(question: CredentialQuestion): Sheet {
  const { name, heldOrganisation, organisation } = question;
  const whose = (given: string | undefined) => (given === undefined ? "not known" : quoted(given));
  return {
    lines: [
      ...headOf(question),
      own(`Credential in the vault: ${quoted(name)}, of the organisation ${whose(heldOrganisation)}.`),
      own(`It would be replaced by that of the organisation ${whose(organisation)}.`),
    ],
    complete: [],
    prompt: "Replace the credential? yes (in full), n, later, ?: ",
    help: [
      "yes: the sign-up goes on, and its credential takes the place of the one in the vault.",
      "n or no: nothing is sent, and the credential stays.",
      "later: the same for now.",
    ],
    read: (typed) => {
      if (/^y$/i.test(typed)) return { unclear: "Type yes in full to replace the credential.", isHalfYes: true };
      return common(typed) ?? yesOrNo(typed) ?? { unclear: "That is neither yes nor no." };
    },
    otherwise: { type: "deny", reason: "The person gave no clear answer." },
  };
}

function definitionSheet(question: DefinitionQuestion): Sheet {
  const isNew = question.change !== "unconfirmed";
  return {
    lines: [
      ...headOf(question),
      own(
        isNew
          ? `Tool: ${quoted(question.tool)}. What the server says of it now is ${inLine(question.change)}:`
          : `Tool: ${quoted(question.tool)}. Nothing but the server's own word says how little it does:`,
      ),
      ...question.differences.flatMap(differenceRows),
      ...toolOf(question),
    ],
    complete: question.preview === undefined ? [] : completeOf(question.preview),
    prompt: `${isNew ? "Go on with the new definition" : "Believe the server's word on this tool"}? y, n, later, all, ?: `,
    help: [
      "y or yes: the definition is accepted and pinned; the call goes on, past the gates that are left.",
      "all: everything that is sent with it, page by page.",
      "n or no: the tool is not called.",
      "later: the same, and the question comes again with the next call.",
      "Ctrl-C: the agent's call is called off. A second Ctrl-C ends the program.",
    ],
    read: (typed) => common(typed) ?? yesOrNo(typed) ?? { unclear: "That is neither yes nor no." },
    otherwise: { type: "deny" },
  };
}

/** What a yes to a definition is about: the server's words on the tool, and the call that goes out after it. */
function toolOf({ description, parameters = [], preview }: DefinitionQuestion): Row[] {
  const rows = description === undefined ? [] : [own("The server describes it as:"), row(quoted(description))];
  rows.push(own(`Its parameters: ${parameters.length === 0 ? "none" : parameters.map(quoted).join(", ")}`));
  return preview === undefined ? rows : [...rows, own("A yes goes on with this call:"), ...callOf(preview)];
}

function row(text: string): Row {
  return { text, quoted: true };
}

function outcomeSheet(question: OutcomeQuestion): Sheet {
  return {
    lines: [...headOf(question), ...callOf(question.preview)],
    complete: completeOf(question.preview),
    prompt: "Did it take effect? y, n, or later if you do not know; all, ?: ",
    help: [
      "y or yes: it took effect. n or no: it did not. Nothing is sent again by either.",
      "later: it stays open.",
      "all: everything that was sent, page by page.",
    ],
    read: (typed) => {
      if (/^y(es)?$/i.test(typed)) return { answer: { type: "ran" } };
      if (/^no?$/i.test(typed)) return { answer: { type: "not_ran" } };
      return common(typed) ?? { unclear: "That is neither yes nor no." };
    },
    otherwise: { type: "defer" },
  };
}

function codeSheet(question: CodeQuestion): Sheet {
  const { problem, digits, expiresAt, attemptsLeft } = question;
  const rows = headOf(question);
  if (problem) rows.push(own(`Because: ${inLine(problem.message)}`));
  rows.push(own(`Sent to: ${quoted(question.maskedEmail)}`));
  rows.push(own(`${digits} digits, good until ${timeOf(expiresAt)}; ${attemptsLeft} more tries.`));
  return {
    lines: rows,
    complete: [],
    prompt: "Code, or r for a fresh one, q to call it off, later, ?: ",
    help: [
      "The digits of the email, with or without blanks.",
      "r: request a fresh code. q: call the sign-up off. later: nobody can read the email now.",
    ],
    read: (typed) => {
      const code = typed.replaceAll(/[\s-]/g, "");
      if (/^[0-9]+$/.test(code)) return { answer: { type: "code", code } };
      if (/^r(esend)?$/i.test(typed)) return { answer: { type: "resend" } };
      if (/^q(uit)?$/i.test(typed)) return { answer: { type: "cancel" } };
      return common(typed) ?? { unclear: "That is no code." };
    },
    otherwise: { type: "defer" },
  };
}

/** What every question understands. */
function common(typed: string): Reading | undefined {
  if (/^l(ater)?$/i.test(typed)) return { answer: { type: "defer" } };
  if (/^a(ll)?$/i.test(typed)) return { show: "complete" };
  if (/^(\?|h(elp)?)$/i.test(typed)) return { show: "help" };
  return undefined;
}

function yesOrNo(typed: string): Reading | undefined {
  if (/^y(es)?$/i.test(typed)) return { answer: { type: "approve" } };
  const no = /^no?(?:[\s,:;.]+(.*))?$/i.exec(typed);
  if (no === null) return undefined;
  return { answer: no[1] ? { type: "deny", reason: no[1] } : { type: "deny" } };
}

export function own(text: string): Row {
  return { text };
}

function headOf({ message, server, subject }: { message: string; server?: string; subject?: string }): Row[] {
  const rows = [own(inLine(message))];
  if (server !== undefined) rows.push(own(`Server: ${quoted(server)}`));
  if (subject !== undefined) rows.push(own(`Subject: ${quoted(subject)}`));
  return rows;
}

function callOf({ tool, title, effect, reasons, lines, omitted = 0, defaults = [], notes = [], record = [] }: Preview) {
  const rows = [own(`Tool: ${quoted(tool)}${title === undefined ? "" : `, called ${quoted(title)} by its server`}`)];
  rows.push(own(`Effect: ${inLine(effect)}${reasons.length === 0 ? "" : `, because ${inLine(reasons.join("; "))}`}`));
  if (record.length > 0) rows.push(own("It is about, as the server says:"), ...record.map(lineRow));
  rows.push(own(lines.length > 0 ? "What is sent:" : "Nothing is sent with it."), ...lines.map(lineRow));
  if (omitted > 0) rows.push(own(`${omitted} more not shown here: type all to see them.`));
  if (defaults.length > 0) rows.push(own("What the server fills in:"), ...defaults.map(lineRow));
  for (const note of notes) rows.push(own(`Note: ${inLine(note)}`));
  return rows;
}

function completeOf({ arguments: sent, defaults = [], meta, lines }: Preview): Row[] {
  const rows = sent === undefined ? lines.map(lineRow) : jsonRows(sent);
  if (defaults.length > 0) rows.push(own("What the server fills in:"), ...defaults.map(lineRow));
  if (meta !== undefined) rows.push(own("Beside the arguments (_meta):"), ...jsonRows(meta));
  return [own("What is sent:"), ...rows];
}

/** JSON writes line breaks within strings as `\n`, so that each line of it is one of the structure. */
function jsonRows(value: unknown): Row[] {
  const text = JSON.stringify(value, null, 2) ?? "null";
  return text.split("\n").map((line) => ({ text: inLine(line), quoted: true }));
}

function lineRow({ label, value }: PreviewLine): Row {
  return { text: `${inLine(label)}: ${inLine(value)}`, quoted: true };
}

function differenceRows({ change, path, note, before, after }: Difference): Row[] {
  const rows = [{ text: `${inLine(change)} at ${quoted(path)}: ${inLine(note)}`, quoted: true }];
  if (before !== undefined) rows.push({ text: `  before: ${quoted(before)}`, quoted: true });
  if (after !== undefined) rows.push({ text: `  now: ${quoted(after)}`, quoted: true });
  return rows;
}

function timeOf(millis: number): string {
  const at = new Date(millis);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
