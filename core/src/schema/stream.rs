//! The verdict while the text is read: where every token need be looked at only once, no tape is made.
//!
//! What a number or a string must be decides [`Run`], here as for any other value. Whatever asks for a value as a
//! whole, or has members that the schema does not name, is read to a tape from its beginning and handed to it.

use std::borrow::Cow;

use super::compile::{ArrayRules, NONE, ObjectRules, Program, Reading, Rules, type_bit};
use super::instance::{Instance, Kind, Member};
use super::validate::{Present, Run};
use crate::json::tape::{Cursor, Node, Scalar, Tape, Token, decode, read_value};
use crate::json::{Limits, MAX_DEPTH};

/// So often a value may be begun in vain. After that the whole document goes to a tape, lest values within values are
/// read again and again.
const MOST_RETURNS: u32 = 16;

/// What was found out.
pub(super) enum Verdict {
    Valid,
    /// All values that end before this place of the text are as they must be.
    Invalid(usize),
    /// The work that is allowed does not suffice.
    Unknown,
}

/// Judges a text; `tokens` is memory that is used again.
pub(super) fn verdict(program: &Program, text: &str, limits: Limits, tokens: &mut Vec<Token>) -> Verdict {
    if text.len() > limits.bytes {
        return Verdict::Invalid(0);
    }
    // References that depend on the way would need the way; and a shorter text has no more values than it may.
    let needs_tape = program.is_dynamic || text.len() > limits.values;
    for returns_left in [if needs_tape { 0 } else { MOST_RETURNS }, 0] {
        let run = Run::new(program, false);
        let mut stream = Stream { run, text, at: 0, limits, tokens, depth: 0, returns_left };
        match stream.document() {
            Err(Stop::TooManyReturns) => {}
            _ if stream.run.gave_up() => return Verdict::Unknown,
            Ok(()) => return Verdict::Valid,
            Err(Stop::Invalid) => return Verdict::Invalid(stream.at),
        }
    }
    Verdict::Unknown
}

/// Why nothing more is read.
enum Stop {
    Invalid,
    TooManyReturns,
}

struct Stream<'p, 't, 'm> {
    run: Run<'p>,
    text: &'t str,
    /// Where the next value begins, or the last one that is valid ended.
    at: usize,
    limits: Limits,
    tokens: &'m mut Vec<Token>,
    depth: usize,
    returns_left: u32,
}

