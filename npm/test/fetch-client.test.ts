/** What a server may do to a page by its answers: endless streams and answers of any size have an end. */

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { FetchClient } from "toolgate";

describe("FetchClient", () => {
  let answer: (response: ServerResponse, id: unknown) => void;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    answer(response, JSON.parse(body).id);
  });
  let client: FetchClient;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    client = new FetchClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Writes as fast as the client reads. */
  function endless(response: ServerResponse, piece: string): void {
    const write = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", write);
    write();
  }

  it("an endless stream of events ends with the time-out, and others have their turns", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      endless(response, 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n'.repeat(100));
    };
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 5);
    const error = await client.callTool({ name: "a" }, { timeout: 300 }).catch((error: unknown) => error);
    clearInterval(timer);
    assert.ok(error instanceof Error);
    assert.ok(turns > 0);
  });

  for (const [name, type, head] of [
    ["events", "text/event-stream", "data: "],
    ["JSON", "application/json", '{"jsonrpc":"2.0","id":1,"result":"'],
  ] as const) {
    it(`an answer of ${name} that is larger than any may be is refused`, async () => {
      answer = (response) => {
        response.writeHead(200, { "content-type": type });
        response.write(head);
        endless(response, "x".repeat(1 << 16));
      };
      await assert.rejects(client.callTool({ name: "a" }, { timeout: 60_000 }), { code: "RESULT_TOO_LARGE" });
    });
  }

  it("another request's answer is none", async () => {
    answer = (response) => {
      const text = JSON.stringify({ jsonrpc: "2.0", id: 99999, result: { content: [] } });
      response.writeHead(200, { "content-type": "application/json" }).end(text);
    };
    await assert.rejects(client.callTool({ name: "a" }), { code: "INVALID_RESULT" });
  });

  it("a plain refusal may carry an error that says more, of this request or of none", async () => {
    for (const own of [true, false]) {
      answer = (response, id) => {
        const text = JSON.stringify({ jsonrpc: "2.0", id: own ? id : null, error: { code: -32603, message: "no" } });
        response.writeHead(400, { "content-type": "application/json" }).end(text);
      };
      await assert.rejects(client.callTool({ name: "a" }), { name: "ProtocolError", code: -32603 });
    }
    answer = (response) => {
      const text = JSON.stringify({ jsonrpc: "2.0", id: 99999, error: { code: -32603, message: "no" } });
      response.writeHead(400, { "content-type": "application/json" }).end(text);
    };
    await assert.rejects(client.callTool({ name: "a" }), { name: "FetchClientError", status: 400 });
  });

  it("an answer that is there is given, however it is cut", async () => {
    answer = (response, id) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const text = `: ping\n\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "ü" }] } })}\r\n\r\n`;
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
    };
    assert.deepEqual(await client.callTool({ name: "a" }), { content: [{ type: "text", text: "ü" }] });
  });
});
