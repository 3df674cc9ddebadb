// An MCP server whose answer to a call never ends. It prints its address, and ends with its standard input.
//
//   node flood.mjs
//
// The tool's name says how it answers: `json`, `events`, or `failure` for the body of an HTTP 500.

import { createServer } from "node:http";

const ANSWERS = {
  json: [200, "application/json", (id) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`],
  events: [200, "text/event-stream", () => "event: message\ndata: "],
  failure: [500, "text/plain", () => "it failed: "],
};
const MORE = "z".repeat(1 << 20);
const annotations = { readOnlyHint: true, openWorldHint: false };
const tools = Object.keys(ANSWERS).map((name) => ({ name: `get_${name}`, inputSchema: { type: "object" }, annotations }));

function flood(response) {
  while (!response.destroyed) {
    if (!response.write(MORE)) return response.once("drain", () => setImmediate(flood, response));
  }
}

const server = createServer(async (request, response) => {
  if (request.method !== "POST") return response.writeHead(405).end();
  let body = "";
  for await (const chunk of request) body += chunk;
  const { id, method, params } = JSON.parse(body);
  if (id === undefined) return response.writeHead(202).end();
  const answer = (result) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  };
  if (method === "initialize") {
    const { protocolVersion } = params;
    return answer({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "flood", version: "1" } });
  }
  if (method === "tools/list") return answer({ tools });
  if (method !== "tools/call") {
    const error = { code: -32601, message: "Method not found" };
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }
  const [status, type, head] = ANSWERS[params.name.replace("get_", "")];
  response.writeHead(status, { "content-type": type });
  response.write(head(JSON.stringify(id)));
  flood(response);
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
process.stdin.resume().on("end", () => process.exit());
