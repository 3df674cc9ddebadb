//! The instructions, and how a parsed pattern becomes them.

use super::Flaw;
use super::class::{Known, Set};
use super::parse::{ENDLESS, Node, Parsed, Place};

const LONGEST: usize = 20_000;
/// No row of the table, or no register.
pub(super) const NONE: u32 = u32::MAX;

/// Where an instruction says `back`, it reads towards the start of the text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Char {
        code: u32,
        back: bool,
    },
    Set {
        set: u32,
        back: bool,
    },
    /// As many characters of a set as there are, and then fewer.
    Run {
        set: u32,
        least: u32,
        most: u32,
        lazy: bool,
        back: bool,
        /// What follows cannot match after fewer characters either if it does not after all of them.
        whole: bool,
        row: u32,
    },
    At(Place),
    Split {
        first: u32,
        second: u32,
        row: u32,
    },
    Jump(u32),
    /// Several paths lead here: only the first goes on.
    Join {
        row: u32,
    },
    /// The body follows, and `after` it the rest. Without a row the body is searched from here, up to its `Match`.
    Look {
        negative: bool,
        after: u32,
        row: u32,
    },
    /// The end of a look's body if the look has a row: the look holds at this place.
    Found {
        row: u32,
    },
    /// The end of the pattern, or of the body of a look without a row.
    Match,
    /// Remembers the place in a register.
    Save(u32),
    /// Forgets the registers from the first up to the second.
    Forget(u32, u32),
    /// Fails if nothing was read since the place was remembered.
    Advanced(u32),
    Back {
        group: u32,
        back: bool,
    },
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) code: Vec<Op>,
    pub(super) sets: Vec<Set>,
    pub(super) known: Vec<Known>,
    /// Matches at the start of the text or not at all.
    pub(super) anchored: bool,
    /// How many rows the table of visited places has.
    pub(super) rows: u32,
    pub(super) registers: u32,
}

pub(super) fn compile(parsed: Parsed) -> Result<Program, Flaw> {
    let registers = if parsed.captures { parsed.groups.saturating_mul(2) } else { 0 };
    let anchored = is_anchored(&parsed.root);
    let mut compiler = Compiler { parsed: &parsed, code: Vec::new(), registers, rows: 0, alone: anchored };
    compiler.node(&parsed.root, false)?;
    compiler.emit(Op::Match)?;
    if !parsed.captures {
        compiler.assign(anchored);
    }
    let Compiler { code, registers, rows, .. } = compiler;
    Ok(Program { code, sets: parsed.sets, known: parsed.known, anchored, rows, registers })
}

fn is_anchored(node: &Node) -> bool {
    match node {
        Node::At(place) => *place == Place::Start,
        Node::Sequence(items) => items.first().is_some_and(is_anchored),
        Node::Choice(branches) => branches.iter().all(is_anchored),
        Node::Group(_, body) => is_anchored(body),
        _ => false,
    }
}

struct Compiler<'p> {
    parsed: &'p Parsed,
    code: Vec<Op>,
    registers: u32,
    rows: u32,
    /// What comes next is surely reached once at most.
    alone: bool,
}

