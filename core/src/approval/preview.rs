//! What a person sees before saying yes: the same for the same call, in every language.
//!
//! A short view comes first, in the order in which it matters; the complete arguments stand behind it. Only what the
//! user's policy or the profile calls secret is hidden: what a server marks is shown to whoever approves.

use std::borrow::Cow;

use serde::Serialize;

use super::notes;
use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::json::canonical::{canonical, quoted};
use crate::json::de::record;
use crate::json::tape::{Kind, Node};
use crate::json::{Json, copy_without, is_pointed_at, pointer_token};
use crate::sort::sort_by;
use crate::text::{shorten, visible};

/// Lines of the short view.
const MAX_LINES: usize = 40;
/// Characters of one value in the short view, of its beginning and of its end where it is longer.
const MAX_TEXT: usize = 2_000;
const MAX_END: usize = 400;
/// A list of more items is shown by its first ones.
const MAX_ITEMS: usize = 10;
const ROWS: usize = 3;
const MAX_TITLE: usize = 200;
const MAX_DEFAULTS: usize = 40;
/// Objects and references within one another that a default is looked for in.
const MAX_DEPTH: usize = 16;

/// What stands for a value that is not shown; it is no JSON, so no string can look like it.
const HIDDEN: &str = "(hidden)";

/// What matters most in a call, where the profile does not say: whom it reaches, how much, what is said.
const FIRST: &[&str] = &[
    "to",
    "recipient",
    "recipients",
    "cc",
    "bcc",
    "email",
    "phone",
    "account",
    "iban",
    "channel",
    "count",
    "amount",
    "total",
    "price",
    "currency",
    "quantity",
    "plan",
    "url",
    "uri",
    "host",
    "path",
    "command",
    "code",
    "query",
    "subject",
    "title",
    "text",
    "body",
    "message",
    "content",
    "id",
    "name",
];

/// A call in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// The tool's title, the server's own word for it: show it in quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The tool's name.
    pub tool: String,
    /// What the call does to the world.
    pub effect: Effect,
    /// The server that is called.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// Who acts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Why the effect counts as that.
    pub reasons: Vec<String>,
    /// The short view of the arguments, what matters most first.
    pub lines: Vec<Line>,
    /// How many lines the short view leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    pub omitted: usize,
    /// The complete arguments, but for what is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Json>,
    /// JSON Pointers to arguments that the user's policy or the profile keeps from everybody's eyes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// What the tool's schema says that the server fills in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defaults: Vec<Line>,
    /// The call's `_meta`, but for the guard's own members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
    /// What is easily overlooked: letters that look like others, characters that are not seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the backend says of the thing that the call is about, such as the booking to be cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<Line>,
}

record!(strict Preview { tool, effect, reasons, lines; title, server, subject, omitted, arguments, hidden, defaults, meta, notes, record });

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Where it stands: names joined by dots and places in brackets from 1 on; a name that is not a plain word is in
    /// quotes.
    pub label: String,
    /// Its value as JSON on one line, so that `1` and `"1"` differ; the characters that could hide or reorder text are
    /// written out. `3 items`, `(hidden)` and `…` stand outside quotes.
    pub value: String,
}

record!(strict Line { label, value; });

/// What a preview is made of besides the tool and its arguments.
pub(crate) struct Frame<'a> {
    pub(crate) server: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) meta: Option<&'a Json>,
    /// JSON Pointers to arguments whose values are not for reading.
    pub(crate) hidden: &'a [&'a str],
    /// Names of arguments, what matters most first; empty: the built-in order.
    pub(crate) order: &'a [String],
}

