// Makes the table and the plot of what the benchmarks of both languages wrote.
//
//   node report.mjs FOLDER

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const [node, python] = [read("node.json"), read("python.json")];
const written = (name) => readFileSync(join(folder, name), "utf8").trim();
const guard = ["guard-typescript.md", "guard-python.md"].map(written);
const gates = ["decision-typescript.md", "trips-typescript.md"].map(written);
const decision = written("decision-python.md");
const ledger = ["ledger-typescript.md", "ledger-python.md"].map(written);
const bounds = ["bounds-typescript.md", "bounds-python.md"].map(written);

const SIZES = ["small", "medium", "large", "medium, not ASCII", "large, not ASCII"];

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Ours against a peer, at every size. Without a goal it is only told. */
function compared(what, results, [ours, peer], { against = peer, goal } = {}) {
  const cells = SIZES.filter((size) => results[size] !== undefined).map((size) =>
    cell(size, results[size][ours], results[size][peer]),
  );
  return { what, against, goal, cells };
}

function cell(size, own, other) {
  return {
    size,
    own: median(own),
    other: median(other),
    ratio: median(own.map((figure, round) => figure / other[round])),
  };
}

const [text, bytes, object, mistakes] = ["text", "bytes", "object", "mistakes"].map((what) => node.results[what]);
const { dict, text: str, mistakes: wrong } = python.results;
const AJV = "JSON.parse + Ajv";
const RUST = "orjson.loads + jsonschema_rs";

/** Once, at no size; without what `minus` takes. */
function single(what, { all: results }, { ours = "toolgate", peer, goal, minus }) {
  const net = (name) => results[name].map((figure, round) => figure - (minus ? results[minus][round] : 0));
  return { what, against: "Ajv", goal, cells: [cell("", net(ours), net(peer))] };
}
/** What is compared with Ajv is what one would import in its place. */
const SCHEMA_ENTRY = "toolgate-schema";
const start = node.results["fresh process, one schema"];
const startAll = node.results["fresh process, 165 tools"];

const PARTS = [
  {
    title: "Node",
    rows: [
      compared("text, forwarded or refused", text, ["toolgate", AJV], { goal: 0.4 }),
      compared("text, and the handler parses it too", text, ["toolgate, then JSON.parse", AJV], { goal: 1.15 }),
      compared("object", object, ["toolgate", "zod"], { against: "zod safeParse", goal: 1 }),
      compared("two mistakes, explained", mistakes, ["toolgate validate", `${AJV} allErrors`], { goal: 1 }),
      compared("object", object, ["toolgate", "Ajv"]),
      compared("object", object, ["toolgate", "JSON.stringify alone"]),
      compared("object", object, ["toolgate", "@cfworker/json-schema"]),
      compared("text", text, ["toolgate", "JSON.parse + zod"]),
      compared("text", text, ["toolgate", "JSON.parse + @cfworker/json-schema"]),
      compared("text", text, ["toolgate", "JSON.parse alone"]),
      compared("the same as bytes", bytes, ["toolgate", "toString + JSON.parse + Ajv"]),
      compared("two mistakes, refused", mistakes, ["toolgate isValid", AJV]),
      compared("two mistakes, explained", mistakes, ["toolgate validate", "JSON.parse + zod"]),
    ],
  },
  {
    title: "Node, getting started",
    rows: [
      single("fresh process to its first decision, less Node's own start", start, {
        ours: SCHEMA_ENTRY,
        peer: "ajv",
        minus: "empty",
        goal: 0.15,
      }),
      single("the same by the whole package, guard included", start, { peer: "ajv", minus: "empty" }),
      single("the same, with Node's own start", start, { ours: SCHEMA_ENTRY, peer: "ajv" }),
      single("165 tools compiled, warm", node.results["compile 165 tools"], { peer: "Ajv", goal: 0.05 }),
      single("fresh process, 165 tools and a decision, less Node's own start", startAll, {
        ours: SCHEMA_ENTRY,
        peer: "ajv",
        minus: "empty",
      }),
    ],
  },
  {
    title: "Python",
    rows: [
      compared("dict", dict, ["toolgate", "jsonschema_rs"], { goal: 0.8 }),
      compared("text, forwarded or refused", str, ["toolgate", RUST], { goal: 0.25 }),
      compared("dict", dict, ["toolgate", "pydantic"], { against: "pydantic (email as str)", goal: 0.25 }),
      compared("dict", dict, ["toolgate", "jsonschema"], { goal: 0.01 }),
      compared("dict", dict, ["toolgate", "fastjsonschema"]),
      compared("text, and the handler parses it too", str, ["toolgate, then orjson.loads", RUST]),
      compared("text", str, ["toolgate", "json.loads + jsonschema_rs"]),
      compared("text", str, ["toolgate", "pydantic"], { against: "pydantic validate_json" }),
      compared("text", str, ["toolgate", "orjson.loads + fastjsonschema"]),
      compared("text", str, ["toolgate", "orjson.loads alone"]),
      compared("two mistakes, explained", wrong, ["toolgate validate", `${RUST} iter_errors`]),
      compared("two mistakes, refused", wrong, ["toolgate is_valid", RUST]),
    ],
  },
];

