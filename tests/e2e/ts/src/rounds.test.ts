/** Tools that ask for more in the middle of a call: by the official 2.x client and server, in memory and over HTTP. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import * as v2 from "@modelcontextprotocol/client";
import { Client as V1Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as V1InMemory } from "@modelcontextprotocol/sdk/inMemory.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, inputRequired, McpServer } from "@modelcontextprotocol/server";
import {
  type Answer,
  type Ask,
  Guard,
  type GuardOptions,
  type InputsQuestion,
  type McpClient,
  type Question,
} from "toolgate";
import type { Result } from "./clients.js";
import { refusal } from "./people.js";

const INFO = { name: "toolgate-e2e", version: "1.0.0" };
const STATE = "state-that-only-the-server-reads";
const AMOUNT = {
  type: "object" as const,
  properties: { amount: { type: "integer" as const, title: "Amount in cents", minimum: 1 } },
  required: ["amount"],
};

/** What reached the shop's tools, request by request. */
interface Seen {
  tool: string;
  responses: unknown;
  state: unknown;
}

function shop(seen: Seen[]): McpServer {
  const server = new McpServer({ name: "shop", version: "1.0.0" });
  const hints = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false };
  const asking = (
    name: string,
    annotations: object,
    ask: (responses: Record<string, unknown> | undefined) => Parameters<typeof inputRequired>[0] | string,
  ) =>
    server.registerTool(name, { description: "A tool of the shop.", annotations }, async (ctx) => {
      const { inputResponses, requestState } = ctx.mcpReq;
      seen.push({ tool: name, responses: inputResponses, state: requestState() });
      const next = ask(inputResponses as Record<string, unknown> | undefined);
      return typeof next === "string"
        ? { content: [{ type: "text" as const, text: next }] }
        : inputRequired(next);
    });
  const amount = { amount: inputRequired.elicit({ message: "Which amount?", requestedSchema: AMOUNT }) };
  asking("delete_order", hints, (given) =>
    given === undefined ? { inputRequests: amount, requestState: STATE } : JSON.stringify(given),
  );
  asking("delete_for_ever", hints, () => ({ inputRequests: amount, requestState: STATE }));
  asking("create_note", { ...hints, destructiveHint: false }, (given) =>
    given === undefined
      ? {
          inputRequests: {
            pass: inputRequired.elicit({
              message: "Your password, please.",
              requestedSchema: { type: "object", properties: { password: { type: "string" } } },
            }),
          },
        }
      : JSON.stringify(given),
  );
  asking("create_login", { ...hints, destructiveHint: false }, (given) =>
    given === undefined
      ? { inputRequests: { login: inputRequired.elicitUrl({ message: "Sign in.", url: "https://shop.example/login?x=1" }) } }
      : JSON.stringify(given),
  );
  asking("create_poem", { ...hints, destructiveHint: false }, (given) =>
    given === undefined
      ? {
          inputRequests: {
            poem: inputRequired.createMessage({
              messages: [{ role: "user", content: { type: "text", text: "A poem?" } }],
              maxTokens: 20,
            }),
          },
        }
      : JSON.stringify(given),
  );
  return server;
}

type Connect = (seen: Seen[], client: v2.Client) => Promise<() => Promise<unknown>>;

/** The same handler, with and without a socket. */
const transports: Record<string, Connect> = {
  "in memory": async (seen, client) => {
    const handler = createMcpHandler(() => shop(seen));
    const fetch: v2.FetchLike = (url, init) => handler.fetch(new Request(url, init));
    await client.connect(new v2.StreamableHTTPClientTransport(new URL("http://shop.example/mcp"), { fetch }));
    return () => handler.close();
  },
  "over HTTP": async (seen, client) => {
    const handler = createMcpHandler(() => shop(seen));
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]);
      const answer = await handler.fetch(
        new Request(`http://localhost${request.url}`, { method: request.method ?? "GET", headers, ...body }),
      );
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await client.connect(new v2.StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
    return async () => {
      server.closeAllConnections();
      server.close();
    };
  },
};

/** Says yes to calls, and answers what tools ask for as told. */
function person(asked: Question[], answer: (question: InputsQuestion) => Answer): Ask {
  return (question) => {
    asked.push(question);
    return question.type === "inputs" ? answer(question) : { type: "approve" };
  };
}

const fills = (content: Record<string, number>) => (): Answer => ({
  type: "inputs",
  responses: { amount: { action: "accept", content } },
});

