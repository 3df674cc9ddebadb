/** How a question is written on a terminal, and what is typed is read. */

import { inputsSheet } from "./terminal-inputs.js";
import { rememberSheet } from "./terminal-remember.js";
import { inLine, own, quoted, type Reading, type Row, type Sheet, STRICT } from "./terminal-rows.js";
import type {
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
  const by = question.type === "approval" && question.approvers !== undefined ? ", { by: ... }" : "";
  const about = type === "code" ? "for the emailed code" : `(${inLine(type)})`;
  const rest =
    approval === undefined
      ? "Run it at a terminal, or give the guard another way to ask."
      : `The approval ${inLine(approval)} stays open: allow it with approve("${inLine(approval)}"${by}), then make the same call again, quoting it.`;
  return `toolgate: nobody was asked ${about}: ${why}. ${rest}\n`;
}

function approvalSheet(question: ApprovalQuestion): Sheet {
  const { message, expiresAt, approvers, agreed = [], remember = [], rememberInLedger: inLedger = false } = question;
  const preview = onceTold(question.preview, message);
  const isStrict = STRICT.has(preview.effect);
  const rows = [...headOf(question), ...callOf(preview)];
  if (approvers !== undefined) {
    const people = (names: readonly string[]) => names.map(quoted).join(", ");
    const who = `${approvers.count} of ${people(approvers.from)} must agree`;
    rows.push(own(`${who}; agreed: ${agreed.length > 0 ? people(agreed) : "nobody yet"}.`));
  }
  rows.push(own(`A yes would be good until ${timeOf(expiresAt)}.`));
  const yes = isStrict ? "yes (in full)" : "y";
  // Never for what pays.
  const canRemember = remember.length > 0 && preview.effect !== "billing";
  if (canRemember) rows.push({ text: "To allow others like it too, type remember.", spare: true });
  return {
    lines: rows,
    complete: completeOf(question.preview),
    prompt: `Allow this call? ${yes}, n, later, all, ?: `,
    help: [
      isStrict ? "yes: the call is made once, exactly as shown." : "y or yes: the call is made once, exactly as shown.",
      "n or no: it is refused. What you type after it is told to the agent as the reason.",
      ...(canRemember ? ["remember: allow it, and for a while others like it; you are asked which."] : []),
      "later: it is refused for now; the approval stays open until its end.",
      "all: everything that is sent, page by page.",
      "Ctrl-C: the agent's call is called off. A second Ctrl-C ends the program.",
    ],
    read: (typed) => {
      if (isStrict && /^y$/i.test(typed)) return { unclear: "Type yes in full to allow this call.", isHalfYes: true };
      if (canRemember && /^remember$/i.test(typed)) {
        return { next: rememberSheet({ tool: preview.tool, pointers: remember, isStrict, inLedger }) };
      }
      return common(typed) ?? yesOrNo(typed) ?? { unclear: "That is neither yes nor no." };
    },
    otherwise: { type: "deny", reason: "The person gave no clear answer." },
  };
}

