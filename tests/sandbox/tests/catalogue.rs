//! All 165 tools: how they are listed, and that every one of them can be called.

mod common;

use common::{Owner, World, object};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use toolgate_sandbox::Settings;
use toolgate_sandbox::answer::Outcome;
use toolgate_sandbox::catalog::{Catalog, Dialect, Wrap};

/// Every tool that is named in public.
const NAMED: &str = "search_members get_member_profile create_account create_contact attach_tags \
    list_services get_available_slots list_bookings create_booking cancel_booking \
    list_membership_tiers list_tiers enrol_membership earn_loyalty_points list_products get_order \
    create_order list_invoices mark_invoice_paid list_campaigns send_campaign send_test_campaign \
    send_message send_whatsapp_message draft_message request_send_approval list_posts publish_post \
    list_my_companies get_plan_status check_plan_operation list_plan_options \
    create_plan_upgrade_link get_whatsapp_connection_status create_whatsapp_connect_link \
    create_team_member_invite query_company_knowledge query_favcrm_platform generate_image \
    report_agent_issue register_organisation_request register_organisation_verify \
    accept_team_invite_request accept_team_invite_verify";

#[test]
fn there_are_165_tools_in_22_scopes() {
    let catalog = Catalog::new(false);
    let names: BTreeSet<_> = catalog.tools().iter().map(|tool| tool.name.as_str()).collect();
    let scopes: BTreeSet<_> = catalog.tools().iter().map(|tool| tool.scope).collect();
    assert_eq!((catalog.tools().len(), names.len(), scopes.len()), (165, 165, 22));
    for name in NAMED.split_whitespace() {
        assert!(names.contains(name), "{name}");
    }
    let public: Vec<_> = catalog.listing(false, Dialect::Vendor, Wrap::Data);
    assert_eq!(public.len(), 4);
    assert_eq!(Catalog::new(true).tools().len(), 168);
}

#[test]
fn hints_follow_the_verb_and_a_send_is_not_destructive() {
    for tool in Catalog::new(false).listing(true, Dialect::Vendor, Wrap::Data) {
        let name = tool["name"].as_str().unwrap();
        let hint = |hint: &str| tool["annotations"][hint].as_bool().expect(name);
        let starts = |verbs: &[&str]| verbs.iter().any(|verb| name.starts_with(&format!("{verb}_")));
        let read = starts(&["list", "get", "search"]);
        assert_eq!(hint("readOnlyHint"), read, "{name}");
        assert_eq!(hint("destructiveHint"), starts(&["delete", "cancel", "void", "refund"]), "{name}");
        assert_eq!(hint("idempotentHint"), read || starts(&["set", "update", "upsert"]), "{name}");
        if starts(&["send"]) {
            assert!(hint("openWorldHint") && !hint("destructiveHint"), "{name}");
        }
        assert!(tool["title"].is_string() && tool["description"].as_str().unwrap().len() > 20, "{name}");
    }
}

#[test]
fn the_article_dialect_spells_hints_otherwise() {
    let tools = Catalog::new(true).listing(true, Dialect::Article, Wrap::Data);
    let count = |hint: &str| tools.iter().filter(|tool| tool["annotations"].get(hint).is_some()).count();
    for hint in ["readOnly", "read_only", "externalService", "external_service"] {
        assert!(count(hint) > 50, "{hint}");
    }
    assert!(count("requires_approval") > 20 && count("requiresPlanCheck") >= 3);
    assert_eq!(count("readOnlyHint"), 0);
}

#[test]
fn every_schema_compiles() {
    for wrap in [Wrap::Data, Wrap::Structured, Wrap::Text] {
        let tools = Catalog::new(true).listing(true, Dialect::Vendor, wrap);
        let described = tools.iter().filter(|tool| tool.get("outputSchema").is_some()).count();
        assert_eq!(described > 40, wrap != Wrap::Text);
        for tool in tools {
            for schema in ["inputSchema", "outputSchema"] {
                if let Some(schema) = tool.get(schema) {
                    assert_eq!(schema["type"], "object");
                    jsonschema::validator_for(schema).unwrap();
                }
            }
        }
    }
}

/// A workspace with one of everything, so that every id that a tool asks for exists.
struct Furnished {
    world: World,
    owner: Owner,
    /// By what ids of a kind begin with.
    ids: BTreeMap<String, Value>,
    free_slot: Value,
}

