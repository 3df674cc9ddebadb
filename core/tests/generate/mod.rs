//! Schemas and documents out of a list of choices: shared by the property tests, which shrink the list, and by the
//! fuzz targets, which learn it.

use serde_json::{Map, Value, json};

/// The dialects, newest first.
pub(crate) const DRAFTS: [&str; 4] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-06/schema#",
];

const NAMES: [&str; 9] = ["a", "b", "c", "ab", "é", "x-y", "a/b", "~1", ""];
const DEFINED: [&str; 3] = ["A", "B", "C"];
const PATTERNS: [&str; 9] = ["^a", "b$", "^[a-c]+$", "^.{2,3}$", "a|é", "\\d", "^$", "[^a]", "^(a|ab)(c|b)?$"];
/// The last is new in 2019-09.
const FORMATS: [&str; 7] = ["date", "ipv4", "ipv6", "json-pointer", "date-time", "unheard-of", "uuid"];
const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
const TEXTS: [&str; 20] = [
    "a",
    "",
    "b",
    "ab",
    "abc",
    "abcd",
    "é",
    "e\u{301}",
    "😀",
    "1",
    "a1",
    "2024-02-29",
    "2023-02-29",
    "192.0.2.1",
    "::1",
    "1.2.3",
    "123e4567-e89b-12d3-a456-426614174000",
    "/a~1b",
    "2024-02-29T12:00:00Z",
    "\"\\\n\u{0}",
];
const NUMBERS: [&str; 22] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "1.0",
    "0.5",
    "1.5",
    "-0.0",
    "10",
    "2.5",
    "-2",
    "4",
    "6",
    "100",
    "1e2",
    "0.25",
    "-0.5",
    "12345678901",
    "9007199254740991",
    "0.75",
    "7",
];
const DIVISORS: [&str; 12] = ["1", "2", "0.5", "3", "0.25", "1.5", "10", "2.5", "1e1", "0.125", "7", "1e-2"];

/// Decisions, one byte each; once they run out, the first possibility is taken.
#[derive(Debug, Clone)]
pub(crate) struct Choices<'c> {
    left: &'c [u8],
}

impl<'c> Choices<'c> {
    pub(crate) fn new(bytes: &'c [u8]) -> Self {
        Choices { left: bytes }
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        match self.left.split_first() {
            Some((byte, left)) => {
                self.left = left;
                usize::from(*byte) % count
            }
            None => 0,
        }
    }

    /// Once in so many times; never, when the choices have run out.
    pub(crate) fn rarely(&mut self, once_in: usize) -> bool {
        self.below(once_in) == once_in - 1
    }

    fn pick<'p, T: ?Sized>(&mut self, pool: &[&'p T]) -> &'p T {
        pool[self.below(pool.len())]
    }

    fn number(&mut self, pool: &[&str]) -> Value {
        serde_json::from_str(self.pick(pool)).unwrap()
    }

    fn some<'p>(&mut self, pool: &[&'p str], most: usize) -> Vec<&'p str> {
        let count = self.below(most + 1);
        let mut found: Vec<&str> = Vec::new();
        for _ in 0..count {
            let name = self.pick(pool);
            if !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }

    /// A value of any kind.
    pub(crate) fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => self.number(&NUMBERS),
            1 => json!(self.pick(&TEXTS)),
            2 => Value::Null,
            3 => Value::Bool(true),
            4 => Value::Bool(false),
            5 | 6 => {
                let count = self.below(4);
                (0..count).map(|_| self.value(depth - 1)).collect()
            }
            _ => {
                let names = self.some(&NAMES, 4);
                Value::Object(names.into_iter().map(|name| (name.to_owned(), self.value(depth - 1))).collect())
            }
        }
    }
}

