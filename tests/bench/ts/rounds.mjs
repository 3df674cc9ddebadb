// Takes turns: each round lets every contender work for a moment, in rotating order, so that whatever else the machine
// does hits all alike. A figure is the median of its rounds, a ratio the median of the rounds' ratios.

import { setImmediate } from "node:timers/promises";

const ROUNDS = 21;
const SLICE_MS = 15;
const WARM_MS = 250;

/**
 * @param contenders name → work on one input, answering true
 * @param collects whether all that was left behind is collected before each turn, what waits for a finalizer too
 * @returns name → nanoseconds an input, for each round
 */
export async function takeTurns(contenders, { rounds = ROUNDS, collects = false } = {}) {
  const names = Object.keys(contenders);
  const loops = Object.fromEntries(names.map((name) => [name, ownLoop(contenders[name])]));
  const counts = Object.fromEntries(names.map((name) => [name, warm(loops[name])]));
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length];
      // Nobody shall pay for what another left behind.
      globalThis.gc({ type: collects ? "major" : "minor" });
      // Finalizers run when nothing else does.
      if (collects) await setImmediate();
      figures[name].push(timed(loops[name], counts[name]));
    }
  }
  return figures;
}

/** A loop compiled for each contender: one that all share would be optimised for none of them. */
function ownLoop({ inputs, work }) {
  const body = `
    let position = 0;
    return (count) => {
      let passed = 0;
      for (let done = 0; done < count; done += 1) {
        if (work(inputs[position])) passed += 1;
        position = position + 1 < inputs.length ? position + 1 : 0;
      }
      return passed;
    };`;
  return new Function("inputs", "work", body)(inputs, work);
}

/** Until the engine has optimised it; answers how many inputs fill a slice. */
function warm(loop) {
  const start = performance.now();
  let count = 1;
  for (;;) {
    const spent = timed(loop, count) * count;
    if (performance.now() - start > WARM_MS) return Math.max(1, Math.round((SLICE_MS * 1e6 * count) / spent));
    if (spent < SLICE_MS * 1e6) count *= 2;
  }
}

function timed(loop, count) {
  const start = performance.now();
  const passed = loop(count);
  const spent = performance.now() - start;
  // The answer is looked at, so that the work cannot be optimised away.
  if (passed !== count) throw new Error(`only ${passed} of ${count} came out as expected`);
  return (spent * 1e6) / count;
}
