/** `tests/vectors/http-answers.json`: what comes of a call by what came over HTTP, for clients of every make. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import * as v2 from "@modelcontextprotocol/client";
import { Client as V1Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as V1Http } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Guard, type GuardOptions, MemoryLedger, type ToolgateError } from "toolgate";
import { generations } from "./clients.js";

interface HttpAnswer {
  name: string;
  read: string;
  destructive: string;
  status?: number;
  type?: string;
  location?: string;
  body?: string;
  fill?: number;
  times?: number;
  packed?: true;
  cut?: true;
  /** In the protocol that begins with `server/discover`. */
  modern?: true;
}

const { http_answers: answers } = JSON.parse(
  readFileSync(new URL("../../../vectors/http-answers.json", import.meta.url), "utf8"),
) as { http_answers: HttpAnswer[] };

const tool = (name: string, readOnlyHint: boolean) => ({
  name,
  description: "A tool for notes.",
  inputSchema: { type: "object" },
  annotations: { readOnlyHint, destructiveHint: !readOnlyHint, openWorldHint: false },
});
const TOOLS = [tool("get_note", true), tool("delete_note", false)];

/** Whatever has no answer ends by this; no row needs it. */
const TIMEOUT = 20_000;

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Writes as fast as it is read, as long as anybody reads. */
async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at += 1 << 16) {
    if (response.write(bytes.subarray(at, at + (1 << 16)))) continue;
    await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
  }
}

async function reply({ cut, ...answer }: HttpAnswer, id: unknown, response: ServerResponse): Promise<void> {
  if (answer.body === undefined) return void response.socket?.destroy();
  const { status = 200, type, location, fill = 0, times = 1, packed } = answer;
  const text = answer.body.replace("$ID", String(id)).replace("$FILL", "z".repeat(fill)).repeat(times);
  const body = packed ? gzipSync(text) : Buffer.from(text);
  response.writeHead(status, {
    ...(type === undefined ? {} : { "content-type": type }),
    ...(location === undefined ? {} : { location }),
    ...(packed ? { "content-encoding": "gzip" } : {}),
  });
  await write(response, body);
  if (cut) setTimeout(() => response.socket?.destroy(), 50);
  else response.end();
}

/** How a client comes to be; the official ones also over transports that know nothing of the guard. */
const MAKES: Record<string, (url: URL, options: GuardOptions) => Promise<{ call(name: string): Promise<unknown> }>> = {
  "@modelcontextprotocol/client 2": async (url, options) => {
    const client = new v2.Client({ name: "answers", version: "1" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(new v2.StreamableHTTPClientTransport(url));
    const guard = await Guard.attach(client, options);
    return { call: (name) => guard.callTool({ name, arguments: {} }, { timeout: TIMEOUT }) };
  },
  "@modelcontextprotocol/sdk 1": async (url, options) => {
    const client = new V1Client({ name: "answers", version: "1" });
    await client.connect(new V1Http(url) as Parameters<V1Client["connect"]>[0]);
    const guard = await Guard.attach(client, options);
    return { call: (name) => guard.callTool({ name, arguments: {} }, undefined, { timeout: TIMEOUT }) };
  },
};
for (const { name, http } of generations) {
  MAKES[`${name}, authorized`] = async (url, options) => {
    const subject = await http(url, { ...options, profile: PLAIN });
    return { call: (tool) => subject.call(tool, {}, { timeout: TIMEOUT }) };
  };
}
const PLAIN = { name: "plain", title: "Plain", endpoint: { url: "https://plain.example/mcp" } };

for (const [make, connect] of Object.entries(MAKES)) {
  describe(`${make}: what comes of a call`, () => {
    let next: HttpAnswer;
    let calls = 0;
    async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.method !== "POST") return void response.writeHead(405).end();
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString());
      if (method === "tools/call") {
        calls += 1;
        return reply(next, id, response);
      }
      if (id === undefined) return void response.writeHead(202).end();
      const modern = next.modern ? { resultType: "complete", ttlMs: 0, cacheScope: "private" } : {};
      if (method === "tools/list") return json(response, { jsonrpc: "2.0", id, result: { tools: TOOLS, ...modern } });
      if (method === "server/discover" && next.modern) {
        const result = { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, ...modern };
        return json(response, { jsonrpc: "2.0", id, result });
      }
      if (method !== "initialize") return json(response, { jsonrpc: "2.0", id, error: { code: -32601, message: "no" } });
      const { protocolVersion } = params;
      const serverInfo = { name: "answers", version: "1" };
      json(response, { jsonrpc: "2.0", id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
    }
    const server = createServer((request, response) => void handle(request, response));
    let url: URL;
    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    for (const answer of answers) {
      // The others know older protocols only.
      if (answer.modern && make !== "@modelcontextprotocol/client 2") continue;
      it(answer.name, async () => {
        next = answer;
        for (const [name, expected] of [
          ["get_note", answer.read],
          ["delete_note", answer.destructive],
        ] as const) {
          const ledger = new MemoryLedger();
          const ask = () => ({ type: "approve" }) as const;
          const { call } = await connect(url, { server: "answers", subject: "agent", trusted: true, ledger, ask });
          calls = 0;
          const began = Date.now();
          const code = await call(name).then(
            () => "ok",
            (error: ToolgateError) => error.code,
          );
          assert.deepEqual([name, code, calls], [name, expected, 1]);
          assert.ok(Date.now() - began < TIMEOUT / 2, "it waited for its time to be up");
        }
      });
    }
  });
}
