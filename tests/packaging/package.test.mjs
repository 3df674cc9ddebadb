// What is in the tarball, and what the tools that know about packages say of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { consumer, npm, pack, run } from "./pack.mjs";

it("holds what is needed, once, and nothing of the machine that made it", () => {
  const { files, path } = pack();
  const names = files.map((file) => file.path);
  const texts = ["README.md", "CHANGELOG.md", "LICENSE", "LICENSE-MIT", "LICENSE-APACHE"];
  for (const name of ["package.json", ...texts, "dist/toolgate.wasm", "dist/schema.wasm", "dist/policy.schema.json"]) {
    assert.ok(names.includes(name), name);
  }
  const strange = names.filter((name) => !/^(dist\/.*\.(js|js\.map|d\.ts|wasm|schema\.json)|[A-Z-]+(\.md)?|package\.json)$/.test(name));
  assert.deepEqual(strange, []);
  assert.deepEqual(JSON.parse(readFileSync(`${npm}package.json`, "utf8")).dependencies, undefined);
  const text = run(".", "tar", "--extract", "--to-stdout", "--gzip", "--file", path).replaceAll(/base64 = "[^"]*"/g, "");
  // The word alone stands in the rule about plain HTTP; an address would be the machine's.
  for (const place of [npm, process.env.HOME, "/.cargo/", "//localhost"]) assert.equal(text.indexOf(place), -1, place);
});

it("publint finds nothing", async () => {
  const { messages } = await publint({ pkgDir: npm, strict: true });
  const manifest = JSON.parse(readFileSync(`${npm}package.json`, "utf8"));
  assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), []);
});

it("the types are not wrong (ESM only)", async () => {
  const tarball = createPackageFromTarballData(new Uint8Array(readFileSync(pack().path)));
  const { types, problems } = await checkPackage(tarball, { excludeEntrypoints: ["./wasm", "./schema.wasm", "./policy.schema.json"] });
  assert.ok(types);
  // Old Node's resolution knows no exports, and a `require` of ESM is what the package is for.
  const counted = problems.filter(({ kind, resolutionKind }) => kind !== "CJSResolvesToESM" && resolutionKind !== "node10");
  assert.deepEqual(counted, []);
});

it("a consumer's strict TypeScript takes the README, in both ways to resolve", () => {
  const readme = readFileSync(`${npm}README.md`, "utf8");
  const [example, schema, ask] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, text]) => text);
  const shown = `import type { Ask, Preview } from "toolgate";
declare function typeIn(message: string): Promise<string>;
declare function confirm(preview: Preview): Promise<boolean>;
export ${ask}`;
  const path = consumer({ "example.ts": example, "schema.ts": schema, "ask.ts": shown }, "@modelcontextprotocol/client", "typescript", "@types/node");
  for (const module of ["nodenext", "bundler"]) {
    const resolution = module === "bundler" ? ["--module", "esnext", "--moduleResolution", "bundler"] : ["--module", "nodenext"];
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--types", "node"];
    run(path, "npx", "tsc", "--noEmit", ...strict, ...resolution, "example.ts", "schema.ts", "ask.ts");
  }
});
