/** Asks a person for the driver: until the question's time is over, and whatever comes of it. */

import type { Ask } from "./ask.js";
import type { Reply } from "./protocol.js";
import type { Question } from "./types.js";

/** What asking needs of its guard. */
export interface Asking {
  ask: Ask;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what `ask` throws. */
  onError: (thrown: unknown) => void;
}

/** Why a question is withdrawn that another answer settled. */
export const SETTLED = "The question is settled by another answer.";
/** A longer timer would go off at once. */
const LONGEST_TIMER_MS = 0x7fff_ffff;
/** No person types so much, and no handler should give it. */
const MAX_ANSWER_CHARACTERS = 4_194_304;

/**
 * The event that answers the question: the person's answer, `defer` after a failure, `woke` when its time is over or the
 * guard took it back.
 */
export function asked(
  { ask, now, onError }: Asking,
  question: Question,
  caller: AbortSignal | undefined,
  withdrawn?: AbortSignal,
): Promise<Reply> {
  const ended = new AbortController();
  // A code has an end too, but after it a fresh one can be asked for.
  const expiresAt = question.type !== "code" && "expiresAt" in question ? question.expiresAt : undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    clearTimeout(timer);
    ended.abort(caller?.reason);
  };
  caller?.addEventListener("abort", onAbort, { once: true });

  const late = new Promise<Reply>((resolve) => {
    withdrawn?.addEventListener(
      "abort",
      () => {
        resolve({ event: { type: "woke" } });
        ended.abort(new DOMException(SETTLED, "AbortError"));
      },
      { once: true },
    );
    const look = () => {
      const left = (expiresAt as number) - now();
      if (left > 0) {
        timer = setTimeout(look, Math.min(left, LONGEST_TIMER_MS));
        return;
      }
      resolve({ event: { type: "woke" } });
      ended.abort(new DOMException("The time of the question is over.", "TimeoutError"));
    };
    if (expiresAt !== undefined) look();
  });

  const answered = async (): Promise<Reply> => {
    try {
      const given = await ask(question, { signal: ended.signal });
      try {
        return { event: { type: "answer", answer: plain(given) } };
      } catch (cause) {
        return { event: { type: "answer", answer: null }, cause };
      }
    } catch (thrown) {
      if (!ended.signal.aborted) onError(thrown);
      return { event: { type: "answer", answer: { type: "defer" } }, cause: thrown };
    }
  };

  return Promise.race([late, answered()]).finally(() => {
    clearTimeout(timer);
    caller?.removeEventListener("abort", onAbort);
  });
}

/** The answer as JSON sees it. Throws for what JSON does not know or nobody typed. */
function plain(answer: unknown): unknown {
  const text = JSON.stringify(answer) ?? "null";
  if (text.length > MAX_ANSWER_CHARACTERS) throw new RangeError("The answer is longer than 4 MiB.");
  return JSON.parse(text);
}
