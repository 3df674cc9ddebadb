//! Loyalty points, kept as a ledger, and the rewards they are redeemed for.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{choice, flag, integer, reference, text};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

const MOST_POINTS: i64 = 1_000_000;

fn entry() -> Entity {
    entity(
        "loyalty_entry",
        "loyalty_ledger",
        "The balance is the sum of the entries that are not void.",
        vec![
            reference("contactId", "contact").req(),
            integer("points", -MOST_POINTS, MOST_POINTS).req(),
            text("reason"),
        ],
    )
    .computed(vec![
        choice("kind", &["earn", "redeem"]).req(),
        flag("void").req(),
        reference("rewardId", "reward"),
        integer("balance", 0, 0).about("The contact's balance after it"),
    ])
    .filters(&["contactId", "kind"])
}

fn reward() -> Entity {
    entity(
        "reward",
        "rewards",
        "A reward costs points.",
        vec![text("name").req(), integer("points", 1, MOST_POINTS).req(), text("description")],
    )
    .unique("name")
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Loyalty;
    let contact = || reference("contactId", "contact").req();
    let mut tools = vec![
        tool(scope, "get_loyalty_balance", "Gets how many points a contact has.", vec![contact()], |call| {
            let contact = call.need("contactId")?;
            Ok(json!({"contactId": contact, "points": balance(call, contact)?}))
        })
        .gives(vec![contact(), integer("points", 0, 0).req()]),
        tool(
            scope,
            "earn_loyalty_points",
            "Adds points to a contact's balance.",
            vec![contact(), integer("points", 1, MOST_POINTS).req(), text("reason")],
            |call| {
                let points = call.integer("points").unwrap_or_default();
                book(call, "earn", points, None)
            },
        )
        .gives(entry().output()),
        tool(
            scope,
            "redeem_loyalty_points",
            "Takes points off a contact's balance, for a reward or for a number of points.",
            vec![
                contact(),
                integer("points", 1, MOST_POINTS).about("This or rewardId"),
                reference("rewardId", "reward").about("This or points"),
                text("reason"),
            ],
            redeem,
        )
        .gives(entry().output()),
        tool(
            scope,
            "void_loyalty_entry",
            "Makes a ledger entry void, as if it had never been booked.",
            vec![reference("entryId", "loyalty_entry").req(), text("reason")],
            void,
        )
        .gives(entry().output()),
    ];
    tools.extend(entry().tools(scope, &[Verb::List]));
    tools.extend(reward().tools(scope, &[Verb::List, Verb::Create, Verb::Delete]));
    tools
}

/// A contact's points.
pub(crate) fn balance(call: &Call<'_>, contact: &str) -> Result<i64, ToolError> {
    Ok(call.db.query_row(
        "SELECT ifnull(sum(json_extract(doc, '$.points')), 0) FROM records
         WHERE org = ? AND kind = 'loyalty_entry' AND json_extract(doc, '$.contactId') = ?
         AND json_extract(doc, '$.void') = 0",
        [call.org(), contact],
        |row| row.get(0),
    )?)
}

fn book(call: &mut Call<'_>, kind: &str, points: i64, reward: Option<&str>) -> Result<Value, ToolError> {
    let contact = call.need("contactId")?.to_owned();
    let after = balance(call, &contact)? + points;
    if after < 0 {
        return Err(ToolError::conflict("This contact has too few points").with("points", after - points));
    }
    let mut doc = json!({
        "contactId": contact, "kind": kind, "points": points, "void": false, "balance": after,
    });
    if let Some(reason) = call.text("reason") {
        doc["reason"] = json!(reason);
    }
    if let Some(reward) = reward {
        doc["rewardId"] = json!(reward);
    }
    call.insert("loyalty_entry", doc)
}

fn redeem(call: &mut Call<'_>) -> Result<Value, ToolError> {
    match (call.integer("points"), call.text("rewardId")) {
        (_, Some(_)) => {
            let reward = call.record("reward", "rewardId")?;
            let points = reward["points"].as_i64().unwrap_or_default();
            book(call, "redeem", -points, Some(text_of(&reward, "id")))
        }
        (Some(points), None) => book(call, "redeem", -points, None),
        (None, None) => Err(ToolError::invalid("points", "expected this or rewardId")),
    }
}

fn void(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let entry = call.record("loyalty_entry", "entryId")?;
    if entry["void"] == Value::Bool(true) {
        return Err(ToolError::conflict("This entry is void already"));
    }
    let changes = json!({"void": true, "voidReason": call.text("reason")});
    call.records().patch("loyalty_entry", text_of(&entry, "id"), changes)
}
