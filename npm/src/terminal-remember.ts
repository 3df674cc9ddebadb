/** A yes for further calls of the same tool, on a terminal: which values must stay the same, and for how long. */

import { inLine, own, quoted, type Reading, type Row, type Sheet } from "./terminal-rows.js";
import type { Answer, Remember } from "./types.js";

const MINUTE_MS = 60_000;
/** Longer or more often nobody should say yes at once. */
const MOST_MINUTES = 1_440;
const MOST_CALLS = 100;

/** What is asked about on the way. */
interface Wanted {
  tool: string;
  /** To the argument values that may be fixed. */
  pointers: readonly string[];
  isStrict: boolean;
  /** Whether the answer may hold beyond the session. */
  inLedger: boolean;
}

export function rememberSheet(wanted: Wanted): Sheet {
  const { tool, pointers } = wanted;
  const rows: Row[] = pointers.map((pointer, at) => ({
    text: `${at + 1}: ${inLine(pointer)}`,
    quoted: true,
    spare: true,
  }));
  return step([own(`Which values must be the same in further calls of ${quoted(tool)}?`), ...rows], {
    prompt: "all, or their numbers with commas, n: ",
    help: ["all: only calls with the same values. Values whose numbers you leave out may be anything."],
    read: (typed) => {
      const numbers = typed.split(",").map((part) => pointers[Number(part) - 1]);
      const fixed = /^all$/i.test(typed) ? pointers : numbers.filter((pointer) => pointer !== undefined);
      if (fixed !== pointers && fixed.length < numbers.length)
        return { unclear: "Type all, or the numbers of some of them." };
      return { next: extentSheet(wanted, [...new Set(fixed)]) };
    },
  });
}

function extentSheet(wanted: Wanted, fixed: readonly string[]): Sheet {
  return step([own("For how many further calls, or for how long?")], {
    prompt: "Such as 5 calls, or 30 minutes, n: ",
    help: [
      `At most ${MOST_CALLS} calls or ${MOST_MINUTES} minutes${wanted.inLedger ? "" : ", and not beyond this session"}.`,
    ],
    read: (typed) => {
      const [, digits, unit] = /^(\d{1,4})\s*(calls?|m|min|minutes?)$/i.exec(typed) ?? [];
      const [count, isCalls] = [Number(digits), /^c/i.test(unit ?? "")];
      if (!(count >= 1 && count <= (isCalls ? MOST_CALLS : MOST_MINUTES))) {
        return { unclear: `Type a number of calls up to ${MOST_CALLS}, or of minutes up to ${MOST_MINUTES}.` };
      }
      const extent = isCalls ? { calls: count } : { until: Date.now() + count * MINUTE_MS };
      const remember: Remember = { arguments: [...fixed], ...extent };
      const same = `with the same ${fixed.map(quoted).join(", ")}`;
      const words = `This call, and ${count} ${isCalls ? "more" : "minutes of others"} of ${quoted(wanted.tool)} ${same}`;
      return { next: wanted.inLedger ? scopeSheet(wanted, remember, words) : lastSheet(wanted, remember, words) };
    },
  });
}

function scopeSheet(wanted: Wanted, remember: Remember, words: string): Sheet {
  return step([own("For this session alone, or for every program that shares the ledger?")], {
    prompt: "session, or ledger, n: ",
    help: ["session: it ends with this program. ledger: it holds until it ends or is withdrawn, also after a restart."],
    read: (typed) => {
      const scope = (["session", "ledger"] as const).find((scope) => scope === typed.toLowerCase());
      if (scope === undefined) return { unclear: "Type session or ledger in full." };
      const where = scope === "ledger" ? "by every program that shares the ledger" : "in this session";
      return { next: lastSheet(wanted, { ...remember, scope }, `${words}, ${where}`) };
    },
  });
}

function lastSheet({ isStrict }: Wanted, remember: Remember, words: string): Sheet {
  return step([own(`${words}.`)], {
    prompt: `Allow all of these? ${isStrict ? "yes (in full)" : "y"}, n: `,
    help: [],
    read: (typed) => {
      if (isStrict && /^y$/i.test(typed)) return { unclear: "Type yes in full to allow them.", isHalfYes: true };
      if (/^y(es)?$/i.test(typed)) return { answer: { type: "approve", remember } };
      return { unclear: "That is neither yes nor no." };
    },
  });
}

function step(lines: Row[], { prompt, help, read }: Pick<Sheet, "prompt" | "help" | "read">): Sheet {
  const otherwise: Answer = { type: "deny", reason: "The person gave no clear answer." };
  const orNo = (typed: string): Reading => {
    if (/^no?$/i.test(typed)) return { answer: { type: "deny" } };
    return /^(\?|h(elp)?)$/i.test(typed) ? { show: "help" } : read(typed);
  };
  return { lines, complete: [], prompt, help, read: orNo, otherwise };
}
