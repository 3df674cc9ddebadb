/** Runs `tests/vectors` through the WebAssembly, as Rust and Python do; the README there says how to read them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { compile, configReferences, resolveConfig, verifyAudit } from "toolgate";
import { Core, canonicalize, digest } from "./core.js";

type Json = Record<string, unknown>;

interface Case {
  name: string;
  options: Json;
  tools?: Json[];
  secrets?: string[];
  turns: Turn[];
}

interface Turn {
  start?: Json;
  event?: Json;
  restore?: string;
  resume?: true;
  report?: "tools" | "approvals" | "profile" | "drift" | "findings" | "lock";
  attach?: Json;
  keep_lock?: true;
  tools?: Json[];
  document?: string;
  json?: unknown;
  repeat?: { before: string; text: string; times: number; after: string };
  step?: Json;
  steps?: Json[];
  error?: Json;
  value?: unknown;
}

const folder = new URL("../../tests/vectors/", import.meta.url);

function read<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8"));
}

function bytes(document: string | undefined): Uint8Array | undefined {
  return document === undefined ? undefined : new TextEncoder().encode(document);
}

function thrown(work: () => unknown): { details?: Json } & Json {
  try {
    work();
  } catch (error) {
    return error as Json;
  }
  return assert.fail("nothing was thrown");
}

function list(core: Core, tools: Json[], digit = "0"): void {
  const flow = { now: 0, entropy: digit.repeat(32), flow: { type: "list" } };
  const step = JSON.parse(core.start(JSON.stringify(flow)));
  const event = JSON.stringify({ step: step.id, now: 0, event: { type: "tools" } });
  const { outcome } = JSON.parse(core.handle(event, bytes(JSON.stringify({ tools }))));
  assert.equal(outcome.type, "listed");
}

function guard({ options, tools }: Case): Core {
  const core = new Core(JSON.stringify(options));
  if (tools) list(core, tools);
  return core;
}

describe("digests", () => {
  const { digests } = read<{
    digests: { name: string; text: string; refused?: string; canonical?: string; digest?: string }[];
  }>("digests.json");
  for (const { name, text, refused, ...expected } of digests) {
    it(name, () => {
      if (refused === undefined) {
        assert.deepEqual({ canonical: canonicalize(text), digest: digest(text) }, expected);
      } else {
        assert.equal(thrown(() => canonicalize(text)).details?.keyword, refused);
      }
    });
  }
});

describe("effects", () => {
  const { effects } = read<{ effects: { name: string; options: Json; tool: Json; report: Json }[] }>("effects.json");
  for (const { name, options, tool, report } of effects) {
    it(name, () => {
      const core = new Core(JSON.stringify(options));
      list(core, [tool]);
      assert.deepEqual(JSON.parse(core.tools()), [report]);
    });
  }
});

describe("policies", () => {
  const schema = compile(createRequire(import.meta.url)("toolgate/policy.schema.json"));
  const { policies } = read<{ policies: { name: string; policy: string; error?: Json }[] }>("policies.json");
  for (const { name, policy, error } of policies) {
    it(name, () => {
      const load = () => new Core(JSON.stringify({ server: "policies", policy }));
      if (error === undefined) load();
      else assert.deepEqual(thrown(load), error);
      assert.equal(schema.isValid(policy), error === undefined);
    });
  }
});

describe("drift", () => {
  const { drift } = read<{ drift: { name: string; before: Json; after: Json; report: Json[] }[] }>("drift.json");
  for (const { name, before, after, report } of drift) {
    it(name, () => {
      const core = new Core('{"server":"crm"}');
      list(core, [before]);
      list(core, [after], "1");
      assert.deepEqual(JSON.parse(core.drift()), report);
    });
  }
});

describe("findings", () => {
  const { findings } = read<{ findings: { name: string; tools: Json[]; report: Json[] }[] }>("findings.json");
  for (const { name, tools, report } of findings) {
    it(name, () => {
      const core = new Core('{"server":"crm"}');
      list(core, tools);
      assert.deepEqual(JSON.parse(core.findings()), report);
    });
  }
});

describe("validation", () => {
  type Options = Parameters<typeof compile>[1];
  const { validation } = read<{
    validation: {
      name: string;
      schema: object;
      options?: Options;
      document: string;
      text_only?: true;
      violations: Json[];
    }[];
  }>("validation.json");
  for (const { name, schema, options, document, text_only, violations } of validation) {
    it(name, () => {
      const validator = compile(schema, options);
      const expected = violations.map(({ schema_path, ...rest }) => ({ ...rest, schemaPath: schema_path }));
      const forms = [document, bytes(document) ?? "", ...(text_only ? [] : [JSON.parse(document)])];
      for (const form of forms) {
        assert.deepEqual(validator.validate(form), expected);
        assert.equal(validator.isValid(form), expected.length === 0);
      }
    });
  }
});

for (const file of readdirSync(new URL("transcripts/", folder)).sort()) {
  const { title, cases } = read<{ title: string; cases: Case[] }>(`transcripts/${file}`);
  describe(title, () => {
    for (const transcript of cases) it(transcript.name, () => play(transcript));
  });
}

function play(transcript: Case): void {
  let core = guard(transcript);
  for (const [number, turn] of transcript.turns.entries()) {
    const place = `turn ${number}`;
    if (turn.resume) {
      const snapshot = core.snapshot();
      searchSecrets(transcript, snapshot, "the snapshot");
      core = guard(transcript);
      const steps = JSON.parse(core.restore(snapshot));
      assert.deepEqual(steps, turn.steps, place);
      searchSecrets(transcript, JSON.stringify(steps), place);
    } else if (turn.attach && !turn.error) {
      core = attach(core, turn);
      assert.equal(turn.value, null, place);
    } else if (turn.error) {
      const error = thrown(() => say(core, turn));
      assert.deepEqual(error, turn.error, place);
      searchSecrets(transcript, JSON.stringify(error), place);
    } else {
      const said = say(core, turn);
      assert.deepEqual(said, turn.step ?? turn.steps ?? turn.value, place);
      searchSecrets(transcript, JSON.stringify(public_(said)), place);
    }
  }
}

function attach(core: Core, { attach, keep_lock, tools }: Turn): Core {
  const attached = new Core(JSON.stringify(keep_lock ? { ...attach, lock: core.lock() } : attach));
  if (tools) list(attached, tools);
  return attached;
}

function say(core: Core, turn: Turn): unknown {
  if (turn.attach) return attach(core, turn);
  if (turn.start) return JSON.parse(core.start(JSON.stringify(turn.start), bytes(documentOf(turn))));
  if (turn.event) return JSON.parse(core.handle(JSON.stringify(turn.event), bytes(documentOf(turn))));
  if (turn.restore !== undefined) return JSON.parse(core.restore(turn.restore));
  assert.ok(turn.report);
  const report = core[turn.report]();
  return ["tools", "drift", "findings"].includes(turn.report) ? JSON.parse(report) : report;
}

function documentOf({ repeat, document, json }: Turn): string | undefined {
  if (repeat) return repeat.before + repeat.text.repeat(repeat.times) + repeat.after;
  return document ?? (json === undefined ? undefined : JSON.stringify(json));
}

/** The two places where a secret may leave the core. */
function public_(said: unknown): unknown {
  const step = said as { type?: unknown };
  if (step?.type === "keep") return { ...step, secret: null };
  if (step?.type === "call_tool") return { ...step, arguments: null };
  return said;
}

