//! From a violated rule to words that a model or a person can act on.

use super::Violation;
use super::compile::Program;
use super::source::Place;
use super::validate::{Found, Got};
use crate::json::canonical::quoted as in_quotes;
use crate::json::tape::{Kind, Node};
use crate::near;
use crate::redact::Redactor;
use crate::sort::sort_by;
use crate::text::{name_within, quoted_name, shorten};

/// So many names are looked through for one that was meant.
const MAX_CANDIDATES: usize = 500;
/// Characters of a way to a value that stand in a sentence.
const MAX_PLACE: usize = 500;

/// What words are made of.
struct Words<'w> {
    found: &'w Found,
    /// The keyword's value.
    rule: Option<Node<'w>>,
    /// The schema around it.
    schema: Option<Node<'w>>,
    hidden: bool,
    redactor: &'w Redactor,
}

/// The findings in words, the most useful first; `hidden` and `secret` are pointers to values that are not shown.
pub(super) fn explain(
    program: &Program,
    mut found: Vec<Found>,
    hidden: &[String],
    secret: &[String],
    redactor: &Redactor,
) -> Vec<Violation> {
    sort_by(&mut found, |one, other| rank(one.keyword).cmp(&rank(other.keyword)));
    let mut violations: Vec<Violation> = Vec::new();
    for found in &found {
        let nowhere = Place { document: 0, token: 0, resource: 0 };
        let place = program.nodes.get(found.rules as usize).map_or(nowhere, |rules| rules.place);
        let schema = program.sources.node(place.document, place.token);
        let is_limit = matches!(found.keyword, "too_much_work" | "too_deep" | "not_json");
        let keyword = if is_limit || found.keyword == "false" { "" } else { found.keyword };
        let path = &found.path;
        let is_hidden = hidden.iter().chain(secret).any(|pointer| {
            path == pointer || path.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.starts_with('/'))
        });
        // The pointers know only what stands under `properties`; a rule in an item or behind a reference says it itself.
        let is_hidden = is_hidden || schema.is_some_and(super::hides);
        let rule = schema.and_then(|schema| schema.get(keyword));
        let words = Words { found, rule, schema, hidden: is_hidden, redactor };
        let (expected, repair) = words.say();
        let violation = Violation {
            path: redactor.text(path).unwrap_or_else(|| path.clone()),
            schema_path: if is_limit { String::new() } else { program.sources.describe(place, keyword) },
            keyword: found.keyword.to_owned(),
            expected,
            got: words.got(),
            repair,
        };
        if !violations.contains(&violation) {
            violations.push(violation);
        }
        if violations.len() >= super::MAX_VIOLATIONS {
            break;
        }
    }
    violations
}

/// What must be known before the rest makes sense comes first: which members there are, then what they are.
fn rank(keyword: &str) -> u8 {
    match keyword {
        "additionalProperties" | "unevaluatedProperties" | "false" => 0,
        "required" | "dependentRequired" | "dependencies" => 1,
        "type" | "enum" | "const" => 2,
        "anyOf" | "oneOf" | "not" | "contains" => 4,
        _ => 3,
    }
}

