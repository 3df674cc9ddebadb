/** What an answer over HTTP may do to an official client's transport: it has an end, and sends nothing twice. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { boundedFetch } from "../src/bounded-fetch.js";

const JSON_TYPE = { "content-type": "application/json" };
const EVENTS = { "content-type": "text/event-stream" };

describe("a bounded fetch", () => {
  let answer: (response: ServerResponse, request: IncomingMessage) => void;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().on("end", () => answer(response, request));
  });
  let url = "";
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  function post(method = "tools/call", id: unknown = 7): Promise<Response> {
    requests = 0;
    return boundedFetch()(url, { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id, method }) });
  }

  function endless(response: ServerResponse, piece: string): void {
    const write = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", write);
    write();
  }

  it("follows no redirect of a message, whatever loop is around it", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (response) => response.writeHead(status, { location: "/mcp" }).end("its words");
      const response = await post("initialize");
      assert.deepEqual([response.status, response.headers.get("location"), requests], [status, null, 1]);
      assert.doesNotMatch(await response.text(), /its words/);
    }
  });

  it("goes where a server moved within itself, before any call is made", async () => {
    const asked: (string | undefined)[] = [];
    answer = (response, { url }) => {
      asked.push(url);
      if (url === "/mcp/") response.writeHead(200, JSON_TYPE).end(`{"jsonrpc":"2.0","id":7,"result":{}}`);
      else response.writeHead(307, { location: "/mcp/" }).end();
    };
    const send = boundedFetch();
    for (const method of ["initialize", "tools/call"]) {
      const response = await send(url, { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: 7, method }) });
      assert.equal(response.status, 200);
    }
    assert.deepEqual(asked, ["/mcp", "/mcp/", "/mcp/"]);
  });

  it("follows no message to another origin or to nowhere", async () => {
    for (const location of ["http://example.test/mcp/", "http://[::", "", "//"]) {
      answer = (response) => response.writeHead(308, { location }).end();
      assert.deepEqual([(await post("initialize")).status, requests], [308, 1]);
    }
  });

  it("leaves alone what is no message", async () => {
    answer = (response, { url }) =>
      url === "/there" ? response.end("there") : response.writeHead(307, { location: "/there" }).end();
    assert.equal(await (await boundedFetch()(url)).text(), "there");
    assert.equal(await (await boundedFetch()(url, { method: "POST", body: "grant_type=x" })).text(), "there");
  });

  it("answers in place of a document without an end", async () => {
    answer = (response) => endless(response.writeHead(200, JSON_TYPE), "z".repeat(1 << 16));
    const { id, error } = (await (await post()).json()) as { id: unknown; error: { code: number } };
    assert.deepEqual([id, error.code], [7, -32700]);
  });

  it("answers in place of a stream without an end, and ends it", async () => {
    answer = (response) => {
      response.writeHead(200, EVENTS).write("data: ");
      endless(response, "z".repeat(1 << 16));
    };
    const text = await (await post()).text();
    assert.ok(text.length < 17 << 20);
    assert.match(
      text.slice(-200),
      /\n\nevent: message\ndata: \{"jsonrpc":"2.0","id":7,"error":\{"code":-32700,.*\}\n\n$/,
    );
  });

  it("ends an event without an end, and no stream that only goes on", async () => {
    answer = (response) => endless(response.writeHead(200, EVENTS), `data: ${"z".repeat(1 << 16)}\n`);
    assert.ok((await (await boundedFetch()(url)).text()).length <= 16 << 20);
    answer = (response) => {
      const event = `data: ${"z".repeat(1 << 16)}\n\n`;
      for (let count = 0; count < 300; count += 1) response.write(event);
      response.end();
    };
    assert.ok((await (await boundedFetch()(url)).text()).length > 17 << 20);
  });

  it("gives on of a refusal what is an answer to the request, and nothing else", async () => {
    const error = { code: -32603, message: "no" };
    const cases: [number, object | string, number][] = [
      [400, { jsonrpc: "2.0", id: 7, error }, 200],
      [404, { jsonrpc: "2.0", id: null, error }, 200],
      [400, { jsonrpc: "2.0", id: 8, error }, 400],
      [400, "no JSON", 400],
      [401, { jsonrpc: "2.0", id: 7, error }, 401],
      [429, { jsonrpc: "2.0", id: 7, error }, 429],
      [500, { jsonrpc: "2.0", id: 7, error }, 500],
    ];
    for (const [status, body, seen] of cases) {
      answer = (response) => response.writeHead(status, JSON_TYPE).end(JSON.stringify(body));
      const response = await post();
      assert.equal(response.status, seen);
      const text = await response.text();
      if (seen === 200) assert.deepEqual(JSON.parse(text), { jsonrpc: "2.0", id: 7, error });
      else assert.equal(text, "");
    }
    answer = (response) => endless(response.writeHead(500, JSON_TYPE), "z".repeat(1 << 16));
    assert.equal(await (await post()).text(), "");
    // The status says that it was refused, the body that it ran.
    answer = (response) => response.writeHead(400, JSON_TYPE).end('{"jsonrpc":"2.0","id":7,"result":{}}');
    const { error: denied } = (await (await post()).json()) as { error: { code: number } };
    assert.equal(denied.code, -32700);
  });

  it("keeps what another request is refused with, which clients negotiate by", async () => {
    answer = (response) => response.writeHead(400, JSON_TYPE).end('{"jsonrpc":"2.0"}');
    const response = await post("server/discover");
    assert.deepEqual([response.status, await response.text()], [400, '{"jsonrpc":"2.0"}']);
  });

  it("takes a message for what it is, whatever its arguments look like", async () => {
    answer = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    const decoy = '","params":{},"jsonrpc":"2.0","id":8}';
    const methods = ["tools/call", "tools/list"];
    const params = { name: decoy, arguments: { [decoy]: '{"method":"initialize",', id: 9, method: "initialize" } };
    for (const [at, method] of methods.entries()) {
      for (const message of [
        { method, params, jsonrpc: "2.0", id: at },
        { jsonrpc: "2.0", id: at, method, params },
        { params, id: at, jsonrpc: "2.0", method },
      ]) {
        requests = 0;
        await boundedFetch()(url, { method: "POST", body: JSON.stringify(message) });
        // Only what is no call goes where the server points.
        assert.equal(requests, method === "tools/call" ? 1 : 2);
      }
    }
    for (const id of [7, "7", decoy]) {
      answer = (response) => response.writeHead(202).end();
      const answered = (await (await post("tools/call", id)).json()) as { id: unknown };
      assert.equal(answered.id, id);
    }
  });

  it("is made once", () => {
    const bounded = boundedFetch();
    assert.equal(boundedFetch(bounded), bounded);
  });
});
