/** What a tool asks for in the middle of a call, on a terminal: an overview, a line for each field, and a yes to the whole. */

import { inLine, own, quoted, type Reading, type Row, type Sheet, STRICT, widthOf } from "./terminal-rows.js";
import type { InputAnswer, InputField, InputRequest, InputsQuestion } from "./types.js";

/** One thing to be typed: a field of a form, or whether an address is agreed to. */
interface Item {
  rows: Row[];
  prompt: string;
  /** The value, `undefined` to leave it out, or why it is none. */
  read: (typed: string) => { value: unknown } | { unclear: string };
  keep: (value: unknown, into: Record<string, InputAnswer>) => void;
}

/** Unlike an approval, a round of a tool is not kept for later. */
const NOT_KEPT = "Nothing is sent, and it cannot be answered later.";
/** Columns that a name may take within a prompt, which the terminal breaks where it likes. */
const MAX_NAMED = 16;

/** `undefined` if something is asked for that cannot be typed. */
export function inputsSheet(question: InputsQuestion, head: Row[]): Sheet | undefined {
  const open = question.requests.filter(({ declined }) => declined === undefined);
  if (open.length === 0 || open.some(({ type }) => type !== "form" && type !== "url")) return undefined;
  const isStrict = question.calls.some(({ effect }) => effect === undefined || STRICT.has(effect));
  const items = open.flatMap(itemsOf);
  const rows = [...head];
  if (question.problem) rows.push(own(`Because: ${inLine(question.problem.message)}`));
  for (const { tool, effect } of question.calls) rows.push(own(`Asked by: ${quoted(tool)}, ${inLine(effect ?? "")}`));
  rows.push(...question.requests.flatMap(requestRows));

  const next = (at: number, values: readonly unknown[]): Sheet => {
    const item = items[at];
    if (item === undefined) return lastSheet(items, values, isStrict);
    return {
      lines: item.rows,
      complete: [],
      prompt: item.prompt,
      help: [],
      read: (typed): Reading => {
        const read = item.read(typed);
        return "unclear" in read ? read : { next: next(at + 1, [...values, read.value]) };
      },
      otherwise: { type: "defer" },
      end: NOT_KEPT,
    };
  };
  return {
    lines: rows,
    complete: rows,
    prompt: "Answer the server? y, n, later, all, ?: ",
    help: [
      "y or yes: what it asks for is typed in, and shown before it is sent. n or no: all of it is declined.",
      "later: nothing is sent, and the call does not wait for it.",
      "all: all that it asks for, page by page.",
    ],
    read: (typed) => {
      if (/^y(es)?$/i.test(typed)) return { next: next(0, []) };
      if (/^no?$/i.test(typed)) return { answer: { type: "deny" } };
      if (/^l(ater)?$/i.test(typed)) return { answer: { type: "defer" } };
      if (/^a(ll)?$/i.test(typed)) return { show: "complete" };
      return /^(\?|h(elp)?)$/i.test(typed) ? { show: "help" } : { unclear: "That is neither yes nor no." };
    },
    otherwise: { type: "defer" },
    end: NOT_KEPT,
  };
}

function lastSheet(items: readonly Item[], values: readonly unknown[], isStrict: boolean): Sheet {
  const responses: Record<string, InputAnswer> = Object.create(null);
  for (const [at, item] of items.entries()) item.keep(values[at], responses);
  const rows = Object.entries(responses).flatMap(([key, { action, content = {} }]) => [
    { text: `${inLine(key)}: ${inLine(action)}`, quoted: true, spare: true },
    ...Object.entries(content).map(([name, value]) => ({
      text: `  ${inLine(name)}: ${inLine(JSON.stringify(value))}`,
      quoted: true,
      spare: true,
    })),
  ]);
  return {
    lines: [own("What is sent back:"), ...rows],
    complete: rows,
    prompt: `Send this? ${isStrict ? "yes (in full)" : "y"}, n, all: `,
    help: [],
    read: (typed) => {
      if (isStrict && /^y$/i.test(typed)) return { unclear: "Type yes in full to send this.", isHalfYes: true };
      if (/^y(es)?$/i.test(typed)) return { answer: { type: "inputs", responses } };
      if (/^a(ll)?$/i.test(typed)) return { show: "complete" };
      return /^no?$/i.test(typed) ? { answer: { type: "deny" } } : { unclear: "That is neither yes nor no." };
    },
    otherwise: { type: "deny" },
    end: NOT_KEPT,
  };
}

