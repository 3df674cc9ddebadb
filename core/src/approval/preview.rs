//! What a person sees before saying yes: the same for the same call, in every language.
//!
//! A short view comes first, in the order in which it matters; the complete arguments stand behind it. Only what the
//! user's policy or the profile calls secret is hidden: what a server marks is shown to whoever approves.

use std::borrow::Cow;

use serde::Serialize;

use super::notes::Notes;
use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::catalog::wording::words_of_name;
use crate::json::canonical::{canonical, quoted};
use crate::json::de::record;
use crate::json::tape::{Kind, Node};
use crate::json::{Document, Json, OWN, copy_without, is_pointed_at, push_pointer_token};
use crate::schema::pattern::Pattern;
use crate::sort::sort_by;
use crate::step::Earlier;
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
const MAX_DEFAULTS: usize = 100;
/// Objects, branches and references within one another that a default is looked for in.
const MAX_DEPTH: usize = 64;
const MAX_VISITS: usize = 5_000;
/// Steps of matching names with a schema's patterns.
const MAX_WORK: u64 = 100_000;

/// What stands for a value that is not shown; it is no JSON, so no string can look like it.
const HIDDEN: &str = "(hidden)";

/// Behind a default that fills something in only if a condition of the schema holds.
const MAY: &str = " (may fill in)";

/// The label of what the call carries beside its arguments; an argument of that name is in quotes.
const META: &str = "_meta";

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

/// A name of [`FIRST`] ranks by twice its place there; behind `iban`, behind `quantity` and behind them all is room for names
/// of which only a word is known.
const WHOM_RANK: usize = 17;
const SUMS_RANK: usize = 31;
const OTHERS_RANK: usize = 64;

/// Words in names of whom a call reaches, and of how much; longer ones count within a word too, as in `toaddress`.
const WHOM_WORDS: &[&str] = &[
    "to",
    "cc",
    "bcc",
    "tel",
    "sms",
    "fax",
    "dest",
    "mail",
    "recipient",
    "email",
    "phone",
    "mobile",
    "whatsapp",
    "account",
    "iban",
    "payee",
    "beneficiary",
    "destination",
    "receiver",
    "addressee",
    "target",
    "address",
    "webhook",
    "callback",
    "forward",
    "customer",
    "contact",
    "invitee",
    "attendee",
    "guest",
    "wallet",
];
const SUMS_WORDS: &[&str] = &[
    "sum", "cost", "fee", "tip", "qty", "amount", "total", "price", "quantity", "currency", "cents", "balance",
    "discount",
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
    /// The short view of the arguments, what matters most first, and of `_meta`, whose labels begin with `_meta`.
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
    /// What the tool's schema says that the server fills in, what matters most first; `(may fill in)` stands behind what
    /// depends on a condition of the schema.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defaults: Vec<Line>,
    /// How many defaults are left out at least.
    #[serde(skip_serializing_if = "is_zero")]
    pub defaults_omitted: usize,
    /// The call's `_meta`, but for the guard's own members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
    /// What the tool asked for in this round of the call, and is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Line>,
    /// What is easily overlooked: letters that look like others, characters that are not seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How many more of them there would be.
    #[serde(skip_serializing_if = "is_zero")]
    pub notes_omitted: usize,
    /// What the backend says of the thing that the call is about, such as the booking to be cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<Line>,
    /// Calls that were sent before and may have run: the same one, or one of the same consequence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
}

record!(strict Preview { tool, effect, reasons, lines; title, server, subject, omitted, arguments, hidden, defaults, defaults_omitted, meta, inputs, notes, notes_omitted, earlier, record });

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

impl Line {
    /// Whether it says whom the call reaches.
    pub(crate) fn is_recipient(&self) -> bool {
        let name = self.label.split('[').next().unwrap_or_default();
        is_whom(name.rsplit('.').next().unwrap_or_default())
    }
}

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
        let beside = frame.meta.and_then(|meta| Document::read(meta.get(), OWN).ok()).unwrap_or_default();
        let beside = frame.meta.map(|_| beside.tape().root());
        let root = definition.get("inputSchema").unwrap_or(Node::absent());
        let mut view = View::new(frame.hidden, frame.order);
        view.known = root.get("properties").filter(|properties| properties.len() > 0);
        if arguments.len() > 0 {
            view.add(arguments, usize::MAX);
        }
        (view.hidden, view.known) = (&[], None);
        if let Some(meta) = beside {
            view.within(Part::Meta, META, meta, usize::MAX);
        }
        let short = view.short();
        let mut notes = Notes::new(frame.hidden, frame.order);
        for (place, name) in [("tool", tool.name.as_str()), ("server", frame.server), ("subject", frame.subject)] {
            notes.name(place, name);
        }
        notes.values("", arguments);
        if let Some(meta) = beside {
            notes.hidden = &[];
            notes.values(META, meta);
        }
        let (notes, notes_omitted) = notes.counted();
        let hidden: Vec<String> = frame.hidden.iter().map(|pointer| (*pointer).to_owned()).collect();
        let (defaults, defaults_omitted) = Defaults::of(root, arguments, frame.order);
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
            defaults_omitted,
            meta: frame.meta.cloned(),
            inputs: Vec::new(),
            notes,
            notes_omitted,
            earlier: Vec::new(),
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
        let mut view = View::new(hidden, order);
        for (label, value) in values {
            if label.is_empty() {
                view.add(*value, usize::MAX);
            } else {
                view.member(Cow::Borrowed(label), *value, usize::MAX);
            }
        }
        view.short()
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
    Meta,
}

