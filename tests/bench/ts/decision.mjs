// What the core's decision costs without any client: a read beside the bare validation of its arguments, and a flow
// that goes on from JSON.
//
//   node --expose-gc decision.mjs RESULTS

import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "toolgate/schema";
import { Core, initSync, room } from "../../../npm/src/generated/toolgate.js";
import { takeTurns } from "./rounds.mjs";
import { smallArguments, tool } from "./tools.mjs";

const GOAL = 3;
const RESTORE_GOAL = 100;
const TOOLS = 165;
const INPUTS = 64;

const { memory } = initSync({ module: readFileSync(new URL("../../../npm/dist/toolgate.wasm", import.meta.url)) });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const encoder = new TextEncoder();
const entropy = (number) => number.toString(16).padStart(32, "0");
const tools = Array.from({ length: TOOLS }, (_, number) => tool(number));

/** A core that knows the tools. */
function listed() {
  const core = new Core(JSON.stringify({ server: "bench", trusted: true }));
  const step = start(core, entropy(1), { type: "list" });
  const { outcome } = handle(core, step.id, { type: "tools" }, JSON.stringify({ tools }));
  assert.equal(outcome.count, TOOLS);
  return core;
}

/** As the guard's driver speaks with the core. */
function start(core, entropy, flow, document) {
  const text = JSON.stringify({ now: 1_800_000_000_000, entropy, flow });
  return JSON.parse(core.start(text, document && encoder.encode(document)));
}

function handle(core, step, event, document) {
  const text = JSON.stringify({ step, now: 1_800_000_000_000, event });
  return JSON.parse(core.handle(text, document && encoder.encode(document)));
}

let view = new Uint8Array(0);

/** As the driver asks for the short way. */
function isPlainRead(tool, text) {
  return core.isPlainRead(written(tool + text), tool.length, 1_800_000_000_000);
}

function isPlainResult(tool, text) {
  return core.isPlainResult(written(tool + text), tool.length);
}

function written(text) {
  // Empty: not made yet, or detached because the memory grew.
  if (view.length === 0) view = new Uint8Array(memory.buffer, room(1 << 14), 1 << 14);
  return encoder.encodeInto(text, view).written;
}

// ---- a read -------------------------------------------------------------------------------------------------------

const core = listed();
const [{ name, inputSchema }] = tools;
const validator = compile(inputSchema);
const result = JSON.stringify({ content: [{ type: "text", text: "{}" }], structuredContent: { id: "thg_0_a" } });
const answer = encoder.encode(result);

const reads = Array.from({ length: INPUTS }, (_, number) => {
  const text = JSON.stringify(smallArguments(number));
  const flow = { type: "call", name };
  const step = start(core, entropy(number), flow, text);
  assert.equal(step.type, "call_tool");
  const done = handle(core, step.id, { type: "result" }, result);
  assert.deepEqual(done.outcome.decision.gates.at(-1), { gate: "result", verdict: "pass" });
  return {
    text,
    flow,
    entropy: entropy(number),
    document: encoder.encode(text),
    start: JSON.stringify({ now: 1_800_000_000_000, entropy: entropy(number), flow }),
    event: JSON.stringify({ step: step.id, now: 1_800_000_000_000, event: { type: "result" } }),
  };
});

const contenders = {
  validated: ({ text }) => validator.isValid(text),
  decided: ({ text }) => isPlainRead(name, text),
  answered: ({ text }) => isPlainRead(name, text) && isPlainResult(name, result),
  finished: (read) => {
    core.start(read.start, read.document);
    return core.handle(read.event, answer).length > 0;
  },
  driven: (read) => {
    const step = start(core, read.entropy, read.flow, read.text);
    return handle(core, step.id, { type: "result" }, result).type === "done";
  },
};

const figures = await takeTurns(
  Object.fromEntries(Object.entries(contenders).map(([what, work]) => [what, { inputs: reads, work }])),
);
const ratio = (what) => median(figures[what].map((figure, round) => figure / figures.validated[round]));
const microseconds = (what) => (median(figures[what]) / 1000).toFixed(2);

// ---- a flow that goes on ------------------------------------------------------------------------------------------

const asked = start(core, entropy(999), { type: "call", name: "delete_thing_4" }, '{"id":"thg_4_a"}');
assert.equal(asked.type, "commit");
const open = handle(core, asked.id, { type: "committed" });
assert.equal(open.type, "ask");
const snapshot = core.snapshot();

const restores = [];
for (let round = 0; round < 600; round += 1) {
  // As in another process that has called the tool before: its schema is compiled.
  const other = listed();
  other.check(JSON.stringify({ name: "delete_thing_4", now: 1_800_000_000_000 }), encoder.encode('{"id":"thg_4_a"}'));
  const begin = performance.now();
  const [step] = JSON.parse(other.restore(snapshot));
  if (round >= 100) restores.push(1000 * (performance.now() - begin));
  assert.equal(step.id, open.id);
  other.free();
}
const restored = median(restores);

const mark = (met) => (met ? " ✓" : " ✗");
const lines = [
  "A read with small arguments, decided by the core without any client:",
  "",
  "| | µs | by the bare validation |",
  "|---|---:|---:|",
  `| \`isValid\` of the arguments' text alone | ${microseconds("validated")} | 1 |`,
  `| all gates before the call (goal ≤ ${GOAL}) | ${microseconds("decided")} | ${ratio("decided").toFixed(1)}${mark(ratio("decided") <= GOAL)} |`,
  `| all gates, and the result checked | ${microseconds("answered")} | ${ratio("answered").toFixed(1)} |`,
  `| the same by a flow that tells what each gate said | ${microseconds("finished")} | ${ratio("finished").toFixed(1)} |`,
  `| with the driver's JSON | ${microseconds("driven")} | ${ratio("driven").toFixed(1)} |`,
  "",
  `A call that waits for a person goes on from its snapshot of ${snapshot.length} bytes, at ${TOOLS} tools: ` +
    `${restored.toFixed(0)} µs (goal ≤ ${RESTORE_GOAL})${mark(restored <= RESTORE_GOAL)}.`,
  "",
];
writeFileSync(process.argv[2], lines.join("\n"));
