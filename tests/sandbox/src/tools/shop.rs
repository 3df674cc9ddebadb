//! Products with their stock, and coupons.

use crate::entity::{ALL, Entity, Verb, entity};
use crate::field::{amount, currency, date, flag, integer, long_text, reference, text, url};
use crate::tool::{Scope, Tool, tool};
use serde_json::json;

const MOST_STOCK: i64 = 1_000_000;

fn product() -> Entity {
    entity(
        "product",
        "products",
        "A product is something that can be ordered.",
        vec![
            text("name").req(),
            text("sku"),
            amount("price").req(),
            currency("currency"),
            integer("stock", 0, MOST_STOCK),
            long_text("description"),
            url("imageUrl"),
            flag("active"),
        ],
    )
    .searched(&["name", "sku", "description"])
    .filters(&["active"])
    .unique("sku")
    .born(json!({"currency": "HKD", "stock": 0, "active": true}))
}

fn coupon() -> Entity {
    entity(
        "coupon",
        "coupons",
        "A coupon lowers the price of an order.",
        vec![text("code").req(), integer("percentOff", 1, 100).req(), date("validUntil")],
    )
    .unique("code")
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Shop;
    let mut tools = product().tools(scope, ALL);
    tools.extend(product().tools(scope, &[Verb::Search]));
    tools.push(
        tool(
            scope,
            "set_product_stock",
            "Sets how many pieces of a product there are.",
            vec![reference("id", "product").req(), integer("stock", 0, MOST_STOCK).req()],
            |call| {
                let changes = json!({"stock": call.integer("stock")});
                call.records().patch("product", call.need("id")?, changes)
            },
        )
        .gives(product().output()),
    );
    tools.extend(coupon().tools(scope, &[Verb::List, Verb::Create, Verb::Delete]));
    tools
}
