//! The grammar of ECMA-262's patterns.

use super::Flaw;
use super::class::{DIGIT, Known, LINE_END, SPACE, Set, WORD};
use super::property::Property;

/// Groups within groups. The parser and the compiler recurse once for each.
const DEEPEST: u32 = 100;
/// Distinct `\p{…}`, each of which is a question to another engine.
const MOST_PROPERTIES: usize = 100;
/// Names of groups, which are compared with one another.
const MOST_NAMES: usize = 1000;
/// How far back an equal set is looked for, so that many different ones stay cheap.
const SHARED_SETS: usize = 64;
/// A count without an end, and what a count beyond it is taken for: no text is as long.
pub(super) const ENDLESS: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Start,
    End,
    WordEdge,
    NoWordEdge,
}

/// Nodes refer to one another by number, and so need not be taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    Char(u32),
    /// By its number.
    Set(u32),
    At(Place),
    Sequence(Items),
    Choice(Items),
    /// A group that captures, numbered from 0.
    Group(u32, u32),
    Look {
        behind: bool,
        negative: bool,
        body: u32,
    },
    /// What a group has captured.
    Back(u32),
    /// The same by a name, as a number of `Parsed::references`.
    Named(u32),
    Repeat(Repeat),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Repeat {
    pub(super) body: u32,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) lazy: bool,
    /// The first group within the body and the one after the last.
    pub(super) groups: (u32, u32),
}

/// A part of `Parsed::items`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Items {
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: u32,
    pub(super) nodes: Vec<Node>,
    /// Numbers of nodes.
    pub(super) items: Vec<u32>,
    pub(super) sets: Vec<Set>,
    pub(super) known: Vec<Known>,
    /// A name may stand for several groups, of which at most one takes part in a match.
    pub(super) names: Vec<(String, u32)>,
    pub(super) references: Vec<(String, usize)>,
    pub(super) groups: u32,
    /// Whether what was captured matters.
    pub(super) captures: bool,
}

/// `lowers`: upper-case letters stand for lower-case ones too.
pub(super) fn parse(source: &str, lenient: bool, lowers: bool) -> Result<Parsed, Flaw> {
    let mut parser = Parser {
        flaw: Flaw { at: 0, what: "" },
        chars: source.chars().collect(),
        at: 0,
        lenient,
        lowers,
        depth: 0,
        all_groups: 0,
        has_names: false,
        live: Vec::new(),
        starts_name: None,
        continues_name: None,
        out: Parsed {
            root: 0,
            nodes: Vec::new(),
            items: Vec::new(),
            sets: Vec::new(),
            known: Vec::new(),
            names: Vec::new(),
            references: Vec::new(),
            groups: 0,
            captures: false,
        },
    };
    parser.count_groups();
    match parser.whole() {
        Ok(()) => Ok(parser.out),
        Err(Failed) => Err(parser.flaw),
    }
}

/// The pattern's length bounds how many there are of anything.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The parser has the flaw: results are small without it.
struct Failed;

struct Parser {
    flaw: Flaw,
    chars: Vec<char>,
    at: usize,
    lenient: bool,
    lowers: bool,
    depth: u32,
    /// How many groups there will be: a reference may come before its group.
    all_groups: u32,
    has_names: bool,
    /// The names that can take part in one match with what comes next, as numbers of `Parsed::names`.
    live: Vec<usize>,
    starts_name: Option<Property>,
    continues_name: Option<Property>,
    out: Parsed,
}

impl Parser {
    #[cold]
    #[inline(never)]
    fn fail(&mut self, at: usize, what: &'static str) -> Failed {
        self.flaw = Flaw { at, what };
        Failed
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    // This and the next three are called from everywhere: out of line they keep the wasm small.
    #[inline(never)]
    fn peek_after(&self, count: usize) -> Option<char> {
        self.chars.get(self.at.saturating_add(count)).copied()
    }

    #[inline(never)]
    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    #[inline(never)]
    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.skip(1);
        Some(next)
    }

