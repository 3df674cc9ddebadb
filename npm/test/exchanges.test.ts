import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { exchangesOf } from "../src/exchanges.js";
import { authorizedFetch } from "../src/fetch.js";
import { MemoryVault } from "../src/vault.js";

describe("a fetch that sends a secret of the vault", () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    const headers: Record<string, string> = { date: "Sat, 21 Nov 2026 10:00:00 GMT" };
    if (request.url === "/slow") headers["retry-after"] = "30";
    if (request.url === "/slow-until") headers["retry-after"] = "Sat, 21 Nov 2026 10:00:05 GMT";
    response.writeHead(request.url === "/" ? 200 : 429, headers).end();
  });
  let url = "";
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it("sends it to its origin only, as soon as there is one", async () => {
    const vault = new MemoryVault();
    const fetch = authorizedFetch(vault, "key", { origin: `${url}/mcp` });
    const elsewhere = authorizedFetch(vault, "key", { origin: "https://example.test" });
    await fetch(url);
    vault.put("key", "sesame");
    await fetch(url, { headers: { accept: "text/plain" } });
    await elsewhere(url);
    assert.deepEqual(seen.splice(0), [undefined, "Bearer sesame", undefined]);
  });

  it("does not send it over plain HTTP to another machine", () => {
    const origin = "http://example.test/mcp";
    assert.throws(() => authorizedFetch(new MemoryVault(), "key", { origin }), { code: "invalid_options" });
  });

  it("notes the clock and the wish to slow down, each for what came since the mark", async () => {
    const vault = new MemoryVault();
    const fetch = authorizedFetch(vault, "key", { origin: url });
    const exchanges = exchangesOf(vault);
    const start = exchanges.mark();
    assert.equal(exchanges.serverTime(start), undefined);
    await fetch(url);
    assert.equal(exchanges.serverTime(start), Date.parse("2026-11-21T10:00:00Z"));
    assert.equal(exchanges.retryAfter(start), undefined);
    await fetch(`${url}/slow`);
    await fetch(url);
    assert.equal(exchanges.retryAfter(start), 30_000);
    const later = exchanges.mark();
    assert.equal(exchanges.retryAfter(later), undefined);
    await fetch(`${url}/slow-until`);
    assert.equal(exchanges.retryAfter(later), 5_000);
  });
});

describe("the vault in memory", () => {
  it("falls back on the environment, and shows nothing of itself", () => {
    process.env.TOOLGATE_TEST_SECOND = "from the environment";
    const vault = new MemoryVault({ environment: { key: ["TOOLGATE_TEST_FIRST", "TOOLGATE_TEST_SECOND"] } });
    assert.equal(vault.get("key"), "from the environment");
    assert.equal(vault.get("other"), undefined);
    vault.put("key", "sesame");
    assert.equal(vault.get("key"), "sesame");
    assert.equal(JSON.stringify(vault).includes("sesame"), false);
  });
});