impl Words<'_> {
    /// What was expected, and the repair.
    fn say(&self) -> (String, String) {
        match self.found.keyword {
            "required" | "dependentRequired" | "dependencies" => self.missing(),
            "additionalProperties" | "unevaluatedProperties" => self.unexpected(),
            "anyOf" | "oneOf" => self.forms(),
            _ => {
                let (expected, repair) = self.sentences();
                (self.fill(expected), self.fill(repair))
            }
        }
    }

    /// The same as sentences with gaps, for whatever needs no more than them.
    fn sentences(&self) -> (&'static str, &'static str) {
        match self.found.keyword {
            "false" => ("nothing here", "Remove {name}."),
            "not_json" => {
                ("a JSON value", "Give {name} as null, a boolean, a finite number, a string, an array or an object.")
            }
            "too_deep" => ("a value that is nested less", "Flatten the value: it is nested too deeply."),
            "too_much_work" => (
                "a value that can be checked with less work",
                "Send less at once: the check of this value was given up.",
            ),
            "type" => ("{types}", self.retyped()),
            "enum" => ("one of {options}", "{Name} must be one of {options}{meant}"),
            "const" => ("{rule}", "Give {name} as {rule}."),
            "format" => ("{format}", "Write {name} as {format}."),
            "pattern" => ("a string matching {text}", "Write {name} so that it matches {text}."),
            "minLength" | "maxLength" => ("{bound} {characters}", "Give {name} {bound} {characters}."),
            "minItems" | "maxItems" => ("{bound} {items}", "Give {name} {bound} {items}."),
            "minProperties" | "maxProperties" => ("{bound} {properties}", "Give {name} {bound} {properties}."),
            "minContains" | "maxContains" => {
                ("{bound} {items} of the required form", "Give {name} {bound} {items} of the required form.")
            }
            "contains" => ("an array containing the required items", "Add an item to {name}: {form}."),
            "items" | "additionalItems" if self.found.names.first().is_some_and(|most| most == "1") => {
                ("at most 1 item", "Give {name} at most 1 item.")
            }
            "items" | "additionalItems" => ("at most {first} items", "Give {name} at most {first} items."),
            "minimum" => ("a number ≥ {rule}", "Make {name} {rule} or more."),
            "maximum" => ("a number ≤ {rule}", "Make {name} {rule} or less."),
            "exclusiveMinimum" => ("a number > {rule}", "Make {name} more than {rule}."),
            "exclusiveMaximum" => ("a number < {rule}", "Make {name} less than {rule}."),
            "multipleOf" => ("a multiple of {rule}", "Make {name} a multiple of {rule}."),
            "uniqueItems" => {
                ("items that all differ", "Remove item {second} of {name}: it repeats item {first} (counted from 0).")
            }
            "not" => ("anything but {form}", "Change {name}: it must not be {form}."),
            "propertyNames" => ("property names of the allowed form", "Rename {wrong}{within}{names}."),
            _ => ("a value allowed by `{keyword}`", "Change {name} so that `{keyword}` holds."),
        }
    }

    /// How a value of another type is mended.
    fn retyped(&self) -> &'static str {
        let wanted = self.rule.and_then(Node::as_text);
        match (wanted.as_deref(), &self.found.got) {
            (Some("integer" | "number"), Got::Text(text)) if !self.hidden && is_number(text.trim()) => {
                "Give {name} as the number {got}, without quotes."
            }
            (Some("string"), Got::Number(_)) if !self.hidden => "Give {name} as the string \"{got}\".",
            (Some("boolean"), Got::Text(text)) if matches!(text.as_str(), "true" | "false") => {
                "Give {name} as {got}, without quotes."
            }
            (Some("boolean"), _) => "Give {name} as true or false.",
            (Some("array"), Got::Text(text)) if text.trim_start().starts_with('[') => {
                "Give {name} as an array, not as text that holds one."
            }
            (Some("object"), Got::Text(text)) if text.trim_start().starts_with('{') => {
                "Give {name} as an object, not as text that holds one."
            }
            (Some("integer"), Got::Number(_)) => "Give {name} as a whole number.",
            (Some("array"), Got::Array(_)) => "Give {name} as an array.",
            (Some("array"), _) => "Put {name} into an array.",
            _ => "Give {name} as {types}.",
        }
    }

    /// A sentence with its gaps filled.
    fn fill(&self, sentence: &str) -> String {
        let mut out = String::with_capacity(sentence.len().saturating_add(64));
        let mut parts = sentence.split(['{', '}']);
        while let Some(words) = parts.next() {
            out.push_str(words);
            if let Some(gap) = parts.next() {
                out.push_str(&self.gap(gap));
            }
        }
        out
    }

    fn gap(&self, gap: &str) -> String {
        let named = |index: usize| self.found.names.get(index).cloned().unwrap_or_default();
        let rule = self.rule.unwrap_or_else(Node::absent);
        let is_one = rule.kind() == Kind::Number && rule.number_text() == "1";
        match gap {
            "name" => self.subject(),
            "Name" => capital(&self.subject()),
            "rule" if self.rule.is_some() => self.shown(rule),
            "types" if self.rule.is_some() => one_of(rule),
            "options" => {
                const MOST: usize = 12;
                let listed = rule.items().take(MOST).map(|option| self.shown(option)).collect::<Vec<_>>().join(", ");
                if rule.len() > MOST { phrase(&[&listed, ", …"]) } else { listed }
            }
            "meant" => {
                let texts: Vec<_> = rule.items().take(MAX_CANDIDATES).filter_map(Node::as_text).collect();
                let near = match &self.found.got {
                    Got::Text(text) if !self.hidden => near::nearest(text, texts.iter().map(|text| &**text)),
                    _ => Vec::new(),
                };
                dotted(near::suggestion(&near))
            }
            "format" => format_in_words(&rule.text()),
            "text" => shorten(&rule.text(), 120),
            "form" => branch(rule),
            "names" => names_in_words(rule),
            "bound" => {
                let bound = if self.found.keyword.starts_with("min") { "at least " } else { "at most " };
                phrase(&[bound, &self.shown(rule)])
            }
            "characters" | "items" if is_one => gap.strip_suffix('s').unwrap_or(gap).to_owned(),
            "properties" if is_one => "property".to_owned(),
            "characters" | "items" | "properties" => gap.to_owned(),
            "got" => match &self.found.got {
                Got::Text(text) => text.trim().to_owned(),
                Got::Number(number) => number.clone(),
                _ => String::new(),
            },
            "first" => named(0),
            "second" => named(1),
            "wrong" => self.quoted(&named(0)),
            "within" => self.within(),
            "keyword" => self.found.keyword.to_owned(),
            _ => String::new(),
        }
    }

    fn forms(&self) -> (String, String) {
        let name = &self.subject();
        let branches: Vec<Node<'_>> = self.rule.map(|rule| rule.items().collect()).unwrap_or_default();
        let exactly = if self.found.keyword == "oneOf" { "exactly one" } else { "at least one" };
        let listed = branches.iter().take(4).map(|form| branch(*form)).collect::<Vec<_>>().join("; ");
        let count = branches.len().to_string();
        let expected = phrase(&["a value of ", exactly, " of ", &count, " forms"]);
        let repair = if self.found.names.is_empty() {
            phrase(&["Give ", name, " in ", exactly, " of these forms: ", &listed, "."])
        } else {
            phrase(&["Change ", name, " so that only one of these forms fits: ", &listed, "."])
        };
        (expected, repair)
    }

    fn missing(&self) -> (String, String) {
        let named = self.found.names.iter().map(|name| quoted_name(name)).collect::<Vec<_>>().join(", ");
        let properties = self.schema.and_then(|schema| schema.get("properties"));
        let forms = self
            .found
            .names
            .iter()
            .map(|name| match properties.and_then(|properties| properties.get(name)) {
                Some(schema) if branch(schema) != "a value" => {
                    phrase(&[&quoted_name(name), " (", &branch(schema), ")"])
                }
                _ => quoted_name(name),
            })
            .collect::<Vec<_>>()
            .join(", ");
        (phrase(&["the property ", &named]), phrase(&["Add ", &forms, &self.place(), "."]))
    }

    fn unexpected(&self) -> (String, String) {
        let properties = self.schema.and_then(|schema| schema.get("properties"));
        let known: Vec<String> = properties
            .map(|properties| properties.members().map(|member| member.name().into_owned()).collect())
            .unwrap_or_default();
        let allowed = known.iter().take(20).map(|name| quoted_name(name)).collect::<Vec<_>>().join(", ");
        let patterns = self.schema.and_then(|schema| schema.get("patternProperties")).filter(|map| map.len() > 0);
        let expected = match (known.is_empty(), patterns, self.found.keyword) {
            (_, _, "unevaluatedProperties") => "only properties that the schema names".to_owned(),
            (true, None, _) => "no properties".to_owned(),
            (true, Some(_), _) => "only properties whose names match one of the patterns".to_owned(),
            (false, None, _) => phrase(&["only the properties ", &allowed]),
            (false, Some(_), _) => {
                phrase(&["only the properties ", &allowed, ", and names that match one of the patterns"])
            }
        };
        let present: &[String] = match &self.found.got {
            Got::Object(names, _) => names,
            _ => &[],
        };
        // A name that is there already cannot be what was meant.
        let free = || known.iter().map(String::as_str).filter(|name| !present.iter().any(|there| there == name));
        let repairs: Vec<String> = self
            .found
            .names
            .iter()
            .take(5)
            .map(|name| match near::nearest(name, free().take(MAX_CANDIDATES)).as_slice() {
                [] => phrase(&["Remove ", &self.quoted(name), &self.from(), "."]),
                near => {
                    let named: Vec<String> = near.iter().map(|name| quoted_name(name)).collect();
                    let (name, within) = (self.quoted(name), self.within());
                    phrase(&["Rename ", &name, &within, " to ", &named.join(" or "), ", or remove it."])
                }
            })
            .collect();
        (expected, repairs.join(" "))
    }

    fn quoted(&self, name: &str) -> String {
        quoted_name(&self.redactor.shown(name, 60))
    }

    /// What the violation is about, in the middle of a sentence.
    fn subject(&self) -> String {
        if self.found.path.is_empty() {
            return "the arguments".to_owned();
        }
        let dots = self.found.path.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~");
        self.quoted_path(&dots)
    }

    fn quoted_path(&self, path: &str) -> String {
        name_within(&self.redactor.text(path).unwrap_or_else(|| path.to_owned()), MAX_PLACE)
    }

    fn place(&self) -> String {
        if self.found.path.is_empty() { String::new() } else { phrase(&[" to ", &self.subject()]) }
    }

    fn within(&self) -> String {
        if self.found.path.is_empty() { String::new() } else { phrase(&[" in ", &self.subject()]) }
    }

    fn from(&self) -> String {
        if self.found.path.is_empty() { String::new() } else { phrase(&[" from ", &self.subject()]) }
    }

    fn got(&self) -> String {
        match &self.found.got {
            Got::Text(text) if self.hidden => {
                phrase(&["a string of ", &text.chars().count().to_string(), " characters (hidden)"])
            }
            _ if self.hidden => "a value (hidden)".to_owned(),
            Got::Null => "null".to_owned(),
            Got::Boolean(true) => "true".to_owned(),
            Got::Boolean(false) => "false".to_owned(),
            Got::Number(number) => number.clone(),
            Got::Text(text) => in_quotes(&self.redactor.shown(text, 60)),
            Got::Array(1) => "an array of 1 item".to_owned(),
            Got::Array(count) => phrase(&["an array of ", &count.to_string(), " items"]),
            Got::Object(_, 0) => "an empty object".to_owned(),
            Got::Object(names, _) => {
                let names = names.iter().take(8).map(|name| quoted_name(&self.redactor.shown(name, 40)));
                phrase(&["an object with ", &names.collect::<Vec<_>>().join(", ")])
            }
            Got::Foreign => "something that JSON has no word for".to_owned(),
        }
    }

    /// A value of the schema.
    fn shown(&self, node: Node<'_>) -> String {
        match node.kind() {
            Kind::String => in_quotes(&self.redactor.shown(&node.text(), 60)),
            _ => plain(node),
        }
    }
}

