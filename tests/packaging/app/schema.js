import { compile, init } from "toolgate/schema";
import { say } from "./say.js";

async function validate() {
  const early = await Promise.resolve().then(() => compile(true)).catch((error) => error.code);
  await init();
  const validator = compile({ type: "string" });
  return [early, validator.isValid('"5"'), validator.isValid("5"), validator.validate("5")[0].keyword];
}

say(validate());
