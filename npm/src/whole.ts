import { Engine } from "./engine.js";
import initialize, {
  Core,
  canonicalize,
  configReferences,
  deskwork,
  digest,
  FetchClient,
  initSync,
  policyFindings,
  resolveConfig,
  room,
  Validator,
  verifyAudit,
  visible,
} from "./generated/toolgate.js";

/** The whole core, guard included. */
export const whole = new Engine({
  ...{
    Core,
    canonicalize,
    deskwork,
    digest,
    configReferences,
    FetchClient,
    policyFindings,
    resolveConfig,
    verifyAudit,
    visible,
  },
  ...{ initialize, initSync, room, Validator },
});
