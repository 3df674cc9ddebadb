// Tools as a CRM has them, all distinct: six properties, enums, formats, a nested object, an output schema.

export function tool(number) {
  const verb = ["list", "get", "create", "update", "delete", "send"][number % 6];
  return {
    name: `${verb}_thing_${number}`,
    title: `${verb} thing ${number}`,
    description: `Does ${verb} with thing ${number} of the workspace, as an agent would ask for it, in one sentence.`,
    inputSchema: {
      type: "object",
      properties: {
        id: { type: "string", pattern: `^thg_${number}_[a-z0-9]+$`, description: "The thing's id" },
        name: { type: "string", minLength: 1, maxLength: 200, description: "As people call it" },
        status: { enum: ["open", "waiting", "closed", `special_${number}`] },
        startsAt: { type: "string", format: "date-time" },
        limit: { type: "integer", minimum: 1, maximum: 100 },
        filter: { type: "object", properties: { tag: { type: "string" }, since: { type: "string", format: "date" } } },
      },
      required: verb === "list" ? [] : ["id"],
      additionalProperties: false,
    },
    outputSchema: {
      type: "object",
      properties: { id: { type: "string" }, items: { type: "array", items: { type: "object" } } },
    },
    annotations: { readOnlyHint: number % 6 < 2, destructiveHint: verb === "delete", openWorldHint: verb === "send" },
  };
}

/** What `list_thing_0` takes: 64 distinct ones, and few, as agents write them. */
export const smallArguments = (call) => ({ limit: (call % 64) + 1, status: "open", filter: { tag: `t${call % 64}` } });
