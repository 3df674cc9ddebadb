/** The demo's backend: the sandbox as a child process, its outbox, and what its owner does in the portal. */

import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Sandbox {
  url: URL;
  outbox: string;
  /** A file for the audit, which goes with the sandbox. */
  audit: string;
  /** The newest email as text. */
  mail(): Promise<string>;
  /** How often the backend really ran a tool. */
  ran(tool: string): Promise<number>;
  /** How many emails were sent. */
  mails(): Promise<number>;
  /** The owner agrees to a send. */
  ownerApproves(approval: string): Promise<void>;
  /** The owner pays by the link that a tool made. */
  pay(link: string): Promise<void>;
  /** From now on the server describes a tool in other words. */
  describes(tool: string, description: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const program = process.env.TOOLGATE_SANDBOX;
  if (!program) throw new Error("TOOLGATE_SANDBOX must hold the path of the sandbox's program");
  const folder = await mkdtemp(join(tmpdir(), "toolgate-demo-"));
  const outbox = join(folder, "outbox");
  const child = spawn(program, ["--outbox", outbox, "--exit-with-stdin"], { stdio: ["pipe", "pipe", "ignore"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
  });
  const { mcp, portal } = JSON.parse(first) as { mcp: string; portal: string };
  const emails = async () => (await readdir(outbox)).filter((file) => file.endsWith(".eml"));
  const send = async (method: string, where: string | URL, body: unknown) => {
    const answer = await fetch(where, {
      method,
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    if (!answer.ok) throw new Error(`${where} answers ${answer.status}: ${await answer.text()}`);
  };
  return {
    url: new URL(mcp),
    outbox,
    audit: join(folder, "audit.jsonl"),
    async mail() {
      const files = await emails();
      const mails = await Promise.all(files.map((file) => readFile(join(outbox, file), "utf8")));
      const sent = (mail: string) => Date.parse(/^Date: (.*)$/m.exec(mail)?.[1] ?? "");
      return mails.sort((a, b) => sent(a) - sent(b)).at(-1) ?? "";
    },
    async ran(tool) {
      const response = await fetch(`${portal}/api/log`);
      const { calls } = (await response.json()) as { calls: { tool: string; executed: boolean }[] };
      return calls.filter((call) => call.tool === tool && call.executed).length;
    },
    mails: async () => (await emails()).length,
    ownerApproves: (approval) => send("POST", `${portal}/api/approvals/${approval}`, { decision: "approve" }),
    pay: (link) => send("POST", link.replace("/portal/upgrade/", "/portal/api/upgrade/"), {}),
    describes: (tool, description) =>
      send("PUT", new URL("/sandbox/faults", mcp), [{ fault: { definition: { tool, patch: { description } } } }]),
    async stop() {
      child.stdin.end();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