/** The name stands in the row above too. */
function named(name: string): string {
  const shown = quoted(name);
  return [...shown].reduce((columns, each) => columns + widthOf(each), 0) > MAX_NAMED ? "" : ` for ${shown}`;
}

function requestRows(request: InputRequest): Row[] {
  const rows = [own(`Wanted: ${request.type}, ${quoted(request.key)}`)];
  if ("message" in request) rows.push({ text: quoted(request.message), quoted: true, spare: true });
  if ("url" in request && request.url !== undefined)
    rows.push(own("The whole address:"), { text: inLine(request.url), quoted: true });
  if (request.declined !== undefined) rows.push(own(`Declined already: ${inLine(request.declined)}`));
  for (const note of request.notes ?? []) rows.push(own(`Note: ${inLine(note)}`));
  return rows;
}

function itemsOf(request: InputRequest): Item[] {
  const { key } = request;
  if (request.type === "form") {
    return request.fields.map((field) => ({
      rows: fieldRows(field),
      prompt: `Value${named(field.name)}${field.required ? "" : ", or nothing"}: `,
      read: (typed) => fieldValue(field, typed),
      keep: (value, into) => {
        into[key] ??= { action: "accept", content: Object.create(null) };
        if (value !== undefined && into[key].content) into[key].content[field.name] = value as string;
      },
    }));
  }
  const agree: Item = {
    rows: [own(`Open the address of ${quoted(key)} yourself, if you know whose it is. Nothing opens it for you.`)],
    prompt: "Agree to it? y, n: ",
    read: (typed) => {
      if (/^y(es)?$/i.test(typed)) return { value: true };
      return /^no?$/i.test(typed) ? { value: false } : { unclear: "That is neither yes nor no." };
    },
    keep: (value, into) => {
      into[key] = { action: value === true ? "accept" : "decline" };
    },
  };
  return [agree];
}

function fieldRows({
  name,
  type,
  title,
  description,
  format,
  options = [],
  default: given,
  minimum,
  maximum,
}: InputField) {
  const rows = [own(`Field: ${quoted(name)}, ${inLine(format ?? type)}`)];
  for (const words of [title, description]) if (words !== undefined) rows.push({ text: quoted(words), quoted: true });
  for (const [at, { value, title }] of options.entries()) {
    const words = title === undefined ? "" : ` ${quoted(title)}`;
    rows.push({ text: `${at + 1}: ${quoted(value)}${words}`, quoted: true });
  }
  if (minimum !== undefined) rows.push(own(`At least ${inLine(minimum)}.`));
  if (maximum !== undefined) rows.push(own(`At most ${inLine(maximum)}.`));
  if (given !== undefined) rows.push(own("Without a value of yours:"), { text: inLine([given]), quoted: true });
  return rows;
}

function fieldValue(field: InputField, typed: string): { value: unknown } | { unclear: string } {
  const { type, required, options = [], minimum, maximum } = field;
  if (typed === "") {
    if (field.default !== undefined) return { value: field.default };
    return required ? { unclear: "It must be given." } : { value: undefined };
  }
  const choice = (text: string) =>
    options[Number(text) - 1]?.value ?? options.find(({ value }) => value === text)?.value;
  switch (type) {
    case "boolean":
      if (/^(y(es)?|true)$/i.test(typed)) return { value: true };
      return /^(no?|false)$/i.test(typed) ? { value: false } : { unclear: "Type y or n." };
    case "number":
    case "integer": {
      const value = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(typed) ? Number(typed) : Number.NaN;
      const isWithin = value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity) && Number.isFinite(value);
      const fits = isWithin && (type === "number" || Number.isSafeInteger(value));
      return fits ? { value } : { unclear: "That is no such number." };
    }
    case "choice": {
      const value = choice(typed);
      return value === undefined ? { unclear: "Type the number of one of them." } : { value };
    }
    case "choices": {
      const values = typed.split(",").map((text) => choice(text.trim()));
      return values.includes(undefined) ? { unclear: "Type their numbers, with commas." } : { value: values };
    }
    default:
      return { value: typed };
  }
}
