//! Contacts, the business accounts they belong to, and notes about them.

use crate::entity::{ALL, Entity, Verb, entity};
use crate::field::{choice, email, list, long_text, phone, reference, text, url};
use crate::tool::{Need, Scope, Tool};
use serde_json::json;

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
        vec![
            text("name").req(),
            text("industry"),
            url("website"),
            phone("phone"),
        ],
    )
    .unique("name")
}

fn note() -> Entity {
    entity(
        "contact_note",
        "contact_notes",
        "A note is for the team; the contact never sees it.",
        vec![
            reference("contactId", "contact").req(),
            long_text("body").req(),
        ],
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
    tools
}