/// How much a line matters, lower is more: the rank of the best name on its way, then how deep it stands, so that no
/// padding further down pushes out what stands on top.
pub(super) type Weight = (usize, usize);

/// The place of a name in the order of what matters most, lower is more: in the profile's order, as a name that is known,
/// then by its words.
pub(super) fn rank(order: &[String], name: &str) -> usize {
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    if let Some(place) = order.iter().position(|other| is(other)) {
        return place;
    }
    let place = FIRST.iter().position(|other| is(other)).map(|place| place.saturating_mul(2));
    place.unwrap_or_else(|| rank_by_words(name)).saturating_add(order.len())
}

fn rank_by_words(name: &str) -> usize {
    if name.len() > MAX_TITLE {
        return usize::MAX;
    }
    let words = words_of_name(name);
    let has = |known: &[&str]| {
        let is_known = |word: &String| known.iter().any(|one| word == one || one.len() > 4 && word.contains(one));
        words.iter().any(is_known)
    };
    [(WHOM_WORDS, WHOM_RANK), (SUMS_WORDS, SUMS_RANK), (FIRST, OTHERS_RANK)]
        .into_iter()
        .find_map(|(known, rank)| has(known).then_some(rank))
        .unwrap_or(usize::MAX)
}

/// Whether a name is one of whom a call reaches.
pub(super) fn is_whom(name: &str) -> bool {
    rank(&[], name) <= WHOM_RANK
}

/// Whether a text is something that can be reached: an email's or a web address, or a number to call.
fn is_reachable(text: &str) -> bool {
    let is_number = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        text.bytes().all(|byte| byte.is_ascii_digit() || b"+-() .".contains(&byte))
            && (9..=15).contains(&digits)
            && text.len() <= 30
    };
    text.len() <= MAX_TITLE
        && (is_number(text)
            || text
                .split(char::is_whitespace)
                .any(|word| word.contains("://") || word.split_once('@').is_some_and(|(_, host)| host.contains('.'))))
}

/// Whether the schema does not name it, how deep it stands, and the line.
type Weighed = ((bool, usize), Line);

struct View<'a> {
    hidden: &'a [&'a str],
    order: &'a [String],
    /// The properties that the tool's schema names: others come behind them, for the server may ignore those.
    known: Option<Node<'a>>,
    path: Vec<Part<'a>>,
    pointer: String,
    /// The best of each rank so far; a label is made only for what is among them, for a long way stands before every value
    /// below it.
    ranks: Vec<(usize, Vec<Weighed>)>,
    count: usize,
}

