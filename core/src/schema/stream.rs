//! The verdict while the text is read: where every token need be looked at only once, no tape is made.
//!
//! What a number or a string must be decides [`Run`], here as for any other value. Whatever asks for a value as a
//! whole, or has members that the schema does not name, is read to a tape from its beginning and handed to it.

use super::compile::{ArrayRules, NONE, Names, ObjectRules, Program, Reading, type_bit};
use super::instance::Kind;
use super::validate::{Present, Run};
use crate::json::tape::{Cursor, Node, Tape, Token, read_value};
use crate::json::{Limits, MAX_DEPTH};

/// So often a value may be begun in vain. After that the whole document goes to a tape, lest values within values are
/// read again and again.
const MOST_RETURNS: u32 = 16;
/// Members mostly come in the schema's order, with a few left out.
const LEFT_OUT: usize = 3;

/// Whether a text is a valid document; `tokens` is memory that is used again.
pub(super) fn is_valid(program: &Program, text: &str, limits: Limits, tokens: &mut Vec<Token>) -> bool {
    if text.len() > limits.bytes {
        return false;
    }
    // References that depend on the way would need the way.
    let first = if program.is_dynamic { 0 } else { MOST_RETURNS };
    for returns_left in [first, 0] {
        let cursor = Cursor::new(text, 0);
        let run = Run::new(program, false);
        let mut stream = Stream { run, cursor, limits, tokens, values: 0, depth: 0, returns_left };
        match stream.document() {
            Err(Stop::TooManyReturns) => {}
            verdict => return verdict.is_ok(),
        }
    }
    false
}

/// Why nothing more is read.
enum Stop {
    Invalid,
    TooManyReturns,
}

/// Which name stands in the text.
enum Named {
    Known(usize),
    Unknown,
    /// It has to be decoded first.
    Escaped,
}

struct Stream<'p, 't, 'm> {
    run: Run<'p>,
    /// Where the next value begins, or the last one ended.
    cursor: Cursor<'t>,
    limits: Limits,
    tokens: &'m mut Vec<Token>,
    /// And names.
    values: usize,
    depth: usize,
    returns_left: u32,
}

