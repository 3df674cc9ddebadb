/** A shop whose refund asks for the amount in the middle of the call, as MCP 2026-07-28 has it, over real HTTP. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createMcpHandler, inputRequired, McpServer } from "@modelcontextprotocol/server";

export interface Shop {
  url: URL;
  /** What each request for a refund brought along: nothing, then the amount. */
  refunds: unknown[];
  stop(): Promise<void>;
}

const AMOUNT = {
  type: "object" as const,
  properties: { amount: { type: "integer" as const, title: "Amount in cents", minimum: 1 } },
  required: ["amount"],
};

export async function startShop(): Promise<Shop> {
  const refunds: unknown[] = [];
  const handler = createMcpHandler(() => shop(refunds));
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]);
    const asked = new Request(`http://localhost${request.url}`, { method: request.method ?? "GET", headers, ...body });
    const answer = await handler.fetch(asked);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    refunds,
    async stop() {
      await handler.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function shop(refunds: unknown[]): McpServer {
  const server = new McpServer({ name: "shop", version: "1.0.0" });
  const annotations = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };
  server.registerTool("refund_purchase", { description: "Gives money back.", annotations }, async (context) => {
    const { inputResponses } = context.mcpReq;
    const given = inputResponses?.["amount"] as { content?: { amount?: number } } | undefined;
    refunds.push(given?.content?.amount);
    if (given === undefined) {
      const amount = inputRequired.elicit({ message: "Which amount?", requestedSchema: AMOUNT });
      return inputRequired({ inputRequests: { amount }, requestState: "known to the shop alone" });
    }
    return { content: [{ type: "text" as const, text: `refunded ${given.content?.amount}` }] };
  });
  return server;
}
