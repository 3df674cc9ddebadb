//! A text that is judged while it is read is judged as on a tape: the same verdict, the same words.
//!
//! `PROPTEST_CASES` sets how many texts are tried.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use toolgate_core::ffi::{Tokens, Validator};

fn order() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "minLength": 4, "pattern": "^ord_[0-9]+$" },
            "status": { "enum": ["open", "paid"] },
            "customer": { "$ref": "#/$defs/customer" },
            "tags": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 3, "uniqueItems": true },
            "items": {
                "type": "array",
                "minItems": 1,
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {
                        "sku": { "type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$" },
                        "quantity of the item": { "type": "integer", "minimum": 1 },
                        "price": { "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "null" }] },
                        "note": {},
                    },
                    "required": ["sku", "quantity of the item"],
                    "minProperties": 2,
                    "maxProperties": 3,
                    "additionalProperties": false,
                },
            },
        },
        "required": ["id", "items"],
        "additionalProperties": { "type": "integer" },
        "$defs": {
            "customer": {
                "type": "object",
                "properties": { "name": { "type": "string" }, "contact": { "$ref": "#/$defs/customer" } },
                "required": ["name", "since"],
                "additionalProperties": { "type": ["integer", "string"] },
                "dependentRequired": { "contact": ["name"] },
            },
        },
    })
}

/// The same schema with a reference that depends on the way, which only a tape has.
fn order_on_a_tape() -> Value {
    let mut schema = order();
    schema["$dynamicRef"] = json!("#anything");
    schema["$defs"]["anything"] = json!({ "$dynamicAnchor": "anything" });
    schema
}

fn document() -> Value {
    json!({
        "id": "ord_17",
        "status": "paid",
        "customer": { "name": "Zoë", "contact": { "name": "Ana", "since": 2020 }, "since": 2021 },
        "tags": ["a", "b"],
        "items": [
            { "sku": "AB-0001", "quantity of the item": 1, "price": 2.50 },
            { "sku": "AB-0002", "quantity of the item": 2, "note": { "deep": [[], {}] } },
        ],
    })
}

fn pointers(value: &Value, path: &str, out: &mut Vec<String>) {
    out.push(path.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| pointers(item, &format!("{path}/{at}"), out))
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| pointers(member, &format!("{path}/{name}"), out))
        }
        _ => {}
    }
}

/// Puts something else in some place, or takes it away, or adds a member.
fn change(document: &mut Value, place: Index, what: Index) {
    let mut places = Vec::new();
    pointers(document, "", &mut places);
    let path = place.get(&places).clone();
    let others = [json!(null), json!(0), json!(-1.5), json!("x"), json!([]), json!({}), json!({ "name": 1 })];
    match what.index(others.len() + 2) {
        0 => {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", ""));
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) => drop(members.remove(name)),
                Some(Value::Array(items)) if name.parse().is_ok_and(|at: usize| at < items.len()) => {
                    items.remove(name.parse().unwrap());
                }
                _ => {}
            }
        }
        1 => match document.pointer_mut(&path).unwrap() {
            Value::Object(members) => drop(members.insert("other".to_owned(), json!(7))),
            Value::Array(items) => items.extend(items.clone()),
            _ => {}
        },
        other => *document.pointer_mut(&path).unwrap() = others[other - 2].clone(),
    }
}

/// Copies, removes or replaces a piece of the text, or adds a member that may be there already.
fn edit(text: &mut String, at: Index, length: usize, what: Index) {
    const MEMBERS: [&str; 5] =
        ["\"id\":\"ord_18\"", "\"sku\":\"AB-0003\"", "\"name\":\"x\"", "\"since\":1", "\"note\":1"];
    let opened: Vec<usize> = text.match_indices('{').map(|(at, _)| at + 1).collect();
    if length == 0 && !opened.is_empty() {
        return text.insert_str(*at.get(&opened), &format!("{},", what.get(&MEMBERS)));
    }
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let start = *at.get(&starts);
    let end = starts.iter().copied().find(|end| *end >= start + length).unwrap_or(text.len());
    let piece = text[start..end].to_owned();
    const OTHERS: [&str; 8] = ["\"", ",", "}", "]", " \n", "\\u0061", "1e2", ""];
    match what.index(OTHERS.len() + 1) {
        0 => text.insert_str(end, &piece),
        other => text.replace_range(start..end, OTHERS[other - 1]),
    }
}

/// What was begun in vain counts for nothing, neither its depth nor its work.
#[test]
fn a_return_leaves_no_trace() {
    let schema = json!({
        "properties": {
            "first": { "properties": { "known": {} } },
            "second": { "properties": { "known": {} } },
            "deep": {},
        },
    });
    let validator = Validator::compile(&schema.to_string(), "{}").unwrap();
    let unknown = r#"{"known":1,"other":2}"#;
    for (levels, is_valid) in [(126, true), (127, false)] {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let text = format!(r#"{{"first":{unknown},"second":{unknown},"deep":{deep}}}"#);
        assert_eq!(validator.is_valid(text.as_bytes(), &mut Tokens::default()), is_valid, "{levels}");
    }
}

/// However often it is begun in vain.
#[test]
fn many_returns_end_on_a_tape() {
    let schema = json!({ "items": { "properties": { "known": { "type": "integer" } } } });
    let validator = Validator::compile(&schema.to_string(), "{}").unwrap();
    for (last, is_valid) in [("3", true), ("\"3\"", false)] {
        let text = format!(r#"[{}{{"known":{last}}}]"#, r#"{"known":1,"other":2},"#.repeat(40));
        assert_eq!(validator.is_valid(text.as_bytes(), &mut Tokens::default()), is_valid);
        assert_eq!(validator.validate(text.as_bytes(), &mut Tokens::default()).is_empty(), is_valid);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn as_on_a_tape(
        changes in prop::collection::vec(any::<(Index, Index)>(), 0..4),
        edits in prop::collection::vec((any::<Index>(), 0_usize..12, any::<Index>()), 0..2),
    ) {
        let mut document = document();
        for (place, what) in changes {
            change(&mut document, place, what);
        }
        let mut text = document.to_string();
        for (at, length, what) in edits {
            edit(&mut text, at, length, what);
        }
        let compiled = |schema: Value| Validator::compile(&schema.to_string(), "{}").unwrap();
        let (read_once, on_a_tape) = (compiled(order()), compiled(order_on_a_tape()));
        let mut tokens = Tokens::default();
        let violations = read_once.validate(text.as_bytes(), &mut tokens);
        prop_assert_eq!(read_once.is_valid(text.as_bytes(), &mut tokens), violations.is_empty(), "{}", &text);
        prop_assert_eq!(violations, on_a_tape.validate(text.as_bytes(), &mut tokens), "{}", &text);
    }
}
