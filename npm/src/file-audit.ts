import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { AuditBroken, type AuditSink } from "./audit.js";
import { auditFailed } from "./errors.js";
import { FileLock } from "./file-lock.js";
import { warnIfLax } from "./private-file.js";

const BLOCK = 64 * 1024;
const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const OPEN = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
const synced = promisify(fsync);

/**
 * Lines at the end of a file that only its owner may read, each on the disk before the guard goes on. While it is open,
 * a file beside it with the ending `.lock` keeps a second sink out, in this process and in others of either language.
 *
 * Before each line it makes sure that the lock is still its own, that the file of that name is still the one that it
 * opened, and that the file ends as it left it. Whatever else it finds stops the guard with `audit_failed`.
 */
export class FileAudit implements AuditSink {
  readonly #path: string;
  readonly #lock: FileLock;
  readonly #file: number;
  #size = 0;
  #isTaken = false;
  /** The last line with its end, or what there is of it. */
  #tail: Buffer = Buffer.alloc(0);

  /**
   * Opens the file, or creates it with mode 0600. Warns (`process.emitWarning`) of a file that others may read, and of a
   * folder where anyone may replace it.
   *
   * @param path - A file, no symbolic link: who may make links in its folder must not choose where the audit goes.
   * @throws ToolgateError `audit_failed` if it cannot be opened for writing, or another sink has it open.
   */
  constructor(path: string) {
    this.#path = resolve(path);
    try {
      this.#lock = FileLock.take(`${this.#path}.lock`);
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException;
      throw auditFailed(`The audit's file cannot be locked: ${code ?? message}.`);
    }
    try {
      this.#file = open(this.#path);
      this.#size = fstatSync(this.#file).size;
      this.#tail = this.#readTail();
    } catch (thrown) {
      this.#lock.release();
      const { code, message } = thrown as NodeJS.ErrnoException;
      throw auditFailed(`The audit's file cannot be opened (${why(code) ?? message}).`);
    }
    warnIfLax("The audit", this.#path);
  }

  /** The last line, even if it was cut off. */
  last(): string | undefined {
    // Whoever reads it now would go on from there, and the guard that wrote could not.
    if (this.#isTaken) throw new AuditBroken(IN_USE);
    this.#check();
    return this.#tail.toString().trimEnd() || undefined;
  }

  async append(line: string): Promise<void> {
    this.#isTaken = true;
    this.#check();
    const known = headOf(this.#tail.toString());
    if ((JSON.parse(line) as { prev?: unknown }).prev !== known) throw new AuditBroken(FORKED);
    const isCut = this.#tail.length > 0 && this.#tail.at(-1) !== 10;
    const text = Buffer.from(`${isCut ? "\n" : ""}${line}\n`);
    let written = 0;
    try {
      while (written < text.length) written += writeSync(this.#file, text, written);
      await synced(this.#file);
    } catch (thrown) {
      this.#shorten(written);
      throw thrown;
    }
    this.#size += text.length;
    this.#tail = isCut ? text.subarray(1) : text;
    // Whoever wrote at the same moment, though the lock was this one's, must not go unnoticed.
    if (fstatSync(this.#file).size !== this.#size) throw new AuditBroken(FORKED);
  }

  /** Closes the file, so that another sink may open it. */
  close(): void {
    this.#lock.release();
    closeSync(this.#file);
  }

  #check(): void {
    if (!this.#lock.isHeld()) throw new AuditBroken("the audit's lock was taken or removed while it was in use");
    // Numbers of files may be greater than a double can tell apart.
    const opened = fstatSync(this.#file, { bigint: true });
    const named = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (named?.dev !== opened.dev || named.ino !== opened.ino) {
      throw new AuditBroken("the audit's file was renamed, removed or replaced");
    }
    if (opened.size < this.#size) throw new AuditBroken("the audit's file was cut short");
    if (opened.size > this.#size) throw new AuditBroken(FORKED);
    const tail = Buffer.alloc(this.#tail.length);
    readSync(this.#file, tail, 0, tail.length, this.#size - tail.length);
    if (!tail.equals(this.#tail)) throw new AuditBroken("the audit's last line was changed");
  }

  #readTail(): Buffer {
    let start = this.#size;
    let tail = Buffer.alloc(0);
    while (start > 0 && !tail.subarray(0, -1).includes("\n")) {
      const block = Buffer.alloc(Math.min(BLOCK, start));
      start -= block.length;
      readSync(this.#file, block, 0, block.length, start);
      tail = Buffer.concat([block, tail]);
    }
    return tail.subarray(tail.subarray(0, -1).lastIndexOf("\n") + 1);
  }

  /** Half a line would keep the next guard from going on; another's line is not ours to remove. */
  #shorten(written: number): void {
    try {
      if (fstatSync(this.#file).size === this.#size + written) ftruncateSync(this.#file, this.#size);
    } catch {
      // Why the line could not be written is what counts.
    }
  }
}

const IN_USE = "a guard writes to it already; close it, and open another for the next guard";
const FORKED = "another guard wrote to the same audit";

/** The hash of a line, as the next one repeats it. */
function headOf(line: string): string {
  try {
    const { hash } = JSON.parse(line) as { hash?: unknown };
    return typeof hash === "string" ? hash : "0".repeat(64);
  } catch {
    return "0".repeat(64);
  }
}

/** The file, made if need be. The folder is synced with a new one, for a name too must outlive a crash. */
function open(path: string): number {
  let file: number;
  let isNew = true;
  try {
    file = openSync(path, OPEN | O_CREAT | O_EXCL, 0o600);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    isNew = false;
    file = openSync(path, OPEN);
  }
  try {
    if (isNew) {
      fchmodSync(file, 0o600);
      syncFolder(dirname(path));
    }
    const opened = fstatSync(file);
    if (!opened.isFile()) throw new Error("it is no file");
    // Under its other name it would have another lock.
    if (opened.nlink > 1) throw new Error("it has more than one name; give it one");
    return file;
  } catch (thrown) {
    closeSync(file);
    throw thrown;
  }
}

function why(code: string | undefined): string | undefined {
  return code === "ELOOP" || code === "EMLINK" ? "it is a symbolic link; give the file's own name" : code;
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
