/** The WebAssembly's own bindings. */
export interface Bindings {
  Core: new (options: string) => Core;
  verifyAudit(lines: Uint8Array, options: string): unknown;
  room(bytes: number): number;
  memory: WebAssembly.Memory;
}

export interface Core {
  start(start: string, document?: Uint8Array): string;
  handle(event: string, document?: Uint8Array): string;
}

export interface Transcript {
  name: string;
  turns: object[];
}

export interface File {
  title: string;
  cases: Transcript[];
}

export function play(transcript: Transcript, bindings: Bindings): void;
export function playAll(files: File[], bindings: Bindings): string[];
export function list(core: Core, tools: object[], digit?: string): void;
