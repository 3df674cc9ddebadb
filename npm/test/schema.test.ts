import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type CompileOptions,
  compile,
  type JsonDocument,
  jsonSchemaValidator,
  ToolgateError,
  type Validator,
} from "toolgate";

const BOOKING = {
  type: "object",
  required: ["country"],
  properties: { country: { enum: ["HK", "SG"] }, guests: { type: "integer", minimum: 1 } },
  additionalProperties: false,
};
const booking = compile(BOOKING);
const anything = compile(true);

/** The one violation of a document. */
function only(validator: Validator, document: JsonDocument) {
  const violations = validator.validate(document);
  assert.equal(validator.isValid(document), false);
  assert.equal(violations.length, 1, JSON.stringify(violations));
  const [violation] = violations;
  assert.ok(violation);
  return violation;
}

function refused(work: () => unknown): ToolgateError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ToolgateError, String(error));
    assert.notEqual(error.next, "");
    return error;
  }
  return assert.fail("nothing was thrown");
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("validating", () => {
  it("takes text, bytes and objects alike", () => {
    const good = { country: "HK", guests: 2 };
    const bad = { country: "HJ", guests: 2 };
    for (const form of [JSON.stringify, (given: object) => utf8(JSON.stringify(given)), (given: object) => given]) {
      assert.equal(booking.isValid(form(good)), true);
      assert.deepEqual(booking.validate(form(good)), []);
      assert.deepEqual(only(booking, form(bad)), {
        path: "/country",
        schemaPath: "/properties/country/enum",
        keyword: "enum",
        expected: 'one of "HK", "SG"',
        got: '"HJ"',
        repair: '`country` must be one of "HK", "SG"; did you mean `HK`?',
      });
    }
  });

  it("takes a part of a larger buffer as the bytes it is", () => {
    const bytes = utf8('xx{"country":"SG"}xx');
    assert.equal(booking.isValid(bytes.subarray(2, -2)), true);
    assert.equal(booking.isValid(Buffer.from('{"country":"SG"}')), true);
  });

  it("takes a string for text, not for a value", () => {
    const string = compile({ type: "string" });
    assert.equal(string.isValid('"text"'), true);
    assert.equal(only(string, "text").keyword, "syntax");
  });

  it("says where a text is malformed", () => {
    const { keyword, got, repair } = only(anything, '{\n  "a": 1,\n}');
    assert.equal(keyword, "syntax");
    assert.equal(got, "line 3, column 1");
    assert.match(repair, /line 3, column 1/);
    for (const text of ["", " ", "{", "nul", "[1,]", "01", '{"a":1} x', "NaN", "\ufeff{}", "'a'", "1e", '"\t"']) {
      assert.equal(only(anything, text).keyword, "syntax", JSON.stringify(text));
    }
  });

  it("reads nothing as a malformed text, however it comes", () => {
    for (const nothing of ["", new Uint8Array(0)]) assert.equal(only(anything, nothing).keyword, "syntax");
  });

  it("refuses bytes that are no UTF-8", () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xe2, 0x82],
    ]) {
      assert.equal(only(anything, new Uint8Array(bytes)).keyword, "invalid_utf8");
    }
  });

  it("refuses lone surrogates in every form, and takes pairs", () => {
    for (const document of ['"\ud800"', '"\\ud800"', ["\udfff"], { "\ud800": 1 }]) {
      assert.equal(only(anything, document).keyword, "lone_surrogate", JSON.stringify(document));
    }
    for (const document of ['"\u{1f600}"', '"\\ud83d\\ude00"', ["\u{1f600}"]])
      assert.equal(anything.isValid(document), true);
  });

  it("does not make a wrong escape right by writing a lone surrogate as another", () => {
    assert.equal(only(anything, '"\\\ud800"').keyword, "syntax");
    assert.equal(only(anything, '"\\\\\ud800"').keyword, "lone_surrogate");
  });

  it("refuses a key that stands twice", () => {
    const { keyword, path } = only(anything, '{"a":{"b":1,"b":2}}');
    assert.deepEqual({ keyword, path }, { keyword: "duplicate_key", path: "/a/b" });
    assert.equal(only(anything, '{"b":1,"\\u0062":2}').keyword, "duplicate_key");
  });

  it("compares numbers by their text, which JavaScript would round", () => {
    const validator = compile('{"const":9007199254740993}');
    assert.equal(validator.isValid("9007199254740993"), true);
    assert.equal(validator.isValid("9007199254740992"), false);
    assert.equal(compile({ maximum: 10 }).isValid("9".repeat(5000)), false);
  });

  it("judges what JSON.stringify makes of an object", () => {
    const number = compile({ properties: { a: { type: "number" } }, required: ["a"] });
    assert.equal(only(number, { a: Number.NaN }).got, "null");
    assert.equal(only(number, { a: undefined }).keyword, "required");
    assert.equal(only(number, { a: () => 1 }).keyword, "required");
    assert.equal(number.isValid({ a: { toJSON: () => 1 } }), true);
    assert.equal(compile({ type: "string", format: "date-time" }).isValid(new Date(0)), true);
    assert.equal(compile({ type: "object", maxProperties: 0 }).isValid(new Map([[1, 2]])), true);
  });

  it("refuses what cannot be written as JSON at all", () => {
    const cycle: Record<string, unknown> = {};
    cycle.a = cycle;
    const deep = `${"[".repeat(200_000)}1${"]".repeat(200_000)}`;
    const wrong: [unknown, RegExp][] = [
      [undefined, /it is undefined/],
      [() => 1, /it is a function/],
      [Symbol("x"), /it is a symbol/],
      [1n, /BigInt/],
      [{ a: 1n }, /BigInt/],
      [cycle, /circular/],
    ];
    for (const [document, message] of wrong) {
      for (const work of [() => booking.isValid(document as object), () => booking.validate(document as object)]) {
        const error = refused(work);
        assert.equal(error.code, "invalid_input");
        assert.match(error.message, message);
      }
    }
    assert.equal(only(anything, deep).keyword, "too_deep");
    assert.equal(booking.isValid({ country: "HK" }), true);
  });

  it("lets an error of the document's own code be the cause", () => {
    const cause = new Error("of the document");
    const error = refused(() =>
      booking.validate({
        get country() {
          throw cause;
        },
      }),
    );
    assert.equal(error.cause, cause);
  });

  it("may be used by the document that it judges", () => {
    const inner = { country: "XX" };
    const document = {
      get country() {
        assert.equal(booking.validate(inner).length, 1);
        assert.equal(anything.isValid("x".repeat(3_000_000)), false);
        return "HK";
      },
      guests: { toJSON: () => (booking.isValid({ country: "HK", guests: 7 }) ? 1 : 0) },
    };
    assert.deepEqual(booking.validate(document), []);
  });

  it("keeps validators apart", () => {
    const validators = Array.from({ length: 50 }, (_, index) => compile({ const: index }));
    for (const [index, validator] of validators.entries()) {
      for (let value = 0; value < 50; value += 1) assert.equal(validator.isValid(value), index === value);
    }
  });
});

