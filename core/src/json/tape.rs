//! One pass over JSON text to a flat array of tokens: strict RFC 8259, within limits, exact.
//!
//! Nothing is decoded that nobody asks for: strings and numbers stay where they stand in the text.

use std::borrow::Cow;

use super::{Fault, Limits, MAX_DEPTH, Numbers, OWN, Refusal, pointer_token};
use crate::json::number::Number;

/// What a value is. Integers are numbers here: `1.0` is one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `false`
    False,
    /// `true`
    True,
    /// Any number.
    Number,
    /// A string, or a member's name.
    String,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
    /// Something of a host's language that JSON has no word for.
    Foreign,
}

/// One value or one member's name.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    kind: Kind,
    /// A string with escapes; a number with a fraction, an exponent or more digits than an `i64` holds for certain.
    rich: bool,
    /// Offset of its first byte, for strings behind the quote.
    start: u32,
    /// Scalars: offset behind the last byte. Containers: index of the token behind them.
    end: u32,
    /// Containers: how many items or members. Names: [`name_hash`].
    size: u32,
}

/// No container is open.
const NONE: u32 = u32::MAX;
/// So many digits always fit into an `i64`.
const PLAIN_DIGITS: usize = 15;

/// A text and its tokens.
#[derive(Debug, Clone, Copy)]
pub struct Tape<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

/// A text that owns its tokens; `null` by default.
#[derive(Default)]
pub(crate) struct Document {
    text: Box<str>,
    tokens: Vec<Token>,
}

impl core::fmt::Debug for Document {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Document").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl Document {
    pub(crate) fn read(text: &str, limits: Limits) -> Result<Self, Refusal> {
        let mut tokens = Vec::new();
        read(text, limits, &mut tokens)?;
        Ok(Document { text: text.into(), tokens })
    }

    /// A value of our own; it cannot fail to be written and read, and `null` stands in for the impossible.
    pub(crate) fn of<T: serde::Serialize>(value: &T) -> Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        Self::read(&text, OWN).unwrap_or_else(|_| Document { text: "null".into(), tokens: Vec::new() })
    }

    pub(crate) fn tape(&self) -> Tape<'_> {
        Tape { text: &self.text, tokens: &self.tokens }
    }
}

/// Bytes as text, or a refusal that says where they stop to be UTF-8.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    core::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = place(bytes.get(..error.valid_up_to()).unwrap_or_default());
        Refusal { fault: Fault::InvalidUtf8, path: String::new(), line, column, limit: 0 }
    })
}

/// Reads one document into `tokens`, whose allocation is used again.
pub(crate) fn read<'t>(text: &'t str, limits: Limits, tokens: &'t mut Vec<Token>) -> Result<Tape<'t>, Refusal> {
    tokens.clear();
    if text.len() > limits.bytes {
        return Err(Refusal { fault: Fault::TooLarge, path: String::new(), line: 0, column: 0, limit: limits.bytes });
    }
    let mut reader =
        Reader { bytes: text.as_bytes(), at: 0, tokens, open: NONE, count: 0, depth: 0, broken: false, limits };
    if let Err(fault) = reader.document() {
        return Err(reader.refusal(fault, text));
    }
    Ok(Tape { text, tokens })
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    tokens: &'t mut Vec<Token>,
    /// Index of the innermost open container; its token's `end` holds the one around it until it is closed.
    open: u32,
    /// Items or members read of it; those of the containers around it wait in their tokens.
    count: u32,
    depth: usize,
    /// Half a surrogate pair stands alone in the string being read.
    broken: bool,
    limits: Limits,
}

