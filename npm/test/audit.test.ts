/** The audit on real files and a real database: nothing is sent that was not written down first. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { type AuditSink, type Decision, Guard, type GuardOptions, verifyAudit } from "toolgate";
import { FileAudit, SqliteAudit } from "toolgate/node";

const Database = createRequire(import.meta.url)("better-sqlite3");
const folder = mkdtempSync(join(tmpdir(), "toolgate-audit-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = () => join(folder, `audit-${++files}.jsonl`);
const key = "07".repeat(32);

const annotations = { readOnlyHint: true };
const inputSchema = { type: "object" };
const tools = [
  { name: "list_notes", annotations, inputSchema },
  { name: "drop_note", inputSchema },
];

/** A client that remembers what was sent. */
function notes() {
  const sent: string[] = [];
  const client = {
    getServerVersion: () => ({ name: "notes" }),
    async listTools() {
      return { tools };
    },
    async callTool({ name }: { name: string; arguments?: unknown; _meta?: object }) {
      sent.push(name);
      return { content: [{ type: "text", text: "a note of yo*@example.com" }] };
    },
  };
  return { sent, client, attach: (options: GuardOptions) => Guard.attach(client, options) };
}

const call = (name: string) => ({ name, arguments: {} });

/** A sink in memory that fails for lines of that kind. */
function failing(event: string): AuditSink & { lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    last: () => undefined,
    append(line) {
      const { tool, event: written } = JSON.parse(line);
      if (tool === "list_notes" && written === event)
        throw Object.assign(new Error("secret words"), { code: "ENOSPC" });
      lines.push(line);
    },
  };
}

