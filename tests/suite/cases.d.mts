/** One test: its data and its verdict. */
export interface SuiteTest {
  name: string;
  data: string;
  valid: boolean;
}

export interface SuiteGroup {
  draft: string;
  isFormat: boolean;
  schema: string;
  options: object;
  tests: SuiteTest[];
}

export interface Suite {
  resources: Record<string, unknown>;
  groups: SuiteGroup[];
}

export interface Failed {
  name: string;
  said: string | undefined;
}

interface Compiled {
  isValid(document: string | Uint8Array | object): boolean;
  validate(document: string | Uint8Array | object): unknown[];
}

export function suite(): Suite;
export function judge(suite: Suite, failed: Failed[], print: (line: string) => void): void;
export function runSuite(suite: Suite, compile: (schema: string | object, options: object) => Compiled): Failed[];
