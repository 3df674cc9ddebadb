/**
 * One lock for a file that one process at a time may write, the same in Node and in Python (`toolgate/_lock.py`), so that
 * processes of both keep each other out.
 *
 * The lock is a file beside it that tells who holds it, with a token that no other lock ever has. It is put there by
 * `link`, which never replaces anything, whole and at once. A lock whose owner is dead is taken over in two moves:
 *
 * 1. `link` the own lock as `<lock>.<token of the dead>`. That name can be taken once, so that there is one heir. Should
 *    the heir die as well, its own heir is named by its token: who holds the lock is found by following the heirs.
 * 2. Look whether the heirs, followed from the lock, still lead here: whoever looked at a lock that was taken over and
 *    tidied meanwhile finds that they do not, and gives up. Then replace the lock by `rename`.
 *
 * Only the end of that line replaces or removes the lock, and while it lives nobody can be its heir: there are never two.
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** A lock is far shorter. */
const MOST_BYTES = 4096;
/** More heirs than die one after the other, and more attempts than it takes to be first among many. */
const MOST_ATTEMPTS = 100;

interface Owner {
  pid: number;
  host: string;
  /** The boot, the process namespace and the time within that boot when the process began; empty: not known. */
  started: string;
  token: string;
}

/** The locks that this process holds. */
const held = new Set<FileLock>();
process.on("exit", () => {
  for (const lock of held) lock.release();
});

/** A lock that is held, as long as {@link FileLock.isHeld} says so. */
export class FileLock {
  readonly #path: string;
  readonly #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /** Takes the lock, also from an owner that is dead. Throws an error that says who has it, or why it cannot be. */
  static take(path: string): FileLock {
    const token = randomBytes(16).toString("hex");
    const owner: Owner = { pid: process.pid, host: hostname(), started: startOf("self") ?? "", token };
    const text = `${JSON.stringify(owner)}\n`;
    const own = `${path}.${token}.new`;
    write(own, text);
    try {
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
        if (attemptTo(path, own, text, token)) {
          const lock = new FileLock(path, text);
          held.add(lock);
          return lock;
        }
      }
    } finally {
      rmSync(own, { force: true });
    }
    throw new Error(`too many others try to take its lock (${path})`);
  }

  /** Whether the lock is still this one: a person may have removed it. */
  isHeld(): boolean {
    try {
      return read(this.#path) === this.#text;
    } catch {
      return false;
    }
  }

  /** Gives the lock up, if it is held. */
  release(): void {
    if (held.delete(this) && this.isHeld()) rmSync(this.#path, { force: true });
  }
}

/** One attempt; false: others were at it, look again. */
function attemptTo(path: string, own: string, text: string, token: string): boolean {
  if (linked(own, path, text)) return true;
  const line = follow(path);
  const last = line.at(-1);
  if (last === undefined) return false;
  if (!isDead(last)) {
    throw new Error(`another guard uses it, two must not share one (process ${last.pid} on ${last.host}; ${path})`);
  }
  const heir = `${path}.${last.token}`;
  if (!linked(own, heir, text)) return false;
  if (follow(path).at(-1)?.token !== token) {
    rmSync(heir, { force: true });
    return false;
  }
  renameSync(own, path);
  for (const dead of line) rmSync(`${path}.${dead.token}`, { force: true });
  return true;
}

/** The lock and its heirs; nothing where there is no lock. */
function follow(path: string): Owner[] {
  const line: Owner[] = [];
  for (let name = path; line.length < MOST_ATTEMPTS; ) {
    const text = read(name);
    if (text === undefined) return line;
    const owner = parse(text);
    if (owner === undefined) throw new Error(`its lock cannot be read; if no process uses it, remove ${name}`);
    line.push(owner);
    name = `${path}.${owner.token}`;
  }
  throw new Error(`its lock has too many heirs; if no process uses it, remove ${path}`);
}

/** Gives the whole text a name that nothing has yet. Where the file system knows no links, the file is made there. */
function linked(own: string, name: string, text: string): boolean {
  try {
    linkSync(own, name);
    return true;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOSYS" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw thrown;
  }
  try {
    write(name, text);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw thrown;
  }
}

function write(path: string, text: string): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fchmodSync(file, 0o600);
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** The text of a lock; nothing if there is none. What is no plain file is neither followed nor waited for. */
function read(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP" || code === "EMLINK") throw new Error(`its lock is a symbolic link; remove ${path}`);
    throw thrown;
  }
  try {
    if (!fstatSync(file).isFile()) throw new Error(`its lock is no file; remove ${path}`);
    const bytes = Buffer.alloc(MOST_BYTES);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, MOST_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function parse(text: string): Owner | undefined {
  try {
    const { pid, host, started, token } = JSON.parse(text) as Owner;
    const fits = Number.isSafeInteger(pid) && pid > 0 && typeof host === "string" && typeof started === "string";
    return fits && /^[0-9a-f]{32}$/.test(token) ? { pid, host, started, token } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the owner is dead for certain, as far as this host can tell. A process of the same boot but of another process
 * namespace is one of a container that was started anew: containers that run side by side have different host names.
 */
function isDead({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return false;
  const own = startOf("self");
  const [boot, namespace] = started.split(" ");
  const [ownBoot, ownNamespace] = (own ?? "").split(" ");
  if (started && own && (boot !== ownBoot || namespace !== ownNamespace)) return true;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "ESRCH";
  }
  if (!started || !own) return false;
  // The number may be another process's by now. Of a process that only waits to be reaped nothing more comes.
  const found = startOf(String(pid));
  return found !== undefined && found !== started;
}

/** When a process began, by what Linux tells; nothing elsewhere, or of a process that is hidden. */
function startOf(process_: string): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const namespace = readlinkSync("/proc/self/ns/pid");
    const status = readFileSync(`/proc/${process_}/stat`, "utf8");
    // The name, in brackets, may hold anything.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    const isGone = fields[0] === "Z" || fields[0] === "X";
    return `${boot} ${namespace} ${isGone ? "gone" : fields[19]}`;
  } catch {
    return undefined;
  }
}
