//! Whatever passes as narrowed accepts nothing that was refused before, on schemas and edits that nobody thought of.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "shared with other tests")]
mod generate;

use std::cell::Cell;

use generate::Choices;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use toolgate_core::ffi::{Core, Tokens, Validator};

fn list(core: &mut Core, entropy: char, tool: &Value) {
    let start = json!({ "now": 0, "entropy": entropy.to_string().repeat(32), "flow": { "type": "list" } });
    let step: Value = serde_json::from_str(&core.start(&start.to_string(), None).unwrap()).unwrap();
    let event = json!({ "step": step["id"], "now": 0, "event": { "type": "tools" } });
    core.handle(&event.to_string(), Some(&json!({ "tools": [tool] }).to_string())).unwrap();
}

fn tool(schema: &Value) -> Value {
    json!({ "name": "tool", "inputSchema": schema })
}

/// The worst difference between two schemas; none if they mean the same.
fn change(old: &Value, new: &Value) -> Option<String> {
    let mut core = Core::new(r#"{"server":"crm"}"#).unwrap();
    list(&mut core, '0', &tool(old));
    list(&mut core, '1', &tool(new));
    let drift: Value = serde_json::from_str(&core.drift()).unwrap();
    drift[0]["change"].as_str().map(str::to_owned)
}

fn compiled(schema: &Value) -> Option<Validator> {
    Validator::compile(&schema.to_string(), "{}").ok()
}

fn accepts(validator: &Validator, document: &Value) -> bool {
    validator.is_valid(document.to_string().as_bytes(), &mut Tokens::default())
}

/// The objects in it, itself too, each by a pointer.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(path.to_owned());
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// One edit somewhere, as often as not one that tightens there.
fn edit(choices: &mut Choices<'_>, schema: &mut Value) {
    let mut found = Vec::new();
    places(schema, "", &mut found);
    let place = found[choices.below(found.len())].clone();
    let donor = generate::schema(choices, 0);
    let Some(object) = schema.pointer_mut(&place).and_then(Value::as_object_mut) else { return };
    let names: Vec<String> = object.keys().cloned().collect();
    let name = (!names.is_empty()).then(|| names[choices.below(names.len())].clone());
    let small = json!(choices.below(4));
    match choices.below(16) {
        0 => drop(object.insert("additionalProperties".to_owned(), json!(false))),
        1 => drop(object.insert("minimum".to_owned(), small)),
        2 => drop(object.insert("maxLength".to_owned(), small)),
        3 => drop(object.insert("type".to_owned(), json!(["integer", "string"][choices.below(2)]))),
        4 => drop(object.insert("minItems".to_owned(), small)),
        5 => drop(object.insert("enum".to_owned(), json!([1, 2, null]))),
        6 => drop(object.insert("uniqueItems".to_owned(), json!(true))),
        7 => drop(object.insert("maxProperties".to_owned(), small)),
        8 => {
            if let Some(names) = object.get("properties").and_then(Value::as_object) {
                let names: Vec<String> = names.keys().cloned().collect();
                object.insert("required".to_owned(), json!(names));
            }
        }
        9 | 10 => {
            if let Some(name) = name {
                object.remove(&name);
            }
        }
        11 => {
            if let (Some(name), Some(donated)) = (name, donor.as_object().and_then(|donor| donor.values().next())) {
                object.insert(name, donated.clone());
            }
        }
        12 => {
            if let Some(name) = name {
                object.insert(name, json!(false));
            }
        }
        13 => {
            for list in ["enum", "required", "type", "anyOf", "oneOf", "allOf", "items", "prefixItems"] {
                if let Some(list) = object.get_mut(list).and_then(Value::as_array_mut).filter(|list| list.len() > 1) {
                    list.remove(0);
                }
            }
        }
        14 => {
            for bound in ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties"] {
                if let Some(number) = object.get_mut(bound).filter(|number| number.is_u64()) {
                    *number = json!(choices.below(5));
                }
            }
        }
        _ => {
            if let Some(donor) = donor.as_object() {
                for (keyword, value) in donor.iter().take(1) {
                    object.insert(keyword.clone(), value.clone());
                }
            }
        }
    }
}