/** Without the notes on earlier calls that the message holds already. */
function onceTold(preview: Preview, message: string): Preview {
  const { notes = [], earlier = [] } = preview;
  const isTold = (note: string) => message.includes(note) && earlier.some(({ approval }) => note.includes(approval));
  return { ...preview, notes: notes.filter((note) => !isTold(note)) };
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
  const rows = [
    ...headOf(question),
    own(
      isNew
        ? `Tool: ${quoted(question.tool)}. What the server says of it now is ${inLine(question.change)}:`
        : `Tool: ${quoted(question.tool)}. Nothing but the server's own word says how little it does:`,
    ),
    ...question.differences.flatMap(differenceRows),
    ...toolOf(question),
  ];
  return {
    lines: rows,
    complete: [...rows, ...(question.preview === undefined ? [] : completeOf(question.preview))],
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
  return { text, quoted: true, spare: true };
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

function headOf({
  message,
  server,
  serverNote,
  subject,
}: {
  message: string;
  server?: string;
  serverNote?: string;
  subject?: string;
}): Row[] {
  const rows = [own(inLine(message))];
  if (server !== undefined)
    rows.push(own(`Server: ${quoted(server)}${serverNote === undefined ? "" : `, ${inLine(serverNote)}`}`));
  if (subject !== undefined) rows.push(own(`Subject: ${quoted(subject)}`));
  return rows;
}

/** Notes that stand above the call however low the screen is. */
const KEPT_NOTES = 2;

function callOf(preview: Preview): Row[] {
  const { tool, title, effect, reasons, lines, omitted = 0, defaults = [], record = [], ...rest } = preview;
  const rows = [own(`Tool: ${quoted(tool)}${title === undefined ? "" : `, called ${quoted(title)} by its server`}`)];
  rows.push(own(`Effect: ${inLine(effect)}${reasons.length === 0 ? "" : `, because ${inLine(reasons.join("; "))}`}`));
  const notes = noteRows(rest);
  rows.push(...notes.slice(0, KEPT_NOTES));
  if (record.length > 0) rows.push(own("It is about, as the server says:"), ...record.map(lineRow));
  const [sent, beside] = [lines.filter((line) => !isMeta(line)), lines.filter(isMeta)];
  rows.push(own(sent.length > 0 ? "What is sent:" : "Nothing is sent with it."), ...sent.map(lineRow));
  if (beside.length > 0) rows.push(own("Beside the arguments (_meta):"), ...beside.map(lineRow));
  rows.push(...inputRows(rest));
  if (omitted > 0) rows.push(own(`${omitted} more not shown here: type all to see them.`));
  rows.push(...defaultRows(defaults, rest), ...notes.slice(KEPT_NOTES).map((row) => ({ ...row, spare: true })));
  return rows;
}

function completeOf({ arguments: sent, hidden, defaults = [], meta, lines, record = [], ...rest }: Preview): Row[] {
  const rows = sent === undefined ? lines.map(lineRow) : jsonRows(sent, hidden);
  if (record.length > 0) rows.unshift(own("It is about, as the server says:"), ...record.map(lineRow));
  rows.push(...inputRows(rest), ...defaultRows(defaults, rest));
  if (meta !== undefined) rows.push(own("Beside the arguments (_meta):"), ...jsonRows(meta));
  return [own("What is sent:"), ...rows, ...noteRows(rest)];
}

/** An argument of that name is in quotes. */
function isMeta({ label }: PreviewLine): boolean {
  return /^_meta(?:$|[.[])/.test(label);
}

function inputRows({ inputs = [] }: Pick<Preview, "inputs">): Row[] {
  return inputs.length === 0 ? [] : [own("What the tool asked for, and is given:"), ...inputs.map(lineRow)];
}

function noteRows({ notes = [], notesOmitted = 0 }: Pick<Preview, "notes" | "notesOmitted">): Row[] {
  const rows = notes.map((note) => own(`Note: ${inLine(note)}`));
  if (notesOmitted > 0) rows.push(own(`Note: ${notesOmitted} more such notes are not shown.`));
  return rows;
}

function defaultRows(defaults: readonly PreviewLine[], { defaultsOmitted = 0 }: Pick<Preview, "defaultsOmitted">) {
  if (defaults.length === 0) return [];
  const rows = [own("What the server fills in:"), ...defaults.map(lineRow)];
  if (defaultsOmitted > 0) rows.push(own(`It may fill in ${defaultsOmitted} more that are not shown.`));
  return rows;
}

/** JSON writes line breaks within strings as `\n`, so that each line of it is one of the structure. */
function jsonRows(value: unknown, hidden: readonly string[] = []): Row[] {
  // No string can be one that nobody knew.
  const mark = `hidden ${crypto.randomUUID()}`;
  const pointers = hidden.map((pointer) => pointer.split("/"));
  const marked = (value: unknown, path: string[]): unknown => {
    const isHere = (pointer: string[]) =>
      pointer.length === path.length && pointer.every((part, at) => part === "*" || part === path[at]);
    if (pointers.some(isHere)) return mark;
    if (Array.isArray(value)) return value.map((item, at) => marked(item, [...path, String(at)]));
    if (typeof value !== "object" || value === null) return value;
    const token = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1");
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, marked(member, [...path, token(name)])]),
    );
  };
  const shown = pointers.length > 0 ? marked(value, [""]) : value;
  const text = (JSON.stringify(shown, null, 2) ?? "null").replaceAll(`"${mark}"`, "(hidden)");
  return text.split("\n").map((line) => ({ text: inLine(line), quoted: true }));
}

function lineRow({ label, value }: PreviewLine): Row {
  return { text: `${inLine(label)}: ${inLine(value)}`, quoted: true, spare: true };
}

function differenceRows({ change, path, note, before, after }: Difference): Row[] {
  const rows = [`${inLine(change)} at ${quoted(path)}: ${inLine(note)}`];
  if (before !== undefined) rows.push(`  before: ${quoted(before)}`);
  if (after !== undefined) rows.push(`  now: ${quoted(after)}`);
  return rows.map((text) => ({ text, quoted: true, spare: true }));
}

export function timeOf(millis: number): string {
  const at = new Date(millis);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
