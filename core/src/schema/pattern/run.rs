//! The search.

use super::TooMuchWork;
use super::class::{Set, is_marked};
use super::parse::Place;
use super::program::{NONE, Op, Program, Straight};

/// The largest table of visited places, in bits.
const LARGEST_TABLE: usize = 64 * 1024 * 1024;
/// How many untried paths may wait.
const MOST_FRAMES: usize = 2 * 1024 * 1024;
/// Clearing this many words of the table is as much work as an instruction.
const WORDS_PER_STEP: u64 = 16;
/// Another engine's answer about a property is as much work as so many instructions.
const PROPERTY_STEPS: u64 = 64;
/// Marks a frame that is no path, but what a register was before.
const RESTORE: u32 = u32::MAX;

/// What is tried when a path ends: the instruction at the place, then at every place up to `until`. Or, if it is a
/// `RESTORE`, the register `until` becomes `at`.
#[derive(Clone, Copy)]
struct Frame {
    pc: u32,
    at: u32,
    until: u32,
}

struct Search<'p> {
    program: &'p Program,
    text: &'p str,
    /// For every row a bit for every place, and one for the row itself.
    table: Vec<u64>,
    row_length: usize,
    frames: Vec<Frame>,
    registers: Vec<u32>,
    work: u64,
}

pub(super) fn search(program: &Program, text: &str, work: &mut u64) -> Result<bool, TooMuchWork> {
    if let Some(straight) = &program.straight
        && let Some(found) = straight.is_match(text.as_bytes(), work)
    {
        return Ok(found);
    }
    let mut search = Search {
        program,
        text,
        table: Vec::new(),
        row_length: text.len().saturating_add(2),
        frames: Vec::new(),
        registers: Vec::new(),
        work: *work,
    };
    let found = search.search();
    // A budget that did not suffice is used up, whatever the last step would have cost.
    *work = if found.is_err() { 0 } else { search.work };
    found
}

impl Straight {
    /// Nothing is known if there is more than ASCII, or no work left.
    fn is_match(&self, text: &[u8], work: &mut u64) -> Option<bool> {
        let mut at: usize = 0;
        let mut matches = true;
        for piece in &self.pieces {
            let rest = text.get(at..).unwrap_or_default();
            let longest = rest.get(..piece.most as usize).unwrap_or(rest);
            let count = longest.iter().position(|byte| !is_marked(&piece.ascii, *byte)).unwrap_or(longest.len());
            if longest.get(count).is_some_and(|byte| !byte.is_ascii()) {
                return None;
            }
            at = at.wrapping_add(count);
            if count < piece.least as usize {
                matches = false;
                break;
            }
        }
        *work = work.checked_sub(self.pieces.len().wrapping_add(at) as u64)?;
        Some(matches && (!self.to_end || at == text.len()))
    }
}