impl Reader<'_> {
    /// 0 behind the end: it is no part of any JSON.
    #[inline(always)]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn step(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    #[inline(always)]
    fn skip_space(&mut self) -> u8 {
        loop {
            let byte = self.peek();
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return byte;
            }
            self.step();
        }
    }

    #[inline(always)]
    fn push(&mut self, kind: Kind, rich: bool, start: usize, end: u32, size: u32) -> Result<(), Fault> {
        if self.tokens.len() >= self.limits.values {
            return Err(Fault::TooManyValues);
        }
        // Offsets fit: the limits of bytes are far below 2^32.
        self.tokens.push(Token { kind, rich, start: start as u32, end, size });
        Ok(())
    }

    fn document(&mut self) -> Result<(), Fault> {
        'value: loop {
            let byte = self.skip_space();
            match byte {
                b'"' => {
                    self.string(false)?;
                }
                b'{' | b'[' => {
                    if self.depth >= MAX_DEPTH {
                        return Err(Fault::TooDeep);
                    }
                    self.depth = self.depth.wrapping_add(1);
                    if let Some(around) = self.tokens.get_mut(self.open as usize) {
                        around.size = self.count;
                    }
                    let (index, around) = (self.tokens.len() as u32, self.open);
                    let kind = if byte == b'{' { Kind::Object } else { Kind::Array };
                    self.push(kind, false, self.at, around, 0)?;
                    self.open = index;
                    self.count = 0;
                    self.step();
                    let next = self.skip_space();
                    if byte == b'{' {
                        if next != b'}' {
                            self.name()?;
                            continue 'value;
                        }
                    } else if next != b']' {
                        continue 'value;
                    }
                    self.step();
                    self.close()?;
                }
                b'-' | b'0'..=b'9' => self.number(byte)?,
                b't' => self.word(b"true", Kind::True)?,
                b'f' => self.word(b"false", Kind::False)?,
                b'n' => self.word(b"null", Kind::Null)?,
                _ => return Err(Fault::Syntax),
            }
            loop {
                let Some(container) = self.tokens.get(self.open as usize) else {
                    return if self.skip_space() == 0 && self.at == self.bytes.len() {
                        Ok(())
                    } else {
                        Err(Fault::Syntax)
                    };
                };
                let is_object = container.kind == Kind::Object;
                self.count = self.count.wrapping_add(1);
                match self.skip_space() {
                    b',' => {
                        self.step();
                        if is_object {
                            self.skip_space();
                            self.name()?;
                        }
                        continue 'value;
                    }
                    b'}' if is_object => {}
                    b']' if !is_object => {}
                    _ => return Err(Fault::Syntax),
                }
                self.step();
                self.close()?;
            }
        }
    }

    fn close(&mut self) -> Result<(), Fault> {
        let behind = self.tokens.len() as u32;
        let Some(container) = self.tokens.get_mut(self.open as usize) else { return Err(Fault::Syntax) };
        container.size = self.count;
        if container.kind == Kind::Object && self.count > 1 && !self.limits.lenient {
            self.check_names()?;
        }
        let Some(container) = self.tokens.get_mut(self.open as usize) else { return Err(Fault::Syntax) };
        let around = core::mem::replace(&mut container.end, behind);
        self.depth = self.depth.wrapping_sub(1);
        self.open = around;
        self.count = self.tokens.get(around as usize).map_or(0, |around| around.size);
        Ok(())
    }

    #[inline(always)]
    fn name(&mut self) -> Result<(), Fault> {
        if self.peek() != b'"' {
            return Err(Fault::Syntax);
        }
        self.string(true)?;
        if self.skip_space() != b':' {
            return Err(Fault::Syntax);
        }
        self.step();
        Ok(())
    }

    #[inline(always)]
    fn string(&mut self, is_name: bool) -> Result<(), Fault> {
        self.step();
        let start = self.at;
        let mut escaped = false;
        loop {
            // Eight bytes at a time, while none of them ends the string, begins an escape or is a control.
            while let Some(chunk) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
                let special = special_bytes(u64::from_le_bytes(*chunk));
                if special != 0 {
                    self.at = self.at.wrapping_add((special.trailing_zeros() >> 3) as usize);
                    break;
                }
                self.at = self.at.wrapping_add(8);
            }
            let byte = self.peek();
            match byte {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                0..=0x1f => return Err(Fault::Syntax),
                _ => self.step(),
            }
        }
        let end = self.at;
        self.step();
        let hash = if is_name { self.hash(start, end, escaped) } else { 0 };
        let kind = if core::mem::take(&mut self.broken) { Kind::Foreign } else { Kind::String };
        self.push(kind, escaped, start, end as u32, hash)
    }

    #[inline(always)]
    fn hash(&self, start: usize, end: usize, escaped: bool) -> u32 {
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        if escaped {
            name_hash(decode(core::str::from_utf8(bytes).unwrap_or_default()).as_bytes())
        } else {
            name_hash(bytes)
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<(), Fault> {
        self.step();
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.step(),
            b'u' => {
                let unit = self.hex4()?;
                match unit {
                    0xd800..=0xdbff => {
                        if self.peek() != b'\\' || self.bytes.get(self.at.wrapping_add(1)) != Some(&b'u') {
                            return self.lone();
                        }
                        self.step();
                        if !(0xdc00..=0xdfff).contains(&self.hex4()?) {
                            return self.lone();
                        }
                    }
                    0xdc00..=0xdfff => return self.lone(),
                    _ => {}
                }
            }
            _ => return Err(Fault::Syntax),
        }
        Ok(())
    }

    fn lone(&mut self) -> Result<(), Fault> {
        self.broken = true;
        if self.limits.lenient { Ok(()) } else { Err(Fault::LoneSurrogate) }
    }

    /// `uXXXX`
    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            self.step();
            let digit = char::from(self.peek()).to_digit(16).ok_or(Fault::Syntax)?;
            unit = unit << 4 | digit;
        }
        self.step();
        Ok(unit)
    }

    #[inline(always)]
    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_ascii_digit() {
            return Err(Fault::Syntax);
        }
        while self.peek().is_ascii_digit() {
            self.step();
        }
        Ok(())
    }

    #[inline(always)]
    fn number(&mut self, first: u8) -> Result<(), Fault> {
        let start = self.at;
        if first == b'-' {
            self.step();
        }
        let whole = self.at;
        if self.peek() == b'0' {
            self.step();
        } else {
            self.digits()?;
        }
        let mut rich = self.at.wrapping_sub(whole) > PLAIN_DIGITS;
        if self.peek() == b'.' {
            rich = true;
            self.step();
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            rich = true;
            self.step();
            if matches!(self.peek(), b'+' | b'-') {
                self.step();
            }
            self.digits()?;
        }
        if rich && !self.is_allowed(start) {
            self.at = start;
            return Err(Fault::NumberTooLarge);
        }
        self.push(Kind::Number, rich, start, self.at as u32, 0)
    }

    fn is_allowed(&self, start: usize) -> bool {
        let text = self.bytes.get(start..self.at).and_then(|bytes| core::str::from_utf8(bytes).ok());
        let number = Number::of(text.unwrap_or_default());
        match self.limits.numbers {
            Numbers::Safe => number.is_safe(),
            Numbers::Finite => number.is_finite(),
            Numbers::Any => true,
        }
    }

    #[inline(always)]
    fn word(&mut self, word: &[u8], kind: Kind) -> Result<(), Fault> {
        let start = self.at;
        for &byte in word {
            if self.peek() != byte {
                self.at = start;
                return Err(Fault::Syntax);
            }
            self.step();
        }
        self.push(kind, false, start, self.at as u32, 0)
    }

    /// Refuses a name that stands twice in the innermost open object.
    fn check_names(&mut self) -> Result<(), Fault> {
        const FEW: usize = 16;
        let first = self.open.wrapping_add(1);
        if self.count as usize <= FEW {
            let mut hashes = [0_u32; FEW];
            let mut index = first;
            let mut clash = false;
            for known in 0..self.count as usize {
                let Some(name) = self.tokens.get(index as usize) else { break };
                clash |= hashes.iter().take(known).any(|hash| *hash == name.size);
                if let Some(slot) = hashes.get_mut(known) {
                    *slot = name.size;
                }
                index = behind(self.tokens, index.wrapping_add(1));
            }
            if !clash {
                return Ok(());
            }
        }
        let mut names = Vec::with_capacity(self.count as usize);
        let mut index = first;
        for _ in 0..self.count {
            let Some(name) = self.tokens.get(index as usize) else { break };
            names.push((name.size, self.decoded(name), index));
            index = behind(self.tokens, index.wrapping_add(1));
        }
        names.sort_unstable();
        let twice = names.windows(2).filter_map(|pair| match pair {
            [(hash, name, _), (other_hash, other, index)] if hash == other_hash && name == other => Some(*index),
            _ => None,
        });
        match twice.min() {
            Some(index) => {
                // What stands behind it is forgotten, so that the refusal points to it.
                self.tokens.truncate((index as usize).saturating_add(1));
                Err(Fault::DuplicateKey)
            }
            None => Ok(()),
        }
    }

    fn decoded(&self, token: &Token) -> Cow<'_, str> {
        let bytes = self.bytes.get(token.start as usize..token.end as usize).unwrap_or_default();
        let raw = core::str::from_utf8(bytes).unwrap_or_default();
        if token.rich { Cow::Owned(decode(raw)) } else { Cow::Borrowed(raw) }
    }

    #[cold]
    fn refusal(&self, fault: Fault, text: &str) -> Refusal {
        let mut parts: Vec<String> = Vec::new();
        let mut container = self.open;
        let mut child = None;
        while let Some(token) = self.tokens.get(container as usize) {
            let mut index = container.wrapping_add(1);
            let part = if token.kind == Kind::Object {
                let mut name = None;
                while let Some(token) = self.tokens.get(index as usize) {
                    name = Some(token);
                    let value = index.wrapping_add(1);
                    if Some(value) == child {
                        break;
                    }
                    index = self.behind_whole(value);
                }
                // Behind a whole member there is no name yet: the refusal is about the object itself.
                let whole = child.is_none() && fault != Fault::DuplicateKey && index as usize >= self.tokens.len();
                let pending = self.tokens.last().is_some_and(|last| last.kind == Kind::String && last.size != 0);
                name.filter(|_| !whole || pending).map(|name| self.decoded(name).into_owned())
            } else {
                let mut position: usize = 0;
                while Some(index) != child && (index as usize) < self.tokens.len() {
                    position = position.saturating_add(1);
                    index = self.behind_whole(index);
                }
                Some(position.to_string())
            };
            parts.extend(part);
            child = Some(container);
            container = token.end;
        }
        let mut path = String::new();
        for part in parts.iter().rev() {
            path.push('/');
            path.push_str(&pointer_token(part));
        }
        let (line, column) = place(text.as_bytes().get(..self.at.min(text.len())).unwrap_or_default());
        Refusal { fault, path, line, column, limit: self.limits.values }
    }

    /// As [`behind`], where a container may still be open.
    fn behind_whole(&self, index: u32) -> u32 {
        let next = behind(self.tokens, index);
        if next > index { next } else { NONE }
    }
}

