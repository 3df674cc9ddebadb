/** The official clients of both generations, each behind a guard. */

import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as V2Stdio } from "@modelcontextprotocol/client/stdio";
import { Client as V1Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as V1Stdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as V1Http } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { authorizedFetch, FetchClient, Guard, type GuardOptions, type McpClient, MemoryVault, type Vault } from "toolgate";

export const KEY = "favcrm_api_key";

/** A `tools/call` result, as far as the tests read it. */
export interface Result {
  content: { type: string; text?: string }[];
  structuredContent?: { data?: Record<string, unknown> } & Record<string, unknown>;
  isError?: boolean;
}

/** What a call may carry beside its arguments. */
export interface CallOptions {
  approval?: string;
  signal?: AbortSignal;
  timeout?: number;
  meta?: Record<string, unknown>;
}

/** A guard and its vault, and the one difference between the clients: where the options of a call stand. */
export interface Subject extends AsyncDisposable {
  guard: Guard<McpClient>;
  vault: Vault;
  call(name: string, args: object | string, options?: CallOptions): Promise<Result>;
}

export interface Command {
  command: string;
  args: string[];
}

export interface Generation {
  name: string;
  /** What a write comes to when nobody listens: a browser does not tell whether anything was sent. */
  unreachable: "unreachable" | "outcome_unknown";
  http(url: URL, options?: GuardOptions): Promise<Subject>;
  /** The package's own client speaks HTTP only. */
  stdio?(command: Command, options?: GuardOptions): Promise<Subject>;
}

const INFO = { name: "toolgate-e2e", version: "1.0.0" };

function params(name: string, args: object | string, { approval, meta }: CallOptions) {
  const _meta = approval === undefined ? meta : { ...meta, "toolgate/approval": approval };
  return { name, arguments: args as Record<string, unknown>, ...(_meta ? { _meta } : {}) };
}

function given({ signal, timeout }: CallOptions) {
  return { ...(signal ? { signal } : {}), ...(timeout ? { timeout } : {}) };
}

async function subjectV2(transport: v2.Transport, vault: Vault, options: GuardOptions): Promise<Subject> {
  const client = new v2.Client(INFO);
  await client.connect(transport);
  const guard = await Guard.attach(client, { vault, ...options });
  return {
    guard,
    vault,
    call: async (name, args, options = {}) => (await guard.callTool(params(name, args, options), given(options))) as Result,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function subjectV1(transport: V1Http | V1Stdio, vault: Vault, options: GuardOptions): Promise<Subject> {
  const client = new V1Client(INFO);
  await client.connect(transport as Parameters<V1Client["connect"]>[0]);
  const guard = await Guard.attach(client, { vault, ...options });
  return {
    guard,
    vault,
    call: async (name, args, options = {}) =>
      (await guard.callTool(params(name, args, options), undefined, given(options))) as Result,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function authorized(url: URL, options: GuardOptions) {
  const vault = options.vault ?? new MemoryVault();
  return { vault, fetch: authorizedFetch(vault, KEY, { origin: url }) };
}

export const generations: Generation[] = [
  {
    name: "@modelcontextprotocol/client 2",
    unreachable: "unreachable",
    http(url, options = {}) {
      const { vault, fetch } = authorized(url, options);
      const transport = new v2.StreamableHTTPClientTransport(url, { fetch });
      return subjectV2(transport, vault, { server: url.href, subject: "agent", profile: "favcrm", ...options });
    },
    stdio: (command, options = {}) => subjectV2(new V2Stdio({ ...command, stderr: "ignore" }), new MemoryVault(), options),
  },
  {
    name: "@modelcontextprotocol/sdk 1",
    unreachable: "unreachable",
    http(url, options = {}) {
      const { vault, fetch } = authorized(url, options);
      return subjectV1(new V1Http(url, { fetch }), vault, { server: url.href, subject: "agent", profile: "favcrm", ...options });
    },
    stdio: (command, options = {}) => subjectV1(new V1Stdio({ ...command, stderr: "ignore" }), new MemoryVault(), options),
  },
  {
    name: "FetchClient",
    unreachable: "outcome_unknown",
    async http(url, options = {}) {
      const vault = options.vault ?? new MemoryVault();
      const client = new FetchClient(url, { vault, credential: KEY });
      await client.connect();
      const guard = await Guard.attach(client, { server: url.href, subject: "agent", profile: "favcrm", ...options, vault });
      return {
        guard,
        vault,
        call: (name, args, options = {}) => guard.callTool(params(name, args, options), given(options)) as Promise<Result>,
        [Symbol.asyncDispose]: async () => {},
      };
    },
  },
];
