/** Persons who answer questions, and what the tests say of errors. */

import assert from "node:assert/strict";
import { type Answer, type ApprovalQuestion, type Ask, type ErrorCode, type SignupForm, ToolgateError } from "toolgate";
import type { Subject } from "./clients.js";
import type { Sandbox } from "./sandbox.js";

export function form(email: string): SignupForm {
  return {
    email,
    organisationName: "Harbour Yoga",
    industry: "fitness",
    country: "HK",
    timezone: "Asia/Hong_Kong",
  };
}

/** Reads the emailed code, and answers approvals as told; without being told, and anything else, later. */
export function person(sandbox: Sandbox, email: string, decide?: (question: ApprovalQuestion) => Answer): Ask {
  return async (question) => {
    if (question.type === "code") return { type: "code", code: await sandbox.code(email) };
    // Whatever is told is answered, for it may be no answer at all.
    return question.type === "approval" && decide !== undefined ? decide(question) : { type: "defer" };
  };
}

/** The typed error that the work ends with; every one of them says what to do next. */
export async function refusal(work: Promise<unknown>, code: ErrorCode): Promise<ToolgateError> {
  const error = await work.then(
    (value) => assert.fail(`expected ${code}, and it went through: ${JSON.stringify(value)?.slice(0, 300)}`),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ToolgateError, `expected ${code}, got ${error}`);
  assert.equal(error.code, code, `${error.code}: ${error.message}`);
  assert.ok(error.message.length > 10 && error.next.length > 10);
  assert.equal(typeof error.retryable, "boolean");
  return error;
}

/** The payload of a result. */
export function data(result: { structuredContent?: { data?: unknown } }): Record<string, unknown> {
  return result.structuredContent?.data as Record<string, unknown>;
}

/** The first record of a listing. */
export async function first(subject: Subject, tool: string): Promise<Record<string, unknown> & { id: string }> {
  const { items } = data(await subject.call(tool, {}));
  const [item] = items as (Record<string, unknown> & { id: string })[];
  assert.ok(item, `${tool} lists nothing`);
  return item;
}