/// A whole schema of a draft by its place in [`DRAFTS`].
pub(crate) fn schema(choices: &mut Choices<'_>, draft: usize) -> Value {
    let mut maker =
        Maker { choices, draft, budget: 24, anchors: Vec::new(), resources: Vec::new(), inside: false, first: 0 };
    let marks: Vec<Map<String, Value>> = DEFINED.iter().map(|name| maker.marks(name)).collect();
    let marks_root = draft == 0 && !maker.anchors.contains(&"node") && maker.choices.rarely(3);
    if marks_root {
        maker.anchors.push("node");
    }
    let mut root = match maker.subschema(3) {
        Value::Object(root) => root,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    if draft >= 2 && root.contains_key("$ref") {
        // Beside `$ref` nothing counts, so that the definitions must be somewhere else.
        root = Map::from_iter([("allOf".to_owned(), json!([root]))]);
    }
    let mut defined = Map::new();
    for (name, marks) in DEFINED.iter().zip(marks) {
        maker.first += 1;
        maker.budget = maker.budget.max(5);
        maker.inside = marks.get("$id").and_then(Value::as_str).is_some_and(|id| !id.starts_with('#'));
        let mut schema = maker.subschema(2);
        if !marks.is_empty() {
            if draft >= 2 && schema.get("$ref").is_some() || schema.is_boolean() {
                schema = json!({ "allOf": [schema] });
            }
            if let Value::Object(schema) = &mut schema {
                schema.extend(marks);
            }
        }
        defined.insert((*name).to_owned(), schema);
    }
    root.insert(maker.definitions().to_owned(), Value::Object(defined));
    if draft == 1 && maker.choices.rarely(3) {
        root.insert("$recursiveAnchor".to_owned(), Value::Bool(true));
    }
    if marks_root {
        root.insert("$dynamicAnchor".to_owned(), json!("node"));
    }
    root.insert("$id".to_owned(), json!("https://example.com/root"));
    root.insert("$schema".to_owned(), json!(DRAFTS[draft]));
    Value::Object(root)
}

struct Maker<'m, 'c> {
    choices: &'m mut Choices<'c>,
    draft: usize,
    budget: usize,
    /// Taken in the root's resource: what a name means that stands there twice is not defined.
    anchors: Vec<&'static str>,
    /// Definitions with an identifier.
    resources: Vec<&'static str>,
    /// Whether what is made is inside of one.
    inside: bool,
    /// The first definition that can be referred to without going round in a circle.
    first: usize,
}

impl Maker<'_, '_> {
    fn definitions(&self) -> &'static str {
        if self.draft < 2 { "$defs" } else { "definitions" }
    }

    /// What gives a definition a name of another kind.
    fn marks(&mut self, name: &'static str) -> Map<String, Value> {
        let mut marks = Map::new();
        let mut put = |keyword: &str, value: Value| {
            marks.insert(keyword.to_owned(), value);
        };
        let mut is_free = |anchor: &'static str| {
            let is_free = !self.anchors.contains(&anchor);
            if is_free {
                self.anchors.push(anchor);
            }
            is_free
        };
        match (self.choices.below(9), self.draft) {
            (1, 0 | 1) if is_free("one") => put("$anchor", json!("one")),
            (2, 0 | 1) if is_free("two") => put("$anchor", json!("two")),
            (1 | 2, 2 | 3) if is_free("one") => put("$id", json!("#one")),
            (3, 0) if is_free("node") => put("$dynamicAnchor", json!("node")),
            (4 | 5, draft) => {
                put("$id", json!(format!("https://example.com/{name}")));
                match draft {
                    0 => put("$dynamicAnchor", json!("node")),
                    1 => put("$recursiveAnchor", json!(true)),
                    _ => {}
                }
                self.resources.push(name);
            }
            (6, _) => {
                put("$id", json!(name));
                self.resources.push(name);
            }
            _ => {}
        }
        marks
    }

    fn reference(&mut self) -> String {
        // Circles are of use only where they go into the value; most others are refused as endless.
        let (first, choice) = match self.first == DEFINED.len() || self.choices.rarely(4) {
            true => (0, self.choices.below(8)),
            false => (self.first, 2 + self.choices.below(2) * 5),
        };
        let defined = DEFINED[first + self.choices.below(DEFINED.len() - first)];
        let root = if self.inside { "root" } else { "" };
        if choice == 1 {
            return "#".to_owned();
        }
        if choice < 4 && self.resources.contains(&defined) {
            return if choice == 2 { defined.to_owned() } else { format!("https://example.com/{defined}") };
        }
        if choice < 6 && !self.anchors.is_empty() {
            return format!("{root}#{}", self.anchors[self.choices.below(self.anchors.len())]);
        }
        if self.choices.rarely(100) {
            return "#/nowhere".to_owned();
        }
        format!("{root}#/{}/{defined}", self.definitions())
    }

    /// `false` as often as not: what closes an object or an array.
    fn closing(&mut self, depth: usize) -> Value {
        if self.choices.below(2) == 0 { Value::Bool(false) } else { self.subschema(depth) }
    }

    fn subschemas(&mut self, depth: usize) -> Value {
        let count = 1 + self.choices.below(3);
        (0..count).map(|_| self.subschema(depth)).collect()
    }

    fn map(&mut self, names: &[&str], depth: usize) -> Value {
        let names = self.choices.some(names, 3);
        Value::Object(names.into_iter().map(|name| (name.to_owned(), self.subschema(depth))).collect())
    }

    fn subschema(&mut self, depth: usize) -> Value {
        if depth == 0 || self.budget == 0 || self.choices.left.is_empty() || self.choices.rarely(12) {
            return match self.choices.below(8) {
                0 | 1 => Value::Bool(true),
                2 => Value::Bool(false),
                3 => json!({}),
                4 => json!({ "const": self.choices.value(1) }),
                5 => json!({ "minimum": self.choices.number(&NUMBERS) }),
                _ => json!({ "type": self.choices.pick(&TYPES) }),
            };
        }
        self.budget -= 1;
        let mut schema = Map::new();
        let count = 1 + self.choices.below(4);
        for _ in 0..count {
            self.keyword(&mut schema, depth - 1);
        }
        Value::Object(schema)
    }

    fn keyword(&mut self, schema: &mut Map<String, Value>, depth: usize) {
        let mut put = |keyword: &str, value: Value| {
            schema.insert(keyword.to_owned(), value);
        };
        let small = json!(self.choices.below(4));
        match self.choices.below(48) {
            0 => put("type", json!(self.choices.pick(&TYPES))),
            1 => {
                let mut types = self.choices.some(&TYPES, 3);
                types.dedup();
                if !types.is_empty() {
                    put("type", json!(types));
                }
            }
            2 => {
                let mut values: Vec<Value> = Vec::new();
                for _ in 0..=self.choices.below(4) {
                    let value = self.choices.value(2);
                    if !values.contains(&value) && !values.iter().any(|known| same_number(known, &value)) {
                        values.push(value);
                    }
                }
                put("enum", Value::Array(values));
            }
            3 => put("const", self.choices.value(2)),
            4 => put("minimum", self.choices.number(&NUMBERS)),
            5 => put("maximum", self.choices.number(&NUMBERS)),
            6 => put("exclusiveMinimum", self.choices.number(&NUMBERS)),
            7 => put("exclusiveMaximum", self.choices.number(&NUMBERS)),
            8 => put("multipleOf", self.choices.number(&DIVISORS)),
            9 => put("minLength", small),
            10 => put("maxLength", small),
            11 => put("pattern", json!(self.choices.pick(&PATTERNS))),
            12 => put("format", json!(self.choices.pick(&FORMATS[..if self.draft < 2 { 7 } else { 6 }]))),
            13..=15 => put("properties", self.map(&NAMES, depth)),
            16 => put("required", json!(self.choices.some(&NAMES, 2))),
            17 => put("additionalProperties", self.closing(depth)),
            18 => put("patternProperties", self.map(&PATTERNS, depth)),
            19 => put("propertyNames", self.subschema(depth)),
            20 => put("minProperties", small),
            21 => put("maxProperties", small),
            22 if self.draft < 2 => {
                let names = self.choices.some(&NAMES, 2);
                let needs = names.into_iter().map(|name| (name.to_owned(), json!(self.choices.some(&NAMES, 2))));
                put("dependentRequired", Value::Object(needs.collect()));
            }
            23 if self.draft < 2 => put("dependentSchemas", self.map(&NAMES, depth)),
            22 | 23 => {
                let mut needs = self.map(&NAMES, depth);
                if let Some(needs) = needs.as_object_mut().filter(|_| self.choices.below(2) == 1) {
                    needs.insert("a".to_owned(), json!(self.choices.some(&NAMES, 2)));
                }
                put("dependencies", needs);
            }
            24 => put("items", self.subschema(depth)),
            25 if self.draft == 0 => put("prefixItems", self.subschemas(depth)),
            25 => put("items", self.subschemas(depth)),
            26 if self.draft > 0 => put("additionalItems", self.closing(depth)),
            26 => put("prefixItems", self.subschemas(depth)),
            27 => put("contains", self.subschema(depth)),
            28 if self.draft < 2 => put("minContains", small),
            29 if self.draft < 2 => put("maxContains", small),
            28 | 29 => put("contains", self.subschema(depth)),
            30 => put("uniqueItems", json!(true)),
            31 if self.choices.rarely(2) => put("minItems", small),
            31 => put("maxItems", small),
            32 => put("allOf", self.subschemas(depth)),
            33 => put("anyOf", self.subschemas(depth)),
            34 => put("oneOf", self.subschemas(depth)),
            35 => put("not", self.subschema(depth)),
            36 => {
                // In any order: a reader must not depend on it.
                let mut parts = vec!["if", "then", "else"];
                while !parts.is_empty() {
                    let keyword = parts.remove(self.choices.below(parts.len()));
                    if self.choices.rarely(5) {
                        continue;
                    }
                    put(keyword, self.subschema(depth));
                }
            }
            37 if self.draft < 2 => put("unevaluatedProperties", self.closing(depth)),
            38 if self.draft < 2 => put("unevaluatedItems", self.closing(depth)),
            37 | 38 => put("type", json!(self.choices.pick(&TYPES))),
            39 | 40 if self.draft == 0 && (self.inside || self.anchors.contains(&"node")) => {
                put("$dynamicRef", json!(if self.inside { "root#/$defs/A" } else { "#node" }));
            }
            39 | 40 if self.draft == 1 => put("$recursiveRef", json!("#")),
            41 if self.draft < 2 => {
                put("properties", self.map(&NAMES, depth));
                put("unevaluatedProperties", self.closing(depth));
                put("anyOf", self.subschemas(depth));
            }
            42 if self.draft < 2 => {
                put("unevaluatedItems", self.closing(depth));
                put("allOf", self.subschemas(depth));
                put(if self.draft == 0 { "prefixItems" } else { "items" }, self.subschemas(depth));
            }
            43 | 44 => {
                put("properties", self.map(&NAMES, depth));
                put("patternProperties", self.map(&PATTERNS, depth));
                put("additionalProperties", self.closing(depth));
            }
            45 if self.first == DEFINED.len() => put("items", self.subschema(depth)),
            _ if self.first == DEFINED.len() && !self.choices.rarely(8) => put("properties", self.map(&NAMES, depth)),
            _ => put("$ref", json!(self.reference())),
        }
    }
}