for (const [place, connect] of Object.entries(transports)) {
  describe(`rounds ${place}`, () => {
    async function within(
      options: GuardOptions,
      work: (guard: Guard<v2.Client>, seen: Seen[], client: v2.Client) => Promise<void>,
      configured: v2.ClientOptions = {},
    ): Promise<void> {
      const seen: Seen[] = [];
      const client = new v2.Client(
        { name: "toolgate-e2e", version: "1.0.0" },
        { versionNegotiation: { mode: "auto" }, ...configured },
      );
      const close = await connect(seen, client);
      try {
        assert.equal(client.getProtocolEra(), "modern");
        const guard = await Guard.attach(client, { server: "https://shop.example/mcp", trusted: true, ...options });
        await work(guard, seen, client);
      } finally {
        await client.close();
        await close();
      }
    }

    it("exactly the amount that the person typed goes out, under a record of its own, and the audit shows it", async () => {
      const [asked, lines]: [Question[], string[]] = [[], []];
      await within({ ask: person(asked, fills({ amount: 5000 })), audit: (line) => void lines.push(line) }, async (guard, seen) => {
        const result = (await guard.callTool({ name: "delete_order" })) as Result;
        assert.equal(result.content[0]?.text, '{"amount":{"action":"accept","content":{"amount":5000}}}');
        assert.deepEqual(asked.map(({ type }) => type), ["approval", "inputs"]);
        assert.deepEqual(seen, [
          { tool: "delete_order", responses: undefined, state: undefined },
          { tool: "delete_order", responses: { amount: { action: "accept", content: { amount: 5000 } } }, state: STATE },
        ]);
        const [first, second] = guard.approvals();
        assert.deepEqual([first?.state, first?.resultType], ["completed", "input_required"]);
        assert.deepEqual([second?.state, second?.continues], ["completed", first?.id]);
        assert.deepEqual(second?.preview.inputs, [{ label: "amount.amount", value: "5000" }]);
        const inputs = asked[1] as InputsQuestion;
        assert.equal(inputs.server, "https://shop.example/mcp");
        const [{ flow: _, ...call } = { flow: "" }] = inputs.calls;
        assert.deepEqual(call, { tool: "delete_order", effect: "destructive", approval: first?.id });
        const dispatched = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "dispatch");
        assert.deepEqual(
          dispatched.map(({ approval, inputs }) => [approval, inputs?.value]),
          [
            [first?.id, undefined],
            [second?.id, { amount: { action: "accept", content: { amount: 5000 } } }],
          ],
        );
        for (const text of [...lines, JSON.stringify(asked), JSON.stringify(guard.approvals())]) {
          assert.ok(!text.includes(STATE));
        }
      });
    });

    it("the client's own handler is not called, whatever the client was told to do", async () => {
      const asked: Question[] = [];
      const configured = { capabilities: { elicitation: { form: {}, url: {} } }, inputRequired: { autoFulfill: true } };
      await within(
        { ask: person(asked, fills({ amount: 1 })) },
        async (guard, _, client) => {
          client.setRequestHandler("elicitation/create", () => assert.fail("the client answered by itself"));
          await guard.callTool({ name: "delete_order" });
          assert.deepEqual(asked.map(({ type }) => type), ["approval", "inputs"]);
        },
        configured,
      );
    });

    it("what a handler of the host gives is shown and asked, and a no stops it", async () => {
      const asked: Question[] = [];
      let yes = true;
      const ask: Ask = (question) => {
        asked.push(question);
        return question.type === "approval" && question.preview.inputs && !yes ? { type: "deny" } : { type: "approve" };
      };
      const inputs = { elicitation: () => ({ action: "accept" as const, content: { amount: 7 } }) };
      await within({ ask, inputs }, async (guard, seen) => {
        await guard.callTool({ name: "delete_order" });
        assert.deepEqual(asked.map(({ type }) => type), ["approval", "approval"]);
        assert.deepEqual((asked[1] as { preview: { inputs: unknown } }).preview.inputs, [
          { label: "amount.amount", value: "7" },
        ]);
        yes = false;
        await refusal(guard.callTool({ name: "delete_order" }), "approval_denied");
        assert.equal(seen.length, 3);
      });
    });

    it("what a handler gives is asked about though a rule allows the call", async () => {
      const asked: Question[] = [];
      const ask: Ask = (question) => {
        asked.push(question);
        return { type: "deny" };
      };
      const inputs = { elicitation: () => ({ action: "accept" as const, content: { amount: 5000 } }) };
      const policy = { rules: [{ tools: ["delete_order"], then: "allow" as const }] };
      await within({ ask, inputs, policy }, async (guard, seen) => {
        await refusal(guard.callTool({ name: "delete_order" }), "approval_denied");
        assert.equal(seen.length, 1);
        assert.deepEqual((asked[0] as { preview: { inputs: unknown } }).preview.inputs, [
          { label: "amount.amount", value: "5000" },
        ]);
      });
    });

    it("a person is not asked for ever, whatever they answer", async () => {
      for (const answer of [{ type: "deny" }, { type: "defer" }, { type: "cancel" }] as const) {
        const asked: Question[] = [];
        const ask: Ask = (question) => {
          asked.push(question);
          return answer;
        };
        await within({ ask, policy: { questions: { in_a_row: 3, denial_holds_ms: 0 } } }, async (guard) => {
          const codes: unknown[] = [];
          for (let time = 0; time < 6; time += 1) {
            codes.push(await guard.callTool({ name: "create_login" }).then(() => "done", (error) => error.code));
          }
          assert.equal(asked.length, 3);
          assert.deepEqual(codes.slice(3), Array(3).fill("too_many_questions"));
        });
      }
    });

    it("handlers that throw, answer late or wrongly: the call is not continued", async () => {
      const ask: Ask = () => ({ type: "approve" });
      const cases: [() => never | object, "inputs_required" | "wrong_answer"][] = [
        [() => { throw new Error("broken"); }, "inputs_required"],
        [() => ({ action: "accept", content: { amount: "much" } }), "inputs_required"],
        [() => ({ action: "accept", content: { amount: 1, note: "x".repeat(10_000_000) } }), "wrong_answer"],
        [() => ({}), "wrong_answer"],
        [() => 42 as never, "wrong_answer"],
        [() => "accept" as never, "wrong_answer"],
      ];
      for (const [elicitation, code] of cases) {
        await within({ ask, inputs: { elicitation: elicitation as never } }, async (guard, seen) => {
          await refusal(guard.callTool({ name: "delete_order" }), code);
          assert.equal(seen.length, 1);
        });
      }
    });

    it("a tool that asks for ever is left after ten rounds", async () => {
      await within({ ask: person([], fills({ amount: 1 })) }, async (guard, seen) => {
        await refusal(guard.callTool({ name: "delete_for_ever" }), "inputs_refused");
        assert.equal(seen.length, 11);
      });
    });

    it("a form that asks for a password is declined without a question", async () => {
      const asked: Question[] = [];
      await within({ ask: person(asked, () => assert.fail("nobody is asked")) }, async (guard) => {
        const result = (await guard.callTool({ name: "create_note" })) as Result;
        assert.equal(result.content[0]?.text, '{"pass":{"action":"decline"}}');
      });
    });

    it("an address is shown whole", async () => {
      const asked: Question[] = [];
      const accept = (): Answer => ({ type: "inputs", responses: { login: { action: "accept" } } });
      await within({ ask: person(asked, accept) }, async (guard) => {
        await guard.callTool({ name: "create_login" });
        const [request] = (asked[0] as InputsQuestion).requests;
        assert.deepEqual(request, { key: "login", type: "url", message: "Sign in.", url: "https://shop.example/login?x=1" });
      });
    });

    it("a completion goes through the host's handler, and is not offered without one", async () => {
      const sampling = () => ({ role: "assistant", content: { type: "text", text: "Roses." }, model: "m" });
      await within({ ask: person([], () => ({ type: "defer" })), inputs: { sampling } }, async (guard) => {
        const result = (await guard.callTool({ name: "create_poem" })) as Result;
        assert.match(result.content[0]?.text ?? "", /Roses/);
      });
      await within({ ask: person([], () => ({ type: "defer" })) }, async (guard, seen) => {
        // The server keeps to what the client declares.
        await assert.rejects(guard.callTool({ name: "create_poem" }) as Promise<unknown>);
        assert.ok(seen.length <= 1);
      });
    });

    it("nobody is there: nothing is offered, and nothing is continued", async () => {
      await within({ policy: { rules: [{ tools: ["delete_order"], then: "allow" }] } }, async (guard, seen) => {
        await assert.rejects(guard.callTool({ name: "delete_order" }) as Promise<unknown>);
        assert.ok(seen.length <= 1);
      });
    });

    it("goes on in another guard from a snapshot at the question", async () => {
      let saved = "";
      const seen: Seen[] = [];
      const client = new v2.Client({ name: "e2e", version: "1" }, { versionNegotiation: { mode: "auto" } });
      const close = await connect(seen, client);
      try {
        const options = { server: "https://shop.example/mcp", trusted: true, sealKey: "0b".repeat(32) };
        let first: Guard<v2.Client>;
        const gone: Ask = (question) => {
          if (question.type !== "inputs") return { type: "approve" };
          saved = first.snapshot();
          return new Promise(() => {});
        };
        first = await Guard.attach(client, { ...options, ask: gone });
        const leaving = new AbortController();
        const left = first.callTool({ name: "delete_order" }, { signal: leaving.signal }).catch(() => {});
        while (saved === "") await new Promise((resolve) => setTimeout(resolve, 5));
        const ask = person([], fills({ amount: 9 }));
        const second = await Guard.attach(client, { ...options, ask, snapshot: saved });
        const [flow] = second.resume();
        // The ledger of the first process died with it: the round before stays as it was.
        const ended = await flow?.finished;
        assert.equal(ended?.type, "result");
        assert.deepEqual(seen.map(({ responses }) => responses), [
          undefined,
          { amount: { action: "accept", content: { amount: 9 } } },
        ]);
        leaving.abort();
        await left;
      } finally {
        await client.close();
        await close();
      }
    });
  });
}