impl<'p> Stream<'p, '_, '_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.value(self.run.root())?;
        self.cursor.skip_space();
        valid(self.cursor.at == self.cursor.text.len())
    }

    /// Reads a value that the rules are for.
    fn value(&mut self, id: u32) -> Result<(), Stop> {
        let byte = self.cursor.skip_space();
        if matches!(byte, b'{' | b'[') {
            return self.container(id, byte == b'{');
        }
        let mut cursor = self.cursor;
        let Ok(token) = cursor.scalar(byte, self.limits) else { return Err(Stop::Invalid) };
        self.cursor = cursor;
        self.values = self.values.wrapping_add(1);
        valid(self.run.check(id, &Tape::of(self.cursor.text, &token).root(), None))
    }

    fn container(&mut self, id: u32, is_object: bool) -> Result<(), Stop> {
        let Some(rules) = self.run.rules(id) else { return Err(Stop::Invalid) };
        if self.returns_left == 0 || rules.reading == Reading::Whole {
            return self.by_tape(id);
        }
        // A tape's run counts depth and steps in the same way, so that both ways end at the same values.
        if self.depth >= MAX_DEPTH || !self.run.enter() {
            return Err(Stop::Invalid);
        }
        let before = (self.cursor, self.values, self.run.work_left());
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let read = match (rules.reading, &rules.object, &rules.array) {
            (Reading::Like(target), ..) => self.container(target, is_object).map(|()| true),
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
        (self.cursor, self.values) = (before.0, before.1);
        self.run.set_work_left(before.2);
        self.by_tape(id)
    }

    /// Reads a value to the tape and has it judged there.
    #[inline(never)]
    fn by_tape(&mut self, id: u32) -> Result<(), Stop> {
        let limits = Limits { values: self.limits.values.saturating_sub(self.values), ..self.limits };
        let read = read_value(self.cursor, self.depth, limits, self.tokens);
        let Some((tape, cursor)) = read else { return Err(Stop::Invalid) };
        self.cursor = cursor;
        self.values = self.values.saturating_add(tape.len());
        valid(self.run.check(id, &tape.root(), None))
    }

    /// Steps over the bracket that opens; whether the container is empty, and then over the one that closes it.
    #[inline(always)]
    fn open(&mut self, closing: u8) -> bool {
        self.values = self.values.wrapping_add(1);
        self.depth = self.depth.wrapping_add(1);
        self.cursor.step();
        let is_empty = self.cursor.skip_space() == closing;
        if is_empty {
            self.close();
        }
        is_empty
    }

    #[inline(always)]
    fn close(&mut self) {
        self.cursor.step();
        self.depth = self.depth.wrapping_sub(1);
    }

    /// Steps over what stands behind a member or an item; whether another one follows.
    #[inline(always)]
    fn next(&mut self, closing: u8) -> Result<bool, Stop> {
        let byte = self.cursor.skip_space();
        if byte == closing {
            self.close();
            return Ok(false);
        }
        valid(byte == b',' && self.values < self.limits.values)?;
        self.cursor.step();
        Ok(true)
    }

    /// Reads an array; whether it could be judged.
    fn array(&mut self, rules: &'p ArrayRules) -> Result<bool, Stop> {
        let mut count: u64 = 0;
        if !self.open(b']') {
            loop {
                self.value(rules.items)?;
                count = count.wrapping_add(1);
                if !self.next(b']')? {
                    break;
                }
            }
        }
        valid(count >= rules.least && rules.most.is_none_or(|most| count <= most))?;
        Ok(true)
    }

    /// Reads an object; whether it could be judged.
    fn object(&mut self, id: u32, rules: &'p ObjectRules) -> Result<bool, Stop> {
        let forbids = rules.additional != NONE && self.run.forbids(rules.additional);
        let mut present = Present::new(rules.names.entries.len());
        let mut hint: usize = 0;
        let mut count: u64 = 0;
        if !self.open(b'}') {
            loop {
                let index = match self.name(&rules.names, hint)? {
                    Named::Known(index) => index,
                    Named::Unknown if forbids => return Err(Stop::Invalid),
                    Named::Unknown | Named::Escaped => return Ok(false),
                };
                let Some(schema) = rules.names.entries.get(index).map(|entry| entry.schema) else { return Ok(false) };
                if schema == NONE {
                    return Ok(false);
                }
                valid(!present.has(index as u32))?;
                present.mark(index);
                hint = index.wrapping_add(1);
                self.value(schema)?;
                count = count.wrapping_add(1);
                if !self.next(b'}')? {
                    break;
                }
                self.cursor.skip_space();
            }
        }
        valid(count >= rules.least && rules.most.is_none_or(|most| count <= most) && self.run.spend(count))?;
        valid(self.run.check_presence(id, rules, &Node::absent(), &present))?;
        Ok(true)
    }

    /// Reads a member's name and the colon.
    #[inline(always)]
    fn name(&mut self, names: &Names, hint: usize) -> Result<Named, Stop> {
        let mut cursor = self.cursor;
        valid(cursor.peek() == b'"')?;
        cursor.step();
        let rest = cursor.rest();
        let likely = names.entries.get(hint..).unwrap_or_default().iter().take(LEFT_OUT);
        let mut found = None;
        for (further, entry) in likely.enumerate() {
            if entry.begins(rest) {
                cursor.at = cursor.at.wrapping_add(entry.name.len()).wrapping_add(1);
                found = Some(Named::Known(hint.wrapping_add(further)));
                break;
            }
        }
        let named = match found {
            Some(named) => named,
            None => self.look_up(&mut cursor, names)?,
        };
        valid(cursor.skip_space() == b':')?;
        cursor.step();
        self.cursor = cursor;
        self.values = self.values.wrapping_add(1);
        Ok(named)
    }

    #[inline(never)]
    fn look_up(&mut self, cursor: &mut Cursor<'_>, names: &Names) -> Result<Named, Stop> {
        let Ok(token) = cursor.name(self.limits.lenient) else { return Err(Stop::Invalid) };
        if token.is_escaped() {
            return Ok(Named::Escaped);
        }
        let name = Tape::of(self.cursor.text, &token).root();
        Ok(names.look_up(&name, token.hash()).map_or(Named::Unknown, Named::Known))
    }
}

fn valid(is_valid: bool) -> Result<(), Stop> {
    if is_valid { Ok(()) } else { Err(Stop::Invalid) }
}
