/** Whether the program may use its terminal, or would be stopped by the system for it. */

import { execFileSync } from "node:child_process";
import { fstatSync, readFileSync } from "node:fs";
import { pid, platform } from "node:process";

/** Whether the program is in the foreground of that terminal, or the terminal does not control it. */
export function isInFront(input: object): boolean {
  const { fd } = input as { fd?: unknown };
  if (platform === "win32" || typeof fd !== "number") return true;
  try {
    const [group, front] = platform === "linux" ? ofLinux(fd) : ofOthers();
    return group === front || front === undefined || front <= 0;
  } catch {
    // Nothing is known; a program in the background is the exception.
    return true;
  }
}

/** Our process group, and the one in front, if the terminal is the one that controls us. */
function ofLinux(fd: number): [number, number | undefined] {
  const stat = readFileSync("/proc/self/stat", "utf8");
  // The command before may hold anything, brackets too.
  const [, , group, , device, front] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const isOurs = device === fstatSync(fd).rdev;
  return [group as number, isOurs ? front : undefined];
}

function ofOthers(): [number, number | undefined] {
  const said = execFileSync("ps", ["-o", "pgid=,tpgid=", "-p", String(pid)], { encoding: "utf8", timeout: 2_000 });
  const [group, front] = said.trim().split(/\s+/).map(Number);
  return [group as number, front];
}
