//! One comparison of our verdicts with those of the `jsonschema` crate.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use toolgate_core::ffi::{Tokens, Validator};

use crate::generate::{Choices, document, respelled, schema};

macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(format!($($why)+));
        }
    };
}

macro_rules! same {
    ($one:expr, $other:expr, $($why:tt)+) => {
        if $one != $other {
            return Err(format!("{:?} is not {:?}: {}", $one, $other, format!($($why)+)));
        }
    };
}

fn oracle(schema: &Value, formats: bool) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .should_validate_formats(formats)
        .should_ignore_unknown_formats(true)
        .offline()
        .build(schema)
        .map_err(|error| error.to_string())
}

/// Whether the reference at a path of the schema leads nowhere. The oracle cannot be asked: it does not look where no
/// value can come, such as into definitions that nothing refers to.
fn leads_nowhere(root: &Value, path: &str) -> bool {
    let is_resource =
        |schema: &Value| schema["$id"].as_str().is_some_and(|id| !id.starts_with('#') && schema["$ref"].is_null());
    let is_modern = root["$schema"].as_str().is_some_and(|draft| draft.contains("/draft/"));
    let is_resource = |schema: &Value| is_resource(schema) || is_modern && schema["$id"].is_string();
    let reference = root.pointer(path).and_then(Value::as_str).unwrap();
    let mut resource = root;
    let above = path.match_indices('/').filter_map(|(at, _)| root.pointer(&path[..at]));
    above.filter(|schema| is_resource(schema)).for_each(|schema| resource = schema);
    match reference.strip_prefix('#') {
        Some(anchor) if !anchor.is_empty() && !anchor.starts_with('/') => {
            let mut open: Vec<&Value> = vec![resource];
            while let Some(value) = open.pop() {
                let names = [&value["$anchor"], &value["$dynamicAnchor"], &value["$id"]];
                if names.iter().any(|name| **name == *anchor || **name == *reference) {
                    return false;
                }
                match value {
                    Value::Array(items) => open.extend(items),
                    Value::Object(members) => open.extend(members.values().filter(|value| !is_resource(value))),
                    _ => {}
                }
            }
            true
        }
        Some(pointer) => resource.pointer(pointer).is_none(),
        None => !root.to_string().contains(&format!("\"$id\":\"{reference}\"")),
    }
}

/// Draft 7: "All other properties in a "$ref" object MUST be ignored"; the oracle resolves references in them.
fn without_ignored(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(without_ignored).collect(),
        Value::Object(members) => match members.get("$ref") {
            Some(reference @ Value::String(_)) => json!({ "$ref": reference }),
            _ => members.iter().map(|(name, member)| (name.clone(), without_ignored(member))).collect(),
        },
        other => other.clone(),
    }
}

/// The members of every object the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(reversed).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(name, member)| (name.clone(), reversed(member))).collect())
        }
        other => other.clone(),
    }
}

/// What must hold of the violations of any document: there are some exactly if it is invalid, and each one is about
/// something that is there.
fn check_violations(validator: &Validator, is_valid: bool, document: &Value, text: &str) -> Result<(), String> {
    let violations = validator.validate(text.as_bytes(), &mut Tokens::default());
    same!(is_valid, violations.is_empty(), "{}: {:?}", text, violations);
    for violation in violations {
        ensure!(document.pointer(&violation.path).is_some(), "not in the document: {:?}", violation);
        for told in [&violation.keyword, &violation.expected, &violation.got, &violation.repair] {
            ensure!(!told.is_empty(), "{:?}", violation);
        }
    }
    Ok(())
}

/// What is wrong and where, in any order; none if there may be more.
fn findings(validator: &Validator, text: &str) -> Option<BTreeSet<[String; 3]>> {
    const MOST: usize = 10;
    let violations = validator.validate(text.as_bytes(), &mut Tokens::default());
    let is_whole = violations.len() < MOST;
    is_whole.then(|| violations.into_iter().map(|found| [found.path, found.keyword, found.schema_path]).collect())
}

fn gave_up(validator: &Validator, text: &str) -> bool {
    validator
        .validate(text.as_bytes(), &mut Tokens::default())
        .iter()
        .any(|violation| matches!(violation.keyword.as_str(), "too_deep" | "too_much_work"))
}

/// Where the oracle does not do what the specification says, so that its verdict is no measure.
fn oracle_errs(draft: usize, schema: &str) -> bool {
    let has = |keyword: &str| schema.contains(&format!("\"{keyword}\":"));
    // 2019-09, core 9.3.1.3: `unevaluatedItems` depends on `items`, `additionalItems` and itself. That `contains`
    // evaluates what it finds is new in 2020-12; to the oracle it always does.
    draft == 1 && has("contains") && has("unevaluatedItems")
}

pub(crate) fn compare(draft: usize, formats: bool, bytes: &[u8]) -> Result<(), String> {
    let mut choices = Choices::new(bytes);
    let schema = schema(&mut choices, draft);
    let options = if formats { r#"{"formats":"assert"}"# } else { r#"{"formats":"annotate"}"# };
    let validator = match Validator::compile(&schema.to_string(), options) {
        Ok(validator) => validator,
        Err(error) => {
            let error: Value = serde_json::from_str(&error).unwrap();
            let problem = error["details"]["problem"].as_str().unwrap_or_default().to_owned();
            let path = error["details"]["path"].as_str().unwrap_or_default();
            match problem.as_str() {
                // The oracle's process would end with it.
                "endless_reference" => {}
                "unresolvable_reference" => ensure!(leads_nowhere(&schema, path), "{error}\n{schema:#}"),
                _ => ensure!(false, "{error}\n{schema:#}"),
            }
            return Ok(());
        }
    };
    let backwards = Validator::compile(&reversed(&schema).to_string(), options).unwrap();
    let oracle = oracle(&schema, formats).or_else(|error| match draft {
        2 | 3 => oracle(&without_ignored(&schema), formats),
        _ => Err(error),
    });
    let errs = oracle_errs(draft, &schema.to_string());
    let mut tokens = Tokens::default();
    for _ in 0..6 {
        let document = document(&mut choices, &schema);
        let text = document.to_string();
        let ours = validator.is_valid(text.as_bytes(), &mut tokens);
        check_violations(&validator, ours, &document, &text).map_err(|why| format!("{why}\n{schema:#}"))?;
        let mut other_text = String::new();
        respelled(&document, &mut other_text);
        same!(ours, validator.is_valid(other_text.as_bytes(), &mut tokens), "{} {}\n{:#}", text, other_text, schema);
        // No name of the other one can be read without decoding it, so its objects are judged on a tape.
        if let (Some(found), Some(other)) = (findings(&validator, &text), findings(&validator, &other_text)) {
            same!(found, other, "{}\n{:#}", text, schema);
        }
        same!(ours, backwards.is_valid(text.as_bytes(), &mut tokens), "keywords in reverse: {}\n{:#}", text, schema);
        if errs || gave_up(&validator, &text) {
            continue;
        }
        match &oracle {
            Ok(oracle) => {
                let theirs = oracle.is_valid(&document);
                same!(ours, theirs, "ours {}, the oracle's {}: {}\n{:#}", ours, theirs, text, schema);
            }
            Err(error) => ensure!(false, "the oracle refuses, we do not: {error}\n{schema:#}"),
        }
    }
    Ok(())
}
