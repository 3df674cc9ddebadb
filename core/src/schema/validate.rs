//! Runs a program on a value: once for the verdict, and once more, if it is a no, for everything that is wrong.

use super::compile::{
    ArrayRules, Bound, FEW_NAMES, INTEGER, InPlace, NONE, NumberRules, ObjectRules, Program, Rules, StringRules,
    Values, type_bit,
};
use core::cmp::Ordering;

use super::equal::{equal, twins};
use super::instance::{Instance, Kind, Member, with_number};
use super::pattern::Pattern;
use crate::json::push_pointer_token;

/// Steps of work for one value; a schema that needs more is meant to hang its host.
const MAX_WORK: u64 = 20_000_000;
/// Rules within rules: a value 127 deep, each level behind a few references, fits.
const MAX_DEPTH: u32 = 500;
/// Bytes of text that are read in one step of work.
const BYTES_PER_STEP_LOG: u32 = 4;
/// Longer numbers are rare.
const SHORT_NUMBER: usize = 64;
/// Longer names are rare.
const LONG_NAME: usize = 256;
/// Characters of a text that are kept for words.
const MAX_KEPT: usize = 2_000;
/// Names in one finding: more help nobody.
const MAX_NAMES: usize = 100;
/// So many findings are looked for before the most useful are chosen.
const MAX_FOUND: usize = 64;

/// One violated rule.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// JSON Pointer into the value.
    pub(super) path: String,
    /// Of the rules in the program.
    pub(super) rules: u32,
    pub(super) keyword: &'static str,
    pub(super) got: Got,
    /// Names of missing or unexpected members.
    pub(super) names: Vec<String>,
}

/// What stands in the place of a violation: as much of it as words need.
#[derive(Debug, Clone)]
pub(super) enum Got {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    Array(usize),
    /// Its first names, and how many there are.
    Object(Vec<String>, usize),
    Foreign,
}

impl Got {
    pub(super) fn of<I: Instance>(value: &I) -> Self {
        const MOST: usize = 12;
        match value.kind() {
            Kind::Null => Got::Null,
            Kind::False => Got::Boolean(false),
            Kind::True => Got::Boolean(true),
            Kind::Number => Got::Number(crate::text::shorten(&value.number_text(), 40)),
            Kind::String => Got::Text(value.text().chars().take(MAX_KEPT).collect()),
            Kind::Array => Got::Array(value.count()),
            Kind::Object => {
                let mut names = Vec::new();
                value.each_member(|member| {
                    names.push(member.name.text().into_owned());
                    names.len() < MOST
                });
                Got::Object(names, value.count())
            }
            Kind::Foreign => Got::Foreign,
        }
    }
}

/// What an object's or array's own schema and those beside it have looked at.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// A bit for each member, by position.
    members: Vec<u64>,
    all_members: bool,
    /// Items before this one.
    items: usize,
    /// A bit for each further item.
    more_items: Vec<u64>,
    all_items: bool,
}

impl Seen {
    fn mark(bits: &mut Vec<u64>, position: usize) {
        let word = position >> 6;
        if bits.len() <= word {
            bits.resize(word.saturating_add(1), 0);
        }
        if let Some(bits) = bits.get_mut(word) {
            *bits |= 1 << (position & 63);
        }
    }

    fn has(bits: &[u64], position: usize) -> bool {
        bits.get(position >> 6).is_some_and(|bits| bits >> (position & 63) & 1 == 1)
    }

    fn merge(&mut self, other: &Seen) {
        let join = |into: &mut Vec<u64>, from: &[u64]| {
            if into.len() < from.len() {
                into.resize(from.len(), 0);
            }
            into.iter_mut().zip(from).for_each(|(into, from)| *into |= from);
        };
        join(&mut self.members, &other.members);
        join(&mut self.more_items, &other.more_items);
        self.all_members |= other.all_members;
        self.all_items |= other.all_items;
        self.items = self.items.max(other.items);
    }
}

/// A step into a value.
enum Segment<'s, I> {
    Name(&'s I),
    Index(usize),
}

pub(super) struct Run<'p> {
    program: &'p Program,
    work: u64,
    depth: u32,
    /// Resources on the way here, outermost first, where references depend on it.
    scope: Vec<u32>,
    /// Whether findings are written down. Without, the first one ends the run.
    collects: bool,
    found: Vec<Found>,
    /// JSON Pointer to where the run is, as long as it collects.
    path: String,
    /// Why nothing more is looked at.
    gave_up: Option<&'static str>,
}

