//! Plans, bookings, money and tenants.

mod common;

use common::{World, code_of};
use serde_json::json;
use toolgate_sandbox::Settings;

#[test]
fn a_quota_blocks_and_an_upgrade_unblocks() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    for at in 0..100 {
        world.contact(&ann, &format!("c{at}"));
    }
    let arguments = json!({"name": "One more"});
    let error = world.call(&ann, "create_contact", arguments.clone()).unwrap_err();
    assert_eq!(error.code.as_str(), "plan_blocked");
    assert_eq!(error.details["reason"], "quota_exceeded");
    assert_eq!(error.details["upgradeAction"]["planCode"], "lite");

    let check = json!({"quotaCode": "customers"});
    let verdict = world.call(&ann, "check_plan_operation", check).unwrap();
    assert_eq!(verdict["allowed"], false);
    let check = json!({"toolName": "create_contact"});
    let verdict = world.call(&ann, "check_plan_operation", check).unwrap();
    assert_eq!(verdict["allowed"], false);

    world.upgrade(&ann, "lite");
    world.call(&ann, "create_contact", arguments).unwrap();
    let status = world.call(&ann, "get_plan_status", json!({})).unwrap();
    assert_eq!(status["planCode"], "lite");
    assert_eq!(status["quotas"][0]["used"], 101);
}

#[test]
fn calls_are_counted_by_the_month_and_the_plan_tools_stay_open() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    for _ in 0..1000 {
        world.call(&ann, "get_settings", json!({})).unwrap();
    }
    let blocked = world.call(&ann, "get_settings", json!({}));
    assert_eq!(code_of(blocked), "plan_blocked");
    world.call(&ann, "get_plan_status", json!({})).unwrap();
    world.wait(31 * 24 * 3600);
    world.call(&ann, "get_settings", json!({})).unwrap();
}

#[test]
fn whatsapp_comes_with_starter() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let arguments = json!({"to": "+85291234567", "body": "Hello"});
    let error = world.call(&ann, "send_whatsapp_message", arguments.clone()).unwrap_err();
    assert_eq!(error.details["reason"], "module_not_in_plan");
    assert_eq!(error.details["upgradeAction"]["planCode"], "starter");
    world.upgrade(&ann, "starter");
    world.call(&ann, "send_whatsapp_message", arguments).unwrap();
    assert_eq!(world.mails().last().unwrap().to, "85291234567@whatsapp.sandbox.example");

    let status = |world: &World| {
        let status = world.call(&ann, "get_whatsapp_connection_status", json!({}));
        status.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&world), "not_connected");
    let link = world.call(&ann, "create_whatsapp_connect_link", json!({})).unwrap();
    assert_eq!(status(&world), "pending");
    let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap();
    world.backend.connect_whatsapp(token, world.now.get()).unwrap();
    assert_eq!(status(&world), "connected");
}

#[test]
fn an_upgrade_link_needs_a_yes_and_works_once() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let refused = world.call(&ann, "create_plan_upgrade_link", json!({"planCode": "lite", "confirm": false}));
    assert_eq!(code_of(refused), "approval_required");
    let link = world.call(&ann, "create_plan_upgrade_link", json!({"planId": "plan_lite", "confirm": true})).unwrap();
    let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let now = world.now.get();
    world.backend.open_upgrade(token, now).unwrap();
    assert_eq!(code_of(world.backend.open_upgrade(token, now)), "conflict");
    assert_eq!(code_of(world.backend.open_upgrade("x", now)), "not_found");
}

#[test]
fn a_slot_is_booked_once_and_comes_back_when_cancelled() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let contact = world.contact(&ann, "cleo");
    let services = world.call(&ann, "list_services", json!({})).unwrap();
    let service = services["items"][1]["id"].clone();
    let slots = |world: &World| {
        let arguments = json!({"serviceId": service});
        let answer = world.call(&ann, "get_available_slots", arguments).unwrap();
        answer["slots"].as_array().unwrap().clone()
    };
    let before = slots(&world);
    // Ten in the morning in Hong Kong, on the same Monday.
    assert_eq!(before[0]["startsAt"], "2026-11-16T02:00:00Z");
    let booking = json!({
        "serviceId": service, "contactId": contact["id"], "startsAt": before[0]["startsAt"],
    });
    let booked = world.call(&ann, "create_booking", booking.clone()).unwrap();
    assert_eq!(booked["status"], "booked");
    assert_eq!(booked["endsAt"], "2026-11-16T03:00:00Z");
    assert_eq!(slots(&world).len(), before.len() - 1);
    assert_eq!(code_of(world.call(&ann, "create_booking", booking.clone())), "conflict");

    let mut odd = booking.clone();
    odd["startsAt"] = json!("2026-11-16T02:10:00Z");
    assert_eq!(code_of(world.call(&ann, "create_booking", odd)), "conflict");

    let moved = json!({"id": booked["id"], "startsAt": before[1]["startsAt"]});
    world.call(&ann, "reschedule_booking", moved).unwrap();
    let cancel = json!({"id": booked["id"], "reason": "ill"});
    let cancelled = world.call(&ann, "cancel_booking", cancel.clone()).unwrap();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(code_of(world.call(&ann, "cancel_booking", cancel)), "conflict");
    assert_eq!(slots(&world), before);
}