describe("the audit", () => {
  it("is one chain that only its owner reads, and goes on in the next guard", async () => {
    const path = file();
    for (const _ of [1, 2]) {
      const sink = new FileAudit(path);
      const guard = await notes().attach({ audit: sink, sealKey: key, ask: () => ({ type: "approve" }) });
      await guard.callTool(call("drop_note"));
      await Promise.all(Array.from({ length: 10 }, () => guard.callTool(call("list_notes"))));
      await assert.rejects(guard.callTool(call("no_note")), { code: "unknown_tool" });
      sink.close();
    }
    const text = readFileSync(path, "utf8");
    const report = verifyAudit(text, { key });
    assert.deepEqual(report, { ok: true, lines: text.split("\n").length - 1, head: report.head });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(text.includes("@example.com"), false);
    assert.equal(verifyAudit(readFileSync(path)).firstBad?.why, "wrong_key");
    assert.equal(verifyAudit(text.replace("drop_note", "keep_note"), { key }).firstBad?.why, "edited");
    assert.equal(verifyAudit(text, { key, head: "0".repeat(64) }).firstBad?.why, "truncated");
    assert.throws(() => verifyAudit(text, { key: "short" }), { code: "invalid_options" });
  });

  it("lives in a database as well", async () => {
    const database = new Database(join(folder, "audit.db"));
    for (const _ of [1, 2]) {
      const guard = await notes().attach({ audit: new SqliteAudit(database) });
      await guard.callTool(call("list_notes"));
    }
    const sink = new SqliteAudit(database);
    assert.equal(verifyAudit(sink.text()).lines, 6);
    const first = await notes().attach({ audit: sink });
    await notes().attach({ audit: sink });
    await assert.rejects(first.callTool(call("list_notes")), { code: "audit_failed" });
    database.close();
  });

  it("goes to any function, without what is to be redacted", async () => {
    const lines: string[] = [];
    const sink = async (line: string) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      lines.push(line);
    };
    const guard = await notes().attach({ audit: { sink, redact: ["/to"] } });
    await guard.callTool({ name: "list_notes", arguments: { to: "+49 30 1234" } });
    assert.equal(lines.join("").includes("1234"), false);
    assert.equal(verifyAudit(lines.map((line) => `${line}\n`).join("")).ok, true);
  });

  it("has one guard at a file", async () => {
    const path = file();
    const sink = new FileAudit(path);
    assert.throws(() => new FileAudit(path), { code: "audit_failed" });
    sink.close();
    const again = new FileAudit(path);
    const first = await notes().attach({ audit: again });
    await assert.rejects(notes().attach({ audit: again }), { code: "audit_failed", message: /writes to it already/ });
    await first.callTool(call("list_notes"));
    appendFileSync(path, "someone else's line\n");
    await assert.rejects(first.callTool(call("list_notes")), { code: "audit_failed" });
    again.close();
  });

  it("stops what cannot be written down before it is sent", async () => {
    const { sent, attach } = notes();
    const guard = await attach({ audit: failing("dispatch") });
    await assert.rejects(guard.callTool(call("list_notes")), (error: Error & { code: string; next: string }) => {
      assert.equal(error.code, "audit_failed");
      assert.match(error.message, /ENOSPC/);
      assert.doesNotMatch(error.message, /secret words/);
      assert.match(error.next, /attach again/);
      return true;
    });
    await assert.rejects(guard.callTool(call("drop_note")), { code: "audit_failed" });
    assert.deepEqual(sent, []);
  });

  it("does not lose a result with its line", async () => {
    const decisions: Decision[] = [];
    const { sent, attach } = notes();
    const guard = await attach({ audit: failing("outcome"), onDecision: (decision) => decisions.push(decision) });
    assert.ok((await guard.callTool(call("list_notes"))).content);
    assert.equal(decisions.at(-1)?.audit, "failed");
    await assert.rejects(guard.callTool(call("list_notes")), { code: "audit_failed" });
    assert.deepEqual(sent, ["list_notes"]);
  });

  it("says at once what cannot be written", async () => {
    const { sent, attach } = notes();
    assert.throws(() => new FileAudit(join(folder, "missing", "audit")), { code: "audit_failed" });
    assert.throws(() => new FileAudit("/dev/full"), { code: "audit_failed", message: /no file/ });
    const guard = await attach({ audit: failing("dispatch") });
    await assert.rejects(guard.callTool(call("list_notes")), { code: "audit_failed", message: /ENOSPC/ });
    assert.deepEqual(sent, []);
  });

  for (const when of ["after", "within"]) {
    it(`holds when the process is killed ${when} a line`, async () => {
      const path = file();
      const worker = fileURLToPath(new URL("../test/audit-worker.mjs", import.meta.url));
      const done = spawnSync(process.execPath, [worker, path, when], { encoding: "utf8" });
      assert.equal(done.signal, "SIGKILL", done.stderr);
      assert.equal(done.stdout, "");
      const { ok, firstBad } = verifyAudit(readFileSync(path));
      assert.equal(ok, when === "after");
      const sink = new FileAudit(path);
      if (when === "after") {
        assert.equal(JSON.parse(sink.last() ?? "").event, "dispatch");
        await notes().attach({ audit: sink });
        assert.equal(verifyAudit(readFileSync(path)).ok, true);
      } else {
        assert.equal(firstBad?.why, "cut");
        await assert.rejects(notes().attach({ audit: sink }), { code: "invalid_audit" });
      }
      sink.close();
    });
  }
});

describe("tracing", () => {
  it("makes a span a call, without arguments and results", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const { attach } = notes();
    const guard = await attach({ tracer: provider.getTracer("test") });
    await guard.callTool({ name: "list_notes", arguments: { q: "private" } });
    const secret = `sk-${"a".repeat(40)}`;
    await assert.rejects(guard.callTool(call(secret)));
    await assert.rejects(guard.callTool(call("drop_note")), { code: "approval_required" });
    const [listed, unknown, asked] = exporter.getFinishedSpans();
    assert.equal(listed?.name, "execute_tool list_notes");
    const { "gen_ai.tool.call.id": id, ...attributes } = listed?.attributes ?? {};
    assert.match(String(id), /^[0-9a-f]{16}$/);
    assert.deepEqual(attributes, {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.type": "function",
      "gen_ai.tool.name": "list_notes",
      "mcp.method.name": "tools/call",
      "toolgate.effect": "read",
      "toolgate.gate": "result",
    });
    assert.equal(unknown?.attributes["error.type"], "unknown_tool");
    assert.equal(asked?.attributes["error.type"], "approval_required");
    assert.match(String(asked?.attributes["toolgate.approval"]), /^apr_/);
    assert.equal(asked?.status.code, SpanStatusCode.ERROR);
    const told = JSON.stringify(exporter.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes })));
    assert.doesNotMatch(told, /private|aaaa/);
  });
});

/** What `startActiveSpan` gives is enough. */
export const fits: (span: Span) => import("toolgate").Span = (span) => span;