#[test]
fn what_passes_as_narrowed_accepts_nothing_new() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let config = ProptestConfig { cases: config.cases.max(4_000), ..config };
    let (narrowed, told_apart) = (Cell::new(0), Cell::new(0));
    let strategy = (0_usize..4, prop::collection::vec(any::<u8>(), 0..500));
    TestRunner::new(config)
        .run(&strategy, |(draft, bytes)| {
            let mut choices = Choices::new(&bytes);
            let old = generate::schema(&mut choices, draft);
            let mut new = old.clone();
            let half = bytes.len() / 2;
            let mut choices = Choices::new(&bytes[half..]);
            for _ in 0..=choices.below(3) {
                edit(&mut choices, &mut new);
            }
            let (Some(was), Some(is)) = (compiled(&old), compiled(&new)) else { return Ok(()) };
            let change = change(&old, &new);
            if matches!(change.as_deref(), Some("changed" | "widened")) {
                return Ok(());
            }
            narrowed.set(narrowed.get() + u32::from(change.is_some()));
            for turn in 0..12 {
                let seed: Vec<u8> = bytes.iter().rev().map(|byte| byte.wrapping_mul(turn * 2 + 1) ^ turn).collect();
                let root = if turn % 2 == 0 { &new } else { &old };
                let document = generate::document(&mut Choices::new(&seed), root);
                let (before, after) = (accepts(&was, &document), accepts(&is, &document));
                told_apart.set(told_apart.get() + u32::from(before && !after));
                prop_assert!(before || !after, "{old}\nbecame\n{new}\nand accepts\n{document}");
                prop_assert!(change.is_some() || before == after, "{old}\nand\n{new}\njudge otherwise\n{document}");
            }
            Ok(())
        })
        .unwrap();
    // Otherwise nothing was tried.
    assert!(narrowed.get() > 100 && told_apart.get() > 100, "{narrowed:?} {told_apart:?}");
}

/// A schema and another that is tighter in one place, as a person would write them.
fn tightened(choices: &mut Choices<'_>) -> (Value, Value) {
    let mut old = json!({
        "type": "object",
        "properties": {
            "id": { "type": ["string", "null"], "maxLength": 10 },
            "count": { "type": "number", "minimum": 0, "maximum": 9 },
            "kind": { "enum": ["a", "b", "c"] },
            "rows": { "type": "array", "items": { "type": "object", "properties": { "x": { "type": "string" } } } },
        },
        "required": ["id"],
    });
    let base = old.clone();
    for _ in 0..=choices.below(4) {
        match choices.below(12) {
            0 => old["required"] = json!(["count", "id"]),
            1 => old["properties"]["kind"]["enum"] = json!(["c", "a"]),
            2 => old["properties"]["count"]["minimum"] = json!(1 + choices.below(3)),
            3 => old["properties"]["count"]["maximum"] = json!(8.5),
            4 => old["properties"]["count"]["type"] = json!("integer"),
            5 => old["properties"]["id"]["type"] = json!("string"),
            6 => old["properties"]["id"]["maxLength"] = json!(choices.below(10)),
            7 => old["additionalProperties"] = json!(false),
            8 => old["properties"]["rows"]["items"]["additionalProperties"] = json!(false),
            9 => old["properties"]["rows"]["maxItems"] = json!(choices.below(100)),
            10 => old["properties"]["rows"]["items"]["required"] = json!(["x"]),
            _ => old["properties"]["rows"]["uniqueItems"] = json!(true),
        }
    }
    (base, old)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_tighter_is_narrowed_and_the_other_way_round_widened(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        let (old, new) = tightened(&mut Choices::new(&bytes));
        prop_assert_eq!(change(&old, &new), Some("narrowed".to_owned()), "{}", new);
        prop_assert_eq!(change(&new, &old), Some("widened".to_owned()), "{}", new);
    }

    #[test]
    fn nothing_differs_from_itself_however_it_is_spelled(
        draft in 0_usize..4,
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let schema = generate::schema(&mut Choices::new(&bytes), draft);
        let mut core = Core::new(r#"{"server":"crm"}"#).unwrap();
        list(&mut core, '0', &tool(&schema));
        let pinned = core.lock();
        let mut text = String::new();
        generate::respelled(&tool(&schema), &mut text);
        let start = json!({ "now": 0, "entropy": "1".repeat(32), "flow": { "type": "list" } });
        let step: Value = serde_json::from_str(&core.start(&start.to_string(), None).unwrap()).unwrap();
        let event = json!({ "step": step["id"], "now": 0, "event": { "type": "tools" } });
        core.handle(&event.to_string(), Some(&format!("{{\"tools\":[{text}]}}"))).unwrap();
        prop_assert_eq!(core.drift(), "[]");
        prop_assert_eq!(core.lock(), pinned.clone());
        // What a lock file pins is what was listed.
        let mut locked = Core::new(&json!({ "server": "crm", "lock": pinned }).to_string()).unwrap();
        list(&mut locked, '0', &tool(&schema));
        prop_assert_eq!(locked.drift(), "[]");
        prop_assert_eq!(locked.lock(), pinned);
    }
}
