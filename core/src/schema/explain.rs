//! From a violated keyword to words that a model or a person can act on.

use serde_json::Value;

use crate::near;
use crate::redact::Redactor;
use crate::text::shorten;

/// A violation as the engine found it.
pub(super) struct Found<'v> {
    pub(super) path: &'v str,
    pub(super) keyword: &'v str,
    /// The keyword's value in the schema.
    pub(super) rule: Option<&'v Value>,
    /// The schema that the keyword stands in.
    pub(super) parent: Option<&'v Value>,
    pub(super) instance: &'v Value,
    pub(super) hidden: bool,
}

/// Expected, got and repair.
pub(super) fn explain(found: &Found<'_>, redactor: &Redactor) -> (String, String, String) {
    let rule = found.rule.unwrap_or(&Value::Null);
    let name = subject(found.path);
    let got = describe(found.instance, found.hidden, redactor);
    let shown = |value: &Value| describe(value, false, redactor);
    let (expected, repair) = match found.keyword {
        "required" => return missing(found, got),
        "additionalProperties" | "unevaluatedProperties" => return unexpected(found, got),
        "type" => {
            let types = one_of(rule);
            let repair = match (rule.as_str(), found.instance) {
                (Some("integer" | "number"), Value::String(text))
                    if !found.hidden && text.trim().parse::<f64>().is_ok() =>
                {
                    format!("Give {name} as the number {}, without quotes.", text.trim())
                }
                (Some("string"), Value::Number(number)) if !found.hidden => {
                    format!("Give {name} as the string \"{number}\".")
                }
                (Some("array"), _) => format!("Put {name} into an array."),
                _ => format!("Give {name} as {types}."),
            };
            (types, repair)
        }
        "enum" => {
            let options = rule.as_array().map(Vec::as_slice).unwrap_or_default();
            let listed = options.iter().take(12).map(&shown).collect::<Vec<_>>().join(", ");
            let listed = if options.len() > 12 { format!("{listed}, …") } else { listed };
            let near = match found.instance.as_str() {
                Some(text) if !found.hidden => near::nearest(text, options.iter().filter_map(Value::as_str)),
                _ => Vec::new(),
            };
            (
                format!("one of {listed}"),
                format!("{} must be one of {listed}{}", capital(&name), dotted(near::suggestion(&near))),
            )
        }
        "const" => (shown(rule), format!("Give {name} as {}.", shown(rule))),
        "format" => {
            let format = rule.as_str().unwrap_or("the format");
            (format_in_words(format), format!("Write {name} as {}.", format_in_words(format)))
        }
        "pattern" => {
            let pattern = shorten(rule.as_str().unwrap_or_default(), 120);
            (format!("a string matching {pattern}"), format!("Write {name} so that it matches {pattern}."))
        }
        "minLength" | "maxLength" => {
            let bound = bound(found.keyword, rule);
            (format!("{bound} characters"), format!("Give {name} {bound} characters."))
        }
        "minItems" | "maxItems" => {
            let bound = bound(found.keyword, rule);
            (format!("{bound} items"), format!("Give {name} {bound} items."))
        }
        "minProperties" | "maxProperties" => {
            let bound = bound(found.keyword, rule);
            (format!("{bound} properties"), format!("Give {name} {bound} properties."))
        }
        "minimum" => (format!("a number ≥ {rule}"), format!("Make {name} {rule} or more.")),
        "maximum" => (format!("a number ≤ {rule}"), format!("Make {name} {rule} or less.")),
        "exclusiveMinimum" => (format!("a number > {rule}"), format!("Make {name} more than {rule}.")),
        "exclusiveMaximum" => (format!("a number < {rule}"), format!("Make {name} less than {rule}.")),
        "multipleOf" => (format!("a multiple of {rule}"), format!("Make {name} a multiple of {rule}.")),
        "uniqueItems" => ("items that all differ".to_owned(), format!("Remove the repeated items from {name}.")),
        "anyOf" | "oneOf" => {
            let count = rule.as_array().map_or(0, Vec::len);
            let exactly = if found.keyword == "oneOf" { "exactly one" } else { "at least one" };
            let branches = rule
                .as_array()
                .map(|branches| branches.iter().take(4).map(branch).collect::<Vec<_>>().join("; "))
                .unwrap_or_default();
            (
                format!("a value of {exactly} of {count} forms"),
                format!("Give {name} in {exactly} of these forms: {branches}."),
            )
        }
        "not" => ("a value outside the excluded form".to_owned(), format!("Change {name}: this form is excluded.")),
        "dependentRequired" | "dependencies" | "dependentSchemas" => (
            "the properties that belong together".to_owned(),
            format!("Give {name} together with the properties that it depends on."),
        ),
        "contains" | "minContains" | "maxContains" => (
            "an array containing the required items".to_owned(),
            format!("Add an item of the required form to {name}."),
        ),
        "propertyNames" => {
            ("property names of the allowed form".to_owned(), format!("Rename the properties of {name}."))
        }
        other => (format!("a value allowed by `{other}`"), format!("Change {name} so that `{other}` holds.")),
    };
    (expected, got, repair)
}