impl Furnished {
    fn new() -> Self {
        let world = World::with(Settings { article_tools: true, ..Settings::default() });
        let owner = world.owner("ann@example.com");
        world.upgrade(&owner, "enterprise");
        let mut here = Self { world, owner, ids: BTreeMap::new(), free_slot: Value::Null };
        let service = here.call("list_services", json!({}))["items"][1]["id"].clone();
        here.keep(&service);
        let slots = here.call("get_available_slots", json!({"serviceId": service}))["slots"].clone();
        here.free_slot = slots[1]["startsAt"].clone();
        for name in ["Dan", "Cleo"] {
            let phone = "+85291230000";
            let email = format!("{name}@customers.example");
            let arguments = json!({"name": name, "email": email, "phone": phone});
            let contact = here.call("create_contact", arguments);
            here.ids.insert("other_con".into(), here.ids.get("con").cloned().unwrap_or_default());
            here.keep(&contact["id"]);
        }
        let contact = here.ids["con"].clone();
        let slot = slots[0]["startsAt"].clone();
        let mut made = Vec::new();
        for (tool, arguments) in [
            ("create_account", json!({"name": "Acme"})),
            ("create_contact_note", json!({"contactId": contact, "body": "x"})),
            ("create_tag", json!({"name": "vip"})),
            ("create_booking", json!({"serviceId": service, "contactId": contact, "startsAt": slot})),
            ("create_membership_tier", json!({"name": "Gold", "pricePerMonth": 10})),
            ("earn_loyalty_points", json!({"contactId": contact, "points": 100})),
            ("create_reward", json!({"name": "Cup", "points": 10})),
            ("create_product", json!({"name": "Tea", "price": 5, "stock": 10})),
            ("create_coupon", json!({"code": "TEN", "percentOff": 10})),
            ("create_campaign", json!({"name": "Spring", "channel": "email", "body": "x"})),
            ("create_segment", json!({"name": "All"})),
            ("draft_message", json!({"contactId": contact, "channel": "email", "body": "x"})),
            ("create_message_template", json!({"name": "Hi", "channel": "email", "body": "x"})),
            ("create_whatsapp_template", json!({"name": "Hi", "category": "utility", "body": "x"})),
            ("create_post", json!({"title": "News", "body": "x"})),
            ("create_article", json!({"title": "Parking", "body": "x"})),
            ("generate_image", json!({"prompt": "a cat"})),
            ("create_form", json!({"name": "Ask", "questions": [{"name": "q", "label": "Q", "type": "text"}]})),
            ("create_webhook", json!({"url": "https://hooks.example/x", "events": ["invoice.paid"]})),
        ] {
            made.push(here.call(tool, arguments)["id"].clone());
        }
        for id in &made {
            here.keep(id);
        }
        let tier = here.ids["tier"].clone();
        let product = here.ids["prd"].clone();
        let invoice = json!([{"description": "Tea", "quantity": 1, "unitPrice": 5}]);
        let form = here.ids["frm"].clone();
        let payload = json!({"contactId": contact, "channel": "email", "body": "x"});
        for (tool, field, arguments) in [
            ("enrol_membership", "id", json!({"contactId": contact, "tierId": tier})),
            ("create_order", "id", json!({"contactId": contact, "items": [{"productId": product, "quantity": 1}]})),
            ("create_invoice", "id", json!({"contactId": contact, "lineItems": invoice})),
            ("create_form_submission", "id", json!({"formId": form, "answers": {}})),
            ("create_team_member_invite", "inviteId", json!({"email": "bob@example.com"})),
            ("request_send_approval", "id", json!({"actionType": "send_message", "summary": "x", "payload": payload})),
        ] {
            let id = here.call(tool, arguments)[field].clone();
            here.keep(&id);
        }
        let user = json!(here.owner.caller.user);
        here.keep(&user);
        here
    }

    fn keep(&mut self, id: &Value) {
        let prefix = id.as_str().unwrap().split('_').next().unwrap();
        self.ids.insert(prefix.to_owned(), id.clone());
    }

    fn call(&self, tool: &str, arguments: Value) -> Value {
        self.world.call(&self.owner, tool, arguments).unwrap_or_else(|error| panic!("{tool}: {error}"))
    }

    /// The smallest value that a schema allows.
    fn value(&self, schema: &Value) -> Value {
        if let Some(options) = schema["enum"].as_array() {
            return options[0].clone();
        }
        match schema["type"].as_str().unwrap_or_default() {
            "string" => self.text(schema),
            "integer" => schema["minimum"].clone(),
            "number" => json!(1),
            "boolean" => json!(true),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or_default() as usize;
                json!(vec![self.value(&schema["items"]); least])
            }
            "object" => Value::Object(self.object(schema)),
            other => panic!("a schema of type {other}"),
        }
    }

    fn object(&self, schema: &Value) -> Map<String, Value> {
        let required = schema["required"].as_array().into_iter().flatten();
        required
            .map(|name| {
                let name = name.as_str().unwrap();
                (name.to_owned(), self.value(&schema["properties"][name]))
            })
            .collect()
    }

    fn text(&self, schema: &Value) -> Value {
        match (schema["pattern"].as_str(), schema["format"].as_str()) {
            (_, Some("email")) => json!("new@example.com"),
            (_, Some("date")) => json!("2026-11-20"),
            (_, Some("date-time")) => self.free_slot.clone(),
            (_, Some("uri")) => json!("https://example.com/x"),
            (Some("^[0-9]{6}$"), _) => json!("000000"),
            (Some(pattern), _) if pattern.starts_with("^([01]") => json!("09:00"),
            (Some(pattern), _) if pattern.starts_with(r"^\+") => json!("+85290000000"),
            (Some(pattern), _) if pattern.ends_with("_[A-Za-z0-9]+$") => {
                let prefix = pattern[1..].split('_').next().unwrap();
                self.ids.get(prefix).unwrap_or_else(|| panic!("no {prefix}")).clone()
            }
            (Some(pattern), _) => panic!("a text like {pattern}"),
            (None, _) => json!("x".repeat(schema["minLength"].as_u64().unwrap_or(1) as usize)),
        }
    }
}

