// The installed tarball, bundled as people do it, in a real Chromium.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";
import { consumer, copyApp, run } from "./pack.mjs";
import { startSandbox } from "./sandbox.mjs";

const STORY = ["not_initialized", "healthy", "approval_required", "cancelled"];
const DIGEST = ["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"];

/** What a strict page allows; the sandbox is on another port. */
const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' http://127.0.0.1:*";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".map": "application/json" };

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
    if (sandbox) await page.exposeFunction("emailedCode", () => sandbox.code());
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

  it("Vite's build, in a page and in a worker, under a strict content security policy", async () => {
    const path = consumer({}, "@modelcontextprotocol/client", "vite");
    copyApp(path);
    const config = 'export default { base: "./", worker: { format: "es" }, build: { rollupOptions: { input: ["index.html", "worker.html"] } } };';
    run(path, "node", "--input-type=module", "--eval", `import { writeFileSync } from "node:fs"; writeFileSync("vite.config.js", ${JSON.stringify(config)});`);
    run(path, "npx", "vite", "build", "--logLevel", "error");
    const site = await serve(join(path, "dist"));
    try {
      await tellsTheStory(site.origin);
      assert.deepEqual(await said(`${site.origin}/worker.html`), DIGEST);
    } finally {
      site.close();
    }
  });

  it("Vite's development server", async () => {
    const path = consumer({}, "@modelcontextprotocol/client", "vite");
    copyApp(path);
    const { createServer } = await import("vite");
    const server = await createServer({ root: path, configFile: false, logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
    await server.listen();
    try {
      await tellsTheStory(`http://127.0.0.1:${server.httpServer.address().port}`);
    } finally {
      await server.close();
    }
  });

  it("webpack", async () => {
    const path = consumer({}, "@modelcontextprotocol/client");
    copyApp(path);
    const { default: webpack } = await import("webpack");
    const stats = await new Promise((resolve, reject) => {
      const entry = { main: "./main.js", "start-worker": "./start-worker.js" };
      const options = { mode: "production", context: path, entry, output: { path: join(path, "out") }, performance: { hints: false } };
      webpack(options, (error, stats) => (error ? reject(error) : resolve(stats)));
    });
    assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, []);
    run(path, "cp", "index.html", "worker.html", "out/");
    const site = await serve(join(path, "out"));
    try {
      await tellsTheStory(site.origin);
      assert.deepEqual(await said(`${site.origin}/worker.html`), DIGEST);
    } finally {
      site.close();
    }
  });
});