const { sizes } = node;
const WEIGHTS = [
  { what: "schema engine alone", bytes: sizes.engine, goal: 40_000 },
  { what: "the whole WebAssembly, guard included", bytes: sizes.whole, goal: 110_000 },
  { what: "schema engine with its JavaScript", bytes: sizes.engine + sizes.engineJavaScript },
  { what: "Ajv 2020 with ajv-formats, bundled and minified", bytes: sizes.ajv },
  { what: "zod, bundled and minified", bytes: sizes.zod },
];

// ---- the table ----------------------------------------------------------------------------------------------------

const number = (ratio) => (ratio < 0.1 ? ratio.toFixed(3) : ratio.toFixed(2));
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const table = (head, rows) =>
  [head, head.map((_, at) => (at < 2 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const short = (value) => (value >= 99.95 ? value.toFixed(0) : value.toFixed(value >= 9.995 ? 1 : 2));

/** In one unit, so that they can be compared at a glance. */
function times(own, other) {
  const [scale, unit] = other < 1e6 ? [1e3, "µs"] : [1e6, "ms"];
  return `${short(own / scale)} : ${short(other / scale)} ${unit}`;
}

/** `true` or `false` where there is a goal. */
const isMet = ({ goal }, { size, ratio }) => (goal === undefined || size === "small" ? undefined : ratio <= goal);
const MARK = { true: " ✓", false: " ✗", undefined: "" };

function comparison({ title, rows }) {
  const sizes = rows[0].cells.map(({ size }) => size);
  const head = ["what", "against", "goal", ...(sizes.length > 1 ? sizes : ["ratio"])];
  const lines = rows.map((row) => [
    row.what,
    row.against,
    row.goal === undefined ? "" : `≤ ${row.goal}`,
    ...sizes.map((wanted) => {
      const found = row.cells.find(({ size }) => size === wanted);
      if (found === undefined) return "";
      return `**${number(found.ratio)}**${MARK[isMet(row, found)]}<br>${times(found.own, found.other)}`;
    }),
  ]);
  return `### ${title}\n\n${table(head, lines)}`;
}

const versions = { ...node.versions, ...python.versions };
const judged = [
  ...PARTS.flatMap(({ rows }) => rows.flatMap((row) => row.cells.map((given) => isMet(row, given)))),
  ...WEIGHTS.map(({ bytes, goal }) => (goal === undefined ? undefined : bytes <= goal)),
  ...[...gates, decision].flatMap((told) => told.match(/[✓✗]/g) ?? []).map((mark) => mark === "✓"),
].filter((verdict) => verdict !== undefined);

const markdown = `# What it costs, beside others

Written by \`make bench\`; nothing here is typed by hand. In this run ${judged.filter(Boolean).length} of ${judged.length} goals are met (✓), the others missed (✗).

![The ratios as bars](results.svg)

## Validating

A ratio is toolgate's time by the peer's: below 1 toolgate is faster. All who are compared took turns in one process, on
64 inputs each: small 150 B, medium 2.4 kB (20 line items), large 22 kB (200). Everyone asserts formats. Goals hold from
medium on. Below each ratio stand the two times.

${PARTS.map(comparison).join("\n\n")}

### Size, by brotli 11

${table(
  ["what", "goal", "measured"],
  WEIGHTS.map(({ what, bytes, goal }) =>
    goal ? [what, `≤ ${kilobytes(goal)}`, kilobytes(bytes) + MARK[bytes <= goal]] : [what, "", kilobytes(bytes)],
  ),
)}

## The guard

### Node

${[guard[0], ...gates].join("\n\n")}

### Python

${[guard[1], decision].join("\n\n")}

## Ledgers

A commit of each ledger beside a plain INSERT of the same record, by the same driver and as durable, one after the other.

### Node

${ledger[0]}

### Python

${ledger[1]}

## Bounds

What somebody outside can make the guard spend.

### Node

${bounds[0]}

### Python

${bounds[1]}

## How it was measured

- Each figure is the median of its rounds, each ratio the median of the rounds' ratios; so a ratio may differ in its last
  digit from what the two times give. Only ratios tell something: the times are one machine's on one day.
- Everyone judged all inputs alike before being timed, and was warm. Python's inputs are fresh copies each time, because a
  string keeps what its first reader has computed of it.
- Ajv's formats are in their default mode, which checks in full. zod and pydantic give back a copy of what they read; the
  others do not. jsonschema has its optional check of date-time. fastjsonschema reads the schema as draft 7.
- ${node.machine}, ${node.cores} cores. ${Object.entries(versions)
  .map(([name, value]) => `${name} ${value}`)
  .join(", ")}.
`;

// ---- the plot -----------------------------------------------------------------------------------------------------

const escaped = (given) => given.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);

/** What has a goal; a bar for each size. */
const groups = PARTS.flatMap(({ title, rows }) =>
  rows
    .filter(({ goal }) => goal !== undefined)
    .map((row) => ({
      ...row,
      title: `${title.split(",")[0]}: ${row.what}`,
      bars: row.cells.filter(({ size }) => !size.includes("ASCII")),
    })),
);

/** Linear, so that half the length is half the time; a bar that does not fit is cut, and its number says how long it is. */
function plot() {
  const [width, left, right, bar, gap, top] = [940, 390, 90, 13, 14, 56];
  const most = 1.5;
  const x = (ratio) => left + (Math.min(ratio, most) / most) * (width - left - right);
  const parts = [];
  let y = top;
  for (const group of groups) {
    const { title, against, goal, bars } = group;
    const height = Math.max(28, bars.length * bar);
    parts.push(`<text x="${left - 12}" y="${y + 11}" text-anchor="end">${escaped(title)}</text>`);
    parts.push(
      `<text class="faint" x="${left - 12}" y="${y + 25}" text-anchor="end">against ${escaped(against)}</text>`,
    );
    for (const [at, drawn] of bars.entries()) {
      const { size, ratio } = drawn;
      const begin = y + at * bar + (height - bars.length * bar) / 2;
      const state = { true: "met", false: "missed", undefined: "told" }[isMet(group, drawn)];
      parts.push(
        `<rect class="${state}" x="${left}" y="${begin}" width="${(x(ratio) - left).toFixed(1)}" height="${bar - 2}"/>`,
      );
      const note = size ? ` ${size}` : "";
      const place = Math.max(x(ratio), Math.abs(x(ratio) - x(goal)) < 60 && x(ratio) < x(goal) ? x(goal) : 0) + 5;
      parts.push(`<text class="small" x="${place.toFixed(1)}" y="${begin + 9}">${number(ratio)}${note}</text>`);
    }
    parts.push(`<path class="goal" d="M${x(goal).toFixed(1)} ${y - 3}v${height + 5}"/>`);
    y += height + gap;
  }
  const [one, zero] = [x(1).toFixed(1), left];
  const axis = [
    `<path class="axis" d="M${zero} ${top - 8}V${y - 4}M${one} ${top - 8}V${y - 4}"/>`,
    `<text class="faint" x="${one}" y="${top - 14}" text-anchor="middle">1 = the peer's time</text>`,
    `<text class="title" x="16" y="24">Time against the peer: shorter is faster</text>`,
    `<path class="goal" d="M16 ${top - 22}v14"/><text class="faint" x="24" y="${top - 11}">the goal, from medium on; bars beyond ${most} are cut</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 8}" role="img" aria-label="toolgate's time against that of its peers">
<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.faint { fill: #59636e; font-size: 11px }
.small { font-size: 10px }
.met { fill: #1a7f37 }
.missed { fill: #bc4c00 }
.told { fill: #818b98 }
.axis { stroke: #d1d9e0; fill: none }
.goal { stroke: #0969da; stroke-width: 2; fill: none }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.faint { fill: #9198a1 }
.met { fill: #3fb950 }
.missed { fill: #f0883e }
.told { fill: #656c76 }
.axis { stroke: #3d444d }
.goal { stroke: #58a6ff }
}
</style>
${[...axis, ...parts].join("\n")}
</svg>
`;
}

/** The README shows what has a goal, by the sizes for which the goals hold. */
function summary() {
  const sizes = ["small", "medium", "large"];
  const lines = PARTS.flatMap(({ title, rows }) =>
    rows
      .filter(({ goal }) => goal !== undefined)
      .map((row) => {
        const ratio = (found) => (found ? `${number(found.ratio)}${MARK[isMet(row, found)]}` : "");
        const ratios =
          row.cells.length > 1
            ? sizes.map((size) => ratio(row.cells.find((given) => given.size === size)))
            : ["", ratio(row.cells[0]), ""];
        return [`${title.split(",")[0]}: ${row.what}`, row.against, `≤ ${row.goal}`, ...ratios];
      }),
  );
  const weights = WEIGHTS.map(
    ({ what, bytes, goal }) => `${what} ${kilobytes(bytes)}${goal ? ` (goal ${kilobytes(goal)})` : ""}`,
  );
  return `What it costs beside others, as a ratio of times in one run (below 1 toolgate is faster; ✓ meets the goal that we set
ourselves, ✗ misses it). [All figures](tests/bench/results.md) come from \`make bench\`.

![Time against the peers](tests/bench/results.svg)

${table(["what", "against", "goal", ...sizes], lines)}

By brotli 11: ${weights.join("; ")}.`;
}

const readme = new URL("../../README.md", import.meta.url);
const shown = readFileSync(readme, "utf8").replace(
  /(<!-- bench -->)[^]*(<!-- \/bench -->)/,
  (_, begin, end) => `${begin}\n${summary()}\n${end}`,
);

const beside = (name) => new URL(name, import.meta.url);
writeFileSync(beside("results.md"), markdown);
writeFileSync(beside("results.svg"), plot());
writeFileSync(readme, shown);
process.stdout.write(markdown);
