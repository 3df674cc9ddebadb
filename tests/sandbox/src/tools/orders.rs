//! Orders: made from products in stock, then fulfilled, cancelled or refunded.

use crate::call::Call;
use crate::entity::{Entity, Verb, entity};
use crate::error::ToolError;
use crate::field::{Field, amount, choice, currency, date_time, integer, long_text, objects, reference, text};
use crate::store::text_of;
use crate::tool::{Scope, Tool, tool};
use serde_json::{Value, json};

fn order() -> Entity {
    entity("order", "orders", "An order is what a contact buys in the shop.", wanted())
        .computed(vec![
            choice("status", &["open", "fulfilled", "cancelled", "refunded"]).req(),
            objects(
                "lines",
                vec![
                    reference("productId", "product").req(),
                    text("name").req(),
                    integer("quantity", 1, 1000).req(),
                    amount("price").req(),
                    amount("total").req(),
                ],
            )
            .req(),
            amount("total").req(),
            currency("currency").req(),
            date_time("closedAt"),
        ])
        .filters(&["status", "contactId"])
}

fn wanted() -> Vec<Field> {
    vec![
        reference("contactId", "contact").req(),
        objects("items", vec![reference("productId", "product").req(), integer("quantity", 1, 1000).req()])
            .req()
            .at_least(1),
        text("couponCode"),
        long_text("notes"),
    ]
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Orders;
    let id = || reference("id", "order").req();
    let gives = || order().output();
    let mut tools = order().tools(scope, &[Verb::List, Verb::Get]);
    tools.extend([
        tool(
            scope,
            "create_order",
            "Creates an order from products and takes them off the stock; too little stock answers conflict.",
            wanted(),
            create,
        )
        .gives(gives()),
        tool(scope, "update_order", "Changes the notes of an order.", vec![id(), long_text("notes").req()], |call| {
            let changes = json!({"notes": call.need("notes")?});
            call.records().patch("order", call.need("id")?, changes)
        })
        .gives(gives()),
        tool(scope, "fulfil_order", "Marks an open order as handed over to the customer.", vec![id()], |call| {
            close(call, &["open"], "fulfilled")
        })
        .gives(gives()),
        tool(
            scope,
            "cancel_order",
            "Cancels an open order and puts its products back into the stock.",
            vec![id(), text("reason")],
            |call| {
                let order = close(call, &["open"], "cancelled")?;
                restock(call, &order)?;
                Ok(order)
            },
        )
        .gives(gives()),
        tool(
            scope,
            "refund_order",
            "Refunds the whole price of an order that was fulfilled. The money goes back through Stripe.",
            vec![id(), text("reason")],
            |call| close(call, &["fulfilled"], "refunded"),
        )
        .open_world()
        .gives(gives()),
    ]);
    tools
}

fn create(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let mut lines: Vec<Value> = Vec::new();
    let mut total = 0.0;
    for (at, item) in call.items("items").iter().enumerate() {
        let id = text_of(item, "productId");
        let field = |name: &str| format!("items[{at}].{name}");
        if lines.iter().any(|line| line["productId"] == id) {
            return Err(ToolError::invalid(field("productId"), "this product is in the order already"));
        }
        let product = call.records().get("product", id)?;
        let quantity = item["quantity"].as_f64().unwrap_or(1.0) as i64;
        let stock = product["stock"].as_i64().unwrap_or_default();
        if stock < quantity {
            return Err(ToolError::conflict("There is too little stock")
                .with("field", field("quantity"))
                .with("stock", stock));
        }
        let price = product["price"].as_f64().unwrap_or_default();
        total += price * quantity as f64;
        lines.push(json!({
            "productId": id, "name": product["name"], "quantity": quantity, "price": price,
            "total": price * quantity as f64, "stock": stock,
        }));
    }
    if let Some(code) = call.text("couponCode") {
        let coupon = call.records().first("coupon", "code", code)?.ok_or_else(|| ToolError::not_found("coupon"))?;
        let until = text_of(&coupon, "validUntil");
        if !until.is_empty() && until < &call.now.rfc3339()[..10] {
            return Err(ToolError::conflict("This coupon is no longer valid"));
        }
        total *= 1.0 - coupon["percentOff"].as_f64().unwrap_or_default() / 100.0;
    }
    // Nothing was written until here, so that a refusal leaves the stock as it was.
    for line in &mut lines {
        let left = line["stock"].as_i64().unwrap_or_default() - line["quantity"].as_i64().unwrap_or_default();
        call.records().patch("product", text_of(line, "productId"), json!({"stock": left}))?;
        if let Value::Object(line) = line {
            line.remove("stock");
        }
    }
    let mut doc = Value::Object(call.arguments.clone());
    doc["lines"] = json!(lines);
    doc["total"] = json!((total * 100.0).round() / 100.0);
    doc["currency"] = json!("HKD");
    doc["status"] = json!("open");
    call.insert("order", doc)
}

fn close(call: &mut Call<'_>, from: &[&str], to: &str) -> Result<Value, ToolError> {
    let order = call.record("order", "id")?;
    let status = text_of(&order, "status");
    if !from.contains(&status) {
        return Err(ToolError::conflict(format!("This order is {status}")));
    }
    let changes = json!({
        "status": to, "closedAt": call.now.rfc3339(), "closeReason": call.text("reason"),
    });
    call.records().patch("order", text_of(&order, "id"), changes)
}

fn restock(call: &Call<'_>, order: &Value) -> Result<(), ToolError> {
    for line in order["lines"].as_array().into_iter().flatten() {
        let id = text_of(line, "productId");
        // A product may have been deleted since.
        if let Some(product) = call.records().find("product", id)? {
            let stock = product["stock"].as_i64().unwrap_or_default() + line["quantity"].as_i64().unwrap_or_default();
            call.records().patch("product", id, json!({"stock": stock}))?;
        }
    }
    Ok(())
}