/// One sentence. Not made anew at every place that needs one.
#[inline(never)]
fn phrase(parts: &[&str]) -> String {
    parts.concat()
}

/// A value of the schema that is no secret.
fn plain(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Null | Kind::Foreign => "null".to_owned(),
        Kind::True => "true".to_owned(),
        Kind::False => "false".to_owned(),
        Kind::Number => node.number_text().to_owned(),
        Kind::String => in_quotes(&shorten(&node.text(), 60)),
        Kind::Array | Kind::Object => shorten(&crate::json::canonical::canonical(node), 80),
    }
}

fn is_number(text: &str) -> bool {
    crate::json::Document::read(text, crate::json::OWN)
        .is_ok_and(|document| document.tape().root().kind() == Kind::Number)
}

/// `; did you mean …?` ends a sentence by itself; nothing ends with a full stop.
fn dotted(suggestion: String) -> String {
    if suggestion.is_empty() { ".".to_owned() } else { suggestion }
}

fn capital(name: &str) -> String {
    match name.strip_prefix('t') {
        Some(rest) => phrase(&["T", rest]),
        None => name.to_owned(),
    }
}

fn one_of(types: Node<'_>) -> String {
    match types.kind() {
        Kind::Array => types.items().map(|name| with_article(&name.text())).collect::<Vec<_>>().join(" or "),
        _ => with_article(&types.text()),
    }
}

