/** A process ends while a person is asked; another one goes on from the snapshot. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MemoryVault } from "toolgate";
import { generations, KEY } from "./clients.js";
import { first, form, person } from "./people.js";
import { Sandbox } from "./sandbox.js";

const worker = fileURLToPath(new URL("worker.js", import.meta.url));

async function process_(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [worker, ...args]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

for (const [number, generation] of generations.entries()) {
  describe(generation.name, () => {
    it("a sign-up that waits for the emailed code", async () => {
      await using sandbox = await Sandbox.start();
      const state = sandbox.file("state.json");
      const args = [String(number), state, sandbox.url.href];
      const email = "late@harbour-yoga.example";
      assert.deepEqual(await process_(...args, "begin-signup", email), { died: true });
      const code = await sandbox.code(email);
      assert.ok(!(await readFile(state, "utf8")).includes(code));
      const end = await process_(...args, "end-signup", code);
      assert.equal(end["type"], "ready", JSON.stringify(end));
      assert.match(JSON.parse(await readFile(state, "utf8")).key, /^fav_mcp_/);
      assert.equal(await sandbox.ran("register_organisation_request"), 1);
      assert.equal(await sandbox.ran("register_organisation_verify"), 1);
    });

    it("a call that waits for a yes, and then runs once", async () => {
      await using sandbox = await Sandbox.start();
      const email = "owner@harbour-yoga.example";
      const vault = new MemoryVault();
      await using subject = await generation.http(sandbox.url, { vault, ask: person(sandbox, email) });
      await subject.guard.signup(form(email));
      const booking = await first(subject, "list_bookings");
      const key = vault.get(KEY);
      const state = await sandbox.write("state.json", JSON.stringify({ ledger: [], key }));
      const args = [String(number), state, sandbox.url.href];
      assert.deepEqual(await process_(...args, "begin-cancel", booking.id), { died: true });
      assert.equal(await sandbox.ran("cancel_booking"), 0);
      const { snapshot } = JSON.parse(await readFile(state, "utf8"));
      assert.ok(key && !snapshot.includes(key));
      const end = await process_(...args, "end-cancel");
      assert.equal(end["type"], "result", JSON.stringify(end));
      assert.equal(await sandbox.ran("cancel_booking"), 1);

      // The same snapshot again, with the ledger as the second process left it: nothing is sent twice.
      const after = JSON.parse(await readFile(state, "utf8"));
      await sandbox.write("state.json", JSON.stringify({ ...after, snapshot }));
      const again = await process_(...args, "end-cancel");
      assert.ok("error" in again, JSON.stringify(again));
      assert.equal(await sandbox.ran("cancel_booking"), 1);
    });
  });
}