impl<'p> Stream<'p, '_, '_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.value(self.run.root())?;
        let mut cursor = Cursor::new(self.text, self.at);
        cursor.skip_space();
        valid(cursor.at == self.text.len())
    }

    /// Reads a value that the rules are for.
    fn value(&mut self, id: u32) -> Result<(), Stop> {
        let mut cursor = Cursor::new(self.text, self.at);
        let byte = cursor.skip_space();
        self.at = cursor.at;
        let Some(rules) = self.run.rules(id) else { return Err(Stop::Invalid) };
        if matches!(byte, b'{' | b'[') {
            return self.container(id, rules, byte == b'{');
        }
        let Ok(scalar) = cursor.scalar(byte, self.limits) else { return Err(Stop::Invalid) };
        if rules.is_plain {
            let spelled = Spelled { scalar, text: self.text };
            valid(self.run.spend(1) && self.run.check_plain(id, rules, &spelled, scalar.kind))?;
        } else {
            self.by_rules(id, scalar)?;
        }
        self.at = cursor.at;
        Ok(())
    }

    /// Has all rules judge a scalar.
    #[inline(never)]
    fn by_rules(&mut self, id: u32, scalar: Scalar) -> Result<(), Stop> {
        let token = scalar.token();
        valid(self.run.check(id, &Tape::of(self.text, &token).root(), None))
    }

    fn container(&mut self, id: u32, rules: &'p Rules, is_object: bool) -> Result<(), Stop> {
        if self.returns_left == 0 || rules.reading == Reading::Whole {
            return self.by_tape(id);
        }
        // A tape's run counts depth and steps in the same way, so that both ways end at the same values.
        if self.depth >= MAX_DEPTH || !self.run.enter() {
            return Err(Stop::Invalid);
        }
        let (at, depth, work) = (self.at, self.depth, self.run.work_left());
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let read = match (rules.reading, &rules.object, &rules.array) {
            (Reading::Like(target), ..) => self.value(target).map(|()| true),
            _ if rules.types & type_bit(kind) == 0 => Err(Stop::Invalid),
            (_, Some(rules), _) if is_object => self.object(id, rules),
            (_, _, Some(rules)) if !is_object => self.array(rules),
            _ => Ok(false),
        };
        self.run.leave();
        if read? {
            return Ok(());
        }
        self.returns_left = self.returns_left.checked_sub(1).ok_or(Stop::TooManyReturns)?;
        (self.at, self.depth) = (at, depth);
        self.run.set_work_left(work.wrapping_add(1));
        self.by_tape(id)
    }

    /// Reads a value to the tape and has it judged there.
    #[inline(never)]
    fn by_tape(&mut self, id: u32) -> Result<(), Stop> {
        let cursor = Cursor::new(self.text, self.at);
        let Some((tape, at)) = read_value(cursor, self.depth, self.limits, self.tokens) else {
            return Err(Stop::Invalid);
        };
        valid(self.run.check(id, &tape.root(), None))?;
        self.at = at;
        Ok(())
    }

    /// Reads an array; whether it could be judged.
    fn array(&mut self, rules: &'p ArrayRules) -> Result<bool, Stop> {
        let start = self.at;
        let mut count: u64 = 0;
        if !self.open(b']') {
            loop {
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
        let is_valid = count >= rules.least && rules.most.is_none_or(|most| count <= most);
        self.ends(is_valid, start)
    }

    /// Reads an object; whether it could be judged.
    fn object(&mut self, id: u32, rules: &'p ObjectRules) -> Result<bool, Stop> {
        let start = self.at;
        let mut present: u64 = 0;
        let mut count: u64 = 0;
        if !self.open(b'}') {
            let mut cursor = Cursor::new(self.text, self.at);
            let mut hint: usize = 0;
            loop {
                valid(cursor.peek() == b'"')?;
                cursor.step();
                let index = match rules.names.entries.get(hint) {
                    Some(name) if name.begins(cursor.rest()) => {
                        cursor.at = cursor.at.wrapping_add(name.name.len()).wrapping_add(1);
                        hint
                    }
                    _ => match self.name(&mut cursor, rules)? {
                        Some(index) => index,
                        None => return Ok(false),
                    },
                };
                let schema = rules.names.entries.get(index).map_or(NONE, |name| name.schema);
                if schema == NONE {
                    return Ok(false);
                }
                let bit = 1_u64.wrapping_shl(index as u32);
                valid(present & bit == 0 && cursor.skip_space() == b':')?;
                cursor.step();
                present |= bit;
                hint = index.wrapping_add(1);
                self.at = cursor.at;
                self.value(schema)?;
                count = count.wrapping_add(1);
                cursor.at = self.at;
                if !is_followed(&mut cursor, b'}')? {
                    break;
                }
                cursor.skip_space();
            }
            self.close(cursor);
        }
        let is_valid = count >= rules.least
            && rules.most.is_none_or(|most| count <= most)
            && self.run.spend(count)
            && self.run.check_presence(id, rules, &Node::absent(), &Present::of(present));
        self.ends(is_valid, start)
    }

    /// Has judged a container whose items or members are all valid.
    #[inline(always)]
    fn ends(&mut self, is_valid: bool, start: usize) -> Result<bool, Stop> {
        if is_valid {
            return Ok(true);
        }
        self.at = start;
        Err(Stop::Invalid)
    }

    /// Reads a member's name that is not the likeliest. None if the object has to be seen as a whole.
    #[inline(never)]
    fn name(&mut self, cursor: &mut Cursor<'_>, rules: &ObjectRules) -> Result<Option<usize>, Stop> {
        let Ok(token) = cursor.name(self.limits.lenient) else { return Err(Stop::Invalid) };
        if token.is_escaped() {
            return Ok(None);
        }
        let name = Tape::of(self.text, &token).root();
        let index = rules.names.look_up(&name);
        let is_forbidden = index.is_none() && rules.additional != NONE && self.run.forbids(rules.additional);
        if is_forbidden { Err(Stop::Invalid) } else { Ok(index) }
    }

    /// Steps over the bracket that opens. Whether the container is empty; then it is closed, too.
    #[inline(always)]
    fn open(&mut self, closing: u8) -> bool {
        self.depth = self.depth.wrapping_add(1);
        let mut cursor = Cursor::new(self.text, self.at);
        cursor.step();
        let is_empty = cursor.skip_space() == closing;
        self.at = cursor.at;
        if is_empty {
            self.close(cursor);
        }
        is_empty
    }

    /// Steps over the bracket that closes.
    #[inline(always)]
    fn close(&mut self, mut cursor: Cursor<'_>) {
        cursor.step();
        self.at = cursor.at;
        self.depth = self.depth.wrapping_sub(1);
    }
}

/// Whether another member or item follows, behind the comma, or the bracket that closes.
#[inline(always)]
fn is_followed(cursor: &mut Cursor<'_>, closing: u8) -> Result<bool, Stop> {
    let byte = cursor.skip_space();
    if byte == b',' {
        cursor.step();
        return Ok(true);
    }
    if byte == closing { Ok(false) } else { Err(Stop::Invalid) }
}

fn valid(is_valid: bool) -> Result<(), Stop> {
    if is_valid { Ok(()) } else { Err(Stop::Invalid) }
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
