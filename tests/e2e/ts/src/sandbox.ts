/** Starts the sandbox backend, and looks at it from outside: emails, what really ran, faults. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

function binary(): string {
  const target = process.env["CARGO_TARGET_DIR"] ?? join(root, "target");
  const path = process.env["TOOLGATE_SANDBOX"] ?? join(target, "debug/toolgate-sandbox");
  assert.ok(existsSync(path), `${path} is missing: cargo build --package toolgate-sandbox`);
  return path;
}

/** One received call. */
export interface Logged {
  tool: string;
  executed: boolean;
  outcome: string;
}

export interface Fault {
  tool?: string;
  method?: "tools/call" | "tools/list";
  after?: number;
  times?: number;
  fault: Record<string, unknown>;
}

export class Sandbox implements AsyncDisposable {
  readonly url: URL;
  readonly outbox: string;
  readonly #portal: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(process: ChildProcess, folder: string, said: { mcp: string; portal: string; outbox: string }) {
    this.#process = process;
    this.#folder = folder;
    this.#portal = said.portal;
    this.url = new URL(said.mcp);
    this.outbox = said.outbox;
  }

  static async start(...options: string[]): Promise<Sandbox> {
    const folder = await mkdtemp(join(tmpdir(), "toolgate-sandbox-"));
    const args = ["--exit-with-stdin", "--demo-data", "--outbox", join(folder, "outbox"), ...options];
    const process = spawn(binary(), args, { stdio: ["pipe", "pipe", "ignore"] });
    const lines = createInterface({ input: process.stdout });
    const first = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      process.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
    });
    return new Sandbox(process, folder, JSON.parse(first));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin?.end();
    await ended;
    await rm(this.#folder, { recursive: true });
  }

  /** A file name that goes with the sandbox. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  /** What the backend received, in order. */
  async log(): Promise<Logged[]> {
    const answer = await fetch(`${this.#portal}/api/log`);
    return ((await answer.json()) as { calls: Logged[] }).calls;
  }

  /** How often a tool really ran. */
  async ran(tool: string): Promise<number> {
    return (await this.log()).filter((call) => call.tool === tool && call.executed).length;
  }

  async setFaults(...faults: Fault[]): Promise<void> {
    const answer = await fetch(new URL("/sandbox/faults", this.url), { method: "PUT", body: JSON.stringify(faults) });
    assert.equal(answer.status, 204, await answer.text());
  }

  /** The code of the newest email to that address; waits until there is one more than were seen before. */
  async code(email: string, seen = 0): Promise<string> {
    for (let tries = 0; tries < 200; tries += 1) {
      const emails = await this.#emails(email);
      const code = /^Your code is (\d{6})\s*$/m.exec(emails.at(-1) ?? "")?.[1];
      if (emails.length > seen && code !== undefined) return code;
      await sleep(25);
    }
    return assert.fail(`no email came for ${email}`);
  }

  /** How many emails were sent. */
  async mails(): Promise<number> {
    return (await this.#emails("")).length;
  }

  /** The owner's word on a send, in the portal. */
  async ownerDecides(approval: string, decision: "approve" | "deny"): Promise<void> {
    await this.#post(`${this.#portal}/api/approvals/${approval}`, { decision });
  }

  /** Pays by the link that a tool made. */
  async pay(link: string): Promise<void> {
    await this.#post(link.replace("/portal/upgrade/", "/portal/api/upgrade/"), {});
  }

  async #post(url: string, body: object): Promise<void> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  }

  async #emails(email: string): Promise<string[]> {
    const names = (await readdir(this.outbox).catch(() => [])).filter((name) => name.endsWith(".eml")).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(this.outbox, name), "utf8")));
    return texts.filter((text) => text.includes(email));
  }

  async write(name: string, text: string): Promise<string> {
    const path = this.file(name);
    await writeFile(path, text);
    return path;
  }
}