/// Line and column behind what was read, in characters and from 1.
fn place(before: &[u8]) -> (usize, usize) {
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at.saturating_add(1));
    let line = before.iter().filter(|&&byte| byte == b'\n').count().saturating_add(1);
    // Continuation bytes do not count.
    let in_line = before.get(line_start..).unwrap_or_default();
    let column = in_line.iter().filter(|&&byte| byte & 0xc0 != 0x80).count().saturating_add(1);
    (line, column)
}

/// A bit in each byte that is `"`, `\` or a control; bits above the lowest may be wrong.
#[inline(always)]
fn special_bytes(chunk: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = chunk ^ (ONES.wrapping_mul(0x22));
    let escape = chunk ^ (ONES.wrapping_mul(0x5c));
    let controls = chunk.wrapping_sub(ONES.wrapping_mul(0x20)) & !chunk;
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let escapes = escape.wrapping_sub(ONES) & !escape;
    (controls | quotes | escapes) & HIGH
}

/// Index of the token behind a value.
#[inline(always)]
fn behind(tokens: &[Token], index: u32) -> u32 {
    match tokens.get(index as usize) {
        Some(token) if matches!(token.kind, Kind::Array | Kind::Object) => token.end,
        _ => index.wrapping_add(1),
    }
}

/// Tells most names apart without reading them; whoever chooses names can make it collide, so equality is always
/// checked. Never 0.
#[inline(always)]
pub(crate) fn name_hash(name: &[u8]) -> u32 {
    let (head, tail) = match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (Some(head), Some(tail)) => (u32::from_le_bytes(*head), u32::from_le_bytes(*tail)),
        _ => (name.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)), 0),
    };
    let mixed = head.wrapping_mul(0x9e37_79b1) ^ tail.rotate_left(13).wrapping_mul(0x85eb_ca77);
    (mixed ^ name.len() as u32) | 1
}

