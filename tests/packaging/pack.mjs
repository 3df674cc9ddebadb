// The packed tarball, and clean folders that install it.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const here = fileURLToPath(new URL(".", import.meta.url));
export const npm = fileURLToPath(new URL("../../npm/", import.meta.url));

const folders = [];

/** A new folder that goes away at the end. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "toolgate-packaging-"));
  folders.push(path);
  return path;
}

process.on("exit", () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

export function run(cwd, command, ...args) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1e9 });
}

let packed;

/** `npm pack`'s report, with the tarball's path. */
export function pack() {
  if (packed === undefined) {
    const to = folder();
    const [report] = Object.values(JSON.parse(run(npm, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", to)));
    packed = { ...report, path: join(to, report.filename) };
  }
  return packed;
}

/** A project that has the tarball and the official client installed, and the given files. */
export function consumer(files = {}, ...dependencies) {
  const path = folder();
  writeFileSync(join(path, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const { devDependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const wanted = dependencies.map((name) => `${name}@${devDependencies[name]}`);
  run(path, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", pack().path, ...wanted);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

export function copyApp(path) {
  cpSync(join(here, "app"), path, { recursive: true });
}