impl Preview {
    /// `definition` is the tool's own.
    pub(crate) fn of(tool: &Tool, definition: Node<'_>, arguments: Node<'_>, frame: &Frame<'_>) -> Self {
        let short = Short::of(&[("", arguments)], frame.hidden, frame.order);
        let hidden: Vec<String> = frame.hidden.iter().map(|pointer| (*pointer).to_owned()).collect();
        let mut defaults = Vec::new();
        if let Some(schema) = definition.get("inputSchema") {
            let place = Place::default();
            add_defaults(schema, schema, arguments, &place, MAX_DEPTH, &mut defaults);
        }
        Preview {
            title: tool.title.as_deref().map(|title| visible(&shorten(title, MAX_TITLE))),
            tool: visible(&tool.name),
            effect: tool.effect,
            server: visible(frame.server),
            subject: visible(frame.subject),
            reasons: tool.reasons.clone(),
            lines: short.lines,
            omitted: short.omitted,
            arguments: Some(Json::verbatim(&copy_without(arguments, frame.hidden))),
            hidden,
            defaults,
            meta: frame.meta.cloned(),
            notes: notes::of(arguments, frame.hidden),
            record: Vec::new(),
        }
    }
}

/// The short view of some values.
pub(crate) struct Short {
    pub(crate) lines: Vec<Line>,
    pub(crate) omitted: usize,
}

impl Short {
    pub(crate) fn of(values: &[(&str, Node<'_>)], hidden: &[&str], order: &[String]) -> Short {
        let mut view = View { hidden, order, lines: Vec::new(), omitted: 0 };
        for (label, value) in values {
            let label = if label.is_empty() { String::new() } else { plain_name(label) };
            view.add(&Place { label, pointer: String::new() }, *value, usize::MAX);
        }
        let View { mut lines, mut omitted, .. } = view;
        sort_by(&mut lines, |(one, _), (other, _)| one.cmp(other));
        omitted = omitted.saturating_add(lines.len().saturating_sub(MAX_LINES));
        lines.truncate(MAX_LINES);
        Short { lines: lines.into_iter().map(|(_, line)| line).collect(), omitted }
    }

    /// The lines, the last of which says how many were left out.
    pub(crate) fn counted(mut self) -> Vec<Line> {
        if self.omitted > 0 {
            self.lines.push(Line { label: "…".to_owned(), value: format!("{} more lines", self.omitted) });
        }
        self.lines
    }
}

/// Where a value stands, for people and as a JSON Pointer.
#[derive(Default)]
struct Place {
    label: String,
    pointer: String,
}

impl Place {
    fn member(&self, name: &str) -> Place {
        let dot = if self.label.is_empty() { "" } else { "." };
        Place {
            label: [&self.label, dot, &plain_name(name)].concat(),
            pointer: [&self.pointer, "/", &pointer_token(name)].concat(),
        }
    }

    fn item(&self, index: usize) -> Place {
        let number = index.saturating_add(1).to_string();
        Place {
            label: [&self.label, "[", &number, "]"].concat(),
            pointer: [&self.pointer, "/", &index.to_string()].concat(),
        }
    }
}

struct View<'a> {
    hidden: &'a [&'a str],
    order: &'a [String],
    /// With the rank of the most important name on the way to each.
    lines: Vec<(usize, Line)>,
    omitted: usize,
}

