/** Hints in spellings that the official clients' own schemas drop must reach the gates all the same. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { generations } from "./clients.js";
import { form, person } from "./people.js";
import { Sandbox } from "./sandbox.js";

const EMAIL = "owner@harbour-yoga.example";

for (const generation of generations) {
  it(`${generation.name}: the same effects in the vendor's and in the articles' spelling`, async () => {
    const [vendor, article] = await Promise.all(["vendor", "article"].map(effects));
    assert.ok(vendor && article && vendor.size > 100);
    for (const [name, effect] of vendor) assert.equal(article.get(name), effect, name);
  });

  async function effects(dialect: string): Promise<Map<string, string>> {
    await using sandbox = await Sandbox.start("--dialect", dialect);
    // Without a profile, which could make up for a lost hint.
    const ask = person(sandbox, EMAIL);
    await using signedUp = await generation.http(sandbox.url, { ask });
    await signedUp.guard.signup(form(EMAIL));
    const { vault } = signedUp;
    await using subject = await generation.http(sandbox.url, { vault, trusted: true, profile: undefined } as object);
    return new Map(subject.guard.tools().map((tool) => [tool.name, tool.effect]));
  }
}