/// What a string's raw text stands for; the text was checked when it was read.
fn decode(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let mut unit = || {
                    (0..4).fold(0, |sum, _| {
                        sum << 4 | characters.next().and_then(|digit| digit.to_digit(16)).unwrap_or(0)
                    })
                };
                let mut code = unit();
                if (0xd800..0xdc00).contains(&code) {
                    characters.next();
                    characters.next();
                    let mut unit = || {
                        (0..4).fold(0, |sum, _| {
                            sum << 4 | characters.next().and_then(|digit| digit.to_digit(16)).unwrap_or(0)
                        })
                    };
                    let low = unit();
                    code = 0x1_0000_u32.wrapping_add((code & 0x3ff) << 10).wrapping_add(low & 0x3ff);
                }
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// One value on a tape.
#[derive(Debug, Clone, Copy)]
pub struct Node<'t> {
    tape: Tape<'t>,
    index: u32,
}

impl<'t> Tape<'t> {
    /// The document's value.
    pub fn root(self) -> Node<'t> {
        self.node(0)
    }

    pub(crate) fn node(self, index: u32) -> Node<'t> {
        Node { tape: self, index }
    }
}

impl<'t> Node<'t> {
    /// A `null` that stands nowhere.
    pub(crate) fn absent() -> Self {
        Tape { text: "", tokens: &[] }.root()
    }