fn missing(found: &Found<'_>, got: String) -> (String, String, String) {
    let present = found.instance.as_object();
    let absent: Vec<&str> = found
        .rule
        .and_then(Value::as_array)
        .map(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| present.is_none_or(|object| !object.contains_key(*name)))
                .collect()
        })
        .unwrap_or_default();
    let named = absent.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let forms: Vec<String> = absent
        .iter()
        .filter_map(|name| {
            found.parent?.get("properties")?.get(name).map(|schema| format!("`{name}` ({})", branch(schema)))
        })
        .collect();
    let forms = if forms.is_empty() { named.clone() } else { forms.join(", ") };
    (format!("the property {named}"), got, format!("Add {forms}{}.", place(found.path)))
}

fn unexpected(found: &Found<'_>, got: String) -> (String, String, String) {
    let known: Vec<&str> = found
        .parent
        .and_then(|parent| parent.get("properties"))
        .and_then(Value::as_object)
        .map(|known| known.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let strange: Vec<&str> = found
        .instance
        .as_object()
        .map(|object| object.keys().map(String::as_str).filter(|key| !known.contains(key)).collect())
        .unwrap_or_default();
    let allowed = known.iter().take(20).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let expected = if known.is_empty() { "no properties".to_owned() } else { format!("only the properties {allowed}") };
    let repairs: Vec<String> = strange
        .iter()
        .take(5)
        .map(|name| {
            let near = near::nearest(name, known.iter().copied());
            format!("Remove `{}`{}", shorten(name, 60), dotted(near::suggestion(&near)))
        })
        .collect();
    (expected, got, repairs.join(" "))
}

/// `; did you mean …?` ends a sentence by itself; nothing ends with a full stop.
fn dotted(suggestion: String) -> String {
    if suggestion.is_empty() { ".".to_owned() } else { suggestion }
}

fn subject(path: &str) -> String {
    if path.is_empty() {
        "the arguments".to_owned()
    } else {
        format!("`{}`", path.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~"))
    }
}

fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" to {}", subject(path)) }
}

fn capital(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn bound(keyword: &str, rule: &Value) -> String {
    if keyword.starts_with("min") { format!("at least {rule}") } else { format!("at most {rule}") }
}

fn one_of(types: &Value) -> String {
    match types {
        Value::String(name) => with_article(name),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(with_article).collect::<Vec<_>>().join(" or ")
        }
        _ => "a value of the right type".to_owned(),
    }
}

fn with_article(name: &str) -> String {
    match name {
        "null" => "null".to_owned(),
        "array" | "integer" | "object" => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

/// A subschema in a few words.
fn branch(schema: &Value) -> String {
    let mut words = match schema.get("type") {
        Some(types) => one_of(types),
        None => "a value".to_owned(),
    };
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        words = format_in_words(format);
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        words = format!("one of {}", options.iter().take(8).map(Value::to_string).collect::<Vec<_>>().join(", "));
    }
    if let Some(value) = schema.get("const") {
        words = value.to_string();
    }
    match schema.get("required").and_then(Value::as_array) {
        Some(names) if !names.is_empty() => format!(
            "{words} with {}",
            names.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
        _ => words,
    }
}

fn format_in_words(format: &str) -> String {
    match format {
        "date-time" => "a date and time such as 2026-03-01T09:30:00Z".to_owned(),
        "date" => "a date such as 2026-03-01".to_owned(),
        "time" => "a time such as 09:30:00Z".to_owned(),
        "duration" => "a duration such as PT30M".to_owned(),
        "email" | "idn-email" => "an email address such as ana@example.com".to_owned(),
        "uri" | "iri" => "a URI such as https://example.com/page".to_owned(),
        "uuid" => "a UUID such as 123e4567-e89b-12d3-a456-426614174000".to_owned(),
        other => format!("a string of the format {other}"),
    }
}

fn describe(value: &Value, hidden: bool, redactor: &Redactor) -> String {
    match value {
        Value::String(text) if hidden => format!("a string of {} characters (hidden)", text.chars().count()),
        _ if hidden => "a value (hidden)".to_owned(),
        Value::String(text) => Value::String(redactor.shown(text, 60)).to_string(),
        Value::Array(items) => format!("an array of {} items", items.len()),
        Value::Object(members) => {
            let keys = members
                .keys()
                .take(8)
                .map(|key| format!("`{}`", redactor.shown(key, 40)))
                .collect::<Vec<_>>()
                .join(", ");
            if keys.is_empty() { "an empty object".to_owned() } else { format!("an object with {keys}") }
        }
        other => other.to_string(),
    }
}
