//! Sends that wait for the owner: asked for here, decided in the portal, carried out by the backend.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{choice, date_time, free, reference, text};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

/// The tools whose work can be asked for.
const ACTIONS: &[&str] =
    &["send_message", "send_whatsapp_message", "send_test_campaign", "send_campaign", "send_invoice"];

fn approval() -> Entity {
    entity(
        "send_approval",
        "send_approvals",
        "The owner decides about it in the portal.",
        vec![
            choice("actionType", ACTIONS).req().about("The send tool whose work is asked for"),
            text("summary").req().about("What the owner reads: recipient, channel, count"),
            free("payload").req().about("The arguments of that send tool"),
        ],
    )
    .computed(vec![
        reference("approvalId", "send_approval").req(),
        choice("status", &["pending", "approved", "completed", "denied", "cancelled", "failed"]).req(),
        date_time("decidedAt"),
        date_time("completedAt"),
        text("failure"),
    ])
    .filters(&["status", "actionType"])
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Approvals;
    let id = || reference("approvalId", "send_approval").req();
    let mut tools = vec![
        tool(
            scope,
            "request_send_approval",
            "Asks the owner to approve a send. Nothing is sent until the owner agrees in the portal; the backend then sends by itself.",
            vec![
                choice("actionType", ACTIONS).req().about("The send tool whose work is asked for"),
                text("summary").req().about("What the owner reads: recipient, channel, count"),
                free("payload").req().about("The arguments of that send tool"),
            ],
            request,
        )
        .gives(approval().output()),
        tool(
            scope,
            "get_send_approval",
            "Gets a send approval with its status; only completed means that it was sent.",
            vec![id()],
            |call| call.record("send_approval", "approvalId"),
        )
        .gives(approval().output()),
        tool(
            scope,
            "cancel_send_approval",
            "Withdraws a send approval that the owner has not decided about.",
            vec![id()],
            cancel,
        )
        .gives(approval().output()),
    ];
    tools.extend(approval().tools(scope, &[Verb::List]));
    tools
}

fn request(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let action = call.need("actionType")?.to_owned();
    let payload = call.arguments.get("payload").and_then(Value::as_object).cloned().unwrap_or_default();
    let tool = call.catalog.find(&action).ok_or_else(|| ToolError::not_found("send tool"))?;
    crate::field::check(&tool.input, &payload).map_err(|error| {
        let field = error.details.get("field").and_then(Value::as_str);
        let field = format!("payload.{}", field.unwrap_or_default());
        ToolError::invalid(field, &error.message)
    })?;
    let id = call.random.id(crate::store::prefix("send_approval"));
    let mut doc = Value::Object(call.arguments.clone());
    doc["approvalId"] = json!(id);
    doc["status"] = json!("pending");
    doc["requestedBy"] = json!(call.user());
    call.records().insert_as(&id, "send_approval", &doc)?;
    call.records().get("send_approval", &id)
}

/// An approval that nobody has decided about.
pub(crate) fn pending(call: &Call<'_>, id: &str) -> Result<Value, ToolError> {
    let approval = call.records().get("send_approval", id)?;
    match text_of(&approval, "status") {
        "pending" => Ok(approval),
        status => Err(ToolError::conflict(format!("This approval is {status} already"))),
    }
}

/// Uses the owner's yes to exactly this send, if there is one.
pub(crate) fn spend(tool: &str, call: &Call<'_>) -> Result<bool, ToolError> {
    let wanted = Value::Object(call.arguments.clone());
    let equal = [("status", json!("approved")), ("actionType", json!(tool))];
    let approved = call.records().all("send_approval", &equal)?;
    let Some(approval) = approved.iter().find(|approval| approval["payload"] == wanted) else { return Ok(false) };
    let done = json!({"status": "completed", "completedAt": call.now.rfc3339()});
    call.records().patch("send_approval", text_of(approval, "approvalId"), done)?;
    Ok(true)
}

fn cancel(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let id = call.need("approvalId")?;
    pending(call, id)?;
    call.records().patch("send_approval", id, json!({"status": "cancelled"}))
}
