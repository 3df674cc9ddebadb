import { Engine } from "./engine.js";
import initialize, {
  Core,
  canonicalize,
  digest,
  FetchClient,
  initSync,
  room,
  Validator,
  verifyAudit,
} from "./generated/toolgate.js";

/** The whole core, guard included. */
export const whole = new Engine({
  ...{ Core, canonicalize, digest, FetchClient, verifyAudit },
  ...{ initialize, initSync, room, Validator },
});
