import { typed } from "./errors.js";
import { whole } from "./whole.js";

/** A placeholder in a client's configuration. */
export interface ConfigReference {
  /** JSON Pointer to the text that it stands in. */
  path: string;
  /** Counted from 1. */
  line: number;
  /** `env`: a variable; `input`: what a person is asked. */
  kind: "env" | "input";
  name: string;
  /** What counts if nothing is known. */
  default?: string;
}

/** What the host has for the placeholders. */
export interface ConfigValues {
  env?: Readonly<Record<string, string | undefined>>;
  inputs?: Readonly<Record<string, string>>;
}

/**
 * The placeholders of a client's configuration: `${env:NAME}`, `${NAME}`, `${NAME:-default}` and `${input:id}`.
 *
 * @throws ToolgateError `invalid_config` if the text is no JSON.
 */
export function configReferences(config: string): ConfigReference[] {
  const { bindings } = whole;
  return typed(() => bindings.configReferences(config));
}

/**
 * The configuration of an MCP client with the values in. They are not looked at for further placeholders.
 *
 * @throws ToolgateError `invalid_config` if something is missing or a key stands there in plain sight;
 * `details.problems` names each with its line, and quotes no key.
 */
export function resolveConfig(config: string, values: ConfigValues): string {
  const { bindings } = whole;
  return typed(() => bindings.resolveConfig(config, JSON.stringify(values)));
}