impl<'p> Run<'p> {
    pub(super) fn new(program: &'p Program, collects: bool) -> Self {
        Run {
            program,
            work: MAX_WORK,
            depth: 0,
            scope: Vec::new(),
            collects,
            found: Vec::new(),
            path: String::new(),
            gave_up: None,
        }
    }

    pub(super) fn root(&self) -> u32 {
        self.program.root
    }

    #[inline(always)]
    pub(super) fn rules(&self, id: u32) -> Option<&'p Rules> {
        self.program.nodes.get(id as usize)
    }

    /// Steps of work that are left.
    pub(super) fn work_left(&self) -> u64 {
        self.work
    }

    /// Takes back what was spent and found in vain.
    pub(super) fn take_back(&mut self, work_left: u64, found: usize) {
        self.work = work_left;
        self.found.truncate(found);
    }

    /// Goes one level deeper into the rules, if there may be one more.
    #[inline(always)]
    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            return self.give_up("too_deep");
        }
        self.depth = self.depth.wrapping_add(1);
        true
    }

    /// Comes back from it.
    #[inline(always)]
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.wrapping_sub(1);
    }

    pub(super) fn is_valid<I: Instance>(program: &'p Program, value: &I) -> bool {
        let mut run = Run::new(program, false);
        run.check(program.root, value, None) && run.gave_up.is_none()
    }

    /// What is wrong; nothing if the value is valid.
    pub(super) fn findings<I: Instance>(program: &'p Program, value: &I) -> Vec<Found> {
        let mut quick = Run::new(program, false);
        if quick.check(program.root, value, None) && quick.gave_up.is_none() {
            return Vec::new();
        }
        let mut run = Run::new(program, true);
        // Each step takes longer, because paths are kept.
        run.work = MAX_WORK >> 2;
        if quick.gave_up.is_none() {
            run.check(program.root, value, None);
        }
        if run.found.is_empty() {
            let keyword = quick.gave_up.or(run.gave_up).unwrap_or_default();
            let got = Got::of(value);
            return vec![Found { path: String::new(), rules: program.root, keyword, got, names: Vec::new() }];
        }
        run.found
    }

    /// Writes down what is wrong with the value at a path, of which nothing was before.
    pub(super) fn collect<I: Instance>(&mut self, path: String, id: u32, value: &I) {
        self.path = path;
        self.collects = true;
        self.check(id, value, None);
        self.collects = false;
    }

    /// How much was found.
    #[inline(always)]
    pub(super) fn found(&self) -> usize {
        self.found.len()
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }

    /// Whether the run ended before it knew.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.is_some()
    }

    #[cold]
    #[inline(never)]
    fn find<I: Instance>(&mut self, rules: u32, keyword: &'static str, value: &I, names: Vec<String>) {
        if self.collects && self.found.len() < MAX_FOUND && self.gave_up.is_none() {
            let path = self.path.clone();
            // A text is kept in part, but may be kept often.
            let kept = path.len().saturating_add(value.length().min(MAX_KEPT)) as u64;
            if !self.spend(8_u64.saturating_add(kept >> BYTES_PER_STEP_LOG)) {
                return;
            }
            self.found.push(Found { path, rules, keyword, got: Got::of(value), names });
        }
    }

    #[cold]
    #[inline(never)]
    fn give_up(&mut self, keyword: &'static str) -> bool {
        self.gave_up.get_or_insert(keyword);
        false
    }

    /// Whether there is work left for so many steps.
    #[inline(always)]
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        match self.work.checked_sub(steps) {
            Some(left) => {
                self.work = left;
                true
            }
            None => {
                self.work = 0;
                self.give_up("too_much_work")
            }
        }
    }

    /// Whether there is work left to look at a value or a member's name once.
    #[inline(always)]
    fn spend_on<I: Instance>(&mut self, value: &I) -> bool {
        self.spend(steps_of(value))
    }

    /// Whether the run goes on after that.
    #[inline(always)]
    fn goes_on(&self, is_valid: bool) -> bool {
        is_valid || (self.collects && self.gave_up.is_none() && self.found.len() < MAX_FOUND)
    }

    /// The same without writing findings down.
    fn quietly(&mut self, check: impl FnOnce(&mut Self) -> bool) -> bool {
        let collects = core::mem::replace(&mut self.collects, false);
        let is_valid = check(self);
        self.collects = collects;
        is_valid
    }

    #[inline(always)]
    fn within<I: Instance>(&mut self, segment: Segment<'_, I>, id: u32, value: &I) -> bool {
        if self.collects { self.noting(&segment, id, value) } else { self.check(id, value, None) }
    }

    #[inline(never)]
    fn noting<I: Instance>(&mut self, segment: &Segment<'_, I>, id: u32, value: &I) -> bool {
        // The way to most values is never asked for.
        if !matches!(value.kind(), Kind::Array | Kind::Object) && self.quietly(|run| run.check(id, value, None)) {
            return true;
        }
        let outside = self.path.len();
        match segment {
            Segment::Name(name) => {
                let name = name.text();
                if !self.spend(name.len() as u64 >> BYTES_PER_STEP_LOG) {
                    return false;
                }
                push_name(&name, &mut self.path);
            }
            Segment::Index(index) => push_index(*index, &mut self.path),
        }
        let is_valid = self.check(id, value, None);
        self.path.truncate(outside);
        is_valid
    }

    /// Small, so that the many values without items and members cost little.
    #[inline(never)]
    pub(super) fn check<I: Instance>(&mut self, id: u32, value: &I, seen: Option<&mut Seen>) -> bool {
        let Some(rules) = self.rules(id) else { return false };
        let kind = value.kind();
        if rules.is_plain && !matches!(kind, Kind::Array | Kind::Object) {
            let is_valid = self.allows(rules, value, kind);
            if is_valid || !self.collects {
                return is_valid;
            }
        } else if !self.spend(1) {
            return false;
        }
        self.check_whole(id, rules, value, kind, seen)
    }

    #[inline(never)]
    fn check_whole<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p Rules,
        value: &I,
        kind: Kind,
        seen: Option<&mut Seen>,
    ) -> bool {
        if let Some(verdict) = rules.verdict {
            if !verdict {
                self.find(id, "false", value, Vec::new());
            }
            return verdict;
        }
        if !self.enter() {
            return false;
        }
        let enters = self.program.is_dynamic && self.scope.last() != Some(&rules.place.resource);
        if enters {
            self.scope.push(rules.place.resource);
        }
        let is_valid = self.apply(id, rules, value, kind, seen);
        if enters {
            self.scope.pop();
        }
        self.leave();
        is_valid
    }

    /// Whether plain rules have nothing against a value without items and members. What, is found by the others.
    #[inline(always)]
    pub(super) fn allows<I: Instance>(&mut self, rules: &Rules, value: &I, kind: Kind) -> bool {
        let is_listed = match &rules.values {
            None => kind != Kind::Foreign,
            Some(values) => self.is_among_texts(values.texts.as_deref().unwrap_or_default(), value, kind),
        };
        let steps = match (kind, &rules.number, &rules.string) {
            (Kind::Number, Some(rules), _) => steps_of_number(rules, value),
            (Kind::String, _, Some(_)) => steps_of(value),
            _ => 0,
        };
        if !is_listed || !self.spend(steps.wrapping_add(1)) || !self.has_type(rules, value, kind) {
            return false;
        }
        match (kind, &rules.number, &rules.string) {
            (Kind::Number, Some(rules), _) => with_number(value, |number| rules.allow(number)),
            (Kind::String, _, Some(rules)) => self.flaws(rules, &value.text()) == 0,
            _ => true,
        }
    }

    #[inline(always)]
    fn has_type<I: Instance>(&mut self, rules: &Rules, value: &I, kind: Kind) -> bool {
        let is_integer = |run: &mut Self| {
            kind == Kind::Number
                && rules.types & INTEGER != 0
                && run.spend_on(value)
                && with_number(value, |number| number.is_integer())
        };
        rules.types & type_bit(kind) != 0 || is_integer(self)
    }

    fn check_kind<I: Instance>(&mut self, id: u32, rules: &'p Rules, value: &I, kind: Kind) -> bool {
        if kind == Kind::Foreign {
            self.find(id, "not_json", value, Vec::new());
            return false;
        }
        if let Some(values) = &rules.values
            && !self.is_among(rules, values, value, kind)
        {
            self.find(id, if values.is_const { "const" } else { "enum" }, value, Vec::new());
            return false;
        }
        if !self.has_type(rules, value, kind) {
            // What else the schema says is meant for another type.
            self.find(id, "type", value, Vec::new());
            return false;
        }
        true
    }

    fn apply<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p Rules,
        value: &I,
        kind: Kind,
        seen: Option<&mut Seen>,
    ) -> bool {
        if !self.check_kind(id, rules, value, kind) {
            return false;
        }
        let tracks = match kind {
            Kind::Object => rules.unevaluated_properties != NONE,
            Kind::Array => rules.unevaluated_items != NONE,
            _ => false,
        };
        if tracks {
            return self.apply_tracking(id, rules, value, kind, seen);
        }
        self.apply_rules(id, rules, value, kind, seen)
    }

    #[inline(never)]
    fn apply_tracking<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p Rules,
        value: &I,
        kind: Kind,
        outer: Option<&mut Seen>,
    ) -> bool {
        let mut seen = Seen::default();
        let mut is_valid = self.apply_rules(id, rules, value, kind, Some(&mut seen));
        // What failed has evaluated nothing; telling of the rest as well would only confuse.
        if !is_valid {
            return false;
        }
        if kind == Kind::Object {
            is_valid = self.unevaluated_members(id, rules.unevaluated_properties, value, &seen);
            seen.all_members = true;
        } else {
            if !self.spend(value.count() as u64 >> 3) {
                return false;
            }
            for (index, item) in value.items().enumerate() {
                if seen.all_items || index < seen.items || Seen::has(&seen.more_items, index) {
                    continue;
                }
                is_valid &= self.within(Segment::Index(index), rules.unevaluated_items, &item);
                if !self.goes_on(is_valid) {
                    break;
                }
            }
            seen.all_items = true;
        }
        if let Some(outer) = outer.filter(|_| is_valid) {
            outer.merge(&seen);
        }
        is_valid
    }

    fn unevaluated_members<I: Instance>(&mut self, id: u32, schema: u32, value: &I, seen: &Seen) -> bool {
        let forbids = self.forbids(schema);
        let (mut is_valid, mut position, mut unexpected) = (true, 0_usize, Vec::new());
        value.each_member(|Member { name, value: member }| {
            if !self.spend_on(name) {
                is_valid = false;
                return false;
            }
            if !seen.all_members && !Seen::has(&seen.members, position) {
                if forbids {
                    is_valid = false;
                    if self.collects && unexpected.len() < MAX_NAMES {
                        unexpected.push(name.text().into_owned());
                    }
                } else {
                    is_valid &= self.within(Segment::Name(name), schema, member);
                }
            }
            position = position.wrapping_add(1);
            self.goes_on(is_valid)
        });
        if !unexpected.is_empty() {
            self.find(id, "unevaluatedProperties", value, unexpected);
        }
        is_valid
    }

    pub(super) fn forbids(&self, id: u32) -> bool {
        self.rules(id).is_some_and(|rules| rules.verdict == Some(false))
    }

    fn apply_rules<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p Rules,
        value: &I,
        kind: Kind,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut is_valid = true;
        match kind {
            Kind::Number => {
                if let Some(rules) = &rules.number {
                    is_valid &= self.check_number(id, rules, value);
                }
            }
            Kind::String => {
                if let Some(rules) = &rules.string {
                    is_valid &= self.check_string(id, rules, value);
                }
            }
            Kind::Array => {
                if let Some(rules) = &rules.array {
                    is_valid &= self.check_array(id, rules, value, seen.as_deref_mut());
                }
            }
            Kind::Object => {
                if let Some(rules) = &rules.object {
                    is_valid &= self.check_object(id, rules, value, seen.as_deref_mut());
                }
            }
            _ => {}
        }
        for step in &rules.in_place {
            if !self.goes_on(is_valid) {
                break;
            }
            is_valid &= self.check_in_place(id, step, value, seen.as_deref_mut());
        }
        is_valid
    }

    #[inline(never)]
    fn is_among<I: Instance>(&mut self, rules: &Rules, values: &Values, value: &I, kind: Kind) -> bool {
        if let Some(texts) = &values.texts {
            return self.is_among_texts(texts, value, kind);
        }
        let place = rules.place;
        for token in &values.tokens {
            if let Some(expected) = self.program.sources.node(place.document, *token)
                && equal(value, &expected, &mut self.work, 0)
            {
                return true;
            }
            // Without work left, everything differs: that is no answer.
            if self.work == 0 {
                return self.give_up("too_much_work");
            }
        }
        false
    }

    #[inline(always)]
    fn is_among_texts<I: Instance>(&mut self, texts: &[Box<str>], value: &I, kind: Kind) -> bool {
        kind == Kind::String && self.spend_on(value) && has_text(texts, &value.text())
    }

    fn check_number<I: Instance>(&mut self, id: u32, rules: &NumberRules, value: &I) -> bool {
        let is_valid = self.spend(steps_of_number(rules, value)) && with_number(value, |number| rules.allow(number));
        if !is_valid && self.collects {
            self.find_numeric(id, rules, value);
        }
        is_valid
    }

    #[cold]
    #[inline(never)]
    fn find_numeric<I: Instance>(&mut self, id: u32, rules: &NumberRules, value: &I) {
        let violated = with_number(value, |number| {
            let beyond = |bound: &Option<Bound>, is_beyond: fn(Ordering) -> bool| {
                bound.as_ref().is_some_and(|bound| is_beyond(number.compare(bound.number())))
            };
            [
                ("minimum", beyond(&rules.minimum, Ordering::is_lt)),
                ("maximum", beyond(&rules.maximum, Ordering::is_gt)),
                ("exclusiveMinimum", beyond(&rules.above, Ordering::is_le)),
                ("exclusiveMaximum", beyond(&rules.below, Ordering::is_ge)),
                ("multipleOf", rules.divisor.is_some_and(|divisor| !divisor.divides(number))),
            ]
        });
        for (keyword, violated) in violated {
            if violated {
                self.find(id, keyword, value, Vec::new());
            }
        }
    }

    fn check_string<I: Instance>(&mut self, id: u32, rules: &StringRules, value: &I) -> bool {
        if !self.spend_on(value) {
            return false;
        }
        let flaws = self.flaws(rules, &value.text());
        for (bit, keyword) in ["minLength", "maxLength", "pattern", "format"].into_iter().enumerate() {
            if flaws >> bit & 1 == 1 {
                self.find(id, keyword, value, Vec::new());
            }
        }
        flaws == 0
    }

    /// What is wrong with a string: a bit for its being too short, too long, of another pattern, of another format.
    #[inline(never)]
    fn flaws(&mut self, rules: &StringRules, text: &str) -> u8 {
        let mut flaws = 0;
        if rules.least > 0 || rules.most.is_some() {
            // Characters are at most as many as bytes and at least a quarter of them.
            let bytes = text.len() as u64;
            let short = bytes < rules.least;
            let fits = rules.most.is_none_or(|most| bytes <= most) && bytes >> 2 >= rules.least;
            if short || !fits {
                let length = text.chars().count() as u64;
                let [too_short, too_long] = out_of_bounds(length, rules.least, rules.most);
                flaws |= u8::from(too_short) | u8::from(too_long) << 1;
            }
        }
        if let Some(pattern) = &rules.pattern
            && self.goes_on(flaws == 0)
            && !self.matches(pattern, text)
        {
            flaws |= 1 << 2;
        }
        if let Some(format) = rules.format
            && self.goes_on(flaws == 0)
            && !format.accepts(text, super::pattern::is_valid)
        {
            flaws |= 1 << 3;
        }
        flaws
    }

    fn matches(&mut self, pattern: &Pattern, text: &str) -> bool {
        match pattern.is_match(text, &mut self.work) {
            Ok(matches) => matches,
            Err(_) => self.give_up("too_much_work"),
        }
    }

    /// Whether there are neither too few nor too many of something.
    #[inline(always)]
    fn check_size<I: Instance>(
        &mut self,
        id: u32,
        value: &I,
        count: u64,
        (least, most): (u64, Option<u64>),
        keywords: [&'static str; 2],
    ) -> bool {
        let violated = out_of_bounds(count, least, most);
        for (keyword, is_violated) in keywords.into_iter().zip(violated) {
            if is_violated {
                self.find(id, keyword, value, Vec::new());
            }
        }
        violated == [false, false]
    }

    #[inline(never)]
    fn check_array<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p ArrayRules,
        value: &I,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let count = value.count() as u64;
        let mut is_valid = self.check_size(id, value, count, (rules.least, rules.most), ["minItems", "maxItems"]);
        if !self.goes_on(is_valid) {
            return false;
        }
        if rules.items != NONE || !rules.prefix.is_empty() {
            let forbids = rules.items != NONE && self.forbids(rules.items);
            for (index, item) in value.items().enumerate() {
                let schema = match rules.prefix.get(index) {
                    Some(schema) => *schema,
                    None if rules.items == NONE => break,
                    None if forbids => {
                        is_valid = false;
                        let most = rules.prefix.len().to_string();
                        self.find(id, rules.items_keyword, value, vec![most]);
                        break;
                    }
                    None => rules.items,
                };
                is_valid &= self.within(Segment::Index(index), schema, &item);
                if !self.goes_on(is_valid) {
                    return false;
                }
            }
            if let Some(seen) = seen.as_deref_mut() {
                seen.items = seen.items.max(rules.prefix.len());
                seen.all_items |= rules.items != NONE;
            }
        }
        if rules.contains != NONE {
            is_valid &= self.check_contains(id, rules, value, seen);
        }
        if rules.unique && self.goes_on(is_valid) {
            if let Some((one, other)) = twins(value, &mut self.work) {
                is_valid = false;
                self.find(id, "uniqueItems", value, vec![one.to_string(), other.to_string()]);
            }
            if self.work == 0 {
                return self.give_up("too_much_work");
            }
        }
        is_valid
    }

    #[inline(never)]
    fn check_contains<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p ArrayRules,
        value: &I,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut matching: u64 = 0;
        for (index, item) in value.items().enumerate() {
            if self.quietly(|run| run.check(rules.contains, &item, None)) {
                matching = matching.wrapping_add(1);
                if let Some(seen) = seen.as_deref_mut().filter(|_| rules.contains_evaluates) {
                    Seen::mark(&mut seen.more_items, index);
                }
                if seen.is_none() && rules.contains_most.is_none() && matching >= rules.contains_least {
                    break;
                }
            }
            if self.gave_up.is_some() {
                return false;
            }
        }
        let keyword = match (matching < rules.contains_least, rules.contains_most) {
            (true, _) if rules.contains_least == 1 => "contains",
            (true, _) => "minContains",
            (false, Some(most)) if matching > most => "maxContains",
            _ => return true,
        };
        self.find(id, keyword, value, Vec::new());
        false
    }

    #[inline(never)]
    fn check_object<I: Instance>(
        &mut self,
        id: u32,
        rules: &'p ObjectRules,
        value: &I,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let count = value.count() as u64;
        let mut is_valid =
            self.check_size(id, value, count, (rules.least, rules.most), ["minProperties", "maxProperties"]);
        if !self.goes_on(is_valid) {
            return false;
        }
        let mut present = Present::new(rules.names.entries.len());
        let (mut hint, mut position) = (0_usize, 0_usize);
        let mut unexpected: Vec<String> = Vec::new();
        let forbids = rules.additional != NONE && self.forbids(rules.additional);
        let needs_all = !rules.patterns.is_empty() || rules.additional != NONE || rules.property_names != NONE;
        if needs_all || !rules.names.entries.is_empty() {
            if !self.spend(count) {
                return false;
            }
            value.each_member(|Member { name, value: member }| {
                // To tell a long name from another one of its hash takes a while.
                if name.length() > LONG_NAME && !self.spend_on(name) {
                    is_valid = false;
                    return false;
                }
                let mut is_evaluated = false;
                if let Some(index) = rules.names.find(name, hint) {
                    hint = index.wrapping_add(1);
                    present.mark(index);
                    if let Some(entry) = rules.names.entries.get(index)
                        && entry.schema != NONE
                    {
                        is_evaluated = true;
                        is_valid &= self.within(Segment::Name(name), entry.schema, member);
                    }
                }
                if needs_all {
                    for (pattern, schema) in &rules.patterns {
                        if self.goes_on(is_valid) && self.spend_on(name) && self.matches(pattern, &name.text()) {
                            is_evaluated = true;
                            is_valid &= self.within(Segment::Name(name), *schema, member);
                        }
                    }
                    if !is_evaluated && rules.additional != NONE {
                        is_evaluated = true;
                        if forbids {
                            is_valid = false;
                            if self.collects && unexpected.len() < MAX_NAMES {
                                unexpected.push(name.text().into_owned());
                            }
                        } else {
                            is_valid &= self.within(Segment::Name(name), rules.additional, member);
                        }
                    }
                    if rules.property_names != NONE
                        && self.goes_on(is_valid)
                        && !self.quietly(|run| run.check(rules.property_names, name, None))
                    {
                        is_valid = false;
                        self.find(id, "propertyNames", value, vec![name.text().into_owned()]);
                    }
                }
                if is_evaluated && let Some(seen) = seen.as_deref_mut() {
                    Seen::mark(&mut seen.members, position);
                }
                position = position.wrapping_add(1);
                self.goes_on(is_valid)
            });
        }
        if !unexpected.is_empty() {
            self.find(id, "additionalProperties", value, unexpected);
        }
        if !self.goes_on(is_valid) || self.gave_up.is_some() {
            return false;
        }
        is_valid &= self.check_presence(id, rules, value, &present);
        for (name, schema) in &rules.dependent_schemas {
            if present.has(*name) && self.goes_on(is_valid) {
                is_valid &= self.check(*schema, value, seen.as_deref_mut());
            }
        }
        is_valid
    }

    #[inline(always)]
    pub(super) fn check_presence<I: Instance>(
        &mut self,
        id: u32,
        rules: &ObjectRules,
        value: &I,
        present: &Present,
    ) -> bool {
        let mut is_valid = true;
        if !rules.required.iter().all(|name| present.has(*name)) {
            is_valid = false;
            self.find_missing(id, "required", rules, &rules.required, present, value);
        }
        for (name, needed) in &rules.dependent_required {
            if present.has(*name) && !needed.iter().all(|name| present.has(*name)) {
                is_valid = false;
                let keyword = if rules.dependencies { "dependencies" } else { "dependentRequired" };
                self.find_missing(id, keyword, rules, needed, present, value);
            }
        }
        is_valid
    }

    #[cold]
    #[inline(never)]
    fn find_missing<I: Instance>(
        &mut self,
        id: u32,
        keyword: &'static str,
        rules: &ObjectRules,
        needed: &[u32],
        present: &Present,
        value: &I,
    ) {
        if self.collects {
            let missing = needed.iter().filter(|name| !present.has(**name));
            let names = missing
                .filter_map(|name| rules.names.entries.get(*name as usize))
                .map(|entry| entry.name.to_string())
                .take(MAX_NAMES)
                .collect();
            self.find(id, keyword, value, names);
        }
    }

    #[inline(never)]
    fn check_in_place<I: Instance>(
        &mut self,
        id: u32,
        step: &'p InPlace,
        value: &I,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        match step {
            InPlace::Ref(target) => self.check(*target, value, seen),
            InPlace::DynamicRef(name, initial) => {
                // Each resource on the way is asked.
                if !self.spend(self.scope.len() as u64) {
                    return false;
                }
                let target = self.dynamic_target(name).unwrap_or(*initial);
                self.check(target, value, seen)
            }
            InPlace::AllOf(branches) => {
                let mut is_valid = true;
                for branch in branches {
                    is_valid &= self.check(*branch, value, seen.as_deref_mut());
                    if !self.goes_on(is_valid) {
                        break;
                    }
                }
                is_valid
            }
            InPlace::AnyOf(branches) => self.check_branches(id, branches, false, value, seen),
            InPlace::OneOf(branches) => self.check_branches(id, branches, true, value, seen),
            InPlace::Not(schema) => {
                let is_valid = !self.quietly(|run| run.check(*schema, value, None));
                if !is_valid {
                    self.find(id, "not", value, Vec::new());
                }
                is_valid && self.gave_up.is_none()
            }
            InPlace::If { test, then, otherwise } => {
                let mut inner = seen.is_some().then(Seen::default);
                let holds = self.quietly(|run| run.check(*test, value, inner.as_mut()));
                if self.gave_up.is_some() {
                    return false;
                }
                if let (true, Some(seen), Some(inner)) = (holds, seen.as_deref_mut(), &inner) {
                    seen.merge(inner);
                }
                let next = if holds { *then } else { *otherwise };
                next == NONE || self.check(next, value, seen)
            }
        }
    }

    /// The outermost schema on the way here that has the anchor.
    fn dynamic_target(&self, name: &str) -> Option<u32> {
        let sources = &self.program.sources;
        let place = self.scope.iter().find_map(|resource| sources.dynamic_anchor(*resource, name))?;
        self.program.by_place(place)
    }

    #[inline(never)]
    fn check_branches<I: Instance>(
        &mut self,
        id: u32,
        branches: &'p [u32],
        only_one: bool,
        value: &I,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut matching: usize = 0;
        let outer = core::mem::take(&mut self.found);
        let mut nearest = Nearest::default();
        for branch in branches {
            let mut inner = seen.is_some().then(Seen::default);
            let is_valid = self.check(*branch, value, inner.as_mut());
            if self.gave_up.is_some() {
                break;
            }
            let found = core::mem::take(&mut self.found);
            if is_valid {
                matching = matching.wrapping_add(1);
                if let (Some(seen), Some(inner)) = (seen.as_deref_mut(), &inner) {
                    seen.merge(inner);
                }
                if !only_one && seen.is_none() || only_one && matching > 1 {
                    break;
                }
            } else if self.collects {
                nearest.consider(found, self.path.matches('/').count());
            }
        }
        self.found = outer;
        if self.gave_up.is_some() {
            return false;
        }
        let is_valid = if only_one { matching == 1 } else { matching > 0 };
        if !is_valid && self.collects {
            let keyword = if only_one { "oneOf" } else { "anyOf" };
            match nearest.found().filter(|_| matching == 0) {
                Some(found) => self.found.extend(found.into_iter().take(MAX_FOUND.saturating_sub(self.found.len()))),
                None => {
                    let names = if matching > 1 { vec![matching.to_string()] } else { Vec::new() };
                    self.find(id, keyword, value, names);
                }
            }
        }
        is_valid
    }
}

