import type { Answer, Question } from "./types.js";

/** Beside the question. */
export interface AskContext {
  /** Aborts when the question needs no answer any more. */
  signal: AbortSignal | undefined;
}

/**
 * Shows a question to a person. If it throws, that counts as `defer`: nobody said yes. An answer that does not fit
 * the question is a `wrong_answer` error; the question stays open for {@link Guard.resume}.
 */
export type Ask = (question: Question, context: AskContext) => Answer | Promise<Answer>;

/** Nobody is there to answer now. */
export const defer: Ask = () => ({ type: "defer" });
