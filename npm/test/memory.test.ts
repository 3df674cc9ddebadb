/** What the schema engine does to its memory, which the package itself shows to nobody. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Engine } from "../src/engine.js";
import initialize, { Validator as CompiledSchema, initSync, room } from "../src/generated/schema.js";
import { compile, type JsonDocument, type Validator } from "../src/schema.js";

const module = new WebAssembly.Module(readFileSync(new URL("../dist/schema.wasm", import.meta.url)));
new Engine({ initialize, initSync, room, Validator: CompiledSchema }).loadSync(module);
// The glue gives what is loaded already.
const { memory } = initSync({ module });
const size = () => memory.buffer.byteLength;

const country = compile({ properties: { country: { enum: ["HK", "SG"] } } });
const anything = compile(true);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** The one violation of a document. */
function only(validator: Validator, document: JsonDocument) {
  const [violation, ...others] = validator.validate(document);
  assert.ok(violation);
  assert.deepEqual(others, []);
  return violation;
}

describe("memory", () => {
  const large = JSON.stringify(
    Array.from({ length: 120_000 }, (_, index) => ({ index, name: `name ${index} ${"ü".repeat(8)}` })),
  );

  it("is used again from one huge document to the next, and the last one is not kept", () => {
    const validator = compile({ items: { properties: { index: { type: "integer" } } } });
    assert.ok(large.length > 5_000_000, String(large.length));
    const wrong = large.replace('"index":119999', '"index":"x"');
    for (const document of [large, utf8(large), JSON.parse(large)]) assert.equal(validator.isValid(document), true);
    assert.equal(only(validator, wrong).path, "/119999/index");
    const before = size();
    for (let times = 0; times < 5; times += 1) {
      assert.equal(validator.isValid(large), true);
      assert.equal(validator.validate(wrong).length, 1);
    }
    assert.ok(size() - before < 4 << 20, `${size() - before} more bytes`);
    // What the document took is free for others.
    const others = Array.from({ length: 16 }, () => compile(JSON.stringify({ const: "x".repeat(1 << 20) })));
    assert.equal(size(), before);
    assert.equal(others[15]?.isValid(1), false);
  });

  it("may grow between two documents", () => {
    assert.equal(country.isValid('{"country":"HK"}'), true);
    const { buffer } = memory;
    const kept: Validator[] = [];
    while (memory.buffer === buffer) {
      kept.push(compile({ enum: Array.from({ length: 20_000 }, (_, index) => `value ${kept.length} ${index}`) }));
    }
    assert.equal(buffer.byteLength, 0);
    assert.equal(only(anything, new Uint8Array(0)).keyword, "syntax");
    assert.equal(only(anything, "").keyword, "syntax");
    assert.equal(country.isValid('{"country":"HK"}'), true);
    assert.equal(country.isValid(utf8('{"country":"XX"}')), false);
    assert.equal(kept[0]?.isValid('"value 0 7"'), true);
  });

  it("is not filled by a document that is refused for its size", () => {
    const before = size();
    const { keyword } = only(anything, new Uint8Array(200 << 20).fill(0x20));
    assert.equal(keyword, "too_large");
    assert.equal(only(anything, " ".repeat(200 << 20)).keyword, "too_large");
    assert.ok(size() - before < 80 << 20, `${size() - before} more bytes`);
    assert.equal(country.isValid({ country: "HK" }), true);
  });

  it("of validators that nobody holds is given back", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const schema = JSON.stringify({
      enum: Array.from({ length: 1_000 }, (_, index) => `a value of some length ${index}`),
    });
    const round = async () => {
      for (let index = 0; index < 500; index += 1) assert.equal(compile(schema).isValid("1"), false);
      for (let times = 0; times < 5; times += 1) {
        gc();
        await sleep(1);
      }
    };
    await round();
    const before = size();
    for (let times = 0; times < 5; times += 1) await round();
    assert.ok(size() - before < 4 << 20, `${size() - before} more bytes`);
  });
});
