const encoder = new TextEncoder();

/** So much room is kept for the next document; more is given back at once. */
const KEPT = 1 << 20;
/** What the core refuses for its size alone is cut behind this, so that it does not fill the memory first. */
const LARGEST = (64 << 20) + 1;

/** Where a module reads the documents that its validators judge: a part of its memory. */
export class Room {
  readonly #reserve: (bytes: number) => number;
  readonly #memory: WebAssembly.Memory;
  #view = new Uint8Array(0);

  /** @param reserve - Makes room for so many bytes and tells where it begins; 0 frees it. */
  constructor(reserve: (bytes: number) => number, memory: WebAssembly.Memory) {
    this.#reserve = reserve;
    this.#memory = memory;
  }

  /** Writes the text where the core reads it; the answer is its length in bytes. */
  write(text: string): number {
    // UTF-8 needs at most three bytes for each unit of UTF-16: too much to make room for where the text is long.
    const needed = text.length * 3;
    if (needed > KEPT) return this.writeBytes(encoder.encode(text));
    if (this.#view.length < Math.max(needed, 1)) this.#make(needed);
    return encoder.encodeInto(text, this.#view).written;
  }

  /** The same with the bytes of a text. */
  writeBytes(given: Uint8Array): number {
    const bytes = given.length > LARGEST ? given.subarray(0, LARGEST) : given;
    // A view of length 0 was detached when the memory grew, and takes not even nothing.
    if (this.#view.length < Math.max(bytes.length, 1)) this.#make(bytes.length);
    this.#view.set(bytes);
    return bytes.length;
  }

  /** Gives back what only a large document needed. */
  release(): void {
    if (this.#view.length > KEPT) {
      this.#reserve(0);
      this.#view = new Uint8Array(0);
    }
  }

  #make(needed: number): void {
    const size = needed > KEPT ? needed : Math.max(1 << 14, 2 ** Math.ceil(Math.log2(needed)));
    const start = this.#reserve(size);
    this.#view = new Uint8Array(this.#memory.buffer, start, size);
  }
}
