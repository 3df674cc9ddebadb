import { exchangesOf } from "./exchanges.js";
import { readSecret, type Vault } from "./vault.js";
import { whole } from "./whole.js";

/** How a {@link FetchClient} authenticates and introduces itself. */
export interface FetchClientOptions {
  /** Where the key is, and will be after a sign-up. Give the same vault to {@link Guard.attach}. */
  vault?: Vault;
  /** The vault's name for the key, such as `favcrm_api_key`. */
  credential?: string;
  /** What the client says it is. */
  info?: { name: string; version: string };
}

/** How one request is made. */
export interface FetchRequestOptions {
  /** Calls the request off; what was sent may have run. */
  signal?: AbortSignal;
  /** How long to wait for the answer, in milliseconds. Default: a minute. */
  timeout?: number;
}

/** A listed tool, as the server wrote it. */
export interface FetchedTool {
  name: string;
  title?: string;
  description?: string;
  inputSchema: Record<string, unknown>;
  outputSchema?: Record<string, unknown>;
  annotations?: Record<string, unknown>;
  _meta?: Record<string, unknown>;
}

/** A call's result. */
export interface FetchedResult {
  content: { type: string; text?: string; [member: string]: unknown }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

interface Initialized {
  serverInfo?: { name: string; version: string };
  capabilities?: { tools?: unknown };
}

/**
 * A small MCP client over the browser's `fetch`, for pages that need no other package: the handshake, `listTools`
 * and `callTool`, answered by JSON or by a stream of events. The server must allow the page's origin (CORS).
 *
 * @example
 * ```ts
 * await init();
 * const vault = new MemoryVault();
 * const client = new FetchClient("https://api.favcrm.io/mcp", { vault, credential: "favcrm_api_key" });
 * await client.connect();
 * const guard = await Guard.attach(client, { profile: "favcrm", vault, ask });
 * ```
 */
export class FetchClient {
  /** The server's address. */
  readonly url: URL;
  readonly #client: InstanceType<typeof whole.bindings.FetchClient>;
  readonly #info: { name: string; version: string };
  #server: Initialized | undefined;

  /**
   * @param url - The server's address.
   * @throws ToolgateError `not_initialized`
   */
  constructor(url: string | URL, options: FetchClientOptions = {}) {
    const { vault, credential, info = { name: "toolgate", version: "0.1.0" } } = options;
    const authorize = async () => {
      const secret = vault && credential !== undefined ? await readSecret(vault, credential) : undefined;
      return secret === undefined ? undefined : `Bearer ${secret}`;
    };
    const exchanges = vault && exchangesOf(vault);
    const observe = (_: number, date?: string, retryAfter?: string) => exchanges?.note(date, retryAfter);
    this.url = new URL(url);
    this.#client = new whole.bindings.FetchClient(this.url.href, authorize, observe);
    this.#info = info;
  }

  /** Shakes hands with the server. */
  async connect(options: FetchRequestOptions = {}): Promise<void> {
    this.#server = await this.#client.connect(this.#info, signal(options));
  }

  /** What the server says it is; `undefined` before {@link FetchClient.connect}. */
  getServerVersion(): { name: string; version: string } | undefined {
    return this.#server?.serverInfo;
  }

  /** Reads one page of the tool list. */
  listTools(
    params?: { cursor?: string },
    options: FetchRequestOptions = {},
  ): Promise<{ tools: FetchedTool[]; nextCursor?: string }> {
    return this.#client.request("tools/list", params, signal(options));
  }

  /** Calls a tool, without any gate: that is what {@link Guard.callTool} is for. */
  callTool(
    params: { name: string; arguments?: Record<string, unknown>; _meta?: Record<string, unknown> },
    options: FetchRequestOptions = {},
  ): Promise<FetchedResult> {
    return this.#client.request("tools/call", params, signal(options));
  }
}

function signal({ signal, timeout = 60_000 }: FetchRequestOptions): AbortSignal {
  const late = AbortSignal.timeout(timeout);
  return signal === undefined ? late : AbortSignal.any([signal, late]);
}
