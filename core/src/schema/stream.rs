//! The verdict while the text is read: where every token need be looked at only once, no tape is made.
//!
//! What a number or a string must be decides [`Run`], here as for any other value. Whatever asks for a value as a
//! whole, or has members that the schema does not name, is read to a tape from its beginning and handed to it.

use std::borrow::Cow;

use super::compile::{ArrayRules, NONE, ObjectRules, Program, Reading, Rules, type_bit};
use super::instance::{Instance, Kind, Member};
use super::validate::{Found, Present, Run, out_of_bounds, push_index, push_name};
use crate::json::tape::{Cursor, Node, Scalar, Tape, Token, decode, read_value};
use crate::json::{Limits, MAX_DEPTH};

/// So often a value may be begun in vain. After that the whole document goes to a tape, lest values within values are
/// read again and again.
const MOST_RETURNS: u32 = 16;

/// What was found out.
pub(super) enum Verdict {
    Valid,
    /// What is wrong, if that was asked for.
    Invalid(Vec<Found>),
    /// It is no JSON, or not within the limits.
    Unreadable,
    /// It has to be judged on a tape.
    Unknown,
}

/// Judges a text, and writes down what is wrong if it `collects`; `tokens` is memory that is used again.
pub(super) fn read(program: &Program, text: &str, limits: Limits, tokens: &mut Vec<Token>, collects: bool) -> Verdict {
    if text.len() > limits.bytes {
        return Verdict::Unreadable;
    }
    // References that depend on the way would need the way; and a shorter text has no more values than it may.
    if program.is_dynamic || text.len() > limits.values {
        return Verdict::Unknown;
    }
    let run = Run::new(program, false);
    let way = Vec::new();
    let mut stream = Stream { run, text, at: 0, limits, tokens, depth: 0, returns: 0, collects, way };
    let read = stream.document();
    if stream.run.gave_up() {
        return Verdict::Unknown;
    }
    match read {
        Ok(()) if stream.run.found() == 0 => Verdict::Valid,
        Ok(()) => Verdict::Invalid(stream.run.into_found()),
        Err(Stop::Invalid) => Verdict::Invalid(Vec::new()),
        Err(Stop::Unreadable) => Verdict::Unreadable,
        Err(Stop::Unknown) => Verdict::Unknown,
    }
}

/// Why nothing more is read.
enum Stop {
    Invalid,
    Unreadable,
    Unknown,
}

/// A step into a value.
#[derive(Clone, Copy)]
enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

struct Stream<'p, 't, 'm> {
    /// Collects only while it looks at what is known to be wrong.
    run: Run<'p>,
    text: &'t str,
    /// Where the next value begins, or the last one ended.
    at: usize,
    limits: Limits,
    tokens: &'m mut Vec<Token>,
    depth: usize,
    /// How many values were begun in vain.
    returns: u32,
    /// Whether what is wrong is written down. Without, the first of it ends the reading.
    collects: bool,
    /// To where it is, if it collects.
    way: Vec<Step<'p>>,
}

