/** The official clients check structured results with this package's validator, over HTTP. */

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import * as v2 from "@modelcontextprotocol/client";
import { Client as V1Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as V1Http } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { authorizedFetch, type CompileOptions, jsonSchemaValidator, type McpValidator } from "toolgate";
import { generations, KEY } from "./clients.js";
import { form, person } from "./people.js";
import { Sandbox } from "./sandbox.js";

const INFO = { name: "toolgate-e2e", version: "1.0.0" };
const EMAIL = "owner@harbour-yoga.example";

/** As much of the clients as the tests use. */
interface Connected {
  listTools(): Promise<{ tools: { name: string; outputSchema?: object | undefined }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  close(): Promise<void>;
}

type Connect = (url: URL, fetch: typeof globalThis.fetch, validator: McpValidator) => Promise<Connected>;

const clients: Record<string, Connect> = {
  async "@modelcontextprotocol/client 2"(url, fetch, validator) {
    const client = new v2.Client(INFO, { jsonSchemaValidator: validator });
    await client.connect(new v2.StreamableHTTPClientTransport(url, { fetch }));
    return client as Connected;
  },
  async "@modelcontextprotocol/sdk 1"(url, fetch, validator) {
    const client = new V1Client(INFO, { jsonSchemaValidator: validator });
    await client.connect(new V1Http(url, { fetch }) as Parameters<V1Client["connect"]>[0]);
    return client as Connected;
  },
};

for (const [name, connect] of Object.entries(clients)) {
  describe(name, () => {
    let sandbox: Sandbox;
    let fetch: typeof globalThis.fetch;

    before(async () => {
      sandbox = await Sandbox.start();
      const [generation] = generations;
      assert.ok(generation);
      await using subject = await generation.http(sandbox.url, { ask: person(sandbox, EMAIL) });
      await subject.guard.signup(form(EMAIL));
      fetch = authorizedFetch(subject.vault, KEY, { origin: sandbox.url }) as typeof globalThis.fetch;
    });
    beforeEach(() => sandbox.setFaults());
    after(() => sandbox?.[Symbol.asyncDispose]());

    async function connected(options?: CompileOptions) {
      const provider = jsonSchemaValidator(options);
      const asked: unknown[] = [];
      const client = await connect(sandbox.url, fetch, {
        getValidator<T>(schema: object) {
          const validate = provider.getValidator<T>(schema);
          return (input: unknown) => {
            asked.push(input);
            return validate(input);
          };
        },
      });
      return { client, asked };
    }

    it("a result that fits its schema passes, by this validator", async () => {
      const { client, asked } = await connected();
      const { tools } = await client.listTools();
      assert.ok(tools.find((tool) => tool.name === "create_contact")?.outputSchema);
      const result = (await client.callTool({ name: "create_contact", arguments: { name: "Faye Au" } })) as {
        structuredContent?: unknown;
      };
      assert.deepEqual(asked, [result.structuredContent]);
      await client.close();
    });

    it("a result that does not fit is refused with what is wrong", async () => {
      const { client, asked } = await connected();
      await client.listTools();
      await sandbox.setFaults({ tool: "create_contact", times: 1, fault: { shape: { id: 5, name: null } } });
      const call = client.callTool({ name: "create_contact", arguments: { name: "Faye Au" } });
      const error = await call.then(
        () => assert.fail("it went through"),
        (error: Error) => error,
      );
      assert.equal(asked.length, 1);
      assert.match(error.message, /Give `data\.id` as the string "5"\./);
      assert.match(error.message, /Add `name` \(a string\) to `data`\./);
      await client.close();
    });

    it("every schema that the backend lists can be used", async () => {
      const { client } = await connected({ formats: "annotate" });
      const { tools } = await client.listTools();
      const schemas = tools.flatMap(({ outputSchema }) => outputSchema ?? []);
      assert.ok(schemas.length > 50, String(schemas.length));
      const { getValidator } = jsonSchemaValidator();
      for (const schema of schemas) assert.equal(getValidator(schema)("no object").valid, false);
      await client.close();
    });
  });
}
