/** The demo's backend: the sandbox as a child process, and its outbox. */

import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Sandbox {
  url: URL;
  outbox: string;
  /** The newest email as text. */
  mail(): Promise<string>;
  /** How often the backend really ran a tool. */
  ran(tool: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const program = process.env.TOOLGATE_SANDBOX;
  if (!program) throw new Error("TOOLGATE_SANDBOX must hold the path of the sandbox's program");
  const outbox = await mkdtemp(join(tmpdir(), "toolgate-outbox-"));
  const child = spawn(program, ["--outbox", outbox, "--exit-with-stdin"], { stdio: ["pipe", "pipe", "ignore"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
  });
  const { mcp, portal } = JSON.parse(first) as { mcp: string; portal: string };
  return {
    url: new URL(mcp),
    outbox,
    async mail() {
      const files = (await readdir(outbox)).filter((file) => file.endsWith(".eml"));
      const mails = await Promise.all(files.map((file) => readFile(join(outbox, file), "utf8")));
      const sent = (mail: string) => Date.parse(/^Date: (.*)$/m.exec(mail)?.[1] ?? "");
      return mails.sort((a, b) => sent(a) - sent(b)).at(-1) ?? "";
    },
    async ran(tool) {
      const response = await fetch(`${portal}/api/log`);
      const { calls } = (await response.json()) as { calls: { tool: string; executed: boolean }[] };
      return calls.filter((call) => call.tool === tool && call.executed).length;
    },
    async stop() {
      child.stdin.end();
      await exited;
      await rm(outbox, { recursive: true });
    },
  };
}
