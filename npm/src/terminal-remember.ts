/** A yes for further calls of the same tool, on a terminal: which values must stay the same, and for how long. */

import { inLine, own, quoted, type Reading, type Row, type Sheet } from "./terminal-rows.js";
import type { Answer } from "./types.js";

const MINUTE_MS = 60_000;
/** Longer or more often nobody should say yes at once. */
const MOST_MINUTES = 1_440;
const MOST_CALLS = 100;

/** `pointers` lead to the argument values that may be fixed. */
export function rememberSheet(tool: string, pointers: readonly string[], isStrict: boolean): Sheet {
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
      return { next: extentSheet(tool, [...new Set(fixed)], isStrict) };
    },
  });
}

function extentSheet(tool: string, fixed: readonly string[], isStrict: boolean): Sheet {
  return step([own("For how many further calls, or for how long?")], {
    prompt: "Such as 5 calls, or 30 minutes, n: ",
    help: [`At most ${MOST_CALLS} calls or ${MOST_MINUTES} minutes, and not beyond this session.`],
    read: (typed) => {
      const [, digits, unit] = /^(\d{1,4})\s*(calls?|m|min|minutes?)$/i.exec(typed) ?? [];
      const [count, isCalls] = [Number(digits), /^c/i.test(unit ?? "")];
      if (!(count >= 1 && count <= (isCalls ? MOST_CALLS : MOST_MINUTES))) {
        return { unclear: `Type a number of calls up to ${MOST_CALLS}, or of minutes up to ${MOST_MINUTES}.` };
      }
      const extent = isCalls ? { calls: count } : { until: Date.now() + count * MINUTE_MS };
      const remember = { arguments: fixed, ...extent };
      const same = `with the same ${fixed.map(quoted).join(", ")}`;
      const rows = [
        own(`This call, and ${count} ${isCalls ? "more" : "minutes of others"} of ${quoted(tool)} ${same}.`),
      ];
      const next = step(rows, {
        prompt: `Allow all of these? ${isStrict ? "yes (in full)" : "y"}, n: `,
        help: [],
        read: (typed) => {
          if (isStrict && /^y$/i.test(typed)) return { unclear: "Type yes in full to allow them.", isHalfYes: true };
          if (/^y(es)?$/i.test(typed)) return { answer: { type: "approve", remember } };
          return { unclear: "That is neither yes nor no." };
        },
      });
      return { next };
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
