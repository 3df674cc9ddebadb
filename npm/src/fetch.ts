import { BOUNDED, boundedFetch } from "./bounded-fetch.js";
import { invalidOptions } from "./errors.js";
import { exchangesOf } from "./exchanges.js";
import { readSecret, type Vault } from "./vault.js";

/** The part of `fetch` that MCP transports use. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Where the secret may go. */
export interface AuthorizedFetchOptions {
  /** Only requests to this origin carry the secret; a whole URL stands for its origin. */
  origin: string | URL;
  /** Does the requests. Default: the global `fetch`. */
  fetch?: Fetch;
}

/** This machine, where plain HTTP shows the secret to nobody else. */
const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * A `fetch` for MCP transports that sends a secret of the vault as `Authorization: Bearer …`. The vault is read at
 * each request, so a key that a sign-up kept counts from the next request on, and no other code touches it. Give
 * the same vault to {@link Guard.attach}, which then also learns of the backend's clock and of `Retry-After`. No call is sent
 * again to where the server points, and an answer ends at 16 MiB.
 *
 * @throws ToolgateError `invalid_options` for an origin that would show the secret to the network.
 * @example
 * ```ts
 * const vault = defaultVault("favcrm");
 * const fetch = authorizedFetch(vault, "favcrm_api_key", { origin: url });
 * await client.connect(new StreamableHTTPClientTransport(url, { fetch }));
 * ```
 */
export function authorizedFetch(vault: Vault, name: string, options: AuthorizedFetchOptions): Fetch {
  const { origin, protocol, hostname } = new URL(options.origin);
  if (protocol !== "https:" && !LOCAL.test(hostname)) {
    throw invalidOptions("A secret is not sent over plain HTTP to another machine; use https.");
  }
  const exchanges = exchangesOf(vault);
  const send = boundedFetch(options.fetch);
  const authorized: Fetch = async (url, init) => {
    if (new URL(url).origin !== origin) return send(url, init);
    const secret = await readSecret(vault, name);
    const headers = new Headers(init?.headers);
    if (secret !== undefined) headers.set("authorization", `Bearer ${secret}`);
    const response = await send(url, { ...init, headers });
    exchanges.note(response.headers.get("date"), response.headers.get("retry-after"));
    return response;
  };
  BOUNDED.add(authorized);
  return authorized;
}
