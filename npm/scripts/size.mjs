// Fails when a WebAssembly module grows beyond its budget.

import { weigh } from "./weigh.mjs";

for (const { name, bytes, compressed, budget } of weigh()) {
  const percent = ((100 * compressed) / budget).toFixed(1);
  process.stdout.write(`${name}: ${bytes} bytes, ${compressed} by brotli 11: ${percent} % of ${budget}\n`);
  if (compressed > budget) process.exitCode = 1;
}