/// Whether there are too few of something, and whether there are too many.
#[inline(always)]
pub(super) fn out_of_bounds(count: u64, least: u64, most: Option<u64>) -> [bool; 2] {
    [count < least, most.is_some_and(|most| count > most)]
}

/// Whether a text is among those of an `enum` or a `const`.
#[inline(never)]
fn has_text(texts: &[Box<str>], wanted: &str) -> bool {
    if texts.len() > FEW_NAMES {
        return texts.binary_search_by(|text| (**text).cmp(wanted)).is_ok();
    }
    texts.iter().any(|text| **text == *wanted)
}

/// How much work it is to look at a value or a member's name once.
#[inline(always)]
fn steps_of<I: Instance>(value: &I) -> u64 {
    1_u64.wrapping_add(value.length() as u64 >> BYTES_PER_STEP_LOG)
}

#[inline(always)]
fn steps_of_number<I: Instance>(rules: &NumberRules, value: &I) -> u64 {
    // To divide takes a while for each digit.
    let divides = rules.divisor.is_some() && value.length() > SHORT_NUMBER;
    steps_of(value).wrapping_add(if divides { value.length() as u64 } else { 0 })
}

/// One step more of a JSON Pointer, to a member.
pub(super) fn push_name(name: &str, path: &mut String) {
    path.push('/');
    push_pointer_token(name, path);
}