/** What is the same of both clients here. */
interface Older {
  client: McpClient & { close(): Promise<void> };
  handle(guard: Guard<McpClient>): void;
}

const older: Record<string, (server: McpServer) => Promise<Older>> = {
  "@modelcontextprotocol/client 2": async (server) => {
    const [ours, theirs] = v2.InMemoryTransport.createLinkedPair();
    await server.connect(theirs as never);
    const client = new v2.Client(INFO, { capabilities: { elicitation: { form: {} } } });
    await client.connect(ours);
    assert.equal(client.getProtocolEra(), "legacy");
    const handle = (guard: Guard<McpClient>) =>
      client.setRequestHandler("elicitation/create", guard.elicitationHandler());
    return { client, handle };
  },
  "@modelcontextprotocol/sdk 1": async (server) => {
    const [ours, theirs] = V1InMemory.createLinkedPair();
    await server.connect(theirs as never);
    const client = new V1Client(INFO, { capabilities: { elicitation: {} } });
    await client.connect(ours);
    const handle = (guard: Guard<McpClient>) =>
      client.setRequestHandler(ElicitRequestSchema, guard.elicitationHandler());
    return { client, handle };
  },
};

for (const [name, connect] of Object.entries(older)) {
  describe(`${name}: what a server asks for while a call runs`, () => {
    async function within(
      options: GuardOptions,
      work: (guard: Guard<McpClient>) => Promise<void>,
    ): Promise<void> {
      const { client, handle } = await connect(shop([]));
      try {
        const guard = await Guard.attach(client as McpClient, {
          server: "https://shop.example/mcp",
          trusted: true,
          ...options,
        });
        handle(guard);
        await work(guard);
      } finally {
        await client.close();
      }
    }
    const call = async (guard: Guard<McpClient>, tool: string) =>
      ((await guard.callTool({ name: tool })) as Result).content[0]?.text;

    it("is bound to the running call, and written down", async () => {
      const [asked, lines]: [Question[], string[]] = [[], []];
      const fill = (): Answer => ({
        type: "inputs",
        responses: { request: { action: "accept", content: { amount: 5000 } } },
      });
      await within({ ask: person(asked, fill), audit: (line) => void lines.push(line) }, async (guard) => {
        assert.equal(await call(guard, "delete_order"), '{"amount":{"action":"accept","content":{"amount":5000}}}');
        assert.deepEqual(
          asked.map(({ type }) => type),
          ["approval", "inputs"],
        );
        const [first, given] = guard.approvals();
        assert.deepEqual(
          (asked[1] as InputsQuestion).calls.map(({ tool, approval }) => [tool, approval]),
          [["delete_order", first?.id]],
        );
        assert.deepEqual([given?.state, given?.continues], ["completed", first?.id]);
        assert.deepEqual(given?.preview.inputs, [{ label: "request.amount", value: "5000" }]);
        const outcome = lines.map((line) => JSON.parse(line)).find(({ outcome }) => outcome === "inputs");
        assert.equal(outcome?.approval, given?.id);
      });
    });

    it("is asked about where a handler of the host gave it, and a no is told to the server", async () => {
      const asked: Question[] = [];
      const ask: Ask = (question) => {
        asked.push(question);
        return { type: question.type === "approval" && question.preview.inputs ? "deny" : "approve" };
      };
      const inputs = { elicitation: () => ({ action: "accept" as const, content: { amount: 7 } }) };
      await within({ ask, inputs }, async (guard) => {
        assert.equal(await call(guard, "delete_order"), '{"amount":{"action":"decline"}}');
        assert.equal(asked.length, 2);
      });
    });

    it("is declined where it is a password, and cancelled where nobody is there", async () => {
      await within({ ask: person([], () => assert.fail("nobody is asked")) }, async (guard) => {
        assert.equal(await call(guard, "create_note"), '{"pass":{"action":"decline"}}');
      });
      await within({ policy: { rules: [{ tools: ["delete_order"], then: "allow" }] } }, async (guard) => {
        assert.equal(await call(guard, "delete_order"), '{"amount":{"action":"cancel"}}');
      });
    });
  });
}
