// A page that signs up and cancels a booking, with no server of its own: through the official client, or with `?own`
// through the package's own one.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { authorizedFetch, FetchClient, Guard, init, MemoryVault } from "toolgate";

const said = [];

const CREDENTIAL = "favcrm_api_key";
const query = new URLSearchParams(location.search);

async function connect(url, vault) {
  if (query.has("own")) {
    const client = new FetchClient(url, { vault, credential: CREDENTIAL });
    await client.connect();
    return client;
  }
  const client = new Client({ name: "page", version: "1.0.0" });
  const fetch = authorizedFetch(vault, CREDENTIAL, { origin: url });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch }));
  return client;
}

async function story() {
  const url = new URL(query.get("mcp"));
  try {
    await Guard.attach({});
  } catch (error) {
    said.push(error.code);
  }
  await init();
  await init();

  const vault = new MemoryVault();
  const guard = await Guard.attach(await connect(url, vault), {
    profile: "favcrm",
    vault,
    ask: async (question) => (question.type === "code" ? { type: "code", code: await window.emailedCode() } : { type: "defer" }),
  });
  const { report } = await guard.signup({ email: "ana@studio.example", organisationName: "Studio Ana" });
  said.push(report.healthy ? "healthy" : report.problems.join("; "));

  const { structuredContent } = await guard.callTool({ name: "list_bookings", arguments: {} });
  const call = { name: "cancel_booking", arguments: { id: structuredContent.data.items[0].id } };
  const error = await guard.callTool(call).catch((error) => error);
  said.push(error.code);
  const { approval } = error.details;
  await guard.approve(approval);
  const cancelled = await guard.callTool({ ...call, _meta: { "toolgate/approval": approval } });
  said.push(cancelled.structuredContent.data.status);
}

story()
  .catch((error) => said.push(`${error.name}: ${error.message}`))
  .finally(() => {
    document.querySelector("#said").textContent = JSON.stringify(said);
    document.title = "done";
  });