impl View<'_> {
    fn rank(&self, name: &str) -> usize {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        let place = match self.order {
            [] => FIRST.iter().position(|other| is(other)),
            order => order.iter().position(|other| is(other)),
        };
        place.unwrap_or(usize::MAX)
    }

    fn add(&mut self, place: &Place, value: Node<'_>, rank: usize) {
        let is_container = |kind: Kind| matches!(kind, Kind::Array | Kind::Object);
        if is_pointed_at(self.hidden, &place.pointer) {
            return self.line(place, HIDDEN.to_owned(), rank);
        }
        match value.kind() {
            Kind::Object if value.len() > 0 => {
                // In one order, whatever the caller's: the same call has the same preview.
                let mut members: Vec<(Cow<'_, str>, Node<'_>)> =
                    value.members().map(|member| (member.name(), member.value)).collect();
                sort_by(&mut members, |(one, _), (other, _)| one.cmp(other));
                for (name, member) in members {
                    let rank = rank.min(self.rank(&name));
                    self.add(&place.member(&name), member, rank);
                }
            }
            Kind::Array if value.len() > MAX_ITEMS || value.items().any(|item| is_container(item.kind())) => {
                self.line(place, format!("{} items", value.len()), rank);
                let shown = if value.len() > MAX_ITEMS { ROWS } else { MAX_ITEMS };
                for (index, item) in value.items().enumerate() {
                    if index < shown {
                        self.add(&place.item(index), item, rank);
                    } else {
                        self.omitted = self.omitted.saturating_add(leaves(item));
                    }
                }
            }
            Kind::String => self.line(place, in_quotes(&value.text()), rank),
            _ => self.line(place, cut(&visible(&canonical(value))), rank),
        }
    }

    fn line(&mut self, place: &Place, value: String, rank: usize) {
        self.lines.push((rank, Line { label: place.label.clone(), value }));
    }
}

/// How many lines a value would take.
fn leaves(value: Node<'_>) -> usize {
    let items = value.items().map(leaves);
    let members = value.members().map(|member| leaves(member.value));
    items.chain(members).fold(0_usize, usize::saturating_add).max(1)
}

/// A name that is a plain word as it is, any other in quotes.
fn plain_name(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if is_plain { name.to_owned() } else { visible(&quoted(&shorten(name, MAX_TITLE))) }
}

fn in_quotes(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_TEXT {
        return visible(&quoted(text));
    }
    let start: String = text.chars().take(MAX_TEXT.saturating_sub(MAX_END)).collect();
    let end: String = text.chars().skip(length.saturating_sub(MAX_END)).collect();
    let left_out = length.saturating_sub(MAX_TEXT);
    [&visible(&quoted(&start)), " … ", &left_out.to_string(), " characters … ", &visible(&quoted(&end))].concat()
}

fn cut(text: &str) -> String {
    shorten(text, MAX_TEXT)
}

/// The defaults of absent members, of objects that are there too.
fn add_defaults(root: Node<'_>, schema: Node<'_>, value: Node<'_>, place: &Place, depth: usize, lines: &mut Vec<Line>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some(target) = schema.get("$ref").and_then(|node| node.as_text()) {
        let pointer = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        if let Some(target) = pointer {
            add_defaults(root, target, value, place, depth, lines);
        }
    }
    for part in schema.get("allOf").iter().flat_map(|all| all.items()) {
        add_defaults(root, part, value, place, depth, lines);
    }
    if value.kind() == Kind::Array
        && let Some(items) = schema.get("items")
    {
        for (index, item) in value.items().enumerate().take(MAX_ITEMS) {
            add_defaults(root, items, item, &place.item(index), depth, lines);
        }
    }
    if value.kind() != Kind::Object {
        return;
    }
    for property in schema.get("properties").iter().flat_map(|properties| properties.members()) {
        let name = property.name();
        let place = place.member(&name);
        match value.get(&name) {
            Some(value) => add_defaults(root, property.value, value, &place, depth, lines),
            None => {
                let default = default_of(root, property.value, depth).filter(|_| lines.len() < MAX_DEFAULTS);
                let is_new = lines.iter().all(|line| line.label != place.label);
                if let Some(default) = default.filter(|_| is_new) {
                    lines.push(Line { label: place.label, value: cut(&visible(&canonical(default))) });
                }
            }
        }
    }
}

fn default_of<'t>(root: Node<'t>, schema: Node<'t>, depth: usize) -> Option<Node<'t>> {
    let depth = depth.checked_sub(1)?;
    schema.get("default").or_else(|| {
        let target = schema.get("$ref")?.as_text()?;
        default_of(root, root.pointer(target.strip_prefix('#')?)?, depth)
    })
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
