//! Messages to one contact: drafts, direct sends, templates.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{Field, choice, date_time, flag, long_text, reference, text};
use crate::send::{CHANNELS, Outgoing, address, require_channel, send};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

pub(crate) fn message() -> Entity {
    entity(
        "message",
        "messages",
        "A message goes to one contact on one channel.",
        vec![
            reference("contactId", "contact"),
            choice("channel", CHANNELS).req(),
            text("subject"),
            long_text("body").req(),
        ],
    )
    .computed(vec![choice("status", &["draft", "sent"]).req(), text("to"), date_time("sentAt")])
    .filters(&["status", "channel", "contactId"])
}

fn template() -> Entity {
    entity(
        "message_template",
        "message_templates",
        "A template is a text that messages are written from.",
        vec![text("name").req(), choice("channel", CHANNELS).req(), text("subject"), long_text("body").req()],
    )
    .filters(&["channel"])
    .unique("name")
}

fn message_fields() -> Vec<Field> {
    vec![
        reference("contactId", "contact").req(),
        choice("channel", CHANNELS).req(),
        text("subject").about("For email only"),
        long_text("body").req(),
    ]
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Messages;
    let mut tools = message().tools(scope, &[Verb::List, Verb::Get]);
    tools.extend([
        tool(
            scope,
            "draft_message",
            "Writes a message to a contact without sending it. Show the draft to a person before asking for a send.",
            message_fields(),
            draft,
        )
        .gives(message().output()),
        tool(
            scope,
            "delete_message_draft",
            "Deletes a draft. A message that was sent cannot be deleted.",
            vec![reference("id", "message").req()],
            delete_draft,
        )
        .gives(vec![reference("id", "message").req(), flag("deleted").req()]),
        tool(
            scope,
            "send_message",
            "Sends a message to a contact at once. Customer-facing: use request_send_approval instead unless a person agreed to exactly this.",
            message_fields(),
            send_now,
        )
        .sends()
        .gives(message().output()),
    ]);
    tools.extend(template().tools(scope, &[Verb::List, Verb::Create, Verb::Delete]));
    tools.push(
        tool(
            scope,
            "get_message_statistics",
            "Gets how many messages were drafted and sent on each channel.",
            vec![],
            statistics,
        )
        .gives(vec![
            crate::field::objects(
                "channels",
                vec![
                    choice("channel", CHANNELS).req(),
                    crate::field::count("drafts").req(),
                    crate::field::count("sent").req(),
                ],
            )
            .req(),
        ]),
    );
    tools
}

fn draft(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let contact = call.record("contact", "contactId")?;
    let mut doc = Value::Object(call.arguments.clone());
    doc["status"] = json!("draft");
    doc["to"] = json!(address(&contact, call.need("channel")?)?);
    call.insert("message", doc)
}

fn delete_draft(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let message = call.record("message", "id")?;
    if text_of(&message, "status") != "draft" {
        return Err(ToolError::conflict("This message was sent"));
    }
    call.records().remove("message", text_of(&message, "id"))?;
    Ok(json!({"id": message["id"], "deleted": true}))
}

fn send_now(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let contact = call.record("contact", "contactId")?;
    let channel = call.need("channel")?.to_owned();
    require_channel(call, &channel)?;
    let to = address(&contact, &channel)?;
    let subject = call.text("subject").unwrap_or_default().to_owned();
    let body = call.need("body")?.to_owned();
    send(call, &Outgoing { channel: &channel, to, subject: &subject, body: &body, contact })
}

fn statistics(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let mut channels = Vec::new();
    for channel in CHANNELS {
        let count = |status: &str| -> Result<usize, ToolError> {
            let equal = [("channel", json!(channel)), ("status", json!(status))];
            Ok(call.records().all("message", &equal)?.len())
        };
        channels.push(json!({"channel": channel, "drafts": count("draft")?, "sent": count("sent")?}));
    }
    Ok(json!({"channels": channels}))
}