/// `1` and `1.0` are one value to JSON Schema and two to serde_json.
fn same_number(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one == other || same_number(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| one == other || same_number(one, other)))
        }
        _ => false,
    }
}

/// A document that the schema may well allow, or nearly.
pub(crate) fn document(choices: &mut Choices<'_>, root: &Value) -> Value {
    let mut document = fitting(choices, root, root, 5);
    for _ in 0..choices.below(3) {
        mutate(choices, &mut document, 3);
    }
    document
}

fn fitting(choices: &mut Choices<'_>, root: &Value, schema: &Value, depth: usize) -> Value {
    let Some(schema) = schema.as_object().filter(|_| depth > 0 && !choices.rarely(10)) else {
        return choices.value(1);
    };
    let rules: Vec<(&str, &Value)> = schema.iter().map(|(keyword, value)| (keyword.as_str(), value)).collect();
    let mut object: Option<Map<String, Value>> = None;
    let mut array: Option<Vec<Value>> = None;
    let start = choices.below(rules.len().max(1));
    for index in 0..rules.len() {
        let (keyword, rule) = rules[(start + index) % rules.len()];
        match keyword {
            "const" => return rule.clone(),
            "enum" => match rule.as_array() {
                Some(values) if !values.is_empty() => return values[choices.below(values.len())].clone(),
                _ => {}
            },
            "properties" | "dependentSchemas" | "dependencies" => {
                let object = object.get_or_insert_default();
                for (name, schema) in rule.as_object().into_iter().flatten() {
                    if !choices.rarely(4) {
                        object.insert(name.clone(), fitting(choices, root, schema, depth - 1));
                    }
                }
            }
            "patternProperties" | "additionalProperties" | "unevaluatedProperties" => {
                let schema = if keyword == "patternProperties" {
                    rule.as_object().and_then(|map| map.values().next()).unwrap_or(rule)
                } else {
                    rule
                };
                let name = choices.pick(&NAMES).to_owned();
                let value = fitting(choices, root, schema, depth - 1);
                object.get_or_insert_default().entry(name).or_insert(value);
            }
            "required" => {
                for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let value = choices.value(1);
                    object.get_or_insert_default().entry(name.to_owned()).or_insert(value);
                }
            }
            "items" | "prefixItems" | "contains" | "additionalItems" | "unevaluatedItems" => {
                let array = array.get_or_insert_default();
                match rule.as_array() {
                    Some(list) => array.extend(list.iter().map(|item| fitting(choices, root, item, depth - 1))),
                    None => {
                        for _ in 0..choices.below(3) {
                            array.push(fitting(choices, root, rule, depth - 1));
                        }
                    }
                }
            }
            "allOf" | "anyOf" | "oneOf" => {
                let branches = rule.as_array().map(Vec::as_slice).unwrap_or_default();
                if !branches.is_empty() && choices.below(3) > 0 {
                    let branch = &branches[choices.below(branches.len())];
                    return fitting(choices, root, branch, depth - 1);
                }
            }
            "if" | "then" | "else" if choices.below(2) == 0 => return fitting(choices, root, rule, depth - 1),
            "$ref" | "$dynamicRef" | "$recursiveRef" => {
                let target = rule.as_str().and_then(|reference| reference.strip_prefix('#'));
                if let Some(target) = target.and_then(|pointer| root.pointer(pointer)) {
                    return fitting(choices, root, target, depth - 1);
                }
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                return if choices.rarely(3) { rule.clone() } else { choices.number(&NUMBERS) };
            }
            "minLength" | "maxLength" | "pattern" | "format" => return json!(choices.pick(&TEXTS)),
            _ => {}
        }
    }
    if let Some(object) = object {
        return Value::Object(object);
    }
    if let Some(array) = array {
        return Value::Array(array);
    }
    let named = schema.get("type").map(|types| match types.as_array() {
        Some(types) if !types.is_empty() => &types[choices.below(types.len())],
        _ => types,
    });
    match named.and_then(Value::as_str) {
        Some("null") => Value::Null,
        Some("boolean") => Value::Bool(choices.below(2) == 0),
        Some("integer" | "number") => choices.number(&NUMBERS),
        Some("string") => json!(choices.pick(&TEXTS)),
        Some("array") => json!([choices.value(1)]),
        Some("object") => json!({ "a": choices.value(1) }),
        _ => choices.value(2),
    }
}

