// The official JSON-Schema-Test-Suite for JavaScript: what there is to run, and what came of it.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export { runSuite } from "./run.mjs";

const DRAFTS = {
  "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
  "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
  draft7: "http://json-schema.org/draft-07/schema",
  draft6: "http://json-schema.org/draft-06/schema",
};

const root = fileURLToPath(new URL("../../", import.meta.url));
const { formats, tests: counted, exceptions } = JSON.parse(readFileSync(join(root, "tests/suite/exceptions.json"), "utf8"));

const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const unixPath = (from, to) => relative(from, to).split(sep).join("/");

/**
 * `resources`, and `groups`, each with its draft, its options, and the texts of its schema and of its tests' data as
 * the files have them: `JSON.parse` would round their big numbers.
 */
export function suite() {
  const folder = process.env.TOOLGATE_SUITE ?? join(root, ".cache/suite");
  const remotes = join(folder, "remotes");
  assert.ok(existsSync(remotes), `the suite is not in ${folder}: \`tests/setup/suite.sh .cache/suite\` fetches it`);
  const resources = Object.fromEntries(
    files(remotes).map((path) => [`http://localhost:1234/${unixPath(remotes, path)}`, JSON.parse(readFileSync(path, "utf8"))]),
  );
  const groups = [];
  for (const [draft, dialect] of Object.entries(DRAFTS)) {
    const tests = join(folder, "tests", draft);
    for (const path of files(tests)) {
      const file = unixPath(tests, path);
      const isFormat = file.startsWith("optional/format/") && formats.includes(basename(path, ".json"));
      if (file.startsWith("optional") && !isFormat) continue;
      const text = readFileSync(path, "utf8");
      for (const group of items(text)) {
        const { description, schema, tests } = members(group);
        const name = `${draft}/${file}/${JSON.parse(description)}`;
        groups.push({
          draft,
          isFormat,
          schema,
          options: { dialect, formats: isFormat ? "assert" : "annotate" },
          tests: items(tests).map((test) => {
            const { description, data, valid } = members(test);
            return { name: `${name}/${JSON.parse(description)}`, data, valid: valid === "true" };
          }),
        });
      }
    }
  }
  return { resources, groups };
}

/** Holds what was found against what is known: `failed` has each failing test's name, and why. */
export function judge({ groups }, failed, print) {
  const counts = {};
  for (const { draft, isFormat, tests } of groups) {
    counts[draft] ??= [0, 0];
    counts[draft][isFormat ? 1 : 0] += tests.length;
  }
  for (const [draft, [required, ofFormats]] of Object.entries(counts)) print(`${draft}: ${required} required, ${ofFormats} of formats`);
  assert.deepEqual(counts, counted, "the number of tests");
  const excepted = exceptions.map(({ test }) => test);
  const names = new Set(groups.flatMap(({ tests }) => tests.map(({ name }) => name)));
  assert.deepEqual(excepted.filter((name) => !names.has(name)), [], "exceptions that name no test");
  const failing = new Set(failed.map(({ name }) => name));
  assert.deepEqual(excepted.filter((name) => !failing.has(name)), [], "exceptions that pass");
  assert.deepEqual(failed.filter(({ name }) => !excepted.includes(name)), [], "tests that fail");
}

/** The texts of an array's items. */
function items(text) {
  return parts(text).map(([from, to]) => text.slice(from, to));
}

/** The texts of an object's members, by name. */
function members(text) {
  const found = parts(text).map(([from, to]) => text.slice(from, to));
  const named = {};
  for (let index = 0; index < found.length; index += 2) named[JSON.parse(found[index])] = found[index + 1];
  return named;
}

/** Where the values directly within an array or object stand; names count as values. */
function parts(text) {
  const found = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    const separates = token === "," || token === ":";
    if (depth === 1 && !closes && !separates) from = index;
    if (depth === 1 && !opens && !separates) found.push([from, index + token.length]);
    if (opens) depth += 1;
  }
  return found;
}
