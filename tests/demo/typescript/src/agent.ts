/** A TypeScript agent signs up for a CRM and works in it, through the guard, over real HTTP. */

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { type Answer, type Ask, authorizedFetch, defaultVault, Guard } from "toolgate";
import { askInTerminal } from "toolgate/node";
import { startSandbox } from "./sandbox.js";
import { check, decided, heading, quiet, refused, say, timed } from "./story.js";

const interactive = process.env.INTERACTIVE === "1";
const sandbox = await startSandbox();
const vault = defaultVault("favcrm");
const terminal = askInTerminal();

/** What the scripted person says next to an approval. */
let person: Answer = { type: "deny" };
let answered: Answer | undefined;

const ask: Ask = async (question, context) => {
  if (interactive && person.type !== "defer") {
    if (question.type === "code") say(`The email is in ${sandbox.outbox}.`);
    answered = await terminal(question, context);
    return answered;
  }
  say(`person is asked: ${question.message}`);
  if (question.type === "code") {
    const code = /Your code is (\d+)/.exec(await sandbox.mail())?.[1] ?? "";
    say("person reads the code in the email and types it");
    return { type: "code", code };
  }
  for (const { label, value } of question.preview.lines) say(`  ${label}: ${value}`);
  say(`person answers: ${person.type}`);
  answered = person;
  return person;
};

type Data = Record<string, string> & { items: Data[]; slots: Data[] };
const data = (result: { structuredContent?: unknown }) => (result.structuredContent as { data: Data }).data;

console.log("A TypeScript agent, the official MCP client 2.x, and a CRM at the other end of HTTP.");
try {
  const client = new Client({ name: "demo-agent", version: "1.0.0" });
  const fetch = authorizedFetch(vault, "favcrm_api_key", { origin: sandbox.url });
  await client.connect(new StreamableHTTPClientTransport(sandbox.url, { fetch }));
  const options = { server: sandbox.url.href, profile: "favcrm", vault, ask, onDecision: decided };
  const guard = await Guard.attach(client, options);

  heading("Sign-up: the code by email, the key into the vault");
  say(`before: ${guard.tools().length} tools are listed, none of them useful without a key`);
  const signup = await guard.signup({
    email: "ana@studio.example",
    organisationName: "Studio Ana",
    industry: "beauty",
    country: "HK",
    timezone: "Asia/Hong_Kong",
  });
  say(`organisation ${signup.account.organisationId}, key ${signup.key.name} = ${signup.key.masked}`);
  const key = (await vault.get("favcrm_api_key")) ?? "";
  check("the vault has the key", key.startsWith("fav_mcp_"));
  check("what the agent got shows none of it", !JSON.stringify(signup).includes(key.slice(8)));

  heading("Doctor: is the workspace usable?");
  const report = await guard.doctor();
  say(`endpoint ${report.endpoint}, auth ${report.auth}, ${report.toolCount} tools`);
  check("the workspace is healthy", report.healthy);

  heading("The catalogue by effect");
  const tools = guard.tools();
  for (const effect of ["read", "write", "external", "destructive", "send", "billing"] as const) {
    const names = tools.filter((tool) => tool.effect === effect).map((tool) => tool.name);
    say(`${effect.padEnd(11)} ${String(names.length).padStart(3)}  ${names.slice(0, 3).join(", ")}, …`);
  }
  const hinted = tools.find((tool) => tool.name === "send_message");
  check("send_message counts as a send, though its hints call it harmless", hinted?.effect === "send");

  heading("A read passes without anyone being asked");
  const services = data(await guard.callTool({ name: "list_services", arguments: {} })).items;
  check("three services are listed", services.length === 3);
  const serviceId = services[0]?.id ?? "";

  heading("A booking with bad arguments: the refusal says how to mend it");
  const wrong = { serviceId: "haircut", contactId: "con_1", startAt: "tomorrow at ten" };
  const refusal = await refused("invalid_arguments", guard.callTool({ name: "create_booking", arguments: wrong }));
  for (const { repair } of refusal.details.violations as { repair: string }[]) say(`  mend: ${repair}`);
  check("nothing reached the backend", (await sandbox.ran("create_booking")) === 0);

  heading("The corrected booking");
  const contact = data(await guard.callTool({ name: "create_contact", arguments: { name: "Ben Chan" } }));
  const slots = data(await guard.callTool({ name: "get_available_slots", arguments: { serviceId } })).slots;
  const book = async (slot: number) => {
    const booking = { serviceId, contactId: contact.id ?? "", startsAt: slots[slot]?.startsAt ?? "" };
    return data(await guard.callTool({ name: "create_booking", arguments: booking })).id ?? "";
  };
  const first = await book(0);
  check("the booking is made", first.startsWith("bkg_"));

  heading("A cancellation asks, and the person says no");
  const cancel = (id: string, approval?: string) =>
    guard.callTool({
      name: "cancel_booking",
      arguments: { id, reason: "the customer called" },
      ...(approval ? { _meta: { "toolgate/approval": approval } } : {}),
    });
  /** Asks for a cancellation; how many were made. */
  const decide = async (wanted: "approve" | "deny", booking: string): Promise<number> => {
    person = { type: wanted };
    if (interactive) say(`(the story goes on best if you ${wanted} this one)`);
    try {
      await cancel(booking);
    } catch (error) {
      await refused("approval_denied", Promise.reject(error));
      check("that is what the person said", answered?.type === "deny");
      return 0;
    }
    check("the person said yes, and the call is made", answered?.type === "approve");
    return 1;
  };
  let cancelled = await decide("deny", first);
  check("the backend cancelled nothing unapproved", (await sandbox.ran("cancel_booking")) === cancelled);

  heading("The same again, and the person says yes");
  cancelled += await decide("approve", await book(1));
  check("the backend cancelled what was approved", (await sandbox.ran("cancel_booking")) === cancelled);

  heading("An approval is good for one exact call");
  const second = await book(2);
  const third = await book(3);
  person = { type: "defer" };
  say("nobody is there to answer:");
  const open = await refused("approval_required", cancel(second));
  const approval = open.details.approval as string;
  await guard.approve(approval);
  say(`later the person approves ${approval}`);
  say("the agent quotes it with an edited argument:");
  await refused("approval_mismatch", cancel(third, approval));
  say("the agent makes exactly the approved call:");
  check("the call is made", !(await cancel(second, approval)).isError);
  say("the agent replays it:");
  await refused("approval_spent", cancel(second, approval));
  check("the backend cancelled once more, not twice", (await sandbox.ran("cancel_booking")) === cancelled + 1);

  heading("What the guard costs");
  const read = { name: "list_services", arguments: {} };
  quiet();
  const { bare, guarded } = await timed(
    () => client.callTool(read),
    () => guard.callTool(read),
  );
  const share = Math.max(0, guarded - bare);
  say(`a read takes ${bare.toFixed(2)} ms by the client alone and ${guarded.toFixed(2)} ms through the guard`);
  say(`the guard's own share of the call: ${share.toFixed(2)} ms, ${((100 * share) / guarded).toFixed(0)} %`);

  await client.close();
  console.log("\nEvery step came out as told.");
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await sandbox.stop();
}
