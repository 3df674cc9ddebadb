//! Tags, and putting them on contacts.

use crate::call::Call;
use crate::entity::{ALL, Entity, entity};
use crate::error::ToolError;
use crate::field::{colour, list, reference, text};
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

fn tag() -> Entity {
    entity("tag", "tags", "Tags group contacts.", vec![text("name").req(), colour("colour")]).unique("name")
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Tags;
    let arguments =
        || vec![reference("contactId", "contact").req(), list("tagIds", reference("", "tag")).req().at_least(1)];
    let mut tools = tag().tools(scope, ALL);
    // Reading one tag tells nothing that the list does not.
    tools.retain(|tool| tool.name != "get_tag");
    tools.push(
        tool(scope, "attach_tags", "Puts tags on a contact; those it has already stay.", arguments(), |call| {
            change(call, true)
        })
        .gives(super::contacts::contact().output()),
    );
    tools.push(
        tool(
            scope,
            "detach_tags",
            "Takes tags off a contact; those it does not have are ignored.",
            arguments(),
            |call| change(call, false),
        )
        .gives(super::contacts::contact().output()),
    );
    tools
}

fn change(call: &mut Call<'_>, attach: bool) -> Result<Value, ToolError> {
    let contact = call.record("contact", "contactId")?;
    let mut tags: Vec<Value> = contact["tagIds"].as_array().cloned().unwrap_or_default();
    for tag in call.items("tagIds") {
        tags.retain(|other| other != tag);
        if attach {
            tags.push(tag.clone());
        }
    }
    call.records().patch("contact", call.need("contactId")?, json!({"tagIds": tags}))
}