    /// Line and column of its beginning.
    pub(crate) fn place(self) -> (usize, usize) {
        let token = self.token();
        let quote = usize::from(token.kind == Kind::String);
        place(self.tape.text.as_bytes().get(..(token.start as usize).saturating_sub(quote)).unwrap_or_default())
    }

    #[inline(always)]
    fn token(self) -> Token {
        const ABSENT: Token = Token { kind: Kind::Null, rich: false, start: 0, end: 0, size: 0 };
        self.tape.tokens.get(self.index as usize).copied().unwrap_or(ABSENT)
    }

    #[inline(always)]
    fn slice(self, token: Token) -> &'t str {
        self.tape.text.get(token.start as usize..token.end as usize).unwrap_or_default()
    }

    /// Its place on the tape.
    pub(crate) fn index(self) -> u32 {
        self.index
    }

    #[inline(always)]
    pub(crate) fn kind(self) -> Kind {
        self.token().kind
    }

    /// Items of an array, members of an object.
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        match self.token() {
            Token { kind: Kind::Array | Kind::Object, size, .. } => size as usize,
            _ => 0,
        }
    }

    /// The string; empty for what is none.
    #[inline(always)]
    pub(crate) fn text(self) -> Cow<'t, str> {
        let token = self.token();
        match token.kind {
            Kind::String if token.rich => Cow::Owned(decode(self.slice(token))),
            Kind::String => Cow::Borrowed(self.slice(token)),
            _ => Cow::Borrowed(""),
        }
    }

    /// The value as it is written.
    pub(crate) fn source(self) -> &'t str {
        let token = self.token();
        let (mut start, mut end) = (token.start as usize, token.end as usize);
        match token.kind {
            Kind::Array | Kind::Object => {
                let within = self.tape.tokens.get(self.index as usize..end).unwrap_or_default();
                let is_container = |token: &Token| matches!(token.kind, Kind::Array | Kind::Object);
                // Behind the last scalar, or the opening bracket of what is empty, stand only brackets that close.
                let closing = within.iter().filter(|inner| is_container(inner) && inner.end == token.end).count();
                let last = within.last().copied().unwrap_or(token);
                let behind = if is_container(&last) { last.start.wrapping_add(1) } else { last.end } as usize;
                let rest = self.tape.text.as_bytes().get(behind..).unwrap_or_default();
                let brackets = rest.iter().enumerate().filter(|(_, byte)| matches!(byte, b']' | b'}'));
                let closed = brackets.map(|(at, _)| at).nth(closing.saturating_sub(1));
                end = closed.map_or(end, |at| behind.saturating_add(at).saturating_add(1));
            }
            Kind::String | Kind::Foreign => {
                start = start.saturating_sub(1);
                end = end.saturating_add(1);
            }
            _ => {}
        }
        self.tape.text.get(start..end).unwrap_or_default()
    }

    /// The string, if it is one.
    pub(crate) fn as_text(self) -> Option<Cow<'t, str>> {
        (self.kind() == Kind::String).then(|| self.text())
    }

    /// The number; 0 for what is none.
    #[inline(always)]
    pub(crate) fn number(self) -> Number<'t> {
        let token = self.token();
        match token.kind {
            Kind::Number if token.rich => Number::of(self.slice(token)),
            Kind::Number => Number::plain(self.slice(token)),
            _ => Number::Small(0),
        }
    }

    /// A number as it is written.
    pub(crate) fn number_text(self) -> &'t str {
        self.slice(self.token())
    }

    #[inline(always)]
    pub(crate) fn items(self) -> Items<'t> {
        let token = self.token();
        let left = if token.kind == Kind::Array { token.size } else { 0 };
        Items { tape: self.tape, index: self.index.wrapping_add(1), left }
    }

    #[inline(always)]
    pub(crate) fn members(self) -> Members<'t> {
        let token = self.token();
        let left = if token.kind == Kind::Object { token.size } else { 0 };
        Members { tape: self.tape, index: self.index.wrapping_add(1), left }
    }

    /// The member of that name.
    pub(crate) fn get(self, name: &str) -> Option<Node<'t>> {
        let hash = name_hash(name.as_bytes());
        self.members().find(|member| member.hash() == hash && member.name() == name).map(|member| member.value)
    }

    /// The value that a JSON Pointer leads to from here.
    pub(crate) fn pointer(self, pointer: &str) -> Option<Node<'t>> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut node = self;
        for part in pointer.strip_prefix('/')?.split('/') {
            node = node.child(&part.replace("~1", "/").replace("~0", "~"))?;
        }
        Some(node)
    }

    /// A member by name, or an item by its index.
    pub(crate) fn child(self, part: &str) -> Option<Node<'t>> {
        match self.kind() {
            Kind::Object => self.get(part),
            Kind::Array if part == "0" || !part.starts_with(['0', '+']) => self.items().nth(part.parse().ok()?),
            _ => None,
        }
    }

    /// JSON Pointer from here to the value at another place of the same tape, which lies within.
    pub(crate) fn pointer_to(self, index: u32) -> String {
        let mut path = String::new();
        let mut node = self;
        while node.index != index {
            let within = |node: &Node<'_>| (node.index..behind(node.tape.tokens, node.index)).contains(&index);
            let next = match node.kind() {
                Kind::Object => node.members().find(|member| within(&member.value)).map(|member| {
                    path.push('/');
                    path.push_str(&pointer_token(&member.name()));
                    member.value
                }),
                _ => node.items().enumerate().find(|(_, item)| within(item)).map(|(position, item)| {
                    path.push('/');
                    path.push_str(&position.to_string());
                    item
                }),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        path
    }
}

/// The items of an array.
#[derive(Debug, Clone)]
pub(crate) struct Items<'t> {
    tape: Tape<'t>,
    index: u32,
    left: u32,
}

