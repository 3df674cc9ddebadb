//! What became of a tool's definition since it was pinned: every difference, and the worst of them.
//!
//! Nothing passes as `narrowed` unless whatever the new schema accepts was accepted by the old one too, and no new text
//! came with it. Keywords are compared one by one, which is sound because they hold all together. Where it is not (under
//! `not` and its like, or where a reference may lead there) every difference of rules counts as `widened`.

use core::cmp::Ordering;
use std::borrow::Cow;

use serde::Serialize;

use super::effect::Effect;
use super::findings;
use super::hints::Said;
use crate::json::canonical::canonical;
use crate::json::de::words;
use crate::json::tape::{Kind, Node};
use crate::json::{copy, push_pointer_token};
use crate::redact::Redactor;
use crate::sort::sort_by;
use crate::text::{shorten, visible};

/// More differences than a person would read.
const MAX_DIFFERENCES: usize = 20;
/// Characters of a value that are shown.
const MAX_SHOWN: usize = 600;
/// Characters before and behind what differs that are shown too.
const AROUND: usize = 30;

/// What a difference means, from harmless to dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The tool accepts less than before.
    Narrowed,
    /// A model reads another text.
    Changed,
    /// The tool may do more than before, or is checked less.
    Widened,
    /// Nothing differs, and nothing but the server's hints says how little the tool does.
    Unconfirmed,
}

words!(Change { Narrowed = "narrowed", Changed = "changed", Widened = "widened", Unconfirmed = "unconfirmed" });

/// Which part of the definition differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// The text that models choose the tool by.
    Description,
    /// Its title.
    Title,
    /// The annotations that its effect comes from.
    Hints,
    /// What it accepts.
    InputSchema,
    /// What it promises to answer.
    OutputSchema,
    /// What its calls count as, worked out from all of it.
    Effect,
    /// Any other member.
    Other,
    /// The whole tool: nothing is pinned that it could be compared with.
    Added,
}

words!(Aspect { Description = "description", Title = "title", Hints = "hints", InputSchema = "inputSchema", OutputSchema = "outputSchema", Effect = "effect", Other = "other", Added = "added" });

/// One difference.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    aspect: Aspect,
    change: Change,
    /// JSON Pointer into the definition.
    path: String,
    /// Shortened, with secrets masked and nothing hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// What it means, for people.
    note: Cow<'static, str>,
}

/// A listed definition that is not the pinned one.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    /// The worst of the differences.
    pub(crate) change: Change,
    /// Of the listed definition: what a person accepts.
    pub(crate) digest: String,
    /// What is suspicious first, then the worst.
    pub(crate) differences: Vec<Difference>,
    /// How many more there are.
    pub(crate) more: usize,
}

impl Drift {
    /// The whole tool is new.
    pub(crate) fn added(digest: &str, note: &'static str) -> Self {
        let (aspect, change) = (Aspect::Added, Change::Widened);
        let difference =
            Difference { aspect, change, path: String::new(), before: None, after: None, note: Cow::Borrowed(note) };
        Drift { change, digest: digest.to_owned(), differences: vec![difference], more: 0 }
    }

    /// Nothing but the hint at that place says that the tool does so little.
    pub(crate) fn unconfirmed(digest: &str, path: &str, hint: bool) -> Self {
        let note = if hint {
            "the server says that the tool only reads, and nothing else confirms it"
        } else {
            "the server says that the tool destroys nothing, and nothing else confirms it"
        };
        let (aspect, change) = (Aspect::Hints, Change::Unconfirmed);
        let after = Some(if hint { "true" } else { "false" }.to_owned());
        let difference =
            Difference { aspect, change, path: path.to_owned(), before: None, after, note: Cow::Borrowed(note) };
        Drift { change, digest: digest.to_owned(), differences: vec![difference], more: 0 }
    }