impl<'p> Stream<'p, '_, '_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.value(self.run.root())?;
        let mut cursor = Cursor::new(self.text, self.at);
        cursor.skip_space();
        readable(cursor.at == self.text.len())
    }

    /// Reads a value that the rules are for.
    fn value(&mut self, id: u32) -> Result<(), Stop> {
        let mut cursor = Cursor::new(self.text, self.at);
        let byte = cursor.skip_space();
        let Some(rules) = self.run.rules(id) else { return Err(Stop::Unknown) };
        if matches!(byte, b'{' | b'[') {
            self.at = cursor.at;
            return self.container(id, rules, byte == b'{');
        }
        let Ok(scalar) = cursor.scalar(byte, self.limits) else { return Err(Stop::Unreadable) };
        self.at = cursor.at;
        let spelled = Spelled { scalar, text: self.text };
        if rules.is_plain && self.run.allows(rules, &spelled, scalar.kind) {
            return Ok(());
        }
        self.by_rules(id, scalar)
    }

    /// Has all rules judge a scalar.
    #[inline(never)]
    fn by_rules(&mut self, id: u32, scalar: Scalar) -> Result<(), Stop> {
        let token = scalar.token();
        let value = Tape::of(self.text, &token).root();
        judge(&mut self.run, id, &value, self.collects, &self.way)
    }

    fn container(&mut self, id: u32, rules: &'p Rules, is_object: bool) -> Result<(), Stop> {
        if rules.reading == Reading::Whole {
            return self.by_tape(id);
        }
        readable(self.depth < MAX_DEPTH)?;
        // A tape's run counts depth and steps in the same way, so that both ways end at the same values.
        if !self.run.spend(1) || !self.run.enter() {
            return Err(Stop::Unknown);
        }
        let (at, depth, work) = (self.at, self.depth, self.run.work_left());
        let (found, steps) = (self.run.found(), self.way.len());
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let is_judged = match (rules.reading, &rules.object, &rules.array) {
            (Reading::Like(target), ..) => self.value(target).map(|()| true),
            _ if rules.types & type_bit(kind) == 0 => self.as_a_whole(),
            (_, Some(rules), _) if is_object => self.object(id, rules),
            (_, _, Some(rules)) if !is_object => self.array(rules),
            _ => Ok(false),
        };
        self.run.leave();
        if is_judged? {
            return Ok(());
        }
        self.returns = self.returns.wrapping_add(1);
        if self.returns > MOST_RETURNS {
            return Err(Stop::Unknown);
        }
        (self.at, self.depth) = (at, depth);
        self.way.truncate(steps);
        self.run.take_back(work.wrapping_add(1), found);
        self.by_tape(id)
    }

    /// Where something is wrong with a container: what, is found out on a tape.
    fn as_a_whole(&self) -> Result<bool, Stop> {
        if self.collects { Ok(false) } else { Err(Stop::Invalid) }
    }

    /// Reads a value to the tape and has it judged there.
    #[inline(never)]
    fn by_tape(&mut self, id: u32) -> Result<(), Stop> {
        let cursor = Cursor::new(self.text, self.at);
        let Some((tape, at)) = read_value(cursor, self.depth, self.limits, self.tokens) else {
            return Err(Stop::Unreadable);
        };
        self.at = at;
        judge(&mut self.run, id, &tape.root(), self.collects, &self.way)
    }

    /// Reads an array; whether it could be judged.
    fn array(&mut self, rules: &'p ArrayRules) -> Result<bool, Stop> {
        let mut count: u64 = 0;
        if !self.open(b']') {
            loop {
                self.goes_to(Step::Index(count as usize));
                self.value(rules.items)?;
                count = count.wrapping_add(1);
                let mut cursor = Cursor::new(self.text, self.at);
                if !is_followed(&mut cursor, b']')? {
                    self.close(cursor);
                    break;
                }
                self.at = cursor.at;
            }
        }
        let is_valid = out_of_bounds(count, rules.least, rules.most) == [false, false];
        if is_valid { Ok(true) } else { self.as_a_whole() }
    }

    /// Reads an object; whether it could be judged.
    fn object(&mut self, id: u32, rules: &'p ObjectRules) -> Result<bool, Stop> {
        let mut present: u64 = 0;
        let mut count: u64 = 0;
        if !self.open(b'}') {
            let mut cursor = Cursor::new(self.text, self.at);
            let mut hint: usize = 0;
            loop {
                readable(cursor.peek() == b'"')?;
                cursor.step();
                let index = match rules.names.entries.get(hint) {
                    Some(name) if name.begins(cursor.rest()) => {
                        cursor.at = cursor.at.wrapping_add(name.name.len()).wrapping_add(2);
                        hint
                    }
                    _ => match self.name(&mut cursor, rules)? {
                        Some(index) => index,
                        None => return Ok(false),
                    },
                };
                let name = rules.names.entries.get(index).filter(|name| name.schema != NONE);
                let Some(name) = name else { return Ok(false) };
                let bit = 1_u64.wrapping_shl(index as u32);
                readable(present & bit == 0)?;
                present |= bit;
                hint = index.wrapping_add(1);
                self.at = cursor.at;
                self.goes_to(Step::Name(&name.name));
                self.value(name.schema)?;
                count = count.wrapping_add(1);
                cursor.at = self.at;
                if !is_followed(&mut cursor, b'}')? {
                    break;
                }
                cursor.skip_space();
            }
            self.close(cursor);
        }
        let is_valid = out_of_bounds(count, rules.least, rules.most) == [false, false]
            && self.run.spend(count)
            && self.run.check_presence(id, rules, &Node::absent(), &Present::of(present));
        if is_valid { Ok(true) } else { self.as_a_whole() }
    }

    /// Reads a member's name that is not the likeliest, and the colon. None if the object has to be seen as a whole.
    #[inline(never)]
    fn name(&mut self, cursor: &mut Cursor<'_>, rules: &ObjectRules) -> Result<Option<usize>, Stop> {
        let Ok(token) = cursor.name(self.limits.lenient) else { return Err(Stop::Unreadable) };
        readable(cursor.skip_space() == b':')?;
        cursor.step();
        if token.is_escaped() {
            return Ok(None);
        }
        let name = Tape::of(self.text, &token).root();
        let index = rules.names.look_up(&name);
        let is_forbidden = index.is_none() && rules.additional != NONE && self.run.forbids(rules.additional);
        if is_forbidden && !self.collects { Err(Stop::Invalid) } else { Ok(index) }
    }

    /// Steps over the bracket that opens. Whether the container is empty; then it is closed, too.
    #[inline(always)]
    fn open(&mut self, closing: u8) -> bool {
        self.depth = self.depth.wrapping_add(1);
        let mut cursor = Cursor::new(self.text, self.at);
        cursor.step();
        let is_empty = cursor.skip_space() == closing;
        self.at = cursor.at;
        if self.collects {
            self.way.push(Step::Index(0));
        }
        if is_empty {
            self.close(cursor);
        }
        is_empty
    }

    /// Notes which member or item comes next.
    #[inline(always)]
    fn goes_to(&mut self, step: Step<'p>) {
        if let Some(last) = self.way.last_mut() {
            *last = step;
        }
    }

    /// Steps over the bracket that closes.
    #[inline(always)]
    fn close(&mut self, mut cursor: Cursor<'_>) {
        cursor.step();
        self.at = cursor.at;
        self.depth = self.depth.wrapping_sub(1);
        self.way.pop();
    }
}

