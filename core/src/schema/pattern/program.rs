//! The instructions, and how a parsed pattern becomes them.

use super::Flaw;
use super::class::{Known, Set, ascii_of};
use super::parse::{ENDLESS, Items, Node, Parsed, Place, Repeat};

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

/// One character set after the other from the start of the text, each as often as it can: no path is ever left.
#[derive(Debug)]
pub(super) struct Straight {
    pub(super) pieces: Vec<Piece>,
    /// Whether the text must end there.
    pub(super) to_end: bool,
}

#[derive(Debug)]
pub(super) struct Piece {
    /// Of its set, only what is ASCII.
    pub(super) ascii: [u32; 4],
    pub(super) least: u32,
    pub(super) most: u32,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) code: Vec<Op>,
    /// The same for ASCII, if there are no two ways through it.
    pub(super) straight: Option<Straight>,
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
    let anchored = is_anchored(&parsed, parsed.root);
    let mut compiler = Compiler { parsed: &parsed, code: Vec::new(), full: false, registers, rows: 0, alone: anchored };
    compiler.node(parsed.root, false);
    compiler.emit(Op::Match);
    if compiler.full {
        return Err(Flaw { at: 0, what: "the pattern is too large" });
    }
    if !parsed.captures {
        compiler.assign(anchored);
    }
    let Compiler { code, registers, rows, .. } = compiler;
    let straight = straighten(&code, &parsed.sets);
    Ok(Program { code, straight, sets: parsed.sets, known: parsed.known, anchored, rows, registers })
}

fn straighten(code: &[Op], sets: &[Set]) -> Option<Straight> {
    let [Op::At(Place::Start), code @ .., Op::Match] = code else { return None };
    let (code, to_end) = match code {
        [code @ .., Op::At(Place::End)] => (code, true),
        code => (code, false),
    };
    let piece = |ascii, least, most| Some(Piece { ascii, least, most });
    let ascii = |set: u32| sets.get(set as usize).map(|set| set.ascii());
    let pieces = code.iter().filter(|op| !matches!(op, Op::Join { row: NONE })).map(|op| match *op {
        Op::Char { code, back: false } => piece(ascii_of(code)?, 1, 1),
        Op::Set { set, back: false } => piece(ascii(set)?, 1, 1),
        Op::Run { set, least, most, back: false, whole, row: NONE, .. } if whole || least == most => {
            piece(ascii(set)?, least, most)
        }
        _ => None,
    });
    Some(Straight { pieces: pieces.collect::<Option<_>>()?, to_end })
}

fn is_anchored(parsed: &Parsed, node: u32) -> bool {
    match parsed.nodes.get(node as usize) {
        Some(Node::At(place)) => *place == Place::Start,
        Some(Node::Sequence(items)) => of(parsed, *items).first().is_some_and(|&item| is_anchored(parsed, item)),
        Some(Node::Choice(items)) => of(parsed, *items).iter().all(|&item| is_anchored(parsed, item)),
        Some(Node::Group(_, body)) => is_anchored(parsed, *body),
        _ => false,
    }
}

fn of(parsed: &Parsed, items: Items) -> &[u32] {
    parsed.items.get(items.start as usize..items.end as usize).unwrap_or_default()
}

struct Compiler<'p> {
    parsed: &'p Parsed,
    code: Vec<Op>,
    /// There was more. What is missing shows at the end, and loops look here.
    full: bool,
    registers: u32,
    rows: u32,
    /// What comes next is surely reached once at most.
    alone: bool,
}

impl<'p> Compiler<'p> {
    /// The number of the instruction that comes next.
    fn here(&self) -> u32 {
        u32::try_from(self.code.len()).unwrap_or(u32::MAX)
    }

    fn emit(&mut self, op: Op) {
        self.full |= self.code.len() >= LONGEST;
        if !self.full {
            self.code.push(op);
        }
    }

    /// Leaves room for an instruction that depends on what comes next.
    fn room(&mut self) -> u32 {
        let at = self.here();
        self.emit(Op::Match);
        at
    }

    fn set(&mut self, at: u32, op: Op) {
        if let Some(place) = self.code.get_mut(at as usize) {
            *place = op;
        }
    }

