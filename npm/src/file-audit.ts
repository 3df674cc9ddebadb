import {
  closeSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { pid } from "node:process";
import { promisify } from "node:util";
import { AuditForked, type AuditSink } from "./audit.js";
import { auditFailed } from "./errors.js";

const BLOCK = 64 * 1024;
const synced = promisify(fsync);

/**
 * Lines at the end of a file that only its owner may read, each on the disk before the guard goes on. While it is open,
 * a file beside it with the ending `.lock` keeps a second sink out, here and in other processes.
 */
export class FileAudit implements AuditSink {
  readonly #lock: string;
  readonly #file: number;
  /** What others write in between is noticed by it. */
  #size: number;
  #cut = false;

  /**
   * Opens the file, or creates it with mode 0600.
   *
   * @throws ToolgateError `audit_failed` if it cannot be opened for writing, or another sink has it open.
   */
  constructor(path: string) {
    this.#lock = `${resolve(path)}.lock`;
    try {
      lock(this.#lock);
    } catch (thrown) {
      throw auditFailed(`The audit's file cannot be locked: ${(thrown as Error).message}.`);
    }
    try {
      this.#file = openSync(path, "a+", 0o600);
      this.#size = fstatSync(this.#file).size;
      if (this.#size === 0) syncFolder(dirname(path));
    } catch (thrown) {
      unlock(this.#lock);
      throw auditFailed(`The audit's file cannot be opened (${(thrown as NodeJS.ErrnoException).code}).`);
    }
  }

  /** The last line, even if it was cut off. */
  last(): string | undefined {
    let start = this.#size;
    let tail = Buffer.alloc(0);
    while (start > 0 && !tail.subarray(0, -1).includes("\n")) {
      const block = Buffer.alloc(Math.min(BLOCK, start));
      start -= block.length;
      readSync(this.#file, block, 0, block.length, start);
      tail = Buffer.concat([block, tail]);
    }
    this.#cut = tail.length > 0 && tail.at(-1) !== 10;
    return tail.toString().trimEnd().split("\n").at(-1) || undefined;
  }

  async append(line: string): Promise<void> {
    if (fstatSync(this.#file).size !== this.#size) throw new AuditForked();
    const text = Buffer.from(`${this.#cut ? "\n" : ""}${line}\n`);
    try {
      for (let written = 0; written < text.length; ) written += writeSync(this.#file, text, written);
      await synced(this.#file);
    } catch (thrown) {
      this.#shorten();
      throw thrown;
    }
    this.#size += text.length;
    this.#cut = false;
  }

  /** Half a line would keep the next guard from going on. */
  #shorten(): void {
    try {
      ftruncateSync(this.#file, this.#size);
    } catch {
      // Why the line could not be written is what counts.
    }
  }

  /** Closes the file, so that another sink may open it. */
  close(): void {
    closeSync(this.#file);
    unlock(this.#lock);
  }
}

/** The locks of this process. After a container's restart a dead owner may have had the same number. */
const held = new Set<string>();

/** Takes the lock, also from an owner that is dead; throws if its owner lives. */
function lock(path: string): void {
  const own = `${pid} ${hostname()}`;
  try {
    writeFileSync(path, own, { flag: "wx", mode: 0o600 });
    held.add(path);
    return;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  }
  const [owner = "", host = ""] = readFileSync(path, "utf8").split(" ");
  const lives = Number(owner) === pid ? held.has(path) : isAlive(Number(owner));
  if (host !== hostname() || lives) {
    throw new Error(`another guard uses it, two must not share one (process ${owner} on ${host}; ${path})`);
  }
  // Whoever takes it at the same moment is found out by the file's size.
  const mine = `${path}.${pid}`;
  writeFileSync(mine, own, { mode: 0o600 });
  renameSync(mine, path);
  held.add(path);
}

function unlock(path: string): void {
  held.delete(path);
  rmSync(path, { force: true });
}

function isAlive(process_: number): boolean {
  try {
    return process_ > 0 && process.kill(process_, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