/// Judges a value; what is wrong with it is written down if that `collects`.
fn judge(run: &mut Run<'_>, id: u32, value: &Node<'_>, collects: bool, way: &[Step<'_>]) -> Result<(), Stop> {
    if run.check(id, value, None) {
        return Ok(());
    }
    if !collects {
        return Err(Stop::Invalid);
    }
    let mut path = String::new();
    for step in way {
        match step {
            Step::Name(name) => push_name(name, &mut path),
            Step::Index(index) => push_index(*index, &mut path),
        }
    }
    run.collect(path, id, value);
    Ok(())
}

/// Whether another member or item follows, behind the comma, or the bracket that closes.
#[inline(always)]
fn is_followed(cursor: &mut Cursor<'_>, closing: u8) -> Result<bool, Stop> {
    let byte = cursor.skip_space();
    if byte == b',' {
        cursor.step();
        return Ok(true);
    }
    if byte == closing { Ok(false) } else { Err(Stop::Unreadable) }
}

#[inline(always)]
fn readable(is_readable: bool) -> Result<(), Stop> {
    if is_readable { Ok(()) } else { Err(Stop::Unreadable) }
}

/// A value without items and members where it stands in its text.
#[derive(Clone)]
struct Spelled<'t> {
    scalar: Scalar,
    text: &'t str,
}

impl<'t> Spelled<'t> {
    #[inline(always)]
    fn raw(&self) -> &'t str {
        self.text.get(self.scalar.start as usize..self.scalar.end as usize).unwrap_or_default()
    }
}

impl Instance for Spelled<'_> {
    #[inline(always)]
    fn kind(&self) -> Kind {
        self.scalar.kind
    }

    fn count(&self) -> usize {
        0
    }

    #[inline(always)]
    fn text(&self) -> Cow<'_, str> {
        match self.scalar {
            Scalar { kind: Kind::String, rich: true, .. } => Cow::Owned(decode(self.raw())),
            Scalar { kind: Kind::String, .. } => Cow::Borrowed(self.raw()),
            _ => Cow::Borrowed(""),
        }
    }

    #[inline(always)]
    fn is_text(&self, text: &str) -> bool {
        self.scalar.kind == Kind::String && *self.text() == *text
    }

    #[inline(always)]
    fn short(&self) -> Option<(i64, u32)> {
        (!self.scalar.rich).then_some((self.scalar.value, self.scalar.scale))
    }

    fn number_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.raw())
    }

    #[inline(always)]
    fn length(&self) -> usize {
        match self.scalar.kind {
            Kind::String | Kind::Number => self.scalar.end.wrapping_sub(self.scalar.start) as usize,
            _ => 0,
        }
    }

    fn items(&self) -> impl Iterator<Item = Self> {
        core::iter::empty()
    }

    fn each_member(&self, _: impl FnMut(Member<'_, Self>) -> bool) {}
}
