import { Engine } from "./engine.js";
import { modelForm } from "./errors.js";
import initialize, {
  Core,
  canonicalize,
  configReferences,
  deskwork,
  digest,
  errorResult,
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
    errorResult,
    configReferences,
    FetchClient,
    policyFindings,
    resolveConfig,
    verifyAudit,
    visible,
  },
  ...{ initialize, initSync, room, Validator },
});

modelForm.of = (error) => {
  try {
    return whole.bindings.errorResult(JSON.stringify(error));
  } catch {
    // It is not loaded yet, or there is no such code in the core.
    return undefined;
  }
};