    /// From the pinned definition to the listed one, each with its effect; none if they mean the same.
    pub(crate) fn between(
        (pinned, was): (Node<'_>, Effect),
        (listed, is): (Node<'_>, Effect),
        digest: &str,
        redactor: &Redactor,
    ) -> Option<Self> {
        let mut comparison =
            Comparison { redactor, aspect: Aspect::Other, path: String::new(), found: Vec::new(), counts: [0; 3] };
        comparison.suspicions(pinned, listed);
        let suspicions = core::mem::take(&mut comparison.found);
        comparison.path.clear();
        comparison.counts = [0, suspicions.len(), 0];
        comparison.definition(pinned, listed);
        // Whatever lowered it: every gate goes by the effect.
        let [.., widened] = comparison.counts;
        if is < was && widened == 0 && comparison.has_room(Change::Widened) {
            comparison.aspect = Aspect::Effect;
            let [was, is] = [was, is].map(|effect| Some(effect.as_str().to_owned()));
            comparison.keep(Change::Widened, was, is, Cow::Borrowed(WEAKER));
        }
        let Comparison { mut found, counts, .. } = comparison;
        sort_by(&mut found, |one, other| other.change.cmp(&one.change));
        // Any suspicion is of a text that is new, so that there is a difference too.
        let change = found.first()?.change.max(if suspicions.is_empty() { Change::Narrowed } else { Change::Changed });
        // What is suspicious is seen first, however much else differs.
        found.splice(..0, suspicions);
        found.truncate(MAX_DIFFERENCES);
        let more = counts.into_iter().fold(0, usize::saturating_add).saturating_sub(found.len());
        Some(Drift { change, digest: digest.to_owned(), differences: found, more })
    }

    /// In one sentence.
    pub(crate) fn told(&self) -> String {
        let mut told = String::new();
        let mut last = "";
        for difference in &self.differences {
            if difference.aspect == Aspect::Added || difference.change == Change::Unconfirmed {
                return difference.note.clone().into_owned();
            }
            let aspect = difference.aspect.as_str();
            if aspect == last {
                continue;
            }
            last = aspect;
            if !told.is_empty() {
                told.push_str(", ");
            }
            told.push_str(aspect);
            told.push(' ');
            told.push_str(difference.change.as_str());
        }
        told
    }
}

/// Members of two objects, side by side in the order of their names.
type Pair<'t> = (Cow<'t, str>, Option<Node<'t>>, Option<Node<'t>>);

fn pairs<'t>(one: Node<'t>, other: Node<'t>) -> Vec<Pair<'t>> {
    let mut all: Vec<(Cow<'t, str>, bool, Node<'t>)> =
        one.members().map(|member| (member.name(), false, member.value)).collect();
    all.extend(other.members().map(|member| (member.name(), true, member.value)));
    sort_by(&mut all, |(one, ..), (other, ..)| one.cmp(other));
    let mut pairs: Vec<Pair<'t>> = Vec::with_capacity(all.len());
    for (name, is_new, value) in all {
        match pairs.last_mut() {
            Some((last, _, new)) if is_new && *last == name => *new = Some(value),
            _ if is_new => pairs.push((name, None, Some(value))),
            _ => pairs.push((name, Some(value), None)),
        }
    }
    pairs
}

struct Comparison<'r> {
    redactor: &'r Redactor,
    aspect: Aspect,
    path: String,
    found: Vec<Difference>,
    /// Differences of each change, also of those that are not kept.
    counts: [usize; 3],
}

