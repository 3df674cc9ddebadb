// The sandbox backend for one test.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { folder } from "./pack.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

export async function startSandbox() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const binary = process.env.TOOLGATE_SANDBOX ?? join(target, "debug/toolgate-sandbox");
  const args = ["--exit-with-stdin", "--demo-data", "--outbox", join(folder(), "outbox")];
  const child = spawn(binary, args, { stdio: ["pipe", "pipe", "ignore"] });
  const said = JSON.parse(
    await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve);
      child.once("error", reject);
    }),
  );
  return {
    url: said.mcp,
    /** The emailed code, as soon as there is one. */
    async code() {
      for (;;) {
        const emails = readdirSync(said.outbox).filter((name) => name.endsWith(".eml"));
        const text = emails.length > 0 ? readFileSync(join(said.outbox, emails[0]), "utf8") : "";
        const code = /^Your code is (\d{6})/m.exec(text)?.[1];
        if (code !== undefined) return code;
        await sleep(25);
      }
    },
    async ran(tool) {
      const { calls } = await (await fetch(`${said.portal}/api/log`)).json();
      return calls.filter((call) => call.tool === tool && call.executed).length;
    },
    /** Lets one call of a tool come back in another shape. */
    async misshape(tool, shape) {
      const faults = JSON.stringify([{ tool, times: 1, fault: { shape } }]);
      assert.equal((await fetch(new URL("/sandbox/faults", said.mcp), { method: "PUT", body: faults })).status, 204);
    },
    stop: () => child.stdin.end(),
  };
}
