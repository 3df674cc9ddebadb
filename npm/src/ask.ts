import type { Answer, Question } from "./types.js";

/** Beside the question. */
export interface AskContext {
  /**
   * Aborts when the question needs no answer any more: the caller called the work off, a person's no to another question
   * holds for it too, or the time of the approval is over (a `TimeoutError`). Take the question off the screen then.
   */
  signal: AbortSignal;
}

/**
 * Shows a question to a person. If it throws, that counts as `defer`, for nobody said yes; what it throws is the `cause`
 * of the error that the caller gets, and {@link GuardOptions.onError} is told. Anything that is not one of the
 * question's own answers is a `wrong_answer` error at once. An answer that comes after the signal aborted is dropped.
 */
export type Ask = (question: Question, context: AskContext) => Answer | Promise<Answer>;

/** Nobody is there to answer now. */
export const defer: Ask = () => ({ type: "defer", unasked: true });
