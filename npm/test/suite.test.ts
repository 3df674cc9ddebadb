/** The official JSON-Schema-Test-Suite: every test by text, by bytes and by object. */

import { it } from "node:test";
import { compile } from "toolgate";
import { judge, runSuite, suite } from "../../tests/suite/cases.mjs";

it("the official JSON-Schema-Test-Suite", (context) => {
  const cases = suite();
  judge(cases, runSuite(cases, compile), (line) => context.diagnostic(line));
});
