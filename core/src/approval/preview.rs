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
use crate::json::{Json, copy_without, is_pointed_at, push_pointer_token};
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
const MAX_VISITS: usize = 2_000;

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
    /// What the tool asked for in this round of the call, and is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Line>,
    /// What is easily overlooked: letters that look like others, characters that are not seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the backend says of the thing that the call is about, such as the booking to be cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<Line>,
}

record!(strict Preview { tool, effect, reasons, lines; title, server, subject, omitted, arguments, hidden, defaults, meta, inputs, notes, record });

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
        let root = definition.get("inputSchema").unwrap_or(Node::absent());
        let mut defaults = Defaults { root, path: Vec::new(), lines: Vec::new(), budget: MAX_VISITS };
        defaults.look(root, arguments, MAX_DEPTH);
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
            defaults: defaults.lines,
            meta: frame.meta.cloned(),
            inputs: Vec::new(),
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
        let mut view = View { hidden, order, path: Vec::new(), pointer: String::new(), lines: Vec::new(), omitted: 0 };
        for (label, value) in values {
            if label.is_empty() {
                view.add(*value, usize::MAX);
            } else {
                view.member(Cow::Borrowed(label), *value, usize::MAX);
            }
        }
        Short { lines: view.lines.into_iter().map(|(_, line)| line).collect(), omitted: view.omitted }
    }

    /// The lines, the last of which says how many were left out.
    pub(crate) fn counted(mut self) -> Vec<Line> {
        if self.omitted > 0 {
            self.lines.push(Line { label: "…".to_owned(), value: format!("{} more lines", self.omitted) });
        }
        self.lines
    }
}

/// A step on the way to a value.
enum Part<'a> {
    Name(Cow<'a, str>),
    Item(usize),
}

/// How much a line matters, lower is more: the rank of the best name on its way, then how deep it stands, so that no
/// padding further down pushes out what stands on top.
type Weight = (usize, usize);

struct View<'a> {
    hidden: &'a [&'a str],
    order: &'a [String],
    path: Vec<Part<'a>>,
    pointer: String,
    /// The best so far; a label is made only for what is among them, for a long way stands before every value below it.
    lines: Vec<(Weight, Line)>,
    omitted: usize,
}

impl<'a> View<'a> {
    fn rank(&self, name: &str) -> usize {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        let place = match self.order {
            [] => FIRST.iter().position(|other| is(other)),
            order => order.iter().position(|other| is(other)),
        };
        place.unwrap_or(usize::MAX)
    }

    fn member(&mut self, name: Cow<'a, str>, value: Node<'a>, rank: usize) {
        let rank = rank.min(self.rank(&name));
        let length = self.pointer.len();
        self.pointer.push('/');
        push_pointer_token(&name, &mut self.pointer);
        self.path.push(Part::Name(name));
        self.add(value, rank);
        self.path.pop();
        self.pointer.truncate(length);
    }

    fn item(&mut self, index: usize, value: Node<'a>, rank: usize) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&index.to_string());
        self.path.push(Part::Item(index));
        self.add(value, rank);
        self.path.pop();
        self.pointer.truncate(length);
    }

    fn add(&mut self, value: Node<'a>, rank: usize) {
        let is_container = |kind: Kind| matches!(kind, Kind::Array | Kind::Object);
        if is_pointed_at(self.hidden, &self.pointer) {
            return self.line(rank, || HIDDEN.to_owned());
        }
        match value.kind() {
            Kind::Object if value.len() > 0 => {
                // In one order, whatever the caller's: the same call has the same preview.
                let mut members: Vec<(Cow<'_, str>, Node<'_>)> =
                    value.members().map(|member| (member.name(), member.value)).collect();
                sort_by(&mut members, |(one, _), (other, _)| one.cmp(other));
                for (name, member) in members {
                    self.member(name, member, rank);
                }
            }
            Kind::Array if value.len() > MAX_ITEMS || value.items().any(|item| is_container(item.kind())) => {
                self.line(rank, || format!("{} items", value.len()));
                let shown = if value.len() > MAX_ITEMS { ROWS } else { MAX_ITEMS };
                for (index, item) in value.items().enumerate() {
                    if index < shown {
                        self.item(index, item, rank);
                    } else {
                        self.omitted = self.omitted.saturating_add(leaves(item));
                    }
                }
            }
            Kind::String => self.line(rank, || in_quotes(&value.text())),
            _ => self.line(rank, || cut(&visible(&canonical(value)))),
        }
    }

