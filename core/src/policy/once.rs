//! What makes two calls one consequence, as the policy or the profile says it: a group of tools, and the arguments
//! that tell one consequence of them from another.

use super::limits::{YEAR, whole};
use super::{Given, Matching, Several, at_most, fold, spelling};
use crate::json;
use crate::json::canonical::{canonical, quoted, sha256_hex};
use crate::json::de::{FromNode, Source};
use crate::json::tape::{Kind, Node};
use crate::sort::sort_by;
use crate::step::Millis;

pub(super) const MAX_RULES: usize = 100;
const MAX_POINTERS: usize = 8;
/// How many consequences one call may have: a list of more is cut into several calls.
const MAX_CONSEQUENCES: usize = 64;

/// A consequence that happens once.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnceRule {
    pub(crate) matching: Matching,
    /// JSON Pointers into the arguments, in which `*` stands for every item of an array.
    once_per: Several<String>,
    /// After so long it may happen again.
    pub(crate) window: Option<Millis>,
    pub(crate) reason: String,
    /// What tells its records from those of other rules: canonical JSON.
    group: String,
}

impl FromNode for OnceRule {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["tools", "once_per", "window_ms", "name", "reason"]));
        self.matching.fill(from);
        if self.matching.tools.0.is_empty() {
            from.missing("tools");
        }
        from.must("once_per", &mut self.once_per);
        let mut name = Given::<String>::default();
        from.may("name", &mut name);
        from.may("reason", &mut self.reason);
        self.window = whole(from, "window_ms", 1, YEAR);
        let pointers = &mut self.once_per.0;
        at_most(from, "once_per", pointers.len(), MAX_POINTERS);
        if pointers.iter().any(|pointer| !pointer.starts_with('/') || !super::when::is_pointer(pointer)) {
            from.unfit("once_per", "JSON Pointers (RFC 6901) into the arguments, such as `/invoiceId`");
        }
        if super::limits::repeats(pointers.iter()) {
            from.unfit("once_per", "each pointer once");
        }
        self.group = match name.0 {
            // The values alone tell then, in the order in which the pointers are written: tools may name them differently.
            Some(name) => quoted(&name),
            None => {
                sort_by(pointers, Ord::cmp);
                let pointers = list(pointers);
                [list(&self.tools()), pointers].join(",")
            }
        };
    }
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    ["[", &quoted.join(","), "]"].concat()
}

/// Why a call's consequences cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unclear<'r> {
    /// Nothing stands at this pointer: no member, `null`, or what is empty.
    Absent(&'r str),
    /// The call would have the same consequence twice.
    Repeated,
    /// More of them than one call may have.
    TooMany,
}

impl OnceRule {
    /// Whether both say the same of the same tools. Entries of one name share their records, each for its own tools.
    pub(super) fn is_same(&self, other: &OnceRule) -> bool {
        self.group == other.group && self.tools() == other.tools()
    }

    /// Whether its records are its own only as long as its tools stay as they are written.
    pub(super) fn is_unnamed(&self) -> bool {
        self.group.starts_with('[')
    }

    /// The patterns as the gate reads them, in order.
    fn tools(&self) -> Vec<String> {
        let mut tools: Vec<String> = self.matching.tools.0.iter().map(|tool| fold::words(tool)).collect();
        sort_by(&mut tools, Ord::cmp);
        tools.dedup();
        tools
    }