#[test]
fn an_order_takes_stock_and_gives_it_back() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let contact = world.contact(&ann, "cleo");
    let product = world.call(&ann, "create_product", json!({"name": "Tea", "price": 12.5, "stock": 3})).unwrap();
    let order = |quantity: u32| json!({"contactId": contact["id"], "items": [{"productId": product["id"], "quantity": quantity}]});
    let refused = world.call(&ann, "create_order", order(4)).unwrap_err();
    assert_eq!(refused.details["field"], "items[0].quantity");
    let made = world.call(&ann, "create_order", order(2)).unwrap();
    assert_eq!(made["total"], 25.0);
    let stock = |world: &World| {
        let arguments = json!({"id": product["id"]});
        world.call(&ann, "get_product", arguments).unwrap()["stock"].clone()
    };
    assert_eq!(stock(&world), 1);
    let cancel = json!({"id": made["id"]});
    world.call(&ann, "cancel_order", cancel).unwrap();
    assert_eq!(stock(&world), 3);
}

#[test]
fn an_invoice_goes_its_way() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let contact = world.contact(&ann, "cleo");
    let arguments = json!({
        "contactId": contact["id"],
        "lineItems": [{"description": "Tea", "quantity": 3, "unitPrice": 10.1}],
    });
    let invoice = world.call(&ann, "create_invoice", arguments).unwrap();
    assert_eq!(invoice["number"], "INV-00001");
    assert_eq!(invoice["total"], 30.3);
    let id = json!({"id": invoice["id"]});
    assert_eq!(code_of(world.call(&ann, "refund_invoice", id.clone())), "conflict");
    world.call(&ann, "mark_invoice_paid", id.clone()).unwrap();
    assert_eq!(code_of(world.call(&ann, "void_invoice", id.clone())), "conflict");
    let report = world.call(&ann, "get_sales_report", json!({})).unwrap();
    assert_eq!(report["paid"], 30.3);
    world.call(&ann, "refund_invoice", id).unwrap();
}

#[test]
fn points_are_a_ledger() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let contact = world.contact(&ann, "cleo")["id"].clone();
    let points = |tool: &str, points: i64| world.call(&ann, tool, json!({"contactId": contact, "points": points}));
    let earned = points("earn_loyalty_points", 50).unwrap();
    assert_eq!(points("redeem_loyalty_points", 20).unwrap()["balance"], 30);
    assert_eq!(code_of(points("redeem_loyalty_points", 31)), "conflict");
    let void = json!({"entryId": earned["id"]});
    world.call(&ann, "void_loyalty_entry", void).unwrap();
    let arguments = json!({"contactId": contact});
    let balance = world.call(&ann, "get_loyalty_balance", arguments).unwrap();
    assert_eq!(balance["points"], -20);
}

#[test]
fn articles_are_found_by_their_words() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let arguments = json!({"title": "Parking", "body": "Guests may park behind the house."});
    let article = world.call(&ann, "create_article", arguments).unwrap();
    let ask = |question: &str| {
        let arguments = json!({"query": question});
        let answer = world.call(&ann, "query_company_knowledge", arguments).unwrap();
        answer["passages"].as_array().unwrap().clone()
    };
    assert_eq!(ask("where can I \"park\"?")[0]["articleId"], article["id"]);
    assert!(ask("refunds NEAR(").is_empty());
    let bob = world.owner("bob@example.com");
    let arguments = json!({"query": "park"});
    let other = world.call(&bob, "query_company_knowledge", arguments).unwrap();
    assert_eq!(other, json!({"passages": []}));
}

#[test]
fn one_organisation_never_sees_another() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    let bob = world.owner("bob@example.com");
    let contact = world.contact(&ann, "cleo");
    assert_eq!(world.call(&bob, "list_contacts", json!({})).unwrap()["total"], 0);
    let id = json!({"id": contact["id"]});
    for tool in ["get_contact", "delete_contact"] {
        assert_eq!(code_of(world.call(&bob, tool, id.clone())), "not_found");
    }
    let arguments = json!({"contactId": contact["id"], "body": "x"});
    let note = world.call(&bob, "create_contact_note", arguments);
    assert_eq!(code_of(note), "not_found");
    world.call(&ann, "get_contact", id).unwrap();
}

#[test]
fn long_lists_come_in_pages() {
    let world = World::new();
    let ann = world.owner("ann@example.com");
    for at in 0..5 {
        world.contact(&ann, &format!("c{at}"));
    }
    let mut names = Vec::new();
    let mut arguments = json!({"limit": 2});
    loop {
        let page = world.call(&ann, "list_contacts", arguments.clone()).unwrap();
        assert_eq!(page["total"], 5);
        for item in page["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        match page.get("nextCursor") {
            Some(cursor) => arguments["cursor"] = cursor.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["c0", "c1", "c2", "c3", "c4"]);
}

#[test]
fn demo_data_fills_a_new_organisation() {
    let world = World::with(Settings { demo_data: true, ..Settings::default() });
    let ann = world.owner("ann@example.com");
    for (list, total) in [("list_contacts", 5), ("list_bookings", 3), ("list_invoices", 3)] {
        assert_eq!(world.call(&ann, list, json!({})).unwrap()["total"], total);
    }
    let next = world.contact(&ann, "fay");
    let arguments = json!({
        "contactId": next["id"],
        "lineItems": [{"description": "Tea", "quantity": 1, "unitPrice": 1}],
    });
    let invoice = world.call(&ann, "create_invoice", arguments).unwrap();
    assert_eq!(invoice["number"], "INV-00004");
}
