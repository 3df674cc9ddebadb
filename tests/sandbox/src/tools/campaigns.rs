//! Campaigns to many contacts: drafted, previewed, tried on oneself, sent; and the segments they go to.

use crate::call::Call;
use crate::entity::{ALL, Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{choice, count, date_time, email, list, long_text, objects, phone, reference, text};
use crate::mail::Mail;
use crate::send::{CHANNELS, Outgoing, address, deliver, require_channel};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

fn campaign() -> Entity {
    entity(
        "campaign",
        "campaigns",
        "A campaign is one text for many contacts; {{name}} stands for the recipient's name.",
        vec![
            text("name").req(),
            choice("channel", CHANNELS).req(),
            reference("segmentId", "segment").about("All active contacts if not given"),
            text("subject"),
            long_text("body").req(),
        ],
    )
    .computed(vec![
        choice("status", &["draft", "sent", "cancelled"]).req(),
        date_time("sentAt"),
        count("recipientCount"),
    ])
    .filters(&["status", "channel"])
    .born(json!({"status": "draft"}))
}

fn segment() -> Entity {
    entity(
        "segment",
        "segments",
        "A segment is the contacts with a status and all of some tags.",
        vec![
            text("name").req(),
            choice("status", &["lead", "active", "inactive"]),
            list("tagIds", reference("", "tag")),
        ],
    )
    .unique("name")
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Campaigns;
    let id = || reference("id", "campaign").req();
    let gives = || campaign().output();
    let mut tools = campaign().tools(scope, ALL);
    tools.extend([
        tool(
            scope,
            "preview_campaign",
            "Shows how many contacts a campaign would reach and the first three messages. Sends nothing.",
            vec![id()],
            preview,
        )
        .gives(vec![
            reference("campaignId", "campaign").req(),
            choice("channel", CHANNELS).req(),
            count("recipientCount").req(),
            objects(
                "rows",
                vec![
                    reference("contactId", "contact").req(),
                    text("name").req(),
                    text("to").req(),
                    text("subject"),
                    text("body").req(),
                ],
            )
            .req(),
        ]),
        tool(
            scope,
            "send_test_campaign",
            "Sends one message of a campaign to a given address. Use request_send_approval unless a person agreed to exactly this.",
            vec![
                id(),
                email("email").about("For an email campaign"),
                phone("phone").about("For a WhatsApp or SMS campaign"),
            ],
            send_test,
        )
        .sends()
        .gives(vec![
            reference("campaignId", "campaign").req(),
            text("to").req(),
            text("status").req(),
        ]),
        tool(
            scope,
            "send_campaign",
            "Sends a campaign to all its recipients at once. Customer-facing: use request_send_approval unless a person agreed to exactly this.",
            vec![id()],
            send_all,
        )
        .sends()
        .gives(gives()),
        tool(
            scope,
            "cancel_campaign",
            "Cancels a draft, so that it can no longer be sent.",
            vec![id()],
            |call| {
                let campaign = draft(call)?;
                let cancelled = json!({"status": "cancelled"});
                call.records()
                    .patch("campaign", text_of(&campaign, "id"), cancelled)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "get_campaign_stats",
            "Gets how many messages of a campaign were sent and how many contacts could not be reached.",
            vec![id()],
            stats,
        )
        .gives(vec![
            reference("campaignId", "campaign").req(),
            text("status").req(),
            count("sent").req(),
            count("skipped").req(),
        ]),
    ]);
    tools.extend(segment().tools(scope, &[Verb::List, Verb::Create]));
    tools
}

fn draft(call: &Call<'_>) -> Result<Value, ToolError> {
    let campaign = call.record("campaign", "id")?;
    match text_of(&campaign, "status") {
        "draft" => Ok(campaign),
        status => Err(ToolError::conflict(format!("This campaign is {status}"))),
    }
}

/// The contacts a campaign goes to, reachable on its channel or not.
fn audience(call: &Call<'_>, campaign: &Value) -> Result<Vec<Value>, ToolError> {
    let segment = match text_of(campaign, "segmentId") {
        "" => json!({}),
        id => call.records().get("segment", id)?,
    };
    let status = segment.get("status").cloned().unwrap_or(json!("active"));
    let tags = segment["tagIds"].as_array().cloned().unwrap_or_default();
    let mut contacts = call.records().all("contact", &[("status", status)])?;
    contacts.retain(|contact| {
        let own = contact["tagIds"].as_array();
        tags.iter().all(|tag| own.is_some_and(|own| own.contains(tag)))
    });
    Ok(contacts)
}

fn written_for(contact: &Value, text: &str) -> String {
    text.replace("{{name}}", text_of(contact, "name"))
}

fn preview(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let campaign = call.record("campaign", "id")?;
    let channel = text_of(&campaign, "channel");
    let mut reachable = audience(call, &campaign)?;
    reachable.retain(|contact| address(contact, channel).is_ok());
    let rows: Vec<_> = reachable
        .iter()
        .take(3)
        .map(|contact| {
            json!({
                "contactId": contact["id"], "name": contact["name"],
                "to": address(contact, channel).unwrap_or_default(),
                "subject": written_for(contact, text_of(&campaign, "subject")),
                "body": written_for(contact, text_of(&campaign, "body")),
            })
        })
        .collect();
    Ok(json!({
        "campaignId": campaign["id"], "channel": channel, "recipientCount": reachable.len(), "rows": rows,
    }))
}

fn send_test(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let campaign = call.record("campaign", "id")?;
    let channel = text_of(&campaign, "channel");
    require_channel(call, channel)?;
    let to = match channel {
        "email" => call.need("email")?.to_owned(),
        _ => crate::send::by_phone(channel, call.need("phone")?),
    };
    let someone = json!({"name": "Test"});
    call.mail(Mail {
        to: to.clone(),
        subject: format!("[Test] {}", text_of(&campaign, "name")),
        body: written_for(&someone, text_of(&campaign, "body")),
    })?;
    Ok(json!({"campaignId": campaign["id"], "to": to, "status": "sent"}))
}

fn send_all(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let campaign = draft(call)?;
    let channel = text_of(&campaign, "channel");
    require_channel(call, channel)?;
    let (mut sent, mut skipped) = (0, 0);
    for contact in audience(call, &campaign)? {
        let Ok(to) = address(&contact, channel) else {
            skipped += 1;
            continue;
        };
        let subject = written_for(&contact, text_of(&campaign, "subject"));
        let body = written_for(&contact, text_of(&campaign, "body"));
        deliver(call, &Outgoing { channel, to, subject: &subject, body: &body, contact })?;
        sent += 1;
    }
    let changes = json!({
        "status": "sent", "sentAt": call.now.rfc3339(), "recipientCount": sent, "skipped": skipped,
    });
    call.records().patch("campaign", text_of(&campaign, "id"), changes)
}

fn stats(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let campaign = call.record("campaign", "id")?;
    let number = |field: &str| campaign[field].as_i64().unwrap_or_default();
    Ok(json!({
        "campaignId": campaign["id"], "status": campaign["status"],
        "sent": number("recipientCount"), "skipped": number("skipped"),
    }))
}