    #[inline(never)]
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.skip(1);
        }
        found
    }

    fn count_groups(&mut self) {
        let mut in_class = false;
        while let Some(next) = self.next() {
            match next {
                '\\' => self.skip(1),
                '[' => in_class = true,
                ']' => in_class = false,
                '(' if !in_class => {
                    let named = self.peek_after(1) == Some('<') && !matches!(self.peek_after(2), Some('=' | '!'));
                    if self.peek() != Some('?') || named {
                        self.all_groups = self.all_groups.saturating_add(1);
                        self.has_names |= self.peek() == Some('?');
                    }
                }
                _ => {}
            }
        }
        self.at = 0;
    }

    fn whole(&mut self) -> Result<(), Failed> {
        self.out.root = self.choice()?;
        if self.at < self.chars.len() {
            return Err(self.fail(self.at, "unmatched `)`"));
        }
        let names = &self.out.names;
        let known = |name: &String| names.iter().any(|(known, _)| known == name);
        match self.out.references.iter().find(|(name, _)| !known(name)) {
            Some(&(_, at)) => Err(self.fail(at, "no group has this name")),
            None => Ok(()),
        }
    }

    fn node(&mut self, node: Node) -> u32 {
        if let Node::Char(code) = node
            && self.lowers
            && char::from_u32(code).is_some_and(char::is_uppercase)
        {
            let mut set = Set::default();
            set.add(code, code);
            return self.set(set, false);
        }
        self.out.nodes.push(node);
        number(self.out.nodes.len().wrapping_sub(1))
    }

    /// The only one of several nodes, or what they are together.
    fn together(&mut self, several: &[u32], make: fn(Items) -> Node) -> u32 {
        if let [one] = several {
            return *one;
        }
        let start = number(self.out.items.len());
        self.out.items.extend_from_slice(several);
        self.node(make(Items { start, end: number(self.out.items.len()) }))
    }

    /// Alternatives, up to the end of the group or of the pattern.
    fn choice(&mut self) -> Result<u32, Failed> {
        let before = self.live.len();
        let mut others = Vec::new();
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            // Two alternatives may use the same name.
            others.append(&mut self.live.split_off(before));
            branches.push(self.sequence()?);
        }
        self.live.append(&mut others);
        let mut set = Set::default();
        if branches.len() > 1 && branches.iter().all(|&branch| self.merge(branch, &mut set)) {
            return Ok(self.set(set, false));
        }
        Ok(self.together(&branches, Node::Choice))
    }

    /// Adds what the node matches, if that is one character without properties.
    fn merge(&self, node: u32, set: &mut Set) -> bool {
        match self.out.nodes.get(node as usize) {
            Some(Node::Char(code)) => set.add(*code, *code),
            Some(Node::Set(number)) => match self.out.sets.get(*number as usize) {
                Some(other) if other.is_plain() => set.merge(other),
                _ => return false,
            },
            _ => return false,
        }
        true
    }

    fn sequence(&mut self) -> Result<u32, Failed> {
        let mut items = Vec::new();
        while !matches!(self.peek(), None | Some('|' | ')')) {
            let first = self.out.groups;
            let (atom, repeatable) = self.atom()?;
            items.push(if repeatable { self.quantified(atom, first)? } else { atom });
        }
        Ok(self.together(&items, Node::Sequence))
    }

    /// The atom with the quantifier that follows it, if one does.
    fn quantified(&mut self, atom: u32, first: u32) -> Result<u32, Failed> {
        let at = self.at;
        let (least, most) = match self.peek() {
            Some('*') => (0, ENDLESS),
            Some('+') => (1, ENDLESS),
            Some('?') => (0, 1),
            Some('{') => match self.counts() {
                Some(counts) => counts,
                None if self.lenient => return Ok(atom),
                None => return Err(self.fail(self.at, "incomplete quantifier")),
            },
            _ => return Ok(atom),
        };
        if self.at == at {
            self.skip(1);
        }
        let lazy = self.eat('?');
        if least > most {
            return Err(self.fail(at, "the numbers of the quantifier are out of order"));
        }
        if (least, most) == (1, 1) {
            return Ok(atom);
        }
        let mut body = atom;
        if let Some(&Node::Char(code)) = self.out.nodes.get(atom as usize) {
            let mut set = Set::default();
            set.add(code, code);
            body = self.set(set, false);
        }
        let groups = (first, self.out.groups);
        Ok(self.node(Node::Repeat(Repeat { body, least, most, lazy, groups })))
    }

    /// `{2}`, `{2,}` or `{2,3}`. Anything else is left unread.
    fn counts(&mut self) -> Option<(u32, u32)> {
        let start = self.at;
        let counts = self.counts_if_any();
        if counts.is_none() {
            self.at = start;
        }
        counts
    }

    fn counts_if_any(&mut self) -> Option<(u32, u32)> {
        self.skip(1);
        let least = self.number()?;
        let mut most = least;
        if self.eat(',') {
            most = if self.peek() == Some('}') { ENDLESS } else { self.number()? };
        }
        self.eat('}').then_some((least, most))
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            number = Some(number.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
            self.skip(1);
        }
        number
    }

    /// One atom or assertion, and whether a quantifier may follow.
    fn atom(&mut self) -> Result<(u32, bool), Failed> {
        let at = self.at;
        let Some(next) = self.next() else { return Err(self.fail(self.at, "the pattern ends too early")) };
        let node = match next {
            '^' => return Ok((self.node(Node::At(Place::Start)), false)),
            '$' => return Ok((self.node(Node::At(Place::End)), false)),
            '(' => return self.group(at),
            '.' => {
                let mut set = Set::default();
                set.add_all(LINE_END, true);
                self.set(set, false)
            }
            '[' => self.class(at)?,
            '\\' => return self.escape(at),
            '*' | '+' | '?' => return Err(self.fail(at, "nothing to repeat")),
            '{' => {
                self.at = at;
                if !self.lenient || self.counts().is_some() {
                    return Err(self.fail(at, "nothing to repeat"));
                }
                self.skip(1);
                self.node(Node::Char(u32::from(next)))
            }
            '}' | ']' if !self.lenient => return Err(self.fail(at, "unescaped bracket")),
            _ => self.node(Node::Char(u32::from(next))),
        };
        Ok((node, true))
    }

    fn group(&mut self, at: usize) -> Result<(u32, bool), Failed> {
        let mut captures = true;
        let mut look = None;
        let mut name = None;
        if self.eat('?') {
            captures = false;
            let behind = self.peek() == Some('<') && matches!(self.peek_after(1), Some('=' | '!'));
            if behind {
                self.skip(1);
            }
            match self.next() {
                Some(':') => {}
                Some('=') => look = Some((behind, false)),
                Some('!') => look = Some((behind, true)),
                Some('<') => {
                    captures = true;
                    name = Some(self.name()?);
                }
                Some('i' | 'm' | 's' | '-') => return Err(self.fail(at, "modifiers are not supported")),
                _ => return Err(self.fail(at, "unknown kind of group")),
            }
        }
        let group = self.out.groups;
        if captures {
            self.out.groups = group.saturating_add(1);
        }
        if let Some(name) = name {
            let names = &mut self.out.names;
            let taken = self.live.iter().any(|&live| names.get(live).is_some_and(|(known, _)| *known == name));
            if taken || names.len() >= MOST_NAMES {
                return Err(self.fail(at, if taken { "the name is taken" } else { "too many names" }));
            }
            self.live.push(names.len());
            names.push((name, group));
        }
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err(self.fail(at, "groups are nested too deep"));
        }
        let body = self.choice()?;
        if !self.eat(')') {
            return Err(self.fail(at, "unclosed group"));
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(match look {
            Some((behind, negative)) => (self.node(Node::Look { behind, negative, body }), self.lenient && !behind),
            None if captures => (self.node(Node::Group(group, body)), true),
            None => (body, true),
        })
    }

    /// The name of a group, after its `<`.
    fn name(&mut self) -> Result<String, Failed> {
        let mut name = String::new();
        loop {
            let at = self.at;
            let mut next = self.next();
            if next == Some('>') && !name.is_empty() {
                return Ok(name);
            }
            if next == Some('\\') {
                next = if self.eat('u') { self.unicode().and_then(char::from_u32) } else { None };
            }
            match next.filter(|&next| self.fits_name(next, name.is_empty())) {
                Some(next) => name.push(next),
                None => return Err(self.fail(at, "invalid name of a group")),
            }
        }
    }

    fn fits_name(&mut self, character: char, first: bool) -> bool {
        match character {
            '$' | '_' => true,
            '0'..='9' | '\u{200C}' | '\u{200D}' => !first,
            _ if character.is_ascii() => character.is_ascii_alphabetic(),
            _ => {
                let (known, name) = match first {
                    true => (&mut self.starts_name, "ID_Start"),
                    false => (&mut self.continues_name, "ID_Continue"),
                };
                if known.is_none() {
                    *known = Property::new(name);
                }
                known.as_ref().is_some_and(|known| known.has(character))
            }
        }
    }

    fn set(&mut self, mut set: Set, negated: bool) -> u32 {
        if self.lowers {
            set.add_lower_case();
        }
        set.seal(negated, &self.out.known);
        let found = self.out.sets.iter().take(SHARED_SETS).position(|other| *other == set);
        let index = found.unwrap_or(self.out.sets.len());
        if found.is_none() {
            self.out.sets.push(set);
        }
        self.node(Node::Set(number(index)))
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self, at: usize) -> Result<(u32, bool), Failed> {
        let node = match self.peek() {
            Some('b') => {
                self.skip(1);
                return Ok((self.node(Node::At(Place::WordEdge)), false));
            }
            Some('B') => {
                self.skip(1);
                return Ok((self.node(Node::At(Place::NoWordEdge)), false));
            }
            Some('k') if !self.lenient || self.has_names => {
                self.skip(1);
                if !self.eat('<') {
                    return Err(self.fail(at, "`\\k` without a name"));
                }
                let name = self.name()?;
                self.out.captures = true;
                self.out.references.push((name, at));
                Node::Named(number(self.out.references.len().wrapping_sub(1)))
            }
            Some('1'..='9') => {
                let start = self.at;
                match self.number().unwrap_or(0) {
                    number if number <= self.all_groups => {
                        self.out.captures = true;
                        Node::Back(number.saturating_sub(1))
                    }
                    _ if self.lenient => {
                        self.at = start;
                        Node::Char(self.character(at, false)?)
                    }
                    _ => return Err(self.fail(at, "no group has this number")),
                }
            }
            _ => {
                let mut set = Set::default();
                match self.class_escape(at, &mut set)? {
                    true => return Ok((self.set(set, false), true)),
                    false => Node::Char(self.character(at, false)?),
                }
            }
        };
        Ok((self.node(node), true))
    }

    /// Adds `\d`, `\P{…}` and the like to a set. Anything else is left unread.
    fn class_escape(&mut self, at: usize, set: &mut Set) -> Result<bool, Failed> {
        let Some(kind) = self.peek() else { return Ok(false) };
        let negated = kind.is_ascii_uppercase();
        match kind.to_ascii_lowercase() {
            'd' => set.add_all(DIGIT, negated),
            's' => set.add_all(SPACE, negated),
            'w' => set.add_all(WORD, negated),
            'p' => {
                if self.lenient && self.peek_after(1) != Some('{') {
                    return Ok(false);
                }
                match self.property() {
                    Some(number) => set.add_property(number, negated),
                    None => return Err(self.fail(at, "unknown property of characters")),
                }
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.skip(1);
        Ok(true)
    }

    /// The number of the property whose name follows `p`.
    fn property(&mut self) -> Option<u32> {
        self.skip(1);
        if !self.eat('{') {
            return None;
        }
        let mut name = String::new();
        while !self.eat('}') {
            let fits = |next: &char| next.is_ascii_alphanumeric() || matches!(next, '_' | '=');
            name.push(self.next().filter(fits)?);
        }
        let known = &mut self.out.known;
        let index = known.iter().position(|known| known.name == name).unwrap_or(known.len());
        if index == known.len() {
            if index >= MOST_PROPERTIES {
                return None;
            }
            known.push(Known::new(name)?);
        }
        Some(number(index))
    }

    /// What follows a backslash and stands for one character.
    fn character(&mut self, at: usize, in_class: bool) -> Result<u32, Failed> {
        let start = self.at;
        let Some(next) = self.next() else { return Err(self.fail(at, "nothing follows the backslash")) };
        let code = match next {
            't' => Some(0x09),
            'n' => Some(0x0A),
            'v' => Some(0x0B),
            'f' => Some(0x0C),
            'r' => Some(0x0D),
            'b' if in_class => Some(0x08),
            'c' => {
                let legacy = in_class && self.lenient;
                let letter = self.peek().filter(|&letter| {
                    letter.is_ascii_alphabetic() || (legacy && (letter.is_ascii_digit() || letter == '_'))
                });
                match letter {
                    Some(letter) => {
                        self.skip(1);
                        Some(u32::from(letter) & 0x1F)
                    }
                    // The backslash stands for itself then, and the `c` for what comes next.
                    None => {
                        self.at = start;
                        self.lenient.then_some(0x5C)
                    }
                }
            }
            '0' if !self.peek().is_some_and(|digit| digit.is_ascii_digit()) => Some(0),
            '0'..='7' if self.lenient => {
                let mut code = u32::from(next) & 7;
                while let Some(digit) = self.peek().and_then(|digit| digit.to_digit(8)) {
                    let longer = code.saturating_mul(8).saturating_add(digit);
                    if longer > 0xFF || self.at >= start.saturating_add(3) {
                        break;
                    }
                    code = longer;
                    self.skip(1);
                }
                Some(code)
            }
            'x' => self.hex(2).or(self.lenient.then_some(0x78)),
            'u' => self.unicode().or(self.lenient.then_some(0x75)),
            '-' if in_class => Some(0x2D),
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/' => {
                Some(u32::from(next))
            }
            _ => self.lenient.then_some(u32::from(next)),
        };
        code.ok_or_else(|| self.fail(at, "unknown escape"))
    }

    /// So many hexadecimal digits; anything else is left unread.
    fn hex(&mut self, count: usize) -> Option<u32> {
        let mut code = 0_u32;
        for index in 0..count {
            code = code.checked_mul(16)?.checked_add(self.peek_after(index)?.to_digit(16)?)?;
        }
        self.skip(count);
        Some(code)
    }

    /// What follows `\u`: four digits, two such escapes that are one surrogate pair, or digits in braces. Anything else
    /// is left unread.
    fn unicode(&mut self) -> Option<u32> {
        let start = self.at;
        if !self.eat('{') {
            let high = self.hex(4)?;
            let after = self.at;
            if (0xD800..0xDC00).contains(&high)
                && self.eat('\\')
                && self.eat('u')
                && let Some(low @ 0xDC00..0xE000) = self.hex(4)
            {
                return Some((high & 0x3FF).wrapping_shl(10).saturating_add(low & 0x3FF).saturating_add(0x1_0000));
            }
            self.at = after;
            return Some(high);
        }
        let mut code = None;
        while let Some(digit) = self.peek().and_then(|digit| digit.to_digit(16)) {
            code = Some(code.unwrap_or(0_u32).saturating_mul(16).saturating_add(digit));
            self.skip(1);
        }
        let code = code.filter(|&code| code <= super::class::LAST && self.eat('}'));
        if code.is_none() {
            self.at = start;
        }
        code
    }

    fn class(&mut self, at: usize) -> Result<u32, Failed> {
        let negated = self.eat('^');
        let mut set = Set::default();
        while !self.eat(']') {
            let start = self.at;
            let low = self.class_atom(at, &mut set)?;
            let mut high = low;
            if self.peek() == Some('-') && !matches!(self.peek_after(1), None | Some(']')) {
                self.skip(1);
                high = self.class_atom(at, &mut set)?;
                if low.is_none() || high.is_none() {
                    if !self.lenient {
                        return Err(self.fail(start, "a range needs a character at either end"));
                    }
                    for code in [low, Some(0x2D), high].into_iter().flatten() {
                        set.add(code, code);
                    }
                    continue;
                }
            }
            if let Some((low, high)) = low.zip(high) {
                if low > high {
                    return Err(self.fail(start, "the range is out of order"));
                }
                set.add(low, high);
            }
        }
        Ok(self.set(set, negated))
    }

    /// One character of a class, or `None` after adding several to the set.
    fn class_atom(&mut self, class: usize, set: &mut Set) -> Result<Option<u32>, Failed> {
        let at = self.at;
        match self.next() {
            None => Err(self.fail(class, "unclosed class")),
            Some('\\') => match self.class_escape(at, set)? {
                true => Ok(None),
                false => self.character(at, true).map(Some),
            },
            Some(next) => Ok(Some(u32::from(next))),
        }
    }
}
