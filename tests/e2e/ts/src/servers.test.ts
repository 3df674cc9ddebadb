/** Two servers that other people wrote, over stdio, without a profile. */

import assert from "node:assert/strict";
import { mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import type { Answer } from "toolgate";
import { generations } from "./clients.js";
import { refusal } from "./people.js";

const require = createRequire(import.meta.url);
const server = (name: string) => join(dirname(require.resolve(`${name}/package.json`)), "dist/index.js");

for (const { name, stdio } of generations) {
  if (stdio === undefined) continue;
  describe(name, () => {
    it("server-everything: calls what its hints allow, and keeps its results", async () => {
      const command = { command: process.execPath, args: [server("@modelcontextprotocol/server-everything"), "stdio"] };
      await using subject = await stdio(command, { ask: () => ({ type: "approve" }) });
      assert.match(JSON.stringify(subject.guard.tools().map(({ name }) => name)), /"echo"/);
      const echoed = await subject.call("echo", { message: "hello" });
      assert.match(echoed.content[0]?.text ?? "", /hello/);
      const sum = await subject.call("get-sum", '{"a": 2, "b": 40}');
      assert.match(sum.content[0]?.text ?? "", /42/);
      const structured = await subject.call("get-structured-content", { location: "New York" });
      assert.equal(typeof structured.structuredContent?.["temperature"], "number");
      await refusal(subject.call("echo", { message: 5 }), "invalid_arguments");
      await refusal(subject.guard.signup({ email: "a@b.example", organisationName: "AB" }), "no_registration");
    });

    it("server-everything: what only a hint says is confirmed once, and the lock carries it on", async () => {
      const command = { command: process.execPath, args: [server("@modelcontextprotocol/server-everything"), "stdio"] };
      const asked: string[] = [];
      const ask = (question: { type: string; change?: string }): Answer => {
        asked.push(`${question.type} ${question.change}`);
        return { type: "approve" };
      };
      let lock: string;
      {
        await using subject = await stdio(command, { ask });
        const unconfirmed = new Map(subject.guard.tools().map(({ name, unconfirmed }) => [name, unconfirmed]));
        assert.equal(unconfirmed.get("echo"), true);
        assert.equal(unconfirmed.get("get-sum"), undefined);
        await subject.call("get-sum", { a: 1, b: 2 });
        assert.deepEqual(asked, []);
        await subject.call("echo", { message: "hello" });
        await subject.call("echo", { message: "again" });
        assert.deepEqual(asked, ["definition unconfirmed"]);
        lock = subject.guard.lock();
      }
      {
        await using subject = await stdio(command, { lock });
        await subject.call("echo", { message: "locked" });
      }
      await using subject = await stdio(command, {});
      const { details } = await refusal(subject.call("echo", { message: "nobody there" }), "definition_unconfirmed");
      await subject.guard.accept("echo", String(details["digest"]));
      await subject.call("echo", { message: "accepted" });
    });

    it("server-filesystem: reads pass, a write asks, and a no keeps the file as it was", async () => {
      const folder = await realpath(await mkdtemp(join(tmpdir(), "toolgate-files-")));
      try {
        await writeFile(join(folder, "a.txt"), "first");
        const command = { command: process.execPath, args: [server("@modelcontextprotocol/server-filesystem"), folder] };
        let answer: Answer = { type: "deny" };
        let asked = 0;
        await using subject = await stdio(command, {
          trusted: true,
          ask: () => {
            asked += 1;
            return answer;
          },
        });
        const effects = new Map(subject.guard.tools().map(({ name, effect }) => [name, effect]));
        assert.equal(effects.get("read_text_file"), "read");
        assert.equal(effects.get("write_file"), "destructive");
        const read = await subject.call("read_text_file", { path: join(folder, "a.txt") });
        assert.match(JSON.stringify(read.content), /first/);
        assert.equal(asked, 0);
        const write = { path: join(folder, "b.txt"), content: "second" };
        await refusal(subject.call("write_file", write), "approval_denied");
        assert.deepEqual(await readdir(folder), ["a.txt"]);
        answer = { type: "approve" };
        // The no holds for the same call.
        await subject.call("write_file", { ...write, content: "third" });
        assert.deepEqual((await readdir(folder)).sort(), ["a.txt", "b.txt"]);
        assert.equal(asked, 2);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });
}