    fn node(&mut self, node: u32, back: bool) {
        let parsed: &'p Parsed = self.parsed;
        let captures = parsed.captures;
        let Some(&node) = parsed.nodes.get(node as usize) else { return };
        match node {
            Node::Char(code) => self.emit(Op::Char { code, back }),
            Node::Set(set) => self.emit(Op::Set { set, back }),
            Node::At(place) => self.emit(Op::At(place)),
            Node::Sequence(items) => {
                let items = of(parsed, items);
                for index in 0..items.len() {
                    let index = if back { items.len().wrapping_sub(index).wrapping_sub(1) } else { index };
                    if let Some(&item) = items.get(index) {
                        self.node(item, back);
                    }
                }
            }
            Node::Choice(items) => self.choice(of(parsed, items), back),
            Node::Group(group, body) => {
                let register = group.wrapping_mul(2);
                if captures {
                    self.emit(Op::Save(register.wrapping_add(u32::from(back))));
                }
                self.node(body, back);
                if captures {
                    self.emit(Op::Save(register.wrapping_add(u32::from(!back))));
                }
            }
            Node::Look { behind, negative, body } => {
                // The places where a look holds are found all at once, from its other end: one search from everywhere
                // then suffices for all of them. Where one place is asked for, or captures count, this would be wrong.
                let alone = self.alone;
                let row = if alone || captures { NONE } else { self.row() };
                let at = self.room();
                self.node(body, behind == (row == NONE));
                self.emit(if row == NONE { Op::Match } else { Op::Found { row } });
                self.set(at, Op::Look { negative, after: self.here(), row });
                self.alone = alone;
            }
            Node::Back(group) => self.emit(Op::Back { group, back }),
            Node::Named(number) => {
                let name = parsed.references.get(number as usize).map(|reference| &reference.0);
                for (_, group) in parsed.names.iter().filter(|(known, _)| Some(known) == name) {
                    // One that took no part matches the empty text, so one after the other does.
                    self.emit(Op::Back { group: *group, back });
                }
            }
            Node::Repeat(repeat) => {
                let Repeat { body, least, most, lazy, .. } = repeat;
                let mut inner = parsed.nodes.get(body as usize);
                while let (Some(Node::Group(_, body)), false) = (inner, captures) {
                    inner = parsed.nodes.get(*body as usize);
                }
                let Some(&Node::Set(set)) = inner else { return self.repeat(repeat, back) };
                self.alone &= least == most;
                self.emit(Op::Run { set, least, most, lazy, back, whole: false, row: NONE });
                if least != most && most != ENDLESS {
                    self.emit(Op::Join { row: NONE });
                }
            }
        }
    }

    fn choice(&mut self, branches: &[u32], back: bool) {
        self.alone = false;
        let mut jumps = Vec::new();
        for (index, &branch) in branches.iter().enumerate() {
            if index.wrapping_add(1) == branches.len() {
                self.node(branch, back);
                continue;
            }
            let at = self.room();
            self.node(branch, back);
            jumps.push(self.room());
            self.split(at, false, self.here());
        }
        for jump in jumps {
            self.set(jump, Op::Jump(self.here()));
        }
        self.emit(Op::Join { row: NONE });
    }

    /// Either goes on or to the other instruction, and tries what it prefers first.
    fn split(&mut self, at: u32, prefers_other: bool, other: u32) {
        let next = at.wrapping_add(1);
        let (first, second) = if prefers_other { (other, next) } else { (next, other) };
        self.set(at, Op::Split { first, second, row: NONE });
    }

    fn repeat(&mut self, repeat: Repeat, back: bool) {
        let Repeat { body, least, most, lazy, .. } = repeat;
        self.alone = false;
        let captures = self.parsed.captures;
        let start = self.here();
        // A body that may match the empty text again and again is stopped by the table; without one a register has to.
        let register = self.registers;
        if captures {
            self.registers = register.wrapping_add(1);
        }
        let endless = most == ENDLESS;
        let mut last = start;
        for _ in 0..least {
            last = self.here();
            self.forget(repeat.groups);
            self.node(body, back);
            if self.here() == start || self.full {
                return;
            }
        }
        // Without captures the last of the copies that must match can be the one that is repeated.
        if endless && least > 0 && !captures {
            let at = self.room();
            self.split(at, !lazy, last);
            return;
        }
        let mut splits = Vec::new();
        for _ in least..(if endless { least.saturating_add(1) } else { most }) {
            splits.push(self.room());
            let first = self.here();
            self.forget(repeat.groups);
            if captures {
                self.emit(Op::Save(register));
            }
            self.node(body, back);
            if self.full {
                return;
            }
            if self.here() == first {
                self.code.pop();
                return;
            }
            if captures {
                self.emit(Op::Advanced(register));
            }
        }
        if let (Some(&at), true) = (splits.first(), endless) {
            self.emit(Op::Jump(at));
        }
        for at in splits {
            self.split(at, lazy, self.here());
        }
        if !endless {
            self.emit(Op::Join { row: NONE });
        }
    }

    fn forget(&mut self, (first, end): (u32, u32)) {
        if self.parsed.captures && first != end {
            self.emit(Op::Forget(first.wrapping_mul(2), end.wrapping_mul(2)));
        }
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