fn as_place(at: usize) -> u32 {
    // Longer texts are refused before.
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Search<'_> {
    fn search(&mut self) -> Result<bool, TooMuchWork> {
        if self.text.len() >= (RESTORE as usize).wrapping_shr(1) {
            return Err(TooMuchWork);
        }
        if self.program.rows > 0 {
            let bits = self.row_length.saturating_mul(self.program.rows as usize);
            if bits > LARGEST_TABLE {
                return Err(TooMuchWork);
            }
            let words = bits.div_ceil(64);
            self.charge((words as u64) / WORDS_PER_STEP)?;
            self.table = vec![0; words];
        }
        if self.program.registers > 0 {
            self.registers = vec![NONE; self.program.registers as usize];
        }
        // The usual pattern that is not anchored is a word that is searched for.
        let word = match self.program.code.first() {
            Some(&Op::Char { code, .. }) if !self.program.anchored => u8::try_from(code).ok().filter(u8::is_ascii),
            _ => None,
        };
        let text = self.text;
        let mut at = 0;
        loop {
            if let Some(word) = word {
                let Some(rest) = text.as_bytes().get(at..) else { return Ok(false) };
                let skipped = rest.iter().position(|&byte| byte == word).unwrap_or(rest.len());
                self.charge((skipped as u64) / WORDS_PER_STEP)?;
                at = at.wrapping_add(skipped);
            }
            if self.run(0, at)? {
                return Ok(true);
            }
            match self.step(at, false) {
                Some((_, next)) if !self.program.anchored => at = next,
                _ => return Ok(false),
            }
        }
    }

    #[inline]
    fn charge(&mut self, steps: u64) -> Result<(), TooMuchWork> {
        self.work = self.work.checked_sub(steps).ok_or(TooMuchWork)?;
        Ok(())
    }

    /// The character at a place, or before it, and where the next one is.
    #[inline]
    fn step(&self, at: usize, back: bool) -> Option<(u32, usize)> {
        let first = if back { at.wrapping_sub(1) } else { at };
        let byte = *self.text.as_bytes().get(first)?;
        if byte < 0x80 {
            return Some((u32::from(byte), if back { first } else { at.wrapping_add(1) }));
        }
        self.step_beyond(at, back)
    }

    fn step_beyond(&self, at: usize, back: bool) -> Option<(u32, usize)> {
        let (before, after) = self.text.split_at_checked(at)?;
        let character = if back { before.chars().next_back()? } else { after.chars().next()? };
        let length = character.len_utf8();
        Some((u32::from(character), if back { at.wrapping_sub(length) } else { at.wrapping_add(length) }))
    }

    /// Whether the place was marked in the row; from now on it is.
    fn mark(&mut self, row: u32, at: usize) -> bool {
        let bit = (row as usize).wrapping_mul(self.row_length).wrapping_add(at);
        let Some(word) = self.table.get_mut(bit.wrapping_shr(6)) else { return true };
        let before = *word;
        *word |= 1_u64.wrapping_shl((bit & 63) as u32);
        *word == before
    }

    fn is_marked(&self, row: u32, at: usize) -> bool {
        let bit = (row as usize).wrapping_mul(self.row_length).wrapping_add(at);
        self.table.get(bit.wrapping_shr(6)).is_some_and(|word| word.wrapping_shr((bit & 63) as u32) & 1 == 1)
    }

    fn push(&mut self, pc: u32, at: u32, until: u32) -> Result<(), TooMuchWork> {
        if self.frames.len() >= MOST_FRAMES {
            return Err(TooMuchWork);
        }
        self.frames.push(Frame { pc, at, until });
        Ok(())
    }

    fn store(&mut self, register: u32, value: u32) -> Result<(), TooMuchWork> {
        let Some(place) = self.registers.get_mut(register as usize) else { return Ok(()) };
        let before = std::mem::replace(place, value);
        if before == value { Ok(()) } else { self.push(RESTORE, before, register) }
    }

    /// Takes what waits last above the base, and undoes it if it is no path.
    fn pop(&mut self, base: usize) -> Option<Frame> {
        if self.frames.len() <= base {
            return None;
        }
        let frame = self.frames.pop()?;
        if let Some(place) = self.registers.get_mut(frame.until as usize).filter(|_| frame.pc == RESTORE) {
            *place = frame.at;
        }
        Some(frame)
    }

    /// The next path that waits above the base, as an instruction and a place.
    fn resume(&mut self, base: usize) -> Option<(usize, usize)> {
        let mut frame = self.pop(base)?;
        while frame.pc == RESTORE {
            frame = self.pop(base)?;
        }
        if frame.at != frame.until {
            let (_, next) = self.step(frame.at as usize, frame.until < frame.at)?;
            self.frames.push(Frame { at: as_place(next), ..frame });
        }
        Some((frame.pc as usize, frame.at as usize))
    }

    /// Follows all paths from an instruction and a place until one reaches the end.
    fn run(&mut self, mut pc: usize, mut at: usize) -> Result<bool, TooMuchWork> {
        let program = self.program;
        let base = self.frames.len();
        loop {
            self.charge(1)?;
            let Some(&op) = program.code.get(pc) else { return Ok(false) };
            let next = pc.wrapping_add(1);
            let goes_on = match op {
                Op::Char { code, back } => match self.step(at, back) {
                    Some((found, then)) if found == code => Some((next, then)),
                    _ => None,
                },
                Op::Set { set, back } => match self.step(at, back) {
                    Some((found, then)) => {
                        let set = program.sets.get(set as usize);
                        set.is_some_and(|set| self.is_in(set, found)).then_some((next, then))
                    }
                    None => None,
                },
                Op::Run { .. } => self.run_of(op, next, at)?,
                Op::At(place) => self.is_at(place, at).then_some((next, at)),
                Op::Split { first, second, row } => {
                    if row != NONE && self.mark(row, at) {
                        None
                    } else {
                        self.push(second, as_place(at), as_place(at))?;
                        Some((first as usize, at))
                    }
                }
                Op::Jump(to) => Some((to as usize, at)),
                Op::Join { row } => (row == NONE || !self.mark(row, at)).then_some((next, at)),
                Op::Look { negative, after, row } => {
                    (self.look(next, at, row, negative)? != negative).then_some((after as usize, at))
                }
                Op::Found { row } => {
                    self.mark(row, at);
                    None
                }
                Op::Match => return Ok(true),
                Op::Save(register) => {
                    self.store(register, as_place(at))?;
                    Some((next, at))
                }
                Op::Forget(first, end) => {
                    for register in first..end {
                        self.store(register, NONE)?;
                    }
                    self.charge(u64::from(end.wrapping_sub(first)))?;
                    Some((next, at))
                }
                Op::Advanced(register) => {
                    (self.registers.get(register as usize) != Some(&as_place(at))).then_some((next, at))
                }
                Op::Back { group, back } => self.back(group, at, back)?.map(|then| (next, then)),
            };
            match goes_on.or_else(|| self.resume(base)) {
                Some(goes_on) => (pc, at) = goes_on,
                None => return Ok(false),
            }
        }
    }

    #[inline]
    fn is_in(&mut self, set: &Set, code: u32) -> bool {
        if code >= 0x80 && !set.is_plain() {
            self.work = self.work.saturating_sub(PROPERTY_STEPS);
        }
        set.has(code, &self.program.known)
    }

    fn run_of(&mut self, op: Op, next: usize, mut at: usize) -> Result<Option<(usize, usize)>, TooMuchWork> {
        let Op::Run { set, least, most, lazy, back, whole, row } = op else { return Ok(None) };
        let Some(set) = self.program.sets.get(set as usize) else { return Ok(None) };
        if self.take(set, &mut at, least, back)? < least {
            return Ok(None);
        }
        let shortest = at;
        if row == NONE {
            self.take(set, &mut at, most.saturating_sub(least), back)?;
        } else {
            let mut longest = None;
            // Whoever was somewhere before has read on from there, too.
            while !self.mark(row, at) {
                longest = Some(at);
                if self.take(set, &mut at, 1, back)? == 0 {
                    break;
                }
            }
            match longest {
                Some(longest) if longest == at || !whole => at = longest,
                _ => return Ok(None),
            }
        }
        if whole || shortest == at {
            return Ok(Some((next, at)));
        }
        let (from, until) = if lazy { (shortest, at) } else { (at, shortest) };
        let (_, then) = self.step(from, until < from).ok_or(TooMuchWork)?;
        self.push(as_place(next), as_place(then), as_place(until))?;
        Ok(Some((next, from)))
    }

    /// Reads so many characters of a set, or fewer.
    #[inline]
    fn take(&mut self, set: &Set, at: &mut usize, most: u32, back: bool) -> Result<u32, TooMuchWork> {
        let mut count = 0_u32;
        while count < most {
            match self.step(*at, back) {
                Some((found, then)) if self.is_in(set, found) => *at = then,
                _ => break,
            }
            count = count.wrapping_add(1);
        }
        self.charge(u64::from(count))?;
        Ok(count)
    }

    fn is_at(&self, place: Place, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        match place {
            Place::Start => at == 0,
            Place::End => at == bytes.len(),
            Place::WordEdge | Place::NoWordEdge => {
                let edge = is_word(bytes.get(at.wrapping_sub(1))) != is_word(bytes.get(at));
                edge == (place == Place::WordEdge)
            }
        }
    }

    /// Whether the look whose body starts at the instruction holds at the place, before any negation.
    fn look(&mut self, body: usize, at: usize, row: u32, negative: bool) -> Result<bool, TooMuchWork> {
        if row != NONE {
            let whole_row = self.row_length.wrapping_sub(1);
            if !self.mark(row, whole_row) {
                let mut from = Some(0);
                while let Some(start) = from {
                    self.run(body, start)?;
                    from = self.step(start, false).map(|(_, next)| next);
                }
            }
            return Ok(self.is_marked(row, at));
        }
        let base = self.frames.len();
        let holds = self.run(body, at)?;
        if holds && negative {
            // It leaves no captures, and it has no other path.
            while self.pop(base).is_some() {}
        } else if holds {
            // No path back into it, but its captures are undone with all the rest.
            let mut kept = base;
            for index in base..self.frames.len() {
                if let Some(&frame) = self.frames.get(index).filter(|frame| frame.pc == RESTORE) {
                    if let Some(place) = self.frames.get_mut(kept) {
                        *place = frame;
                    }
                    kept = kept.wrapping_add(1);
                }
            }
            self.frames.truncate(kept);
        }
        Ok(holds)
    }

    /// Where the text ends that a group has captured, read once more from here.
    fn back(&mut self, group: u32, at: usize, back: bool) -> Result<Option<usize>, TooMuchWork> {
        let register = group.wrapping_mul(2) as usize;
        let bounds = self.registers.get(register).zip(self.registers.get(register.wrapping_add(1)));
        let Some((&start, &end)) = bounds.filter(|&(&start, &end)| start != NONE && end != NONE) else {
            return Ok(Some(at));
        };
        let captured = self.text.get(start as usize..end as usize).unwrap_or_default().as_bytes();
        self.charge(captured.len() as u64)?;
        let length = captured.len();
        let Some((before, after)) = self.text.as_bytes().split_at_checked(at) else { return Ok(None) };
        Ok(match back {
            true => before.ends_with(captured).then(|| at.wrapping_sub(length)),
            false => after.starts_with(captured).then(|| at.wrapping_add(length)),
        })
    }
}