function searchSecrets({ secrets }: Case, text: string, place: string): void {
  for (const secret of secrets ?? [])
    assert.ok(!text.includes(secret), `a secret stands in what the guard said: ${place}`);
}

describe("audits", () => {
  const { audit } = read<{ audit: { name: string; lines: string; options: Json; report: Json }[] }>("audit.json");
  for (const { name, lines, options, report } of audit) {
    it(name, () => {
      const { first_bad, ...expected } = report;
      const found = verifyAudit(lines, options);
      assert.deepEqual(found, first_bad === undefined ? expected : { ...expected, firstBad: first_bad });
      assert.deepEqual(verifyAudit(bytes(lines) ?? "", options), found);
    });
  }
});

describe("configurations", () => {
  interface Config {
    name: string;
    config: string;
    values: Json;
    references?: Json[];
    resolved?: string;
    error?: Json;
  }
  for (const { name, config, values, references, resolved, error } of read<{ config: Config[] }>("config.json")
    .config) {
    it(name, () => {
      if (references !== undefined) assert.deepEqual(configReferences(config), references);
      if (error === undefined) assert.equal(resolveConfig(config, values), resolved);
      else assert.throws(() => resolveConfig(config, values), { details: {}, ...error, name: "ToolgateError" });
    });
  }
});
