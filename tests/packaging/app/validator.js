// The official client with this package's validator, and the other one, which the page's policy does not let work.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { authorizedFetch, Guard, init, jsonSchemaValidator, MemoryVault } from "toolgate";
import { say } from "./say.js";

const CREDENTIAL = "favcrm_api_key";
const url = new URL(new URLSearchParams(location.search).get("mcp"));
const vault = new MemoryVault();

async function connected(provider) {
  const client = new Client({ name: "page", version: "1.0.0" }, { jsonSchemaValidator: provider });
  const fetch = authorizedFetch(vault, CREDENTIAL, { origin: url });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch }));
  return client;
}

/** What a call comes to: its verdict as this page's validator gives it, or the error. */
async function called(client) {
  try {
    const { structuredContent } = await client.callTool({ name: "create_contact", arguments: { name: "Faye Au" } });
    return structuredContent.data.name;
  } catch (error) {
    return error.message;
  }
}

async function story() {
  const provider = jsonSchemaValidator();
  let early;
  try {
    provider.getValidator({ type: "object" });
  } catch (error) {
    early = error.code;
  }
  await init();
  const guard = await Guard.attach(await connected(provider), {
    profile: "favcrm",
    vault,
    ask: async () => ({ type: "code", code: await window.emailedCode() }),
  });
  await guard.signup({ email: "ana@studio.example", organisationName: "Studio Ana" });

  const ours = await connected(provider);
  await ours.listTools();
  const fits = await called(ours);
  await window.misshape("create_contact", { id: 5, name: null });
  const fitsNot = await called(ours);

  const theirs = await connected(new AjvJsonSchemaValidator());
  await theirs.listTools();
  return { early, fits, fitsNot, ajv: await called(theirs) };
}

say(story());