impl Comparison<'_> {
    /// Goes to a member; answers what to cut the path to afterwards.
    fn enter(&mut self, name: &str) -> usize {
        let length = self.path.len();
        self.path.push('/');
        push_pointer_token(name, &mut self.path);
        length
    }

    fn tell(&mut self, change: Change, before: Option<Node<'_>>, after: Option<Node<'_>>, note: &'static str) {
        if self.has_room(change) {
            let [before, after] = [before, after].map(|node| node.map(|node| shown(node, self.redactor)));
            let (before, after) = where_they_differ(before, after);
            self.keep(change, before, after, Cow::Borrowed(note));
        }
    }

    /// Counts a difference; whether it is kept.
    fn has_room(&mut self, change: Change) -> bool {
        match self.counts.get_mut(change as usize) {
            Some(count) => {
                *count = count.saturating_add(1);
                *count <= MAX_DIFFERENCES
            }
            None => false,
        }
    }

    fn keep(&mut self, change: Change, before: Option<String>, after: Option<String>, note: Cow<'static, str>) {
        let path = visible(&self.redactor.shown(&self.path, MAX_SHOWN));
        self.found.push(Difference { aspect: self.aspect, change, path, before, after, note });
    }

    /// Any difference at all is of that kind.
    fn whole(&mut self, change: Change, before: Option<Node<'_>>, after: Option<Node<'_>>, note: &'static str) {
        if !same(before, after) {
            self.tell(change, before, after, note);
        }
    }

    fn definition(&mut self, pinned: Node<'_>, listed: Node<'_>) {
        for (name, before, after) in pairs(pinned, listed) {
            let length = self.enter(&name);
            self.aspect = aspect_of(&name);
            match &*name {
                // `_meta` is for programs, and a tool of another name is another tool.
                "_meta" | "name" => {}
                "annotations" => self.annotations(before.unwrap_or(Node::absent()), after.unwrap_or(Node::absent())),
                "inputSchema" | "outputSchema" => {
                    let [before, after] = [before, after].map(|node| node.unwrap_or(Node::absent()));
                    self.schema(before, after, is_entangled(before) || is_entangled(after));
                }
                _ => self.whole(Change::Changed, before, after, READ_BY_MODELS),
            }
            self.path.truncate(length);
        }
    }

    fn annotations(&mut self, before: Node<'_>, after: Node<'_>) {
        let [old, new] = [before, after].map(|node| Said::read(node).unwrap_or_default());
        let (is, was) = (new.hints(), old.hints());
        let asks = |said: &Said| said.requires_approval == Some(true);
        // Where nothing is said, the guard asks of what is more than a read.
        let plan = |said: &Said| said.requires_plan_check.map_or(1_u8, |concerned| if concerned { 2 } else { 0 });
        let plan = (plan(&old), plan(&new));
        // Where it is absent, name and description decide, so that to drop it is to say less.
        let dropped = old.open_world == Some(true) && new.open_world.is_none();
        for (name, was, is, looser_when) in [
            ("readOnlyHint", was.read_only, is.read_only, Some(true)),
            ("destructiveHint", was.destructive, is.destructive, Some(false)),
            ("openWorldHint", was.open_world, is.open_world && !dropped, Some(false)),
            ("idempotentHint", was.idempotent, is.idempotent, None),
            ("requiresApproval", !asks(&old), !asks(&new), None),
            ("requiresPlanCheck", plan.0 < plan.1, plan.0 > plan.1, None),
        ] {
            if was == is {
                continue;
            }
            let (change, note) = match looser_when {
                Some(looser) if is == looser => (Change::Widened, WEAKER),
                Some(_) => (Change::Widened, "new reach: the tool does more than it said"),
                None if is => (Change::Widened, "weaker: its calls would be treated with less care"),
                None => (Change::Narrowed, "stricter: its calls are treated with more care"),
            };
            let length = self.enter(name);
            if self.has_room(change) {
                let written = |value: Option<bool>| value.map(|value| if value { "true" } else { "false" }.to_owned());
                let (was, is) = match name {
                    "requiresPlanCheck" => (written(old.requires_plan_check), written(new.requires_plan_check)),
                    // What is asked of this one is the opposite of what it is named for.
                    "requiresApproval" => (written(Some(!was)), written(Some(!is))),
                    "openWorldHint" if dropped => (written(Some(true)), None),
                    _ => (written(Some(was)), written(Some(is))),
                };
                self.keep(change, was, is, Cow::Borrowed(note));
            }
            self.path.truncate(length);
        }
        if before.kind() != Kind::Object || after.kind() != Kind::Object {
            // What cannot be read as annotations counts as none, and still may be shown to a model.
            let nothing = |node: Node<'_>| matches!(node.kind(), Kind::Object | Kind::Null);
            if !nothing(before) || !nothing(after) {
                self.aspect = Aspect::Other;
                self.whole(Change::Changed, Some(before), Some(after), READ_BY_MODELS);
            }
        }
        for (name, before, after) in pairs(before, after) {
            if name != "title" && Said::is_hint(&name) {
                continue;
            }
            let length = self.enter(&name);
            self.aspect = if name == "title" { Aspect::Title } else { Aspect::Other };
            self.whole(Change::Changed, before, after, READ_BY_MODELS);
            self.path.truncate(length);
        }
    }

    /// `exact`: to accept less here may be to accept more elsewhere.
    fn schema(&mut self, before: Node<'_>, after: Node<'_>, exact: bool) {
        let (was, is) = (before.kind(), after.kind());
        let [one, other] = [before, after].map(|node| Some(node).filter(|node| node.kind() != Kind::Null));
        match (was, is) {
            (Kind::False, Kind::False) => return,
            (Kind::False, _) => return self.rules(true, false, exact, one, other),
            (_, Kind::False) => return self.rules(false, true, exact, one, other),
            _ => {}
        }
        // What is absent says nothing, as `true` and `{}` do.
        let says = |kind: Kind| matches!(kind, Kind::Object | Kind::True | Kind::Null);
        if !says(was) || !says(is) {
            return self.whole(Change::Widened, one, other, LOOSER);
        }
        for (keyword, one, other) in pairs(before, after) {
            let length = self.enter(&keyword);
            self.keyword(&keyword, one, other, (before, after), exact);
            self.path.truncate(length);
        }
    }

    fn keyword(
        &mut self,
        keyword: &str,
        one: Option<Node<'_>>,
        other: Option<Node<'_>>,
        around: (Node<'_>, Node<'_>),
        exact: bool,
    ) {
        let (before, after) = (one.unwrap_or(Node::absent()), other.unwrap_or(Node::absent()));
        match keyword {
            "title" | "description" | "$comment" | "examples" | "default" | "deprecated" => {
                self.whole(Change::Changed, one, other, READ_BY_MODELS)
            }
            "properties" => {
                let left_out = if is_closed(around.1) { !exact } else { false };
                for (name, one, other) in pairs(before, after) {
                    let length = self.enter(&name);
                    match (one, other) {
                        (Some(one), Some(other)) => self.schema(one, other, exact),
                        (None, _) => self.tell(Change::Widened, None, other, "a new member"),
                        (_, None) if left_out => self.tell(Change::Narrowed, one, None, "no longer accepted"),
                        (_, None) => self.tell(Change::Widened, one, None, "no longer checked"),
                    }
                    self.path.truncate(length);
                }
            }
            "$defs" | "definitions" => self.each(before, after, Change::Changed, exact),
            "patternProperties" | "dependentSchemas" => self.each(before, after, Change::Widened, true),
            "items" | "additionalProperties" if before.kind() != Kind::Array && after.kind() != Kind::Array => {
                self.schema(before, after, exact)
            }
            "items" | "prefixItems" | "allOf" | "anyOf" | "oneOf" => self.list(one, other, exact || keyword == "oneOf"),
            "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "additionalItems"
            | "contentSchema"
            | "unevaluatedProperties"
            | "unevaluatedItems"
                if one.is_some() && other.is_some() =>
            {
                self.schema(before, after, true)
            }
            "type" => {
                let (was, is) = (words_of(before), words_of(after));
                let within = |words: &[Cow<'_, str>], word: &str| {
                    words.iter().any(|known| known == word || known == "number" && word == "integer")
                };
                let looser = other.is_none() || one.is_some() && is.iter().any(|word| !within(&was, word));
                let tighter = one.is_none() || other.is_some() && was.iter().any(|word| !within(&is, word));
                self.rules(looser, tighter, exact, one, other);
            }
            "enum" => match (one, other) {
                (Some(one), Some(other)) => {
                    let (was, is) = (values_of(one), values_of(other));
                    let beyond = |values: &[String], known: &[String]| {
                        values.iter().any(|value| known.binary_search(value).is_err())
                    };
                    self.rules(beyond(&is, &was), beyond(&was, &is), exact, Some(one), Some(other));
                }
                _ => self.introduced(one, other, exact),
            },
            "const" | "pattern" | "format" if !same(one, other) => self.introduced(one, other, exact),
            "required" => {
                let (was, is) = (values_of(before), values_of(after));
                let named = |node: Node<'_>| {
                    let properties = node.get("properties").unwrap_or(Node::absent());
                    let mut names: Vec<String> =
                        properties.members().map(|member| crate::json::canonical::quoted(&member.name())).collect();
                    sort_by(&mut names, Ord::cmp);
                    names
                };
                let looser = was.iter().any(|name| is.binary_search(name).is_err());
                let added: Vec<&String> = is.iter().filter(|name| was.binary_search(name).is_err()).collect();
                let known = if added.is_empty() { Vec::new() } else { named(around.0) };
                if !looser && !exact && added.iter().any(|name| known.binary_search(name).is_err()) {
                    self.tell(Change::Changed, one, other, READ_BY_MODELS);
                } else {
                    self.rules(looser, !added.is_empty(), exact, one, other);
                }
            }
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => {
                self.bound(one, other, Ordering::Less, exact)
            }
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => {
                self.bound(one, other, Ordering::Greater, exact)
            }
            "uniqueItems" => {
                let (was, is) = (before.kind() == Kind::True, after.kind() == Kind::True);
                self.rules(was && !is, is && !was, exact, one, other);
            }
            "multipleOf" if one.is_none() => self.rules(false, true, exact, one, other),
            _ => self.whole(Change::Widened, one, other, LOOSER),
        }
    }

    /// A rule that came, went or became another one; its words may be read by a model.
    fn introduced(&mut self, one: Option<Node<'_>>, other: Option<Node<'_>>, exact: bool) {
        match other {
            Some(after) if one.is_none() && !exact && has_words(after) => {
                self.tell(Change::Changed, one, other, READ_BY_MODELS)
            }
            _ => self.rules(one.is_some(), true, exact, one, other),
        }
    }

    fn bound(&mut self, one: Option<Node<'_>>, other: Option<Node<'_>>, looser: Ordering, exact: bool) {
        let is_number = |node: Option<Node<'_>>| node.is_none_or(|node| node.kind() == Kind::Number);
        if !is_number(one) || !is_number(other) {
            return self.whole(Change::Widened, one, other, LOOSER);
        }
        let order = match (one, other) {
            (Some(one), Some(other)) => other.number().compare(one.number()),
            (None, _) => looser.reverse(),
            (_, None) => looser,
        };
        self.rules(order == looser, order == looser.reverse(), exact, one, other);
    }

    /// Subschemas under names.
    fn each(&mut self, before: Node<'_>, after: Node<'_>, otherwise: Change, exact: bool) {
        for (name, one, other) in pairs(before, after) {
            let length = self.enter(&name);
            match (one, other) {
                (Some(one), Some(other)) => self.schema(one, other, exact),
                _ => {
                    self.tell(otherwise, one, other, if otherwise == Change::Changed { READ_BY_MODELS } else { LOOSER })
                }
            }
            self.path.truncate(length);
        }
    }

    /// Subschemas in a row; where their number differs, nobody knows which became which.
    fn list(&mut self, one: Option<Node<'_>>, other: Option<Node<'_>>, exact: bool) {
        match (one, other) {
            (Some(one), Some(other))
                if one.kind() == Kind::Array && other.kind() == Kind::Array && one.len() == other.len() =>
            {
                for (index, (one, other)) in one.items().zip(other.items()).enumerate() {
                    let length = self.enter(&index.to_string());
                    self.schema(one, other, exact);
                    self.path.truncate(length);
                }
            }
            _ => self.whole(Change::Widened, one, other, LOOSER),
        }
    }

    fn rules(&mut self, looser: bool, tighter: bool, exact: bool, one: Option<Node<'_>>, other: Option<Node<'_>>) {
        if looser || tighter && exact {
            self.tell(Change::Widened, one, other, LOOSER);
        } else if tighter {
            self.tell(Change::Narrowed, one, other, "tighter: less is accepted");
        }
    }

    /// What is suspicious in the listed definition and was not there before.
    fn suspicions(&mut self, pinned: Node<'_>, listed: Node<'_>) {
        let known = findings::in_texts(pinned, self.redactor);
        for found in findings::in_texts(listed, self.redactor) {
            let is_known = |other: &findings::Suspicion| {
                other.kind == found.kind && other.path == found.path && other.excerpt == found.excerpt
            };
            if known.iter().any(is_known) || !self.has_room(Change::Changed) {
                continue;
            }
            self.aspect = aspect_of(found.path.split('/').nth(1).unwrap_or_default());
            self.path.clone_from(&found.path);
            self.keep(Change::Changed, None, Some(found.excerpt), Cow::Borrowed(found.kind.meaning()));
        }
    }
}