/// What a schema cannot say: one of two, another one, a range.
fn besides(tool: &str, here: &Furnished) -> Value {
    match tool {
        "redeem_loyalty_points" => json!({"points": 1}),
        "create_plan_upgrade_link" => json!({"planCode": "enterprise"}),
        "send_test_campaign" => json!({"email": "ann@example.com"}),
        "merge_contacts" => json!({"mergeId": here.ids["other_con"]}),
        "plan_check" | "tool_describe" => json!({"tool": "send_message"}),
        "request_send_approval" => json!({"payload": {
            "contactId": here.ids["con"], "channel": "email", "body": "x",
        }}),
        _ => json!({}),
    }
}

/// The tools for which the furnished workspace is in the wrong state, and what they must say.
const REFUSALS: &[(&str, &str)] = &[
    ("accept_team_invite_request", "unknown_request"),
    ("accept_team_invite_verify", "unknown_request"),
    ("register_organisation_verify", "unknown_request"),
    ("create_plan_upgrade_link", "conflict"),
    ("delete_team_member", "forbidden"),
    ("update_team_member", "forbidden"),
    ("enrol_membership", "conflict"),
    ("refund_invoice", "conflict"),
    ("refund_order", "conflict"),
    ("unpublish_post", "conflict"),
];

#[test]
fn every_tool_can_be_called_and_gives_what_its_schema_says() {
    let definitions = Catalog::new(true).listing(true, Dialect::Vendor, Wrap::Data);
    let bare = Catalog::new(true).listing(true, Dialect::Vendor, Wrap::Structured);
    let mut here = Furnished::new();
    let mut refused = Vec::new();
    for (wrapped, bare) in definitions.iter().zip(&bare) {
        let name = wrapped["name"].as_str().unwrap();
        let mut arguments = here.object(&wrapped["inputSchema"]);
        arguments.extend(object(besides(name, &here)));
        let input = jsonschema::validator_for(&wrapped["inputSchema"]).unwrap();
        assert!(input.is_valid(&json!(arguments)), "{name}: {arguments:?}");

        let result = here.world.call(&here.owner, name, Value::Object(arguments));
        match (&result, REFUSALS.iter().find(|(tool, _)| *tool == name)) {
            (Ok(_), None) => {}
            (Err(error), Some((tool, code))) if error.code.as_str() == *code => refused.push(*tool),
            (result, _) => panic!("{name}: {result:?}"),
        }
        for (definition, wrap) in [(wrapped, Wrap::Data), (bare, Wrap::Structured)] {
            let sent = Outcome::from(result.clone()).wrap(wrap).structured.unwrap();
            let output = jsonschema::validator_for(&definition["outputSchema"]).unwrap();
            if let Err(error) = output.validate(&sent) {
                panic!("{name}: {error} at {}", error.instance_path());
            }
        }
        // What reads and searches leaves the workspace as it was; anything else may have used it up.
        let verb = name.split('_').next().unwrap();
        if !matches!(verb, "list" | "get" | "search" | "query" | "check") {
            here = Furnished::new();
        }
    }
    refused.sort_unstable();
    let mut expected: Vec<_> = REFUSALS.iter().map(|(tool, _)| *tool).collect();
    expected.sort_unstable();
    assert_eq!(refused, expected);
}

#[test]
fn every_argument_of_every_tool_is_checked() {
    let here = Furnished::new();
    for tool in Catalog::new(true).listing(true, Dialect::Vendor, Wrap::Data) {
        let name = tool["name"].as_str().unwrap();
        let required = tool["inputSchema"]["required"].as_array().unwrap();
        let mut wrong = vec![json!({"no_such_field": 1})];
        for field in required {
            let mut arguments = here.object(&tool["inputSchema"]);
            arguments[field.as_str().unwrap()] = json!([[]]);
            wrong.push(Value::Object(arguments));
        }
        if !required.is_empty() {
            wrong.push(json!({}));
        }
        for arguments in wrong {
            let validator = jsonschema::validator_for(&tool["inputSchema"]).unwrap();
            assert!(!validator.is_valid(&arguments), "{name}");
            let error = here.world.call(&here.owner, name, arguments).unwrap_err();
            assert_eq!(error.code.as_str(), "invalid_input", "{name}");
            assert!(error.details["field"].is_string());
        }
    }
}