fn mutate(choices: &mut Choices<'_>, value: &mut Value, depth: usize) {
    match value {
        Value::Array(items) if depth > 0 && !items.is_empty() => match choices.below(5) {
            0 => {
                items.pop();
            }
            1 => items.push(choices.value(1)),
            2 => items.push(items[0].clone()),
            _ => {
                let index = choices.below(items.len());
                mutate(choices, &mut items[index], depth - 1);
            }
        },
        Value::Object(members) if depth > 0 && !members.is_empty() => {
            let name = members.keys().nth(choices.below(members.len())).unwrap().clone();
            match choices.below(5) {
                0 => {
                    members.remove(&name);
                }
                1 => {
                    let added = choices.pick(&NAMES).to_owned();
                    members.insert(added, choices.value(1));
                }
                _ => mutate(choices, &mut members[&name], depth - 1),
            }
        }
        other => *other = choices.value(1),
    }
}

/// The same document in another spelling: members the other way round, escapes where none are needed, numbers with an
/// exponent or a fraction.
pub(crate) fn respelled(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        Value::Number(number) => {
            let text = number.to_string();
            out.push_str(&text);
            match (text.contains('.'), text.contains('e')) {
                (_, true) => {}
                (true, false) => out.push_str("00e+0"),
                (false, false) if text == "0" => out.push_str(".0E-1"),
                (false, false) => out.push_str("0.0E-1"),
            }
        }
        Value::String(text) => escaped(text, out),
        Value::Array(items) => {
            out.push_str(" [");
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(" ,\n");
                }
                respelled(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push_str("{\t");
            for (index, (name, member)) in members.iter().rev().enumerate() {
                if index > 0 {
                    out.push_str("\r\n,");
                }
                escaped(name, out);
                out.push_str(" : ");
                respelled(member, out);
            }
            out.push_str("} ");
        }
    }
}

fn escaped(text: &str, out: &mut String) {
    out.push('"');
    for unit in text.encode_utf16() {
        out.push_str(&format!("\\u{unit:04X}"));
    }
    out.push('"');
}