    /// SHA-256 of each consequence of such a call at that server. It depends on neither the approval, nor who acts, nor
    /// any other argument.
    pub(crate) fn consequences(&self, server: &str, arguments: Node<'_>) -> Result<Vec<String>, Unclear<'_>> {
        let mut found = vec![String::new()];
        for pointer in &self.once_per.0 {
            let mut values = Vec::new();
            let parts: Vec<String> = pointer.split('/').skip(1).map(json::pointer_name).collect();
            if !collect(arguments, &parts, &mut values) || values.is_empty() {
                return Err(Unclear::Absent(pointer));
            }
            if found.len().saturating_mul(values.len()) > MAX_CONSEQUENCES {
                return Err(Unclear::TooMany);
            }
            found =
                found.iter().flat_map(|before| values.iter().map(move |value| [before, ",", value].concat())).collect();
        }
        if super::limits::repeats(found.iter()) {
            return Err(Unclear::Repeated);
        }
        let digest = |values: &String| {
            sha256_hex(["{\"group\":[", &self.group, "],\"server\":", &quoted(server), "}", values].concat().as_bytes())
        };
        Ok(found.iter().map(digest).collect())
    }
}

/// The values at a pointer's parts, folded; false if any is missing. A list stands for each of its items.
fn collect(node: Node<'_>, parts: &[String], values: &mut Vec<String>) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        if node.kind() == Kind::Array {
            return node.items().all(|item| collect_one(item, values));
        }
        return collect_one(node, values);
    };
    if part == "*" && node.kind() == Kind::Array {
        return node.len() > 0 && node.items().all(|item| collect(item, rest, values));
    }
    node.child(part).is_some_and(|child| collect(child, rest, values))
}

fn collect_one(node: Node<'_>, values: &mut Vec<String>) -> bool {
    // What is over the bound is noticed by its number.
    if values.len() > MAX_CONSEQUENCES {
        return true;
    }
    let folded = fold(node);
    let says_something = !matches!(folded.as_str(), "" | "\"\"" | "{}" | "[]");
    values.push(folded);
    says_something
}

