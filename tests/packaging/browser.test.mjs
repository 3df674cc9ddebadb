// The installed tarball, bundled as people do it, in a real Chromium.

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";
import { judge, suite } from "../suite/cases.mjs";
import { consumer, copyApp, here, npm, run } from "./pack.mjs";
import { startSandbox } from "./sandbox.mjs";

const STORY = ["not_initialized", "healthy", "approval_required", "cancelled"];
const SCHEMA = ["not_initialized", true, false, "type"];
const DIGEST = ["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"];

/** What a strict page allows; the sandbox is on another port. */
const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' http://127.0.0.1:*";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".map": "application/json" };

/** The text of an array of the vectors' conversations, a file each: written again, -0 would be 0. */
function conversations() {
  const texts = ["attacks", "transcripts"].flatMap((name) => {
    const folder = join(here, "../vectors", name);
    return readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  });
  return `[${texts.join(",")}]`;
}

async function serve(folder) {
  const server = createServer(async ({ url }, response) => {
    const path = join(folder, new URL(url, "http://localhost").pathname);
    if (!existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", "content-security-policy": CSP });
    response.end(await readFile(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

describe("in Chromium", () => {
  let browser;
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  });
  after(() => browser?.close());

  /** What the page says when it is done; anything on its console that is an error counts as well. */
  async function said(url, sandbox) {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) problems.push(message.text());
    });
    if (sandbox) {
      await page.exposeFunction("emailedCode", () => sandbox.code());
      await page.exposeFunction("misshape", sandbox.misshape);
    }
    await page.goto(url);
    await page.waitForFunction(() => document.title === "done", undefined, { timeout: 60_000 });
    assert.deepEqual(problems, []);
    const text = await page.textContent("#said");
    await page.close();
    return JSON.parse(text);
  }

  async function tellsTheStory(origin) {
    for (const client of ["official", "own"]) {
      const sandbox = await startSandbox();
      try {
        const page = `${origin}/index.html?${client}&mcp=${encodeURIComponent(sandbox.url)}`;
        assert.deepEqual(await said(page, sandbox), STORY, client);
        assert.equal(await sandbox.ran("cancel_booking"), 1);
      } finally {
        sandbox.stop();
      }
    }
  }

  describe("Vite's build, under a strict content security policy", () => {
    let site;
    const cases = suite();
    const vectors = conversations();

    before(async () => {
      const path = consumer({}, "@modelcontextprotocol/client", "vite");
      copyApp(path);
      cpSync(join(here, "../suite/run.mjs"), join(path, "run.mjs"));
      cpSync(join(here, "../vectors/run.mjs"), join(path, "play.mjs"));
      // The package has no way in to the core's own surface: its bindings, and the module that is in the tarball.
      cpSync(join(npm, "src/generated/toolgate.js"), join(path, "bindings.js"));
      const input = JSON.stringify(["index.html", "schema.html", "worker.html", "suite.html", "validator.html", "vectors.html"]);
      const config = `export default { base: "./", worker: { format: "es" }, build: { rollupOptions: { input: ${input} } } };`;
      writeFileSync(join(path, "vite.config.js"), config);
      run(path, "npx", "vite", "build", "--logLevel", "error");
      writeFileSync(join(path, "dist/cases.json"), JSON.stringify(cases));
      writeFileSync(join(path, "dist/vectors.json"), vectors);
      cpSync(join(path, "node_modules/toolgate/dist/toolgate.wasm"), join(path, "dist/toolgate.wasm"));
      site = await serve(join(path, "dist"));
    });
    after(() => site?.close());

    it("tells the story in a page", () => tellsTheStory(site.origin));

    it("validates in a page by the schema engine alone", async () => {
      assert.deepEqual(await said(`${site.origin}/schema.html`), SCHEMA);
    });

    it("works in a worker", async () => {
      assert.deepEqual(await said(`${site.origin}/worker.html`), DIGEST);
    });

    it("passes the official JSON-Schema-Test-Suite in one page", async (context) => {
      const { early, failed } = await said(`${site.origin}/suite.html`);
      assert.equal(early, "not_initialized");
      judge(cases, failed, (line) => context.diagnostic(line));
    });

    it("decides as all languages do: every transcript and every attack", async (context) => {
      const { count, failed } = await said(`${site.origin}/vectors.html`);
      context.diagnostic(`${count} conversations`);
      assert.deepEqual(failed, []);
      assert.equal(count, JSON.parse(vectors).flatMap(({ cases }) => cases).length);
    });

    it("validates for the official client, whose Ajv needs what the policy forbids", async () => {
      const sandbox = await startSandbox();
      try {
        const page = `${site.origin}/validator.html?mcp=${encodeURIComponent(sandbox.url)}`;
        const { early, fits, fitsNot, ajv } = await said(page, sandbox);
        assert.equal(early, "not_initialized");
        assert.equal(fits, "Faye Au");
        assert.match(fitsNot, /Give `data\.id` as the string "5"\./);
        assert.match(ajv, /'unsafe-eval' is not an allowed source/);
      } finally {
        sandbox.stop();
      }
    });
  });

  it("Vite's development server", async () => {
    const path = consumer({}, "@modelcontextprotocol/client", "vite");
    copyApp(path);
    const { createServer } = await import("vite");
    const server = await createServer({ root: path, configFile: false, logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
    await server.listen();
    try {
      const origin = `http://127.0.0.1:${server.httpServer.address().port}`;
      await tellsTheStory(origin);
      assert.deepEqual(await said(`${origin}/schema.html`), SCHEMA);
    } finally {
      await server.close();
    }
  });

  it("webpack", async () => {
    const path = consumer({}, "@modelcontextprotocol/client");
    copyApp(path);
    const { default: webpack } = await import("webpack");
    const stats = await new Promise((resolve, reject) => {
      const entry = { main: "./main.js", schema: "./schema.js", "start-worker": "./start-worker.js" };
      const options = { mode: "production", context: path, entry, output: { path: join(path, "out") }, performance: { hints: false } };
      webpack(options, (error, stats) => (error ? reject(error) : resolve(stats)));
    });
    assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, []);
    run(path, "cp", "index.html", "schema.html", "worker.html", "out/");
    const site = await serve(join(path, "out"));
    try {
      await tellsTheStory(site.origin);
      assert.deepEqual(await said(`${site.origin}/schema.html`), SCHEMA);
      assert.deepEqual(await said(`${site.origin}/worker.html`), DIGEST);
    } finally {
      site.close();
    }
  });
});
