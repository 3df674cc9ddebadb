import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { argumentsText } from "../src/arguments.js";
import { ToolgateError } from "../src/errors.js";

const refused = (given: unknown, message: RegExp) =>
  assert.throws(
    () => argumentsText(given),
    (error: unknown) => {
      assert.ok(error instanceof ToolgateError);
      assert.equal(error.code, "invalid_arguments");
      assert.match(error.message, message);
      return error.next !== "";
    },
  );

describe("a call's arguments as text", () => {
  it("is what JSON.stringify says of plain data", () => {
    const given = { a: [1, -0, 1e21, "ü\u2028", null, true], b: { c: {} }, d: new Date(0) };
    assert.equal(argumentsText(given), JSON.stringify(given));
  });

  it("leaves members out that are undefined, and is an empty object for no arguments", () => {
    assert.equal(argumentsText({ a: undefined, b: 1 }), '{"b":1}');
    assert.equal(argumentsText(undefined), "{}");
  });

  it("says numbers that are none, at any depth", () => {
    assert.equal(
      argumentsText({ a: Number.NaN, b: [{ c: -Infinity }, Infinity] }),
      '{"a":NaN,"b":[{"c":-Infinity},Infinity]}',
    );
  });

  it("leaves strings alone that look like them", () => {
    assert.equal(argumentsText({ a: "NaN", b: "Infinity", c: Number.NaN }), '{"a":"NaN","b":"Infinity","c":NaN}');
  });

  it("takes a string as the text that it is", () => {
    assert.equal(argumentsText('{"a":1,"a":2}'), '{"a":1,"a":2}');
  });

  it("writes lone surrogates as escapes, and pairs as they are", () => {
    assert.equal(argumentsText('{"a":"\ud800","b":"\u{1f600}"}'), '{"a":"\\ud800","b":"\u{1f600}"}');
    assert.equal(argumentsText({ a: "\udfff" }), '{"a":"\\udfff"}');
  });

  it("refuses what JSON has no word for, and names the place", () => {
    refused({ a: [{ b: () => 1 }] }, /a function at \/a\/0\/b/);
    refused({ a: Symbol("x") }, /a symbol at \/a/);
    refused({ a: [1, undefined] }, /undefined at \/a\/1/);
    refused({ a: new Map([[1, 2]]) }, /a Map or Set at \/a/);
    refused(() => 1, /they are a function/);
    refused({ a: 1n }, /cycle or a BigInt/);
  });

  it("refuses cycles and bottomless depth", () => {
    const cycle: Record<string, unknown> = {};
    cycle.a = cycle;
    refused(cycle, /cycle/);
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    refused({ deep }, /nested too deeply/);
  });
});
