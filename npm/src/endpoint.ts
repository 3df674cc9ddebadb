/** Where a client is connected to, read from the official transports by their shape. */

import { type Ledger, MemoryLedger } from "./ledger.js";

/** As the core takes it. */
export type Endpoint = { url: string } | { command: string; args: string[]; folder: string };

/** The members of the official clients' transports that tell where they lead. */
interface Transport {
  _url?: unknown;
  _serverParams?: { command?: unknown; args?: unknown; cwd?: unknown };
}

/** None where nothing is known: a transport in memory, or a client of another make. */
export function endpointOf(client: object): Endpoint | undefined {
  const { transport, url } = client as { transport?: Transport | null; url?: unknown };
  const address = transport?._url ?? url;
  if (address instanceof URL) return { url: address.href };
  const { command, args, cwd } = transport?._serverParams ?? {};
  if (typeof command !== "string") return undefined;
  const words = Array.isArray(args) ? args.map(String) : [];
  return { command, args: words, folder: typeof cwd === "string" || cwd instanceof URL ? String(cwd) : here() };
}

/** A child without a folder of its own works in ours. */
function here(): string {
  return (globalThis as { process?: { cwd?: () => string } }).process?.cwd?.() ?? "";
}

/** Whatever is not memory may be shared with other processes, and be there after this one. */
export function isLasting(ledger: Ledger | undefined): boolean {
  return ledger !== undefined && Object.getPrototypeOf(ledger) !== MemoryLedger.prototype;
}
