/** The core as the package's own files use it, for the tests that go below the public surface. */

import { readFileSync } from "node:fs";
import * as bindings from "../src/generated/toolgate.js";

export const { memory } = bindings.initSync({
  module: readFileSync(new URL("../dist/toolgate.wasm", import.meta.url)),
});

export const { Core, canonicalize, digest, errorCodes, room, verifyAudit } = bindings;
export type Core = bindings.Core;
