//! The WhatsApp connection, templates, and sends to any number.

use super::services::settings;
use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{choice, date_time, flag, long_text, phone, text, url};
use crate::plan;
use crate::send::{Outgoing, by_phone, send};
use crate::store::text_of;
use crate::tool::{Need, Scope, Tool, tool};
use serde_json::{Value, json};

fn template() -> Entity {
    entity(
        "whatsapp_template",
        "whatsapp_templates",
        "Templates are texts that WhatsApp has accepted.",
        vec![
            text("name").req(),
            choice("language", &["en", "zh_HK", "zh_CN"]),
            choice("category", &["utility", "marketing"]).req(),
            long_text("body").req(),
        ],
    )
    .filters(&["category"])
    .unique("name")
    .born(json!({"language": "en"}))
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Whatsapp;
    let module = Need::Module("whatsapp");
    let mut tools = vec![
        tool(
            scope,
            "get_whatsapp_connection_status",
            "Gets whether a WhatsApp number is connected. Not being connected is no error.",
            vec![],
            status,
        )
        .open_world()
        .gives(vec![
            choice("status", &["not_connected", "pending", "connected"]).req(),
            flag("connected").req(),
            flag("inPlan").req(),
        ]),
        tool(
            scope,
            "create_whatsapp_connect_link",
            "Makes a link with which the owner connects a WhatsApp number.",
            vec![],
            connect_link,
        )
        .open_world()
        .needs(module)
        .gives(vec![url("url").req(), date_time("expiresAt").req()]),
        tool(
            scope,
            "send_whatsapp_message",
            "Sends a WhatsApp message to a phone number at once. Customer-facing: use request_send_approval unless a person agreed to exactly this.",
            vec![phone("to").req(), long_text("body").req()],
            send_message,
        )
        .sends()
        .needs(module)
        .gives(super::messages::message().output()),
    ];
    tools.extend(template().tools(scope, &[Verb::List, Verb::Create, Verb::Delete]).into_iter().map(Tool::open_world));
    tools
}

/// Whether a number is connected, and whether the plan has WhatsApp at all.
pub(crate) fn status(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let settings = settings(call)?;
    let status = match text_of(&settings, "whatsapp") {
        "" => "not_connected",
        status => status,
    };
    let in_plan = plan::check(call, Need::Module("whatsapp"), 1)?.is_none();
    Ok(json!({"status": status, "connected": status == "connected", "inPlan": in_plan}))
}

fn connect_link(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let token = call.random.base62(24);
    let expires = call.now.plus_seconds(24 * 3600);
    let link = json!({
        "token": crate::random::sha256_hex(&token), "expiresAt": expires.rfc3339(), "status": "open",
    });
    call.insert("whatsapp_link", link)?;
    let settings = settings(call)?;
    if text_of(&settings, "whatsapp") != "connected" {
        let pending = json!({"whatsapp": "pending"});
        call.records().patch("settings", text_of(&settings, "id"), pending)?;
    }
    Ok(json!({
        "url": format!("{}/whatsapp/{token}", call.settings.portal), "expiresAt": expires.rfc3339(),
    }))
}

/// The sandbox has a number of its own, so a send works before one is connected.
fn send_message(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let phone = call.need("to")?.to_owned();
    let body = call.need("body")?.to_owned();
    let contact = call.records().first("contact", "phone", &phone)?;
    send(
        call,
        &Outgoing {
            channel: "whatsapp",
            to: by_phone("whatsapp", &phone),
            subject: "",
            body: &body,
            contact: contact.unwrap_or_default(),
        },
    )
}