fn with_article(name: &str) -> String {
    match name {
        "null" => "null".to_owned(),
        "array" | "integer" | "object" => phrase(&["an ", name]),
        _ => phrase(&["a ", name]),
    }
}

/// A subschema in a few words.
fn branch(schema: Node<'_>) -> String {
    let mut words = schema.get("type").map_or_else(|| "a value".to_owned(), one_of);
    if let Some(format) = schema.get("format").and_then(Node::as_text) {
        words = format_in_words(&format);
    }
    if let Some(options) = schema.get("enum") {
        words = phrase(&["one of ", &options.items().take(8).map(plain).collect::<Vec<_>>().join(", ")]);
    }
    if let Some(value) = schema.get("const") {
        words = plain(value);
    }
    if let Some(required) = schema.get("required").filter(|required| required.len() > 0) {
        let names = required.items().map(|name| quoted_name(&name.text())).collect::<Vec<_>>().join(", ");
        words = phrase(&[&words, " with ", &names]);
    }
    words
}

/// How the names of `propertyNames` must be.
fn names_in_words(schema: Node<'_>) -> String {
    if let Some(pattern) = schema.get("pattern") {
        return phrase(&[" so that it matches ", &shorten(&pattern.text(), 120)]);
    }
    if let Some(options) = schema.get("enum") {
        return phrase(&[" to one of ", &options.items().take(12).map(plain).collect::<Vec<_>>().join(", ")]);
    }
    if let Some(most) = schema.get("maxLength") {
        let what = if most.number_text() == "1" { " character" } else { " characters" };
        return phrase(&[" so that it has at most ", most.number_text(), what]);
    }
    String::new()
}

fn format_in_words(format: &str) -> String {
    let words = match format {
        "date-time" => "a date and time such as 2026-03-01T09:30:00Z",
        "date" => "a date such as 2026-03-01",
        "time" => "a time such as 09:30:00Z",
        "duration" => "a duration such as PT30M",
        "email" | "idn-email" => "an email address such as ana@example.com",
        "hostname" => "a host name such as www.example.com",
        "ipv4" => "an IPv4 address such as 192.0.2.1",
        "ipv6" => "an IPv6 address such as 2001:db8::1",
        "uri" | "iri" => "a URI such as https://example.com/page",
        "uuid" => "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
        "json-pointer" => "a JSON Pointer such as /items/0",
        "regex" => "a regular expression of ECMA-262",
        other => return phrase(&["a string of the format ", other]),
    };
    words.to_owned()
}