/// And to an item.
pub(super) fn push_index(index: usize, path: &mut String) {
    fn push_decimal(number: usize, path: &mut String) {
        if number >= 10 {
            push_decimal(number / 10, path);
        }
        path.push(char::from(b'0'.wrapping_add((number % 10) as u8)));
    }
    path.push('/');
    push_decimal(index, path);
}

/// What is wrong with the branch that the value was most likely meant for, if one is clearly nearer than the others.
#[derive(Default)]
struct Nearest {
    best: Option<(usize, Vec<Found>)>,
    is_alone: bool,
}

impl Nearest {
    fn consider(&mut self, found: Vec<Found>, depth: usize) {
        let cost: usize = found
            .iter()
            .map(|found| {
                let below = found.path.matches('/').count().saturating_sub(depth);
                match found.keyword {
                    // Another type or another word altogether: not what was meant.
                    "type" | "enum" | "const" | "false" | "anyOf" | "oneOf" if below == 0 => 1_000,
                    // Mostly a tag that tells the branches apart.
                    "const" if below == 1 => 100,
                    _ => found.names.len().max(1),
                }
            })
            .sum();
        match &self.best {
            Some((best, _)) if cost > *best => {}
            Some((best, _)) if cost == *best => self.is_alone = false,
            _ => (self.best, self.is_alone) = (Some((cost, found)), true),
        }
    }

    fn found(self) -> Option<Vec<Found>> {
        let (cost, found) = self.best?;
        (cost < 1_000 && self.is_alone).then_some(found)
    }
}

/// Which names of a table an object has.
pub(super) struct Present {
    first: u64,
    more: Vec<u64>,
}

impl Present {
    /// Of at most 64 names, a bit for each.
    #[inline(always)]
    pub(super) fn of(names: u64) -> Self {
        Present { first: names, more: Vec::new() }
    }

    #[inline(always)]
    pub(super) fn new(names: usize) -> Self {
        Present { first: 0, more: if names > 64 { vec![0; names >> 6] } else { Vec::new() } }
    }

    #[inline(always)]
    pub(super) fn mark(&mut self, index: usize) {
        let bit = 1 << (index & 63);
        match (index >> 6).checked_sub(1) {
            None => self.first |= bit,
            Some(word) => {
                if let Some(bits) = self.more.get_mut(word) {
                    *bits |= bit;
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn has(&self, index: u32) -> bool {
        let bits = match (index as usize >> 6).checked_sub(1) {
            None => self.first,
            Some(word) => self.more.get(word).copied().unwrap_or(0),
        };
        bits >> (index & 63) & 1 == 1
    }
}