const READ_BY_MODELS: &str = "another text that a model reads";
const WEAKER: &str = "weaker: fewer of its calls would be asked about";
const LOOSER: &str = "not provably tighter: more may be accepted";

fn aspect_of(member: &str) -> Aspect {
    match member {
        "description" => Aspect::Description,
        "title" => Aspect::Title,
        "annotations" => Aspect::Hints,
        "inputSchema" => Aspect::InputSchema,
        "outputSchema" => Aspect::OutputSchema,
        _ => Aspect::Other,
    }
}

fn same(one: Option<Node<'_>>, other: Option<Node<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => canonical(one) == canonical(other),
        (None, None) => true,
        _ => false,
    }
}

/// Whether only named members are accepted.
fn is_closed(schema: Node<'_>) -> bool {
    schema.get("additionalProperties").is_some_and(|additional| additional.kind() == Kind::False)
        && schema.get("patternProperties").is_none()
}

/// Whether to accept less in one place may be to accept more in another: what is left unevaluated depends on what all
/// the others looked at, and a reference may lead to any place from where less means more.
fn is_entangled(schema: Node<'_>) -> bool {
    let (mut refers, mut turns) = (false, false);
    look(schema, &mut refers, &mut turns) || refers && turns
}

fn look(node: Node<'_>, refers: &mut bool, turns: &mut bool) -> bool {
    for member in node.members() {
        match &*member.name() {
            "unevaluatedProperties" | "unevaluatedItems" | "$dynamicRef" | "$recursiveRef" => return true,
            "$ref" => *refers = true,
            "not" | "oneOf" | "if" | "maxContains" => *turns = true,
            _ => {}
        }
        if look(member.value, refers, turns) {
            return true;
        }
    }
    node.items().any(|item| look(item, refers, turns))
}

