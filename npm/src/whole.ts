import { Engine } from "./engine.js";
import initialize, {
  Core,
  canonicalize,
  digest,
  FetchClient,
  initSync,
  room,
  Validator,
} from "./generated/toolgate.js";

/** The whole core, guard included. */
export const whole = new Engine({ Core, canonicalize, digest, FetchClient, initialize, initSync, room, Validator });