describe("compiling", () => {
  const failing = (schema: unknown, options?: unknown) => {
    const error = refused(() => compile(schema as object, options as CompileOptions));
    assert.equal(error.code, "invalid_schema");
    return error.details;
  };

  it("names the problem, the keyword and the path", () => {
    const cases: [unknown, object][] = [
      [{ type: "strnig" }, { problem: "invalid_keyword", keyword: "type", path: "/type" }],
      [
        { properties: { a: { minimum: "1" } } },
        { problem: "invalid_keyword", keyword: "minimum", path: "/properties/a/minimum" },
      ],
      [{ items: 1 }, { problem: "invalid_keyword", keyword: "items", path: "/items" }],
      [{ pattern: "(" }, { problem: "invalid_keyword", keyword: "pattern", path: "/pattern" }],
      [1, { problem: "invalid_keyword", keyword: "", path: "" }],
      [
        { $schema: "http://json-schema.org/draft-04/schema#" },
        { problem: "unsupported_dialect", keyword: "$schema", path: "/$schema" },
      ],
      [{ $ref: "#/$defs/none" }, { problem: "unresolvable_reference", keyword: "$ref", path: "/$ref" }],
      [{ $ref: "https://example.com/s" }, { problem: "unresolvable_reference", keyword: "$ref", path: "/$ref" }],
      [{ $ref: "#" }, { problem: "endless_reference", keyword: "", path: "" }],
      ['{"type":"string",}', { problem: "unreadable", keyword: "syntax", path: "" }],
      ['{"const":"\ud800"}', { problem: "unreadable", keyword: "lone_surrogate", path: "/const" }],
      [undefined, { problem: "unreadable", keyword: "", path: "" }],
      [() => true, { problem: "unreadable", keyword: "", path: "" }],
      [{ const: 1n }, { problem: "unreadable", keyword: "", path: "" }],
    ];
    for (const [schema, details] of cases) assert.deepEqual(failing(schema), details);
  });

  it("refuses options that it does not know", () => {
    const problem = "invalid_option";
    assert.deepEqual(failing(true, { formats: "maybe" }), { problem, keyword: "formats", path: "/formats" });
    assert.deepEqual(failing(true, { format: "assert" }), { problem, keyword: "format", path: "/format" });
    assert.deepEqual(failing(true, { dialect: "draft-07" }), { problem, keyword: "dialect", path: "/dialect" });
    assert.deepEqual(failing(true, { resources: [] }), { problem, keyword: "resources", path: "/resources" });
    assert.equal(failing(true, null).problem, problem);
  });

  it("goes on after an error", () => {
    failing({ type: 1 });
    assert.equal(compile({ type: "null" }).isValid(null), true);
  });

  it("finds references in the given resources, and nothing else", () => {
    const resources = {
      "https://example.com/country": { $defs: { code: { enum: ["HK"] } }, $ref: "#/$defs/code" },
      "https://example.com/broken": { type: "strnig" },
    };
    const validator = compile({ properties: { country: { $ref: "https://example.com/country" } } }, { resources });
    const { path, schemaPath } = only(validator, { country: "SG" });
    assert.deepEqual(
      { path, schemaPath },
      { path: "/country", schemaPath: "https://example.com/country#/$defs/code/enum" },
    );
    const { path: at } = failing({ $ref: "https://example.com/broken" }, { resources });
    assert.equal(at, "https://example.com/broken#/type");
  });

  it("asserts formats unless it is told otherwise", () => {
    const schema = { format: "email" };
    assert.equal(compile(schema).isValid('"none"'), false);
    assert.equal(compile(schema, { formats: "assert" }).isValid('"none"'), false);
    assert.equal(compile(schema, { formats: "annotate" }).isValid('"none"'), true);
  });

  it("reads a schema without a dialect of its own in the one that is named", () => {
    const schema = { items: [{ type: "string" }] };
    const validator = compile(schema, { dialect: "http://json-schema.org/draft-07/schema#" });
    assert.equal(validator.isValid([1]), false);
    assert.deepEqual(failing(schema), { problem: "invalid_keyword", keyword: "items", path: "/items" });
  });
});