/// One text for all spellings that a backend may take for the same value: 1, 1.0, "1" and " 01 "; `INV-1` and `inv-1`.
fn fold(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Null | Kind::Foreign => String::new(),
        Kind::False | Kind::True => quoted(&canonical(node)),
        Kind::Number => {
            let written = canonical(node);
            quoted(&spelling::number(&written).unwrap_or(written))
        }
        Kind::String => quoted(&spelling::folded(&node.text())),
        Kind::Array => {
            let items: Vec<String> = node.items().map(fold).collect();
            ["[", &items.join(","), "]"].concat()
        }
        Kind::Object => {
            let folded = |value: Node<'_>| Some(fold(value)).filter(|value| !value.is_empty());
            let mut members: Vec<String> = node
                .members()
                .filter_map(|member| Some([&quoted(&member.name()), ":", &*folded(member.value)?].concat()))
                .collect();
            sort_by(&mut members, Ord::cmp);
            ["{", &members.join(","), "}"].concat()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{OnceRule, Unclear};
    use crate::json::{self, Document, de};

    fn rule(pointers: &str) -> OnceRule {
        de::read(&format!(r#"{{"tools":["refund"],"once_per":{pointers}}}"#), json::POLICY).unwrap()
    }

    fn keys(rule: &OnceRule, arguments: &str) -> Vec<String> {
        rule.consequences("crm", Document::read(arguments, json::ARGUMENTS).unwrap().tape().root()).unwrap()
    }

    #[test]
    fn spellings_of_one_value_are_one_consequence() {
        let rule = rule(r#"["/id"]"#);
        for (one, other) in [
            ("1", "1.0"),
            ("1", r#""1""#),
            ("1", r#"" 01 ""#),
            ("1", r#""+1.00""#),
            ("10", "1e1"),
            ("0", "-0"),
            ("true", r#""TRUE""#),
            (r#""INV-1""#, r#""inv-1""#),
            (r#""INV-1""#, r#""INV\u200b-1 ""#),
            (r#""INV-1""#, r#""\uff29\uff2e\uff36\uff0d\uff11""#),
            (r#""café""#, r#""cafe\u0301""#),
            (r#""CAFÉ Łódź""#, r#""cafe\u0301 Ło\u0301dz\u0301""#),
            (r#""INV-1""#, r#""INV‑1""#),
            (r#""INV-1""#, r#""INV–1""#),
            (r#""INV-1""#, r#""ІNV-1""#),
            (r#""\u0130d""#, r#""id""#),
            ("12", r#""\u0661\u0662""#),
            ("13", r#""\u0967\u0969""#),
            ("13", r#""\uff11\ud835\udfdb""#),
            ("10", r#""1_0""#),
            ("16", r#""0x10""#),
            ("16", r#""0X_1_0""#),
            ("8", r#""0o10""#),
            ("-2", r#""-0b10""#),
            ("17", r#""17.""#),
            ("50", r#"".5e2""#),
            ("12", r#""1200e-2""#),
            ("12", r#""12.00000000000000000000000000000000000000000000000000""#),
            ("12", r#""12.00000000000000000000000000000000000000000000000001""#),
            ("12", r#""00000000000000000000000000000000000000000000000000000012""#),
            ("0.1", r#""1e-1""#),
            ("12", r#""\u2460\u2461""#),
            ("12", r#""\u246b""#),
            ("12", r#""\u00b9\u2082""#),
            (r#""fi1""#, r#""\ufb011""#),
            (r#""VIII""#, r#""\u2167""#),
            (r#""strasse""#, r#""Stra\u00dfe""#),
            (r#""A-1""#, r#""\u24b6-\u2460""#),
            (r#""ti\u1ebfng Vi\u1ec7t""#, r#""tie\u0302\u0301ng Vie\u0323\u0302t""#),
            (r#""\u039f\u0394\u039f\u03a3""#, r#""\u03bf\u03b4\u03bf\u03c3""#),
            (r#""\u0439\u043e\u0434""#, r#""\u0438\u0306\u043e\u0434""#),
            (r#"["a"]"#, r#""a""#),
            (r#"{"a":1,"b":null}"#, r#"{"a":"1"}"#),
        ] {
            let arguments = |value: &str| format!(r#"{{"id":{value},"amount":{}}}"#, value.len());
            assert_eq!(keys(&rule, &arguments(one)), keys(&rule, &arguments(other)), "{one} and {other}");
        }
    }

    #[test]
    fn different_values_are_different_consequences() {
        let values = [
            "1",
            "2",
            "-1",
            "10",
            "1.5",
            "true",
            r#""a""#,
            r#""b""#,
            r#""a b""#,
            r#"{"a":1}"#,
            r#"{"a":2}"#,
            r#"[["a"]]"#,
            r#""1.2.3""#,
            r#""0x""#,
            r#""0xg1""#,
            r#""1e""#,
            r#""_1""#,
            r#""1__1""#,
            r#"".""#,
            r#""1e5e5""#,
            r#""0.30000000000000004""#,
            r#""0.3""#,
            r#""1234567890123456789""#,
            r#""1234567890123456788""#,
        ];
        let rule = rule(r#"["/id"]"#);
        for (at, one) in values.iter().enumerate() {
            for other in values.iter().skip(at + 1) {
                let arguments = |value: &str| format!(r#"{{"id":{value}}}"#);
                assert_ne!(keys(&rule, &arguments(one)), keys(&rule, &arguments(other)), "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_list_stands_for_each_of_its_items() {
        let rule = rule(r#"["/ids"]"#);
        let both = keys(&rule, r#"{"ids":["a","b"]}"#);
        assert_eq!(both, [keys(&rule, r#"{"ids":"a"}"#), keys(&rule, r#"{"ids":["b"]}"#)].concat());
        let deep = super::tests::rule(r#"["/rows/*/id"]"#);
        assert_eq!(keys(&deep, r#"{"rows":[{"id":1,"amount":5},{"id":2}]}"#).len(), 2);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let rule = rule(r#"["/id","/rows/*/id"]"#);
        let unclear = |arguments: &str| {
            let document = Document::read(arguments, json::ARGUMENTS).unwrap();
            rule.consequences("crm", document.tape().root()).map(|keys| keys.len()).unwrap_err() == Unclear::Repeated
        };
        for arguments in [
            r#"{"rows":[{"id":1}]}"#,
            r#"{"id":null,"rows":[{"id":1}]}"#,
            r#"{"id":" ","rows":[{"id":1}]}"#,
            r#"{"id":[],"rows":[{"id":1}]}"#,
            r#"{"id":[null],"rows":[{"id":1}]}"#,
            r#"{"id":{},"rows":[{"id":1}]}"#,
            r#"{"id":1,"rows":[]}"#,
            r#"{"id":1,"rows":[{"id":1},{}]}"#,
            r#"{"id":1,"rows":7}"#,
        ] {
            assert!(!unclear(arguments), "{arguments}");
        }
        assert!(unclear(r#"{"id":1,"rows":[{"id":1},{"id":"1"}]}"#));
    }
}
