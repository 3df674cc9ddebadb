// A process that kills itself around the line of its first call: `after` the line, or `within` it. It would print what
// was sent. Usage: audit-worker.mjs FILE WHEN

import { appendFileSync } from "node:fs";
import { Guard } from "toolgate";
import { FileAudit } from "toolgate/node";

const [, , path, when] = process.argv;

class Deadly extends FileAudit {
  async append(line) {
    const fatal = JSON.parse(line).event === "dispatch";
    if (fatal && when === "within") appendFileSync(path, line.slice(0, line.length / 2));
    else await super.append(line);
    if (fatal) process.kill(process.pid, "SIGKILL");
  }
}

const client = {
  getServerVersion: () => ({ name: "notes" }),
  listTools: async () => ({
    tools: [{ name: "list_notes", annotations: { readOnlyHint: true }, inputSchema: { type: "object" } }],
  }),
  callTool: async () => {
    process.stdout.write("sent");
    return { content: [] };
  },
};
const guard = await Guard.attach(client, { audit: new Deadly(path) });
await guard.callTool({ name: "list_notes", arguments: {} });
