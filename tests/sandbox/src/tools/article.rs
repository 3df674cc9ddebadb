//! The tools that only articles about the vendor mention: a doctor, a plan check, a tool's description.

use super::plan::{judge, tool_needs, verdict};
use crate::call::Call;
use crate::catalog::{Dialect, Wrap};
use crate::error::ToolError;
use crate::field::{any, count, object, text};
use crate::organisations::profile;
use crate::plan::current;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool(
            Scope::Account,
            "favcrm_doctor",
            "Looks whether everything works: the endpoint, the key, the plan, WhatsApp.",
            vec![],
            doctor,
        )
        .gives(vec![
            text("mcpEndpointStatus").req(),
            text("authStatus").req(),
            count("toolCount").req(),
            object("organisationContext", vec![text("organisationId").req()]).req(),
            text("planStatus").req(),
            text("whatsappStatus").req(),
        ]),
        tool(Scope::Plan, "plan_check", "Says whether the plan allows a tool.", vec![text("tool").req()], |call| {
            let needs = tool_needs(call, call.need("tool")?, "tool")?;
            judge(call, &needs, 1)
        })
        .gives(verdict()),
        tool(
            Scope::Account,
            "tool_describe",
            "Describes a tool: what it takes, and whether it needs an approval or a plan check.",
            vec![text("tool").req()],
            |call| {
                call.catalog
                    .definition(call.need("tool")?, Dialect::Article, Wrap::Text)
                    .ok_or_else(|| ToolError::not_found("tool"))
            },
        )
        .gives(vec![
            text("name").req(),
            text("description").req(),
            any("inputSchema").req(),
            any("annotations").req(),
        ]),
    ]
}

fn doctor(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let profile = profile(call.db, call.org())?;
    let whatsapp = super::whatsapp::status(call)?;
    Ok(json!({
        "mcpEndpointStatus": "active",
        "authStatus": "configured",
        "toolCount": call.catalog.tools().len(),
        "organisationContext": {"organisationId": call.org(), "name": profile["name"]},
        "planStatus": current(call)?.code,
        "whatsappStatus": whatsapp["status"],
    }))
}
