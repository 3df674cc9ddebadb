/** Tells the story on the terminal, and checks that each step comes out as told. */

import { type Decision, ToolgateError } from "toolgate";

const colour = process.stdout.isTTY
  ? { bold: "\u001b[1m", dim: "\u001b[2m", green: "\u001b[32m", red: "\u001b[31m", off: "\u001b[0m" }
  : { bold: "", dim: "", green: "", red: "", off: "" };

let chapter = 0;

export function heading(title: string): void {
  chapter += 1;
  console.log(`\n${colour.bold}${chapter}. ${title}${colour.off}`);
}

export function say(text: string): void {
  console.log(`   ${text}`);
}

let tellsDecisions = true;

/** Tells of no further decision. */
export function quiet(): void {
  tellsDecisions = false;
}

/** The median of each work in milliseconds; they take turns, so that noise hits both alike. */
export async function timed(
  bare: () => Promise<unknown>,
  guarded: () => Promise<unknown>,
): Promise<{ bare: number; guarded: number }> {
  const times = { bare: [] as number[], guarded: [] as number[] };
  const works = { bare, guarded };
  for (let round = 0; round < 60; round += 1) {
    for (const name of ["bare", "guarded"] as const) {
      const start = performance.now();
      await works[name]();
      times[name].push(performance.now() - start);
    }
  }
  const median = (numbers: number[]) => numbers.sort((one, other) => one - other)[numbers.length >> 1] ?? 0;
  return { bare: median(times.bare), guarded: median(times.guarded) };
}

/** What the gates decided and why; those that say the same share a line. */
export function decided({ tool, effect, gates }: Decision): void {
  if (!tellsDecisions) return;
  say(`${colour.dim}${tool}${effect ? `, effect ${effect}` : ""}${colour.off}`);
  const lines: { said: string; gates: string[] }[] = [];
  for (const { gate, verdict, note } of gates) {
    const tint = verdict === "deny" ? colour.red : verdict === "pass" ? colour.green : colour.bold;
    const said = `${tint}${verdict}${colour.off} %${note ? `: ${note}` : ""}`;
    const last = lines.at(-1);
    if (last?.said === said) last.gates.push(gate);
    else lines.push({ said, gates: [gate] });
  }
  for (const { said, gates } of lines) say(`  ${said.replace("%", gates.join(", "))}`);
}

export function check(told: string, holds: boolean): void {
  if (!holds) throw new Error(`This did not come out as told: ${told}`);
  say(`${colour.green}✓${colour.off} ${told}`);
}

/** The refusal that the call must end with. */
export async function refused(code: string, call: Promise<unknown>): Promise<ToolgateError> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ToolgateError)) throw error;
    say(`refused: ${error.code}`);
    say(`   next: ${error.next}`);
    check(`the guard refuses with \`${code}\``, error.code === code);
    return error;
  }
  throw new Error(`This did not come out as told: the call was to be refused with ${code}`);
}
