// What validating costs in Node, beside others that validate.
//
//   node --expose-gc schema.mjs DOCUMENTS RESULTS

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { Validator as Cfworker } from "@cfworker/json-schema";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { build } from "esbuild";
import { compile } from "toolgate/schema";
import { z } from "zod";
import { weigh } from "../../../npm/scripts/weigh.mjs";
import { takeTurns } from "./rounds.mjs";

const FRESH_ROUNDS = 22;

const [documentsFile, resultsFile] = process.argv.slice(2);
const { schema, documents, tools } = JSON.parse(readFileSync(documentsFile, "utf8"));
const here = (path) => new URL(path, import.meta.url);
const say = (line) => process.stderr.write(`${line}\n`);

// Each as its own documentation has it. Ajv's formats are in their default mode, the one that checks in full.
const ajv = addFormats(new Ajv2020()).compile(schema);
const ajvAll = addFormats(new Ajv2020({ allErrors: true })).compile(schema);
const cfworker = new Cfworker(schema, "2020-12");
const ours = compile(schema);

// zod makes a copy of what it reads. That is what it is for, and part of what using it costs.
const text = (least, most) => z.string().min(least).max(most);
const zod = z.strictObject({
  id: text(4, 32),
  createdAt: z.iso.datetime({ offset: true }),
  status: z.enum(schema.properties.status.enum),
  currency: z.enum(schema.properties.currency.enum).optional(),
  customer: z.strictObject({
    name: text(1, 80),
    email: z.email(),
    address: z.strictObject({ street: text(1, 120), city: text(1, 80), country: text(2, 2) }).optional(),
  }),
  note: z.string().max(500).optional(),
  items: z
    .array(
      z.strictObject({
        sku: z.string().regex(/^[A-Z]{2}-[0-9]{4}$/),
        name: text(1, 80),
        quantity: z.int().min(1).max(999),
        unitPrice: z.number().min(0),
        taxed: z.boolean().optional(),
        tags: z.array(text(1, 24)).max(8).optional(),
        discount: z.int().min(0).max(100).optional(),
      }),
    )
    .max(500),
});

const onText = {
  toolgate: (input) => ours.isValid(input),
  "JSON.parse + Ajv": (input) => ajv(JSON.parse(input)),
  "toolgate, then JSON.parse": (input) => ours.isValid(input) && JSON.parse(input) !== undefined,
  "JSON.parse + zod": (input) => zod.safeParse(JSON.parse(input)).success,
  "JSON.parse + @cfworker/json-schema": (input) => cfworker.validate(JSON.parse(input)).valid,
  "JSON.parse alone": (input) => JSON.parse(input) !== undefined,
};
const onBytes = {
  toolgate: (input) => ours.isValid(input),
  "toString + JSON.parse + Ajv": (input) => ajv(JSON.parse(input.toString())),
};
const onObject = {
  toolgate: (input) => ours.isValid(input),
  Ajv: (input) => ajv(input),
  zod: (input) => zod.safeParse(input).success,
  "@cfworker/json-schema": (input) => cfworker.validate(input).valid,
  "JSON.stringify alone": (input) => JSON.stringify(input) !== undefined,
};
const onMistakes = {
  "toolgate validate": (input) => ours.validate(input).length > 0,
  "JSON.parse + Ajv allErrors": (input) => !ajvAll(JSON.parse(input)) && ajvAll.errors.length > 0,
  "toolgate isValid": (input) => !ours.isValid(input),
  "JSON.parse + Ajv": (input) => !ajv(JSON.parse(input)),
  "JSON.parse + zod": (input) => zod.safeParse(JSON.parse(input)).error?.issues.length > 0,
};

/** As a network would deliver it: a text that was put together from pieces is a rope, and reading it first unwinds it. */
const delivered = (texts) => texts.map((given) => Buffer.from(given).toString());