/// The words of `type`.
fn words_of(node: Node<'_>) -> Vec<Cow<'_, str>> {
    match node.kind() {
        Kind::String => vec![node.text()],
        _ => node.items().map(Node::text).collect(),
    }
}

/// The items, in an order of their own.
fn values_of(array: Node<'_>) -> Vec<String> {
    let mut values: Vec<String> = array.items().map(canonical).collect();
    sort_by(&mut values, Ord::cmp);
    values
}

fn has_words(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::String => true,
        Kind::Object => node.len() > 0,
        _ => node.items().any(has_words),
    }
}

fn shown(node: Node<'_>, redactor: &Redactor) -> String {
    let text = node.as_text().map_or_else(|| copy(node), Cow::into_owned);
    redactor.text(&text).unwrap_or(text)
}

/// Long texts that begin and end alike are shown only around what differs.
fn where_they_differ(before: Option<String>, after: Option<String>) -> (Option<String>, Option<String>) {
    let (Some(before), Some(after)) = (&before, &after) else {
        return (before.map(|text| short(&text)), after.map(|text| short(&text)));
    };
    let alike = before.chars().zip(after.chars()).take_while(|(one, other)| one == other).count();
    let behind = before.chars().rev().zip(after.chars().rev()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let count = text.chars().count();
        if count <= MAX_SHOWN {
            return short(text);
        }
        let start = alike.saturating_sub(AROUND);
        let end = count.saturating_sub(behind.saturating_sub(AROUND)).max(alike);
        let mut part: String = text.chars().skip(start).take(end.saturating_sub(start)).collect();
        if start > 0 {
            part.insert(0, '…');
        }
        let mut part = short(&part);
        if end < count && !part.ends_with('…') {
            part.push('…');
        }
        part
    };
    (Some(part(before)), Some(part(after)))
}

fn short(text: &str) -> String {
    visible(&shorten(text, MAX_SHOWN))
}