impl<'t> Iterator for Items<'t> {
    type Item = Node<'t>;

    #[inline(always)]
    fn next(&mut self) -> Option<Node<'t>> {
        self.left = self.left.checked_sub(1)?;
        let index = self.index;
        self.index = behind(self.tape.tokens, index);
        Some(self.tape.node(index))
    }
}

/// The members of an object, as they stand.
#[derive(Debug, Clone)]
pub(crate) struct Members<'t> {
    tape: Tape<'t>,
    index: u32,
    left: u32,
}

/// One member of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'t> {
    pub(crate) key: Node<'t>,
    pub(crate) value: Node<'t>,
}

impl<'t> Member<'t> {
    #[inline(always)]
    pub(crate) fn name(self) -> Cow<'t, str> {
        self.key.text()
    }

    /// Whether its name is a whole string; a lenient reading lets others through.
    pub(crate) fn is_named(self) -> bool {
        self.key.kind() == Kind::String
    }

    /// [`name_hash`] of the name.
    #[inline(always)]
    pub(crate) fn hash(self) -> u32 {
        self.key.token().size
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = Member<'t>;

    #[inline(always)]
    fn next(&mut self) -> Option<Member<'t>> {
        self.left = self.left.checked_sub(1)?;
        let name = self.index;
        let value = name.wrapping_add(1);
        self.index = behind(self.tape.tokens, value);
        Some(Member { key: self.tape.node(name), value: self.tape.node(value) })
    }
}