impl Compiler<'_> {
    /// The number of the instruction that comes next.
    fn here(&self) -> u32 {
        u32::try_from(self.code.len()).unwrap_or(u32::MAX)
    }

    fn emit(&mut self, op: Op) -> Result<(), Flaw> {
        if self.code.len() >= LONGEST {
            return Err(Flaw { at: 0, what: "the pattern is too large" });
        }
        self.code.push(op);
        Ok(())
    }

    fn set(&mut self, at: u32, op: Op) {
        if let Some(place) = self.code.get_mut(at as usize) {
            *place = op;
        }
    }

    fn node(&mut self, node: &Node, back: bool) -> Result<(), Flaw> {
        match node {
            Node::Char(code) => self.emit(Op::Char { code: *code, back }),
            Node::Set(set) => self.emit(Op::Set { set: *set, back }),
            Node::At(place) => self.emit(Op::At(*place)),
            Node::Sequence(items) => {
                for index in 0..items.len() {
                    let index = if back { items.len().saturating_sub(index).saturating_sub(1) } else { index };
                    if let Some(item) = items.get(index) {
                        self.node(item, back)?;
                    }
                }
                Ok(())
            }
            Node::Choice(branches) => self.choice(branches, back),
            Node::Group(number, body) => {
                if !self.parsed.captures {
                    return self.node(body, back);
                }
                let register = number.saturating_mul(2);
                self.emit(Op::Save(register.saturating_add(u32::from(back))))?;
                self.node(body, back)?;
                self.emit(Op::Save(register.saturating_add(u32::from(!back))))
            }
            Node::Look { behind, negative, body } => {
                let at = self.here();
                // The places where a look holds are found all at once, from its other end: one search from everywhere
                // then suffices for all of them. Where one place is asked for, or captures count, this would be wrong.
                let alone = self.alone;
                let row = if alone || self.parsed.captures { NONE } else { self.row() };
                self.emit(Op::Match)?;
                self.node(body, *behind == (row == NONE))?;
                self.emit(if row == NONE { Op::Match } else { Op::Found { row } })?;
                self.set(at, Op::Look { negative: *negative, after: self.here(), row });
                self.alone = alone;
                Ok(())
            }
            Node::Back(group) => self.emit(Op::Back { group: *group, back }),
            Node::Named(number) => {
                let parsed = self.parsed;
                let name = parsed.references.get(*number as usize).map(|reference| &reference.0);
                for (_, group) in parsed.names.iter().filter(|(known, _)| Some(known) == name) {
                    // One that took no part matches the empty text, so one after the other does.
                    self.emit(Op::Back { group: *group, back })?;
                }
                Ok(())
            }
            Node::Repeat { body, least, most, lazy, groups } => {
                let mut inner = &**body;
                while let (Node::Group(_, body), false) = (inner, self.parsed.captures) {
                    inner = body;
                }
                match inner {
                    Node::Set(set) => {
                        self.alone &= least == most;
                        let (set, least, most, lazy) = (*set, *least, *most, *lazy);
                        self.emit(Op::Run { set, least, most, lazy, back, whole: false, row: NONE })?;
                        if least == most || most == ENDLESS { Ok(()) } else { self.emit(Op::Join { row: NONE }) }
                    }
                    inner => self.repeat(inner, (*least, *most), *lazy, *groups, back),
                }
            }
        }
    }

    fn choice(&mut self, branches: &[Node], back: bool) -> Result<(), Flaw> {
        self.alone = false;
        let mut jumps = Vec::with_capacity(branches.len());
        for (index, branch) in branches.iter().enumerate() {
            let at = self.here();
            let is_last = index.saturating_add(1) == branches.len();
            if !is_last {
                self.emit(Op::Match)?;
            }
            self.node(branch, back)?;
            if !is_last {
                jumps.push(self.here());
                self.emit(Op::Match)?;
                self.split(at, at.saturating_add(1), self.here());
            }
        }
        for jump in jumps {
            self.set(jump, Op::Jump(self.here()));
        }
        self.emit(Op::Join { row: NONE })
    }

    fn split(&mut self, at: u32, first: u32, second: u32) {
        self.set(at, Op::Split { first, second, row: NONE });
    }

    fn repeat(
        &mut self,
        body: &Node,
        (least, most): (u32, u32),
        lazy: bool,
        groups: (u32, u32),
        back: bool,
    ) -> Result<(), Flaw> {
        self.alone = false;
        let captures = self.parsed.captures;
        let start = self.here();
        // A body that may match the empty text again and again is stopped by the table; without one a register has to.
        let register = self.registers;
        if captures {
            self.registers = register.saturating_add(1);
        }
        let endless = most == ENDLESS;
        // Without captures the last of the copies that must match can be the one that is repeated.
        let closing = endless && least > 0 && !captures;
        let mut last = start;
        for _ in 0..least {
            last = self.here();
            self.forget(groups)?;
            self.node(body, back)?;
            if self.here() == start {
                return Ok(());
            }
        }
        if closing {
            let at = self.here();
            self.emit(Op::Match)?;
            let after = self.here();
            match lazy {
                true => self.split(at, after, last),
                false => self.split(at, last, after),
            }
            return Ok(());
        }
        let mut splits = Vec::new();
        for _ in least..(if endless { least.saturating_add(1) } else { most }) {
            splits.push(self.here());
            self.emit(Op::Match)?;
            let first = self.here();
            self.forget(groups)?;
            if captures {
                self.emit(Op::Save(register))?;
            }
            self.node(body, back)?;
            if self.here() == first {
                self.code.pop();
                return Ok(());
            }
            if captures {
                self.emit(Op::Advanced(register))?;
            }
        }
        if let (Some(&at), true) = (splits.first(), endless) {
            self.emit(Op::Jump(at))?;
        }
        for at in splits {
            let (body, after) = (at.saturating_add(1), self.here());
            match lazy {
                true => self.split(at, after, body),
                false => self.split(at, body, after),
            }
        }
        if endless { Ok(()) } else { self.emit(Op::Join { row: NONE }) }
    }

    fn forget(&mut self, (first, end): (u32, u32)) -> Result<(), Flaw> {
        if !self.parsed.captures || first == end {
            return Ok(());
        }
        self.emit(Op::Forget(first.saturating_mul(2), end.saturating_mul(2)))
    }

    fn row(&mut self) -> u32 {
        let row = self.rows;
        self.rows = row.saturating_add(1);
        row
    }

    /// Gives a row of the table to every instruction that could otherwise be tried twice at one place with all that
    /// follows. The usual short pattern has none.
    fn assign(&mut self, anchored: bool) {
        // Up to here only one path leads, and only once.
        let mut alone = anchored;
        let mut first_return = NONE;
        for (at, op) in self.code.iter().enumerate() {
            if let Op::Split { first, second, .. } = op {
                let target = *first.min(second);
                if (target as usize) <= at {
                    first_return = first_return.min(target);
                }
            }
        }
        let mut looks = Vec::new();
        let mut free_join = None;
        for at in 0..self.code.len() {
            if let Some((_, before)) = looks.pop_if(|look: &mut (u32, bool)| look.0 as usize == at) {
                alone = before;
            }
            alone &= at < first_return as usize;
            let next = at.saturating_add(1);
            let mut op = self.code.get(at).copied().unwrap_or(Op::Match);
            match &mut op {
                Op::Run { set, least, most, whole, row, back, .. } => {
                    let bounded = *least != *most && *most != ENDLESS;
                    if matches!(self.code.get(next.saturating_add(usize::from(bounded))), Some(Op::Match)) {
                        *most = *least;
                    }
                    let exact = *least == *most;
                    *whole = !exact && self.stops(next, *set, *back, &mut 8);
                    if *most == ENDLESS && !alone {
                        *row = self.row();
                    }
                    if bounded && (*whole || alone || exact) {
                        free_join = Some(at.saturating_add(1));
                    }
                    alone &= *whole || exact;
                }
                Op::Split { row, .. } => {
                    *row = self.row();
                    alone = false;
                }
                Op::Join { row } if free_join != Some(at) => *row = self.row(),
                Op::Look { after, row, .. } => {
                    looks.push((*after, alone));
                    alone &= *row == NONE;
                }
                _ => {}
            }
            if let Some(place) = self.code.get_mut(at) {
                *place = op;
            }
        }
    }

    /// Whether what starts at this instruction surely fails where a character of the set comes next.
    fn stops(&self, at: usize, set: u32, back: bool, fuel: &mut u32) -> bool {
        let Some(left) = fuel.checked_sub(1) else { return false };
        *fuel = left;
        let next = at.saturating_add(1);
        let apart = |other: u32| {
            let sets = &self.parsed.sets;
            sets.get(set as usize).zip(sets.get(other as usize)).is_some_and(|(set, other)| set.is_apart(other))
        };
        match self.code.get(at) {
            Some(Op::Char { code, .. }) => {
                !self.parsed.sets.get(set as usize).is_none_or(|set| set.has(*code, &self.parsed.known))
            }
            Some(Op::Set { set, .. }) => apart(*set),
            Some(Op::Run { set: other, least, .. }) => {
                apart(*other) && (*least > 0 || self.stops(next, set, back, fuel))
            }
            Some(Op::At(Place::End)) => !back,
            Some(Op::At(Place::Start)) => back,
            Some(Op::Join { .. }) => self.stops(next, set, back, fuel),
            Some(Op::Jump(to)) => self.stops(*to as usize, set, back, fuel),
            Some(Op::Split { first, second, .. }) => {
                self.stops(*first as usize, set, back, fuel) && self.stops(*second as usize, set, back, fuel)
            }
            // The end, that is: no characters fewer can do better.
            Some(Op::Match) => true,
            _ => false,
        }
    }
}
