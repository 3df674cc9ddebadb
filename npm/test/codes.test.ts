import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { errorCodes } from "./core.js";

it("the type of the codes is what the core's list says", () => {
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/codes.mjs", import.meta.url)), "--check"]);
});

it("every code says what it means and what to do next", () => {
  const codes: { code: string; meaning: string; next: string; retryable: boolean }[] = errorCodes();
  assert.ok(codes.length > 30);
  for (const { code, meaning, next, retryable } of codes) {
    assert.match(code, /^[a-z_]+$/);
    assert.ok(meaning.length > 10 && next.length > 10, code);
    assert.equal(typeof retryable, "boolean");
  }
});
