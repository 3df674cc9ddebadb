/** `tests/vectors/failures.json`: what the clients raise, and whether the call may have run. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { boundedFetch, Guard } from "toolgate";
import { ClientAdapter, type McpClient } from "../src/client.js";
import { Exchanges } from "../src/exchanges.js";
import { beforeWriting, failureOf } from "../src/failures.js";

interface Case {
  name: string;
  kind: string;
  rpc?: { code: number; message: string; data?: unknown };
  http?: number;
  class?: string;
  members?: { message: string } & Record<string, unknown>;
  answered?: true;
  custom?: true;
}

const { failures } = JSON.parse(
  readFileSync(new URL("../../tests/vectors/failures.json", import.meta.url), "utf8"),
) as { failures: Case[] };

class ProtocolError extends Error {}
class McpError extends Error {}
class SdkError extends Error {}
class SdkHttpError extends SdkError {}
class StreamableHTTPError extends Error {}
class UnauthorizedError extends Error {}
const CLASSES: Record<string, new (message: string) => Error> = {
  ProtocolError,
  SdkError,
  UnauthorizedError,
  Error,
  TypeError,
  SyntaxError,
  DOMException,
};

function raised(kind: new (message: string) => Error, { message, ...members }: { message: string }): Error {
  return Object.assign(new kind(message), members);
}

function errors({ rpc, http, class: name, members }: Case): Error[] {
  if (rpc !== undefined) {
    const v1 = { ...rpc, message: `MCP error ${rpc.code}: ${rpc.message}` };
    return [raised(ProtocolError, rpc), raised(McpError, v1)];
  }
  if (http !== undefined) {
    const data = { status: http };
    return [
      raised(SdkHttpError, { message: "no", ...{ code: "CLIENT_HTTP_NOT_IMPLEMENTED", data } }),
      raised(StreamableHTTPError, { message: "Streamable HTTP error: no", ...{ code: http } }),
    ];
  }
  const kind = CLASSES[name ?? ""];
  return kind && members ? [raised(kind, members)] : [];
}

describe("failures", () => {
  for (const failure of failures) {
    for (const error of errors(failure)) {
      it(`${failure.name} (${error.constructor.name})`, () => {
        const evidence = { transportOnly: failure.custom !== true, answered: failure.answered === true };
        // What an answer's numbers mean is the core's to say; it is held to the same cases.
        const { rpc, http, kind, class: name, members } = failure;
        const code = name === "ProtocolError" ? members?.code : rpc?.code;
        const answered = http === undefined ? { kind } : { http_status: http };
        const reported = Number.isSafeInteger(code) ? { rpc_code: code } : answered;
        assert.deepEqual(failureOf(error, evidence), reported);
      });
    }
  }

  it("a bundler's name for a class does not hide it", () => {
    const minified = Object.assign(new (class a extends Error {})("Not connected"), {
      name: "ProtocolError",
      code: -32603,
    });
    assert.deepEqual(failureOf(minified, { transportOnly: true, answered: false }), { rpc_code: -32603 });
  });

  it("what is no error at all is in doubt", () => {
    for (const thrown of [undefined, null, "Not connected", 7, {}, { code: "NOT_CONNECTED" }, Object.create(null)]) {
      assert.deepEqual(failureOf(thrown, { transportOnly: true, answered: false }), { kind: "lost" });
    }
  });

  it("the guard's own parts know that they wrote nothing", () => {
    const failure = failureOf(beforeWriting(new Error("the vault could not be read")));
    assert.deepEqual(failure, { kind: "not_sent" });
  });

  it("an official transport whose `fetch` cannot be reached is told of, unless it is bounded already", async () => {
    class StreamableHTTPClientTransport {
      onmessage = () => {};
    }
    const send = boundedFetch(async () => new Response(null, { status: 405 }));
    const message = { method: "POST", body: '{"method":"tools/list","jsonrpc":"2.0","id":1}' };
    for (const isBounded of [false, true]) {
      const client = {
        transport: new StreamableHTTPClientTransport(),
        request: async () => {
          if (isBounded) await send("http://127.0.0.1/mcp", message);
          return { tools: [] };
        },
        listTools: async () => assert.fail("listed"),
        callTool: async () => assert.fail("called"),
        getServerCapabilities: () => ({ tools: {} }),
      };
      const attached = Guard.attach(client as McpClient, { server: "here" });
      if (isBounded) await attached;
      else await assert.rejects(attached, { code: "invalid_options", message: /fetch: boundedFetch\(\)/ });
    }
  });

  it("a client that is closed is not asked", async () => {
    let calls = 0;
    const client = {
      transport: undefined,
      request: async () => assert.fail("listed"),
      listTools: async () => assert.fail("listed"),
      callTool: async () => {
        calls += 1;
      },
      getServerCapabilities: () => ({ tools: {} }),
      getProtocolEra: () => undefined,
    };
    const adapter = new ClientAdapter(client as McpClient, new Exchanges());
    const { event } = await adapter.call({ name: "a", arguments: {} }, undefined, undefined);
    assert.equal(event.type === "failed" && "kind" in event && event.kind, "not_sent");
    assert.equal(calls, 0);
  });
});