const contenders = (works, inputs) =>
  Object.fromEntries(Object.entries(works).map(([name, work]) => [name, { work, inputs }]));

const results = {};
async function measure(what, size, works, inputs) {
  for (const [name, work] of Object.entries(works)) {
    const agreeing = inputs.filter((input) => work(input)).length;
    if (agreeing !== inputs.length)
      throw new Error(`${name} agrees on ${agreeing} of ${inputs.length} inputs (${what}, ${size})`);
  }
  say(`${what}, ${size}`);
  results[what] ??= {};
  results[what][size] = await takeTurns(contenders(works, inputs));
}

for (const [size, { valid, mistaken }] of Object.entries(documents)) {
  const texts = delivered(valid);
  // They stay alive, so that the engine keeps the shapes it has learned of them.
  const objects = texts.map((given) => JSON.parse(given));
  await measure("text", size, onText, texts);
  await measure(
    "bytes",
    size,
    onBytes,
    texts.map((given) => Buffer.from(given)),
  );
  await measure("object", size, onObject, objects);
  if (mistaken !== undefined) await measure("mistakes", size, onMistakes, delivered(mistaken));
}

say("compiling");
results["compile 165 tools"] = {
  all: await takeTurns(
    {
      toolgate: { inputs: [tools], work: (schemas) => schemas.every((given) => compile(given) !== undefined) },
      Ajv: {
        inputs: [tools],
        work: (schemas) => {
          const instance = addFormats(new Ajv2020());
          return schemas.every((given) => instance.compile(given) !== undefined);
        },
      },
    },
    { rounds: 15, collects: true },
  ),
};

// A process of its own each, from nothing to a decision, on the wall.
function fresh(what, schemas) {
  say(what);
  const input = `${resultsFile}.input`;
  writeFileSync(input, JSON.stringify({ schemas, document: documents.medium.valid[0] }));
  const programs = ["empty", "toolgate-schema", "toolgate", "ajv"];
  results[what] = { all: Object.fromEntries(programs.map((program) => [program, []])) };
  for (let round = 0; round < FRESH_ROUNDS; round += 1) {
    for (let turn = 0; turn < programs.length; turn += 1) {
      const program = programs[(round + turn) % programs.length];
      const start = performance.now();
      execFileSync(process.execPath, [fileURLToPath(here(`first/${program}.mjs`)), input], { stdio: "ignore" });
      // The first round finds nothing in the file system's cache.
      if (round > 0) results[what].all[program].push((performance.now() - start) * 1e6);
    }
  }
}
fresh("fresh process, one schema", [schema]);
fresh("fresh process, 165 tools", [...tools, schema]);

say("sizes");
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
async function bundled(contents) {
  const common = { bundle: true, minify: true, format: "esm", platform: "browser", write: false };
  const { outputFiles } = await build({
    ...common,
    // WebAssembly is weighed as the file that it is, not as the text that carries it.
    external: ["./generated/*-inline.js"],
    stdin: { contents, resolveDir: fileURLToPath(here(".")) },
  });
  return brotli(outputFiles[0].contents);
}
const [engine, whole] = weigh();
const sizes = {
  engine: engine.compressed,
  whole: whole.compressed,
  engineJavaScript: await bundled('export { compile, init } from "toolgate/schema";'),
  ajv: await bundled(
    'export { Ajv2020 } from "ajv/dist/2020.js"; export { default as addFormats } from "ajv-formats";',
  ),
  zod: await bundled('export * from "zod";'),
};

const version = (name) => JSON.parse(readFileSync(here(`node_modules/${name}/package.json`), "utf8")).version;
const peers = ["ajv", "ajv-formats", "zod", "@cfworker/json-schema"];
const versions = { Node: process.versions.node, ...Object.fromEntries(peers.map((name) => [name, version(name)])) };
writeFileSync(
  resultsFile,
  JSON.stringify({ machine: cpus()[0].model.trim(), cores: cpus().length, versions, sizes, results }),
);