impl<'a> View<'a> {
    fn new(hidden: &'a [&'a str], order: &'a [String]) -> Self {
        View { hidden, order, known: None, path: Vec::new(), pointer: String::new(), ranks: Vec::new(), count: 0 }
    }

    /// One line of each rank in turn, so that no crowd of names pushes out the others; what no name ranks takes the rest.
    fn short(self) -> Short {
        let mut takes = vec![0_usize; self.ranks.len()];
        let mut room = MAX_LINES;
        for turn in 1..=MAX_LINES {
            for (take, (_, lines)) in takes.iter_mut().zip(&self.ranks).filter(|(_, (rank, _))| *rank < usize::MAX) {
                if room > 0 && lines.len() >= turn {
                    (*take, room) = (turn, room.saturating_sub(1));
                }
            }
        }
        if let (Some(take), Some((usize::MAX, _))) = (takes.last_mut(), self.ranks.last()) {
            *take = room;
        }
        let taken = self.ranks.into_iter().zip(takes).flat_map(|((_, lines), take)| lines.into_iter().take(take));
        let lines: Vec<Line> = taken.map(|(_, line)| line).collect();
        Short { omitted: self.count.saturating_sub(lines.len()), lines }
    }

    fn member(&mut self, name: Cow<'a, str>, value: Node<'a>, rank: usize) {
        let rank = rank.min(self::rank(self.order, &name));
        self.within(Part::Name(name.clone()), &name, value, rank);
    }

    fn within(&mut self, part: Part<'a>, token: &str, value: Node<'a>, rank: usize) {
        let length = self.pointer.len();
        self.pointer.push('/');
        push_pointer_token(token, &mut self.pointer);
        self.path.push(part);
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
                let items = if value.len() == 1 { " item" } else { " items" };
                self.line(rank, || [&value.len().to_string(), items].concat());
                let shown = if value.len() > MAX_ITEMS { ROWS } else { MAX_ITEMS };
                for (index, item) in value.items().enumerate() {
                    if index < shown {
                        self.within(Part::Item(index), &index.to_string(), item, rank);
                    } else {
                        self.count = self.count.saturating_add(leaves(item));
                    }
                }
            }
            Kind::String => {
                let text = value.text();
                let least = self.order.len().saturating_add(OTHERS_RANK);
                let is_better = rank >= least && is_reachable(&text);
                let rank = if is_better { self.order.len().saturating_add(WHOM_RANK) } else { rank };
                self.line(rank, || in_quotes(&text));
            }
            _ => self.line(rank, || cut(&visible(&canonical(value)))),
        }
    }

    fn line(&mut self, rank: usize, value: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        let is_strange = match (self.known, self.path.first()) {
            (Some(known), Some(Part::Name(name))) => known.get(name).is_none(),
            _ => false,
        };
        let weight = (is_strange, self.path.len());
        let at = self.ranks.partition_point(|(other, _)| *other < rank);
        if self.ranks.get(at).is_none_or(|(other, _)| *other != rank) {
            self.ranks.insert(at, (rank, Vec::new()));
        }
        let Some((_, lines)) = self.ranks.get_mut(at) else { return };
        let place = lines.partition_point(|(other, _)| *other <= weight);
        if place < MAX_LINES {
            lines.insert(place, (weight, Line { label: label_of(&self.path), value: value() }));
            lines.truncate(MAX_LINES);
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
            Part::Meta => label.push_str(META),
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
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
        && name.len() <= MAX_TITLE
        && name != META;
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

/// Looks for the defaults of absent values, in values that are there and in defaults too.
struct Defaults<'a> {
    root: Node<'a>,
    order: &'a [String],
    path: Vec<Part<'a>>,
    lines: Vec<(Weight, Line)>,
    omitted: usize,
    /// References may fan out without end.
    budget: usize,
    work: u64,
}

impl<'a> Defaults<'a> {
    /// The best of them, and how many are left out at least.
    fn of(root: Node<'a>, value: Node<'a>, order: &'a [String]) -> (Vec<Line>, usize) {
        let (path, lines) = (Vec::new(), Vec::new());
        let mut all = Defaults { root, order, path, lines, omitted: 0, budget: MAX_VISITS, work: MAX_WORK };
        all.look(root, Some(value), false, usize::MAX, MAX_DEPTH);
        let unseen = usize::from(all.budget == 0);
        (all.lines.into_iter().map(|(_, line)| line).collect(), all.omitted.saturating_add(unseen))
    }

    /// `may`: whether the schema applies only under a condition.
    fn look(&mut self, schema: Node<'a>, value: Option<Node<'a>>, may: bool, rank: usize, depth: usize) {
        self.budget = self.budget.saturating_sub(1);
        let Some(depth) = depth.checked_sub(1).filter(|_| self.budget > 0) else { return };
        let (value, may) = match (value, schema.get("default")) {
            (None, Some(default)) => {
                self.line(default, may, rank);
                (Some(default), true)
            }
            (value, _) => (value, may),
        };
        if let Some(target) = target_of(self.root, schema) {
            self.look(target, value, may, rank, depth);
        }
        for (keyword, may) in [("allOf", may), ("anyOf", true), ("oneOf", true)] {
            for branch in schema.get(keyword).iter().flat_map(|branches| branches.items()) {
                if !may || self.fits(branch, value) {
                    self.look(branch, value, may, rank, depth);
                }
            }
        }
        for branch in ["then", "else"].iter().filter_map(|keyword| schema.get(keyword)) {
            self.look(branch, value, true, rank, depth);
        }
        match value {
            Some(value) if value.kind() == Kind::Array => self.items(schema, value, may, rank, depth),
            Some(value) if value.kind() == Kind::Object => self.members(schema, value, may, rank, depth),
            _ => {}
        }
    }

    fn items(&mut self, schema: Node<'a>, value: Node<'a>, may: bool, rank: usize, depth: usize) {
        let items = schema.get("items");
        let older = items.filter(|items| items.kind() == Kind::Array);
        let (tuple, rest) = match older {
            Some(tuple) => (Some(tuple), schema.get("additionalItems")),
            None => (schema.get("prefixItems"), items),
        };
        let mut tuple = tuple.iter().flat_map(|tuple| tuple.items());
        for (index, item) in value.items().enumerate() {
            let Some(schema) = tuple.next().or(rest).filter(|_| self.budget > 0) else { return };
            self.within(Part::Item(index), schema, Some(item), may, rank, depth);
        }
    }

    fn members(&mut self, schema: Node<'a>, value: Node<'a>, may: bool, rank: usize, depth: usize) {
        let properties = schema.get("properties");
        for property in properties.iter().flat_map(|properties| properties.members()) {
            let name = property.name();
            let (given, rank) = (value.get(&name), rank.min(self::rank(self.order, &name)));
            self.within(Part::Name(name), property.value, given, may, rank, depth);
        }
        for dependent in schema.get("dependentSchemas").iter().flat_map(|schemas| schemas.members()) {
            if value.get(&dependent.name()).is_some() {
                self.look(dependent.value, Some(value), true, rank, depth);
            }
        }
        let mut patterns = Vec::new();
        for pattern in schema.get("patternProperties").iter().flat_map(|patterns| patterns.members()) {
            let source = pattern.name();
            self.budget = self.budget.saturating_sub(source.len() >> 4);
            if self.budget > 0
                && let Ok(compiled) = Pattern::compile(&source)
            {
                patterns.push((compiled, pattern.value));
            }
        }
        let others = [("additionalProperties", may), ("unevaluatedProperties", true)];
        let others =
            others.map(|(keyword, may)| (schema.get(keyword).filter(|other| other.kind() == Kind::Object), may));
        if patterns.is_empty() && others.iter().all(|(other, _)| other.is_none()) {
            return;
        }
        for member in value.members() {
            if self.budget == 0 {
                return;
            }
            let name = member.name();
            let rank = rank.min(self::rank(self.order, &name));
            let mut is_known = properties.is_some_and(|properties| properties.get(&name).is_some());
            for (pattern, schema) in &patterns {
                if pattern.is_match(&name, &mut self.work).unwrap_or(true) {
                    is_known = true;
                    self.within(Part::Name(name.clone()), *schema, Some(member.value), may, rank, depth);
                }
            }
            for (other, may) in others.iter().filter(|_| !is_known) {
                if let Some(schema) = other {
                    self.within(Part::Name(name.clone()), *schema, Some(member.value), *may, rank, depth);
                }
            }
        }
    }

    fn within(
        &mut self,
        part: Part<'a>,
        schema: Node<'a>,
        value: Option<Node<'a>>,
        may: bool,
        rank: usize,
        depth: usize,
    ) {
        self.path.push(part);
        self.look(schema, value, may, rank, depth);
        self.path.pop();
    }

    /// Whether nothing of the value contradicts what a branch says of its constants, such as the name of a variant.
    fn fits(&self, branch: Node<'a>, value: Option<Node<'a>>) -> bool {
        let branch = target_of(self.root, branch).unwrap_or(branch);
        let contradicts = |name: &str, schema: Node<'_>| {
            let (constant, given) = (schema.get("const"), value.and_then(|value| value.get(name)));
            matches!((constant, given), (Some(constant), Some(given)) if canonical(constant) != canonical(given))
        };
        let mut properties = branch.get("properties").into_iter().flat_map(|properties| properties.members());
        !properties.any(|property| contradicts(&property.name(), property.value))
    }

    fn line(&mut self, default: Node<'a>, may: bool, rank: usize) {
        let text = canonical(default);
        self.budget = self.budget.saturating_sub(text.len() >> 6);
        let mut value = cut(&visible(&text));
        if may {
            value.push_str(MAY);
        }
        let line = Line { label: label_of(&self.path), value };
        if self.lines.iter().any(|(_, other)| *other == line) {
            return;
        }
        // Most schemas say of each value that it may be left out.
        let last = default.kind() == Kind::Null;
        let weight = if last { (usize::MAX, usize::MAX) } else { (rank, self.path.len()) };
        let place = self.lines.partition_point(|(other, _)| *other <= weight);
        self.lines.insert(place, (weight, line));
        if self.lines.len() > MAX_DEFAULTS {
            self.lines.truncate(MAX_DEFAULTS);
            self.omitted = self.omitted.saturating_add(1);
        }
    }
}

fn target_of<'t>(root: Node<'t>, schema: Node<'t>) -> Option<Node<'t>> {
    let target = schema.get("$ref")?.as_text()?;
    root.pointer(target.strip_prefix('#')?)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