describe("the validator of the MCP clients", () => {
  it("answers as their interface says", () => {
    const validate = jsonSchemaValidator().getValidator<{ country: string }>(BOOKING);
    const input = { country: "HK" };
    const answer = validate(input);
    assert.deepEqual(answer, { valid: true, data: input, errorMessage: undefined });
    assert.equal(answer.data, input);
    assert.deepEqual(validate({ country: "HJ", guests: 0 }), {
      valid: false,
      data: undefined,
      errorMessage: '`country` must be one of "HK", "SG"; did you mean `HK`? Make `guests` 1 or more.',
    });
  });

  it("takes a string for the value it is", () => {
    const validate = jsonSchemaValidator().getValidator({ type: "string" });
    assert.equal(validate("text").valid, true);
    assert.equal(validate('{"a":1}').valid, true);
    assert.equal(jsonSchemaValidator().getValidator({ type: "object" })("{}").valid, false);
  });

  it("compiles a schema once", () => {
    let read = 0;
    const schema = {
      get type() {
        read += 1;
        return "object";
      },
    };
    const provider = jsonSchemaValidator();
    for (let times = 0; times < 3; times += 1) assert.equal(provider.getValidator(schema)({}).valid, true);
    assert.equal(read, 1);
  });

  it("throws at a schema that cannot be used, and again", () => {
    const provider = jsonSchemaValidator();
    const schema = { type: "strnig" };
    for (let times = 0; times < 2; times += 1) {
      assert.equal(refused(() => provider.getValidator(schema)).code, "invalid_schema");
    }
  });

  it("compiles with the given options", () => {
    const provider = jsonSchemaValidator({ formats: "annotate" });
    assert.equal(provider.getValidator({ format: "email" })("none").valid, true);
  });
});
