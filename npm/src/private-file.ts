/** Files that only their owner may read: how they are made, and what is said of those that others may read. */

import { closeSync, constants, fchmodSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

// Windows has neither.
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW = 0 } = constants;

/** What SQLite keeps beside a database, with the database's own mode. */
const BESIDE = ["-wal", "-shm", "-journal"];

/**
 * Makes an empty file with mode 0600, whatever the umask, before anything else can make it with another.
 *
 * @returns Whether it was made; false if something has that name already.
 */
export function makePrivate(path: string): boolean {
  let made: number;
  try {
    made = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    return false;
  }
  try {
    fchmodSync(made, 0o600);
  } finally {
    closeSync(made);
  }
  return true;
}

/** Warns of a database, and of what SQLite keeps beside it. */
export function warnIfLaxDatabase(what: string, path: string): void {
  warnIfLax(what, path);
  for (const ending of BESIDE) warnIfLax(what, `${path}${ending}`, false);
}

/**
 * Warns of a file that others than its owner may read or write, and of a folder in which anyone may replace it. It
 * does not change them: whoever made them so may have had a reason.
 */
export function warnIfLax(what: string, path: string, withFolder = true): void {
  if (process.platform === "win32") return;
  const found = modeOf(path);
  if (found !== undefined && found & 0o077) {
    warn(
      `${what} ${path} has mode ${octal(found)}, so that others than its owner may use it; run \`chmod 600\` on it.`,
    );
  }
  const folder = withFolder ? modeOf(dirname(path)) : undefined;
  if (folder !== undefined && folder & 0o002 && !(folder & 0o1000)) {
    warn(`${what} ${path} lies in a folder with mode ${octal(folder)}, where anyone may replace it.`);
  }
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o7777;
  } catch {
    return undefined;
  }
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}

function warn(message: string): void {
  process.emitWarning(message, { type: "ToolgateWarning", code: "TOOLGATE_LAX_FILE" });
}
