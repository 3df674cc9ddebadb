//! Membership tiers, and which contacts are enrolled in them.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity, page_of, paging};
use crate::error::ToolError;
use crate::field::{amount, choice, count, date_time, integer, list, object, reference, text};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

fn tier() -> Entity {
    entity(
        "membership_tier",
        "membership_tiers",
        "A tier says what members get.",
        vec![
            text("name").req(),
            amount("pricePerMonth").req(),
            integer("level", 1, 100).about("Higher is better"),
            list("benefits", text("")),
        ],
    )
    .unique("name")
    .born(json!({"level": 1, "benefits": []}))
}

fn membership() -> Entity {
    entity(
        "membership",
        "memberships",
        "A membership enrols one contact in one tier.",
        vec![reference("contactId", "contact").req(), reference("tierId", "membership_tier").req()],
    )
    .computed(vec![
        choice("status", &["active", "cancelled"]).req(),
        date_time("startedAt").req(),
        date_time("cancelledAt"),
    ])
    .filters(&["status", "contactId", "tierId"])
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Membership;
    let gives = || membership().output();
    let member = || {
        vec![
            reference("contactId", "contact").req(),
            text("name").req(),
            text("email"),
            text("phone"),
            reference("tierId", "membership_tier").req(),
            text("tierName").req(),
        ]
    };
    let mut tools = vec![
        tool(
            scope,
            "search_members",
            "Searches the contacts with an active membership by name, email or phone.",
            std::iter::once(text("query").req().about("Part of a word is enough")).chain(paging()).collect(),
            search_members,
        )
        .gives(page_of(member())),
        tool(
            scope,
            "get_member_profile",
            "Gets a contact with its membership, points and number of bookings.",
            vec![reference("contactId", "contact").req()],
            member_profile,
        )
        .gives(vec![
            object("contact", super::contacts::contact().output()).req(),
            object("membership", gives()),
            object("tier", tier().output()),
            integer("points", 0, 0).req(),
            count("bookings").req(),
        ]),
    ];
    tools.extend(tier().tools(scope, &[Verb::List, Verb::Create, Verb::Update, Verb::Delete]));
    // An older name of the same list, still in use.
    let mut short = tier().tools(scope, &[Verb::List]).remove(0);
    short.name = "list_tiers".into();
    tools.push(short);
    tools.extend(membership().tools(scope, &[Verb::List]));
    tools.extend([
        tool(
            scope,
            "enrol_membership",
            "Enrols a contact in a membership tier. A contact has at most one active membership.",
            vec![reference("contactId", "contact").req(), reference("tierId", "membership_tier").req()],
            enrol,
        )
        .gives(gives()),
        tool(
            scope,
            "set_membership_tier",
            "Moves an active membership to another tier.",
            vec![reference("membershipId", "membership").req(), reference("tierId", "membership_tier").req()],
            |call| {
                let membership = active(call)?;
                let changes = json!({"tierId": call.need("tierId")?});
                call.records().patch("membership", text_of(&membership, "id"), changes)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "cancel_membership",
            "Cancels an active membership. The member loses its benefits at once.",
            vec![reference("membershipId", "membership").req(), text("reason")],
            |call| {
                let membership = active(call)?;
                let changes = json!({
                    "status": "cancelled", "cancelledAt": call.now.rfc3339(), "reason": call.text("reason"),
                });
                call.records().patch("membership", text_of(&membership, "id"), changes)
            },
        )
        .gives(gives()),
    ]);
    tools
}

fn active(call: &Call<'_>) -> Result<Value, ToolError> {
    let membership = call.record("membership", "membershipId")?;
    match text_of(&membership, "status") {
        "active" => Ok(membership),
        _ => Err(ToolError::conflict("This membership was cancelled")),
    }
}

/// The active membership of a contact.
fn active_of(call: &Call<'_>, contact: &str) -> Result<Option<Value>, ToolError> {
    let equal = [("contactId", json!(contact)), ("status", json!("active"))];
    Ok(call.records().all("membership", &equal)?.pop())
}

fn enrol(call: &mut Call<'_>) -> Result<Value, ToolError> {
    if active_of(call, call.need("contactId")?)?.is_some() {
        return Err(ToolError::conflict("This contact is a member already"));
    }
    let mut doc = Value::Object(call.arguments.clone());
    doc["status"] = json!("active");
    doc["startedAt"] = json!(call.now.rfc3339());
    call.insert("membership", doc)
}

fn search_members(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let query = call.need("query")?.to_lowercase();
    let mut members = Vec::new();
    for membership in call.records().all("membership", &[("status", json!("active"))])? {
        // A contact or tier may have been deleted since.
        let records = call.records();
        let Some(contact) = records.find("contact", text_of(&membership, "contactId"))? else {
            continue;
        };
        let tier = records.find("membership_tier", text_of(&membership, "tierId"))?;
        let found =
            ["name", "email", "phone"].iter().any(|field| text_of(&contact, field).to_lowercase().contains(&query));
        if found {
            let mut member = json!({
                "contactId": contact["id"], "name": contact["name"], "tierId": membership["tierId"],
                "tierName": tier.as_ref().map_or("", |tier| text_of(tier, "name")),
            });
            for field in ["email", "phone"] {
                if let Some(value) = contact.get(field) {
                    member[field] = value.clone();
                }
            }
            members.push(member);
        }
    }
    call.slice(members)
}

fn member_profile(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let contact = call.record("contact", "contactId")?;
    let id = text_of(&contact, "id");
    let bookings = call.records().all("booking", &[("contactId", json!(id))])?;
    let mut profile = json!({
        "points": super::loyalty::balance(call, id)?, "bookings": bookings.len(), "contact": contact,
    });
    if let Some(membership) = active_of(call, id)? {
        let tier = text_of(&membership, "tierId");
        if let Some(tier) = call.records().find("membership_tier", tier)? {
            profile["tier"] = tier;
        }
        profile["membership"] = membership;
    }
    Ok(profile)
}
