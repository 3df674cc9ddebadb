/** Runs `tests/vectors` through the WebAssembly, as Rust and Python do; the README there says how to read them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import {
  compile,
  configReferences,
  type ErrorShape,
  lintPolicy,
  resolveConfig,
  ToolgateError,
  verifyAudit,
} from "toolgate";
import { type File, list, play } from "../../tests/vectors/run.mjs";
import { Core, canonicalize, digest, memory, room, verifyAudit as verify } from "./core.js";

type Json = Record<string, unknown>;

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
  const { policies } = read<{ policies: { name: string; policy: string; beyond_schema?: true; error?: Json }[] }>(
    "policies.json",
  );
  for (const { name, policy, beyond_schema, error } of policies) {
    it(name, () => {
      const load = () => new Core(JSON.stringify({ server: "policies", policy }));
      if (error === undefined) load();
      else assert.deepEqual(thrown(load), error);
      assert.equal(schema.isValid(policy), error === undefined || beyond_schema === true);
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

describe("tool names", () => {
  const { tool_names } = read<{
    tool_names: { tool: string; says: "read" | "write"; description?: string; effect: string; unconfirmed?: true }[];
  }>("tool-names.json");
  for (const { tool, says, description, ...expected } of tool_names) {
    it(`${tool} says ${says}`, () => {
      const core = new Core('{"server":"crm"}');
      const annotations =
        says === "read"
          ? { readOnlyHint: true }
          : { readOnlyHint: false, destructiveHint: false, openWorldHint: false };
      list(core, [{ name: tool, description, annotations, inputSchema: { type: "object" } }]);
      const [{ effect, unconfirmed }] = JSON.parse(core.tools());
      assert.deepEqual(unconfirmed ? { effect, unconfirmed } : { effect }, expected);
    });
  }
});

describe("findings in policies", () => {
  const { policy_findings } = read<{
    policy_findings: { name: string; policy: Json; tools?: Json[]; report: Json[] }[];
  }>("policy-findings.json");
  for (const { name, policy, tools, report } of policy_findings) {
    it(name, () => {
      if (tools === undefined) {
        assert.deepEqual(lintPolicy(policy), report);
        assert.deepEqual(lintPolicy(JSON.stringify(policy, undefined, 2)), report);
        return;
      }
      const core = new Core(JSON.stringify({ server: "crm", policy }));
      list(core, tools);
      assert.deepEqual(JSON.parse(core.policyFindings()), report);
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

for (const path of ["attacks/", "transcripts/"]) {
  const bindings = { Core, verifyAudit: verify, room, memory };
  for (const file of readdirSync(new URL(path, folder)).sort()) {
    const { title, cases } = read<File>(`${path}${file}`);
    describe(title, () => {
      for (const transcript of cases) it(transcript.name, () => play(transcript, bindings));
    });
  }
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

describe("errors", () => {
  const { errors } = read<{ errors: { name: string; error: ErrorShape; report: Json }[] }>("errors.json");
  for (const { name, error, report } of errors) {
    it(name, () => assert.deepEqual(new ToolgateError(error).toResult(), report));
  }
});
