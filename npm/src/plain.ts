import type { Core } from "./generated/toolgate.js";
import type { Room } from "./room.js";

/** The core's word on reads that need no flow: one that would only be sent, and an answer that would only be passed on. */
export class PlainReads {
  readonly #core: Core;
  readonly #room: Room;

  constructor(core: Core, room: Room) {
    this.#core = core;
    this.#room = room;
  }

  /** Whether a call may be sent without a flow. `now` is milliseconds since 1970. */
  isRead(tool: string, argumentsText: string, now: number): boolean {
    const isPlain = this.#core.isPlainRead(this.#room.write(tool + argumentsText), tool.length, now);
    this.#room.release();
    return isPlain;
  }

  /** Whether its answer may be given as it came. */
  isResult(tool: string, result: string): boolean {
    const isPlain = this.#core.isPlainResult(this.#room.write(tool + result), tool.length);
    this.#room.release();
    return isPlain;
  }
}