    fn line(&mut self, rank: usize, value: impl FnOnce() -> String) {
        let weight = (rank, self.path.len());
        let place = self.lines.partition_point(|(other, _)| *other <= weight);
        if place < MAX_LINES {
            self.lines.insert(place, (weight, Line { label: label_of(&self.path), value: value() }));
        }
        if place >= MAX_LINES || self.lines.len() > MAX_LINES {
            self.lines.truncate(MAX_LINES);
            self.omitted = self.omitted.saturating_add(1);
        }
    }
}

fn label_of(path: &[Part<'_>]) -> String {
    let mut label = String::new();
    for part in path {
        match part {
            Part::Name(name) => {
                if !label.is_empty() {
                    label.push('.');
                }
                label.push_str(&plain_name(name));
            }
            Part::Item(index) => {
                for part in ["[", &index.saturating_add(1).to_string(), "]"] {
                    label.push_str(part);
                }
            }
        }
    }
    label
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

/// At most [`MAX_TEXT`] characters, and how many are left out.
fn cut(text: &str) -> String {
    let left_out = text.chars().count().saturating_sub(MAX_TEXT);
    if left_out == 0 {
        return text.to_owned();
    }
    let start: String = text.chars().take(MAX_TEXT).collect();
    [&start, " … ", &left_out.to_string(), " more characters"].concat()
}

/// Looks for the defaults of absent members, in objects that are there too.
struct Defaults<'a> {
    root: Node<'a>,
    path: Vec<Part<'a>>,
    lines: Vec<Line>,
    /// References may fan out without end.
    budget: usize,
}

impl<'a> Defaults<'a> {
    fn look(&mut self, schema: Node<'a>, value: Node<'a>, depth: usize) {
        let (Some(depth), Some(budget)) = (depth.checked_sub(1), self.budget.checked_sub(1)) else { return };
        self.budget = budget;
        if let Some(target) = target_of(self.root, schema) {
            self.look(target, value, depth);
        }
        for part in schema.get("allOf").iter().flat_map(|all| all.items()) {
            self.look(part, value, depth);
        }
        if value.kind() == Kind::Array
            && let Some(items) = schema.get("items")
        {
            for (index, item) in value.items().enumerate().take(MAX_ITEMS) {
                self.path.push(Part::Item(index));
                self.look(items, item, depth);
                self.path.pop();
            }
        }
        if value.kind() != Kind::Object {
            return;
        }
        for property in schema.get("properties").iter().flat_map(|properties| properties.members()) {
            let (name, given) = (property.name(), value.get(&property.name()));
            self.path.push(Part::Name(name));
            match given {
                Some(given) => self.look(property.value, given, depth),
                None => self.absent(property.value, depth),
            }
            self.path.pop();
        }
    }

    fn absent(&mut self, schema: Node<'a>, depth: usize) {
        let Some(default) = default_of(self.root, schema, depth).filter(|_| self.lines.len() < MAX_DEFAULTS) else {
            return;
        };
        let label = label_of(&self.path);
        if self.lines.iter().all(|line| line.label != label) {
            self.lines.push(Line { label, value: cut(&visible(&canonical(default))) });
        }
    }
}

fn target_of<'t>(root: Node<'t>, schema: Node<'t>) -> Option<Node<'t>> {
    let target = schema.get("$ref")?.as_text()?;
    root.pointer(target.strip_prefix('#')?)
}

fn default_of<'t>(root: Node<'t>, schema: Node<'t>, depth: usize) -> Option<Node<'t>> {
    let depth = depth.checked_sub(1)?;
    schema.get("default").or_else(|| default_of(root, target_of(root, schema)?, depth))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
