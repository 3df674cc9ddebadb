import { typed } from "./errors.js";
import { beforeWriting } from "./failures.js";
import type { ProfileReport } from "./types.js";
import { whole } from "./whole.js";

/** Where secrets live. Neither the agent nor the model reads it; only the transport's `fetch` does. */
export interface Vault {
  /** The secret of that name, or `undefined`. */
  get(name: string): string | undefined | Promise<string | undefined>;
  /** Keeps a secret; fulfils once it is safely there, and throws if it is not. */
  put(name: string, secret: string): void | Promise<void>;
}

/**
 * Reads a secret for a request. What the vault throws is not passed on, since it may quote the secret; the error instead
 * is known to come before anything was written.
 */
export async function readSecret(vault: Vault, name: string): Promise<string | undefined> {
  try {
    return await vault.get(name);
  } catch {
    throw beforeWriting(new Error("the vault could not be read"));
  }
}

/** What a {@link MemoryVault} falls back on. */
export interface MemoryVaultOptions {
  /** By the secret's name: the environment variables that may hold it, the first that is set counts. */
  environment?: Readonly<Record<string, readonly string[]>>;
}

/** Secrets in memory, in front of environment variables. They end with the process. */
export class MemoryVault implements Vault {
  // A private field: neither `console.log` nor `JSON.stringify` shows it.
  readonly #secrets = new Map<string, string>();
  readonly #environment: Readonly<Record<string, readonly string[]>>;

  constructor(options: MemoryVaultOptions = {}) {
    this.#environment = options.environment ?? {};
  }

  get(name: string): string | undefined {
    return this.#secrets.get(name) ?? firstSet(this.#environment[name] ?? []);
  }

  put(name: string, secret: string): void {
    this.#secrets.set(name, secret);
  }
}

/** There is no `process` in a browser. */
function firstSet(variables: readonly string[]): string | undefined {
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
  return variables.map((variable) => environment?.[variable]).find((value) => value !== undefined && value !== "");
}

/**
 * The vault that {@link Guard.attach} uses if it gets none: memory, in front of the environment variables that the
 * profile names for its key.
 *
 * @param profile - A built-in profile's name, or a profile. Without one there is nothing to fall back on.
 * @throws ToolgateError `invalid_profile`, `not_initialized`
 */
export function defaultVault(profile?: string | object): MemoryVault {
  const credential = profile === undefined ? undefined : profileReport(profile)?.credential;
  return new MemoryVault(credential ? { environment: { [credential.name]: credential.environment } } : {});
}

/** What the core says of a profile. */
export function profileReport(profile: string | object): ProfileReport | null {
  const { Core } = whole.bindings;
  return typed(() => new Core(JSON.stringify({ server: "none", profile })).profile() as ProfileReport | null);
}
