//! The organisation's settings, and webhooks.

use super::services::settings;
use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{Field, choice, currency, flag, integer, list, text, url};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

const EVENTS: &[&str] = &["booking.created", "booking.cancelled", "contact.created", "invoice.paid", "order.created"];

fn webhook() -> Entity {
    entity(
        "webhook",
        "webhooks",
        "A webhook is told about events.",
        vec![url("url").req(), list("events", choice("", EVENTS)).req().at_least(1), flag("active")],
    )
    .unique("url")
    .born(json!({"active": true}))
}

fn changeable() -> Vec<Field> {
    vec![
        currency("currency"),
        choice("language", &["en", "zh-HK", "zh-CN"]),
        text("replyToName"),
        integer("bookingNoticeHours", 0, 720),
        flag("sendReminders"),
    ]
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Settings;
    let mut tools = vec![
        tool(scope, "get_settings", "Gets the organisation's settings.", vec![], shown).gives(changeable()),
        tool(
            scope,
            "update_settings",
            "Changes the given settings and leaves the others alone.",
            changeable(),
            |call| {
                call.owners_and_managers_only()?;
                let id = settings(call)?;
                let changes = Value::Object(call.arguments.clone());
                call.records().patch("settings", text_of(&id, "id"), changes)?;
                shown(call)
            },
        )
        .gives(changeable()),
    ];
    tools.extend(webhook().tools(scope, &[Verb::List, Verb::Create, Verb::Delete]).into_iter().map(|tool| {
        match tool.name.starts_with("create_") {
            true => tool.open_world(),
            false => tool,
        }
    }));
    tools
}

/// The settings that have tools of their own are not shown twice.
fn shown(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let stored = settings(call)?;
    let mut shown = json!({
        "currency": "HKD", "language": "en", "bookingNoticeHours": 0, "sendReminders": false,
    });
    for field in changeable() {
        if let Some(value) = stored.get(field.name) {
            shown[field.name] = value.clone();
        }
    }
    Ok(shown)
}
