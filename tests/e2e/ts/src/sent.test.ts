/** Whether a call was sent decides what becomes of its approval: real sockets and pipes, clients of both generations. */

import assert from "node:assert/strict";
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcp, type AddressInfo, type Socket } from "node:net";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type GuardOptions, MemoryLedger, type ToolgateError } from "toolgate";
import { generations, type Subject } from "./clients.js";

const TOOL = {
  name: "cancel_booking",
  description: "Cancels a booking.",
  inputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
};

type Answer = (id: unknown, response: ServerResponse) => void;

/** An MCP server whose next answer to a call is ours to choose. */
class Backend {
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  calls = 0;
  answer: Answer = (id, response) => json(response, { jsonrpc: "2.0", id, result: { content: [] } });
  port = 0;

  constructor() {
    this.server = createHttp((request, response) => void this.#handle(request, response));
    this.server.keepAliveTimeout = 1;
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<URL> {
    await new Promise<void>((resolve) => this.server.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return new URL(`http://127.0.0.1:${this.port}/mcp`);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== "POST") return void response.writeHead(405).end();
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString());
    if (method === "tools/call") {
      this.calls += 1;
      return this.answer(id, response);
    }
    if (id === undefined) return void response.writeHead(202).end();
    if (method === "initialize") {
      const { protocolVersion } = params;
      const serverInfo = { name: "backend", version: "1" };
      return json(response, { jsonrpc: "2.0", id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
    }
    if (method === "tools/list") return json(response, { jsonrpc: "2.0", id, result: { tools: [TOOL] } });
    json(response, { jsonrpc: "2.0", id, error: { code: -32601, message: "no" } });
  }
}

function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(body));
}

const rpc = (error: object): Answer => (id, response) => json(response, { jsonrpc: "2.0", id, error });
const status = (code: number): Answer => (_, response) => void response.writeHead(code, { connection: "close" }).end();

const refusal = (status: number, code: number): Answer => (id, response) =>
  json(response, { jsonrpc: "2.0", id, error: { code, message: "no" } }, status);

/** Name, answer, the error's code, and the record's state. */
const ANSWERS: [string, Answer, string, string][] = [
  ["a JSON-RPC error `Not connected`", rpc({ code: -32603, message: "Not connected" }), "outcome_unknown", "unknown"],
  ["a JSON-RPC error with a status in it", rpc({ code: -32603, message: "no", data: { status: 401 } }), "outcome_unknown", "unknown"],
  ["a JSON-RPC error with another status in it", rpc({ code: -32603, message: "no", data: { status: 429 } }), "outcome_unknown", "unknown"],
  ["a JSON-RPC error with a system error in it", rpc({ code: -32603, message: "fetch failed", data: { code: "ECONNREFUSED" } }), "outcome_unknown", "unknown"],
  ["a JSON-RPC error worded like a closed connection", rpc({ code: -32000, message: "Connection closed" }), "outcome_unknown", "unknown"],
  ["a JSON-RPC error that refuses", rpc({ code: -32602, message: "Streamable HTTP error: Not connected" }), "backend_refused", "failed"],
  ["401", status(401), "unauthorized", "failed"],
  ["403", status(403), "unauthorized", "failed"],
  ["404", status(404), "backend_refused", "failed"],
  ["409", status(409), "backend_refused", "failed"],
  ["400 with a refusal in it", refusal(400, -32602), "backend_refused", "failed"],
  ["400 with an error in it that may come late", refusal(400, -32603), "outcome_unknown", "unknown"],
  ["a JSON-RPC error of a code of its own", rpc({ code: -1, message: "no" }), "outcome_unknown", "unknown"],
  ["a redirect to itself", (_, response) => void response.writeHead(307, { location: "/mcp", connection: "close" }).end(), "outcome_unknown", "unknown"],
  ["a redirect to nobody", (_, response) => void response.writeHead(308, { location: "http://127.0.0.1:9/", connection: "close" }).end(), "outcome_unknown", "unknown"],
  ["500", status(500), "outcome_unknown", "unknown"],
  ["503", status(503), "outcome_unknown", "unknown"],
  ["a connection that is closed after the request was read", (_, response) => void response.socket?.destroy(), "outcome_unknown", "unknown"],
];

for (const generation of generations) {
  describe(`${generation.name}: what becomes of an approval`, () => {
    const backend = new Backend();
    let url: URL;
    let questions = 0;

    const options: GuardOptions = {
      profile: { name: "plain", title: "Plain", endpoint: { url: "https://plain.example/mcp" } },
      ask: async () => {
        questions += 1;
        return { type: "approve" };
      },
    };

    before(async () => {
      url = await backend.listen();
    });
    after(() => backend.close());

    async function attached(): Promise<Subject> {
      questions = 0;
      backend.calls = 0;
      return generation.http(url, { ...options, ledger: new MemoryLedger(), server: "backend" });
    }

    async function refused(subject: Subject): Promise<ToolgateError> {
      return subject.call("cancel_booking", { id: "b1" }).then(
        () => assert.fail("it went through"),
        (error: ToolgateError) => error,
      );
    }

    const state = (subject: Subject) => subject.guard.approvals().at(-1)?.state;

    it("a connection that is refused: given back, and the next call needs no second yes", async () => {
      const subject = await attached();
      const { answer } = backend;
      await backend.close();
      const error = await refused(subject);
      await backend.listen();
      backend.answer = answer;
      assert.equal(error.code, generation.unreachable, error.message);
      if (error.code === "unreachable") {
        assert.equal(state(subject), "approved");
        await subject.call("cancel_booking", { id: "b1" });
        assert.deepEqual([questions, backend.calls, state(subject)], [1, 1, "completed"]);
      } else assert.equal(state(subject), "unknown");
      await subject[Symbol.asyncDispose]();
    });

    it("called off while the person's yes is stored: the yes goes too, and the next call is asked about anew", async () => {
      const leaving = new AbortController();
      class Leaving extends MemoryLedger {
        override compareAndSet(key: string, expected: string | undefined, record: string): boolean {
          const stored = super.compareAndSet(key, expected, record);
          if (record.includes('"state":"approved"')) leaving.abort();
          return stored;
        }
      }
      [questions, backend.calls] = [0, 0];
      const subject = await generation.http(url, { ...options, ledger: new Leaving(), server: "backend" });
      const call = subject.call("cancel_booking", { id: "b1" }, { signal: leaving.signal });
      await assert.rejects(call, { code: "cancelled" });
      assert.deepEqual([questions, backend.calls, state(subject)], [1, 0, "failed"]);
      await subject.call("cancel_booking", { id: "b1" });
      assert.deepEqual([questions, backend.calls, state(subject)], [2, 1, "completed"]);
      await subject[Symbol.asyncDispose]();
    });

    it("a server that takes the connection and closes it: lost, for something may have been read", async () => {
      const subject = await attached();
      await backend.close();
      const tcp = createTcp((socket) => socket.destroy());
      await new Promise<void>((resolve) => tcp.listen(backend.port, "127.0.0.1", resolve));
      const error = await refused(subject);
      await new Promise((resolve) => tcp.close(resolve));
      await backend.listen();
      assert.equal(error.code, "outcome_unknown");
      assert.equal(state(subject), "unknown");
      await subject[Symbol.asyncDispose]();
    });

    for (const [name, answer, code, ends] of ANSWERS) {
      it(`${name}: ${code}`, async () => {
        const subject = await attached();
        const usual = backend.answer;
        backend.answer = answer;
        const error = await refused(subject);
        backend.answer = usual;
        assert.deepEqual([error.code, state(subject), backend.calls], [code, ends, 1]);
        await subject[Symbol.asyncDispose]();
      });
    }

    const { stdio } = generation;
    if (stdio === undefined) return;
    const script = join(tmpdir(), `toolgate-sent-${process.pid}.mjs`);

    async function piped(dies: "before" | "during" | "words") {
      writeFileSync(script, SERVER);
      questions = 0;
      const command = { command: process.execPath, args: [script, JSON.stringify(TOOL), dies] };
      return stdio?.(command, { ...options, ledger: new MemoryLedger(), server: "pipe" }) as Promise<Subject>;
    }

    it("a process that died before the call: given back", async () => {
      const subject = await piped("before");
      await new Promise((resolve) => setTimeout(resolve, 600));
      const error = await refused(subject);
      assert.equal(error.code, "unreachable", error.message);
      assert.equal(state(subject), "approved");
      await subject[Symbol.asyncDispose]();
    });

    it("a process that dies during the call: unknown", async () => {
      const subject = await piped("during");
      const error = await refused(subject);
      assert.deepEqual([error.code, state(subject)], ["outcome_unknown", "unknown"]);
      await subject[Symbol.asyncDispose]();
    });

    it("a process that says `Not connected`: unknown", async () => {
      const subject = await piped("words");
      const error = await refused(subject);
      assert.deepEqual([error.code, state(subject)], ["outcome_unknown", "unknown"]);
      await subject[Symbol.asyncDispose]();
    });
  });
}

/** A server over its standard streams; the arguments are its tool and when it dies. */
const SERVER = `
import { createInterface } from "node:readline";
const [, , tool, dies] = process.argv;
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === "initialize") say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "pipe", version: "1" } } });
  else if (method === "tools/list") {
    say({ id, result: { tools: [JSON.parse(tool)] } });
    if (dies === "before") setTimeout(() => process.exit(1), 300);
  } else if (method === "tools/call") {
    if (dies === "during") process.exit(1);
    say({ id, error: { code: -32603, message: "Not connected" } });
  } else say({ id, error: { code: -32601, message: "no" } });
});
`;
