//! Contacts, the business accounts they belong to, and notes about them.

use crate::call::Call;
use crate::entity::{ALL, Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{choice, email, list, long_text, phone, reference, text, url};
use crate::store::text_of;
use crate::tool::{Need, Scope, Tool, tool};
use serde_json::{Value, json};

pub(crate) fn contact() -> Entity {
    entity(
        "contact",
        "contacts",
        "A contact is a customer or a prospect.",
        vec![
            text("name").req(),
            email("email"),
            phone("phone"),
            reference("accountId", "account"),
            choice("status", &["lead", "active", "inactive"]),
            choice("preferredChannel", &["email", "whatsapp", "sms"]),
            long_text("notes"),
        ],
    )
    .computed(vec![list("tagIds", reference("", "tag")).req()])
    .searched(&["name", "email", "phone"])
    .filters(&["status", "accountId"])
    .unique("email")
    .born(json!({"status": "active", "tagIds": []}))
}

fn account() -> Entity {
    entity(
        "account",
        "accounts",
        "An account is a business that contacts belong to.",
        vec![text("name").req(), text("industry"), url("website"), phone("phone")],
    )
    .unique("name")
}

fn note() -> Entity {
    entity(
        "contact_note",
        "contact_notes",
        "A note is for the team; the contact never sees it.",
        vec![reference("contactId", "contact").req(), long_text("body").req()],
    )
    .filters(&["contactId"])
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Contacts;
    let mut tools = contact().tools(scope, ALL);
    for tool in &mut tools {
        if tool.name == "create_contact" {
            *tool = tool.clone().needs(Need::Quota("customers"));
        }
    }
    tools.extend(contact().tools(scope, &[Verb::Search]));
    tools.extend(account().tools(scope, &[Verb::List, Verb::Get, Verb::Create, Verb::Update]));
    tools.extend(note().tools(scope, &[Verb::List, Verb::Create]));
    tools.push(
        tool(
            scope,
            "merge_contacts",
            "Merges one contact into another: what the first lacks is taken from the second, which is then deleted.",
            vec![reference("keepId", "contact").req(), reference("mergeId", "contact").req()],
            merge,
        )
        .gives(contact().output()),
    );
    tools
}

fn merge(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let kept = call.record("contact", "keepId")?;
    let merged = call.record("contact", "mergeId")?;
    if kept["id"] == merged["id"] {
        return Err(ToolError::invalid("mergeId", "expected another contact"));
    }
    let mut changes = json!({});
    for (field, value) in merged.as_object().into_iter().flatten() {
        if kept.get(field).is_none() {
            changes[field] = value.clone();
        }
    }
    let mut tags = kept["tagIds"].as_array().cloned().unwrap_or_default();
    for tag in merged["tagIds"].as_array().into_iter().flatten() {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    changes["tagIds"] = json!(tags);
    // What belonged to the second belongs to the first now.
    call.db.execute(
        "UPDATE records SET doc = json_set(doc, '$.contactId', ?1)
         WHERE org = ?2 AND json_extract(doc, '$.contactId') = ?3",
        [text_of(&kept, "id"), call.org(), text_of(&merged, "id")],
    )?;
    call.records().remove("contact", text_of(&merged, "id"))?;
    call.records().patch("contact", text_of(&kept, "id"), changes)
}
