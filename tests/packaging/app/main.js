// A page that signs up and cancels a booking, with the official client and no server of its own.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { authorizedFetch, Guard, init, MemoryVault } from "toolgate";

const said = [];

async function story() {
  const url = new URL(new URLSearchParams(location.search).get("mcp"));
  try {
    await Guard.attach({});
  } catch (error) {
    said.push(error.code);
  }
  await init();
  await init();

  const vault = new MemoryVault();
  const client = new Client({ name: "page", version: "1.0.0" });
  const fetch = authorizedFetch(vault, "favcrm_api_key", { origin: url });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch }));
  const guard = await Guard.attach(client, {
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
  await client.close();
}

story()
  .catch((error) => said.push(`${error.name}: ${error.message}`))
  .finally(() => {
    document.querySelector("#said").textContent = JSON.stringify(said);
    document.title = "done";
  });
