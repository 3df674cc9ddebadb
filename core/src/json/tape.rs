//! One pass over JSON text to a flat array of tokens: strict RFC 8259, within limits, exact.
//!
//! Nothing is decoded that nobody asks for: strings and numbers stay where they stand in the text.

use std::borrow::Cow;

use super::{Fault, Limits, MAX_DEPTH, Numbers, OWN, Refusal, pointer_token};
use crate::json::number::Number;
use crate::sort::sort_by;

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
pub(crate) struct Token {
    kind: Kind,
    /// A string with escapes; a number with an exponent or with more digits than an `i64` holds for certain.
    rich: bool,
    /// Objects, while they are read: a bit for each name's hash.
    bits: u16,
    /// Offset of the first byte, for strings behind the quote.
    start: u32,
    /// Strings and numbers: offset behind the last byte. Containers: index of the token behind them.
    end: u32,
    /// Containers: how many items or members. Names: [`name_hash`]. Numbers: digits behind the point.
    size: u32,
}

/// A value without items and members, just read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar {
    pub(crate) kind: Kind,
    /// As in a [`Token`].
    pub(crate) rich: bool,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// How many digits stand behind a number's point.
    pub(crate) scale: u32,
    /// A number's digits, unless it is rich.
    pub(crate) value: i64,
}

impl Scalar {
    #[inline(always)]
    pub(crate) fn token(self) -> Token {
        let Scalar { kind, rich, start, end, scale, .. } = self;
        Token { kind, rich, bits: 0, start, end, size: scale }
    }
}

impl Token {
    /// Whether a string has escapes.
    pub(crate) fn is_escaped(self) -> bool {
        self.rich
    }
}

/// No container is open.
const NONE: u32 = u32::MAX;
/// So many digits, or one fewer and a point, always fit into an `i64`, and lie far below 2^53.
const SHORT_DIGITS: usize = 15;

/// A text and its tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tape<'t> {
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
        // Room for what a small document has: growing to it step by step costs as much as reading it.
        let mut tokens = Vec::with_capacity((text.len() >> 3).min(256));
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
    let read = read_tokens(Cursor::new(text, 0), 0, limits, tokens).and_then(|mut cursor| {
        cursor.skip_space();
        if cursor.at == text.len() { Ok(()) } else { Err(((Fault::Syntax, cursor.at), NONE)) }
    });
    match read {
        Ok(()) => Ok(Tape { text, tokens }),
        Err((fall, open)) => Err(refusal(fall, open, text, tokens, limits)),
    }
}

/// Reads one value of a text that somebody else reads, so many levels deep in it; where the value ends.
pub(crate) fn read_value<'t: 'm, 'm>(
    cursor: Cursor<'t>,
    depth: usize,
    limits: Limits,
    tokens: &'m mut Vec<Token>,
) -> Option<(Tape<'m>, usize)> {
    tokens.clear();
    let behind = read_tokens(cursor, depth, limits, tokens).ok()?;
    Some((Tape { text: cursor.text, tokens }, behind.at))
}

/// Where reading stands. Small, and passed by value: the loop below lives on it staying in registers.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'t> {
    pub(crate) text: &'t str,
    pub(crate) at: usize,
}

/// What was wrong, and where.
type Fall = (Fault, usize);

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str, at: usize) -> Self {
        Cursor { text, at }
    }

    /// 0 behind the end: it is no part of any JSON.
    #[inline(always)]
    pub(crate) fn peek(self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    #[inline(always)]
    pub(crate) fn step(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    #[inline(always)]
    pub(crate) fn skip_space(&mut self) -> u8 {
        loop {
            let byte = self.peek();
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return byte;
            }
            self.step();
        }
    }

    #[inline(always)]
    fn fall<T>(self, fault: Fault) -> Result<T, Fall> {
        Err((fault, self.at))
    }

    /// The text from here on.
    #[inline(always)]
    pub(crate) fn rest(self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// A member's name that begins here, behind its quote; its size is its [`name_hash`].
    #[inline(always)]
    pub(crate) fn name(&mut self, lenient: bool) -> Result<Token, Fall> {
        let start = self.at;
        let spelling = self.string(lenient)?;
        let end = self.at.wrapping_sub(1);
        let hash = hash_at(self.text.as_bytes(), start, end, spelling.escaped);
        let (start, end) = (start as u32, end as u32);
        Ok(Token { kind: spelling.kind(), rich: spelling.escaped, bits: 0, start, end, size: hash })
    }

    /// From behind the opening quote to behind the closing one.
    #[inline(always)]
    fn string(&mut self, lenient: bool) -> Result<Spelling, Fall> {
        // Eight bytes at a time, while none of them ends the string, begins an escape or is a control.
        while let Some(chunk) = self.text.as_bytes().get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let chunk = u64::from_le_bytes(*chunk);
            let special = special_bytes(chunk);
            if special == 0 {
                self.at = self.at.wrapping_add(8);
                continue;
            }
            let first = special.trailing_zeros();
            self.at = self.at.wrapping_add((first >> 3) as usize);
            if (chunk >> (first & 0x38)) as u8 == b'"' {
                self.step();
                return Ok(Spelling::PLAIN);
            }
            break;
        }
        let (at, spelling) = rest_of_string(*self, lenient)?;
        self.at = at;
        Ok(spelling)
    }

    /// Digits, appended to those before.
    #[inline(always)]
    fn digits(&mut self, value: &mut i64) -> Result<(), Fall> {
        let first = self.at;
        loop {
            let digit = self.peek().wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            *value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            self.step();
        }
        if self.at == first { self.fall(Fault::Syntax) } else { Ok(()) }
    }

    #[inline(always)]
    fn number(&mut self) -> Result<Scalar, Fall> {
        let start = self.at as u32;
        let negative = self.peek() == b'-';
        if negative {
            self.step();
        }
        let whole = self.at;
        let mut value: i64 = 0;
        if self.peek() == b'0' {
            self.step();
        } else {
            self.digits(&mut value)?;
        }
        let mut scale: usize = 0;
        if self.peek() == b'.' {
            self.step();
            let fraction = self.at;
            self.digits(&mut value)?;
            scale = self.at.wrapping_sub(fraction);
        }
        let mut rich = self.at.wrapping_sub(whole) > SHORT_DIGITS;
        if matches!(self.peek(), b'e' | b'E') {
            rich = true;
            self.step();
            if matches!(self.peek(), b'+' | b'-') {
                self.step();
            }
            self.digits(&mut value)?;
        }
        let value = if negative { value.wrapping_neg() } else { value };
        Ok(Scalar { kind: Kind::Number, rich, start, end: self.at as u32, scale: scale as u32, value })
    }

    #[inline(always)]
    fn word(&mut self, word: &[u8]) -> Result<(), Fall> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at = self.at.wrapping_add(word.len());
            return Ok(());
        }
        self.fall(Fault::Syntax)
    }

    /// A string, a number or a word that begins here with that byte.
    #[inline(always)]
    pub(crate) fn scalar(&mut self, byte: u8, limits: Limits) -> Result<Scalar, Fall> {
        // Offsets fit: the limits of bytes are far below 2^32.
        let start = self.at as u32;
        let of = |kind, end: usize| Scalar { kind, rich: false, start, end: end as u32, scale: 0, value: 0 };
        match byte {
            b'"' => {
                self.step();
                let spelling = self.string(limits.lenient)?;
                let string = of(spelling.kind(), self.at.wrapping_sub(1));
                Ok(Scalar { rich: spelling.escaped, start: start.wrapping_add(1), ..string })
            }
            b'-' | b'0'..=b'9' => {
                let number = self.number()?;
                if number.rich && !is_allowed(self.text, number, limits) {
                    return Err((Fault::NumberTooLarge, start as usize));
                }
                Ok(number)
            }
            b't' => self.word(b"true").map(|()| of(Kind::True, self.at)),
            b'f' => self.word(b"false").map(|()| of(Kind::False, self.at)),
            b'n' => self.word(b"null").map(|()| of(Kind::Null, self.at)),
            _ => self.fall(Fault::Syntax),
        }
    }

    /// `uXXXX`
    fn hex4(&mut self) -> Result<u32, Fall> {
        let mut unit = 0;
        for _ in 0..4 {
            self.step();
            let digit = char::from(self.peek()).to_digit(16).ok_or((Fault::Syntax, self.at))?;
            unit = unit << 4 | digit;
        }
        self.step();
        Ok(unit)
    }

    /// Whether it is half of a surrogate pair without the other one.
    fn escape(&mut self) -> Result<bool, Fall> {
        self.step();
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.step(),
            b'u' => match self.hex4()? {
                0xd800..=0xdbff => {
                    if self.peek() != b'\\' || self.text.as_bytes().get(self.at.wrapping_add(1)) != Some(&b'u') {
                        return Ok(true);
                    }
                    self.step();
                    return Ok(!(0xdc00..=0xdfff).contains(&self.hex4()?));
                }
                0xdc00..=0xdfff => return Ok(true),
                _ => {}
            },
            _ => return self.fall(Fault::Syntax),
        }
        Ok(false)
    }
}

/// How a string is written.
#[derive(Clone, Copy)]
struct Spelling {
    escaped: bool,
    /// Half a surrogate pair stands alone in it.
    broken: bool,
}

impl Spelling {
    const PLAIN: Spelling = Spelling { escaped: false, broken: false };

    #[inline(always)]
    fn kind(self) -> Kind {
        if self.broken { Kind::Foreign } else { Kind::String }
    }
}

/// A string from where the fast way ends: at an escape, at a control, or within the last bytes of the text.
#[inline(never)]
fn rest_of_string(mut cursor: Cursor<'_>, lenient: bool) -> Result<(usize, Spelling), Fall> {
    let mut spelling = Spelling::PLAIN;
    loop {
        match cursor.peek() {
            b'"' => return Ok((cursor.at.wrapping_add(1), spelling)),
            b'\\' => {
                spelling.escaped = true;
                if cursor.escape()? {
                    spelling.broken = true;
                    if !lenient {
                        return cursor.fall(Fault::LoneSurrogate);
                    }
                }
            }
            0..=0x1f => return cursor.fall(Fault::Syntax),
            _ => cursor.step(),
        }
    }
}

/// The innermost open container. Those around it wait in their tokens: `size` holds the count so far, `end` the
/// container around them.
#[derive(Clone, Copy)]
struct Open {
    index: u32,
    count: u32,
    is_object: bool,
    /// A bit for each name's hash, so that names which cannot be twins need not be compared.
    bits: u16,
    /// Whether two names share a bit.
    may_repeat: bool,
}

const NOTHING: Open = Open { index: NONE, count: 0, is_object: false, bits: 0, may_repeat: false };

/// Reads one value; a refusal comes with what is open, for the path.
fn read_tokens<'t>(
    mut cursor: Cursor<'t>,
    mut depth: usize,
    limits: Limits,
    tokens: &mut Vec<Token>,
) -> Result<Cursor<'t>, (Fall, u32)> {
    let bytes = cursor.text.as_bytes();
    let mut open = NOTHING;
    macro_rules! fallible {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(fall) => return Err((fall, open.index)),
            }
        };
    }
    // A comma or a bracket comes between any two, and looks at the limit of tokens.
    macro_rules! push {
        ($token:expr) => {
            tokens.push($token);
        };
    }
    macro_rules! name {
        () => {
            if cursor.peek() != b'"' {
                return Err(((Fault::Syntax, cursor.at), open.index));
            }
            cursor.step();
            let token = fallible!(cursor.name(limits.lenient));
            let bit = 1_u16 << (token.size >> 28);
            open.may_repeat |= open.bits & bit != 0;
            open.bits |= bit;
            push!(token);
            if cursor.skip_space() != b':' {
                return Err(((Fault::Syntax, cursor.at), open.index));
            }
            cursor.step();
        };
    }
    'value: loop {
        let byte = cursor.skip_space();
        let start = cursor.at;
        match byte {
            b'{' | b'[' => {
                if depth >= MAX_DEPTH {
                    return Err(((Fault::TooDeep, start), open.index));
                }
                depth = depth.wrapping_add(1);
                if let Some(around) = tokens.get_mut(open.index as usize) {
                    (around.bits, around.size, around.rich) = (open.bits, open.count, open.may_repeat);
                }
                let is_object = byte == b'{';
                let (index, around) = (tokens.len() as u32, open.index);
                let kind = if is_object { Kind::Object } else { Kind::Array };
                push!(Token { kind, rich: false, bits: 0, start: start as u32, end: around, size: 0 });
                open = Open { index, is_object, ..NOTHING };
                cursor.step();
                let next = cursor.skip_space();
                if is_object {
                    if next != b'}' {
                        name!();
                        continue 'value;
                    }
                } else if next != b']' {
                    continue 'value;
                }
                cursor.step();
                depth = depth.wrapping_sub(1);
                open = close(tokens, open);
            }
            _ => {
                push!(fallible!(cursor.scalar(byte, limits)).token());
            }
        }
        loop {
            if open.index == NONE {
                return Ok(cursor);
            }
            open.count = open.count.wrapping_add(1);
            let byte = cursor.skip_space();
            if byte == b',' {
                if tokens.len() >= limits.values {
                    return Err(((Fault::TooManyValues, cursor.at), open.index));
                }
                cursor.step();
                if open.is_object {
                    cursor.skip_space();
                    name!();
                }
                continue 'value;
            }
            if byte != if open.is_object { b'}' } else { b']' } {
                return Err(((Fault::Syntax, cursor.at), open.index));
            }
            cursor.step();
            if open.may_repeat && !limits.lenient && !check_names(bytes, tokens, open) {
                return Err(((Fault::DuplicateKey, cursor.at), open.index));
            }
            depth = depth.wrapping_sub(1);
            open = close(tokens, open);
        }
    }
}

/// Ends the innermost container; what is open then.
#[inline(always)]
fn close(tokens: &mut [Token], open: Open) -> Open {
    let behind = tokens.len() as u32;
    let Some(container) = tokens.get_mut(open.index as usize) else { return NOTHING };
    (container.size, container.rich) = (open.count, false);
    let index = core::mem::replace(&mut container.end, behind);
    match tokens.get(index as usize) {
        Some(around) => Open {
            index,
            count: around.size,
            is_object: around.kind == Kind::Object,
            bits: around.bits,
            may_repeat: around.rich,
        },
        None => NOTHING,
    }
}

fn is_allowed(text: &str, number: Scalar, limits: Limits) -> bool {
    let number = Number::of(text.get(number.start as usize..number.end as usize).unwrap_or_default());
    match limits.numbers {
        Numbers::Safe => number.is_safe(),
        Numbers::Finite => number.is_finite(),
        Numbers::Any => true,
    }
}

#[inline(always)]
fn hash_at(bytes: &[u8], start: usize, end: usize, escaped: bool) -> u32 {
    let name = bytes.get(start..end).unwrap_or_default();
    if escaped { hash_escaped(name) } else { name_hash(name) }
}

#[cold]
#[inline(never)]
fn hash_escaped(name: &[u8]) -> u32 {
    name_hash(decode(core::str::from_utf8(name).unwrap_or_default()).as_bytes())
}

fn decoded<'t>(bytes: &'t [u8], token: &Token) -> Cow<'t, str> {
    let raw = bytes.get(token.start as usize..token.end as usize).unwrap_or_default();
    let raw = core::str::from_utf8(raw).unwrap_or_default();
    if token.rich { Cow::Owned(decode(raw)) } else { Cow::Borrowed(raw) }
}

/// Whether each name of the innermost open object stands there once. If not, what stands behind the repetition is
/// forgotten, so that the refusal points to it.
#[inline(never)]
fn check_names(bytes: &[u8], tokens: &mut Vec<Token>, open: Open) -> bool {
    const FEW: usize = 16;
    let first = open.index.wrapping_add(1);
    if open.count as usize <= FEW {
        let mut hashes = [0_u32; FEW];
        let mut index = first;
        let mut clash = false;
        for known in 0..open.count as usize {
            let Some(name) = tokens.get(index as usize) else { break };
            clash |= hashes.iter().take(known).any(|hash| *hash == name.size);
            if let Some(slot) = hashes.get_mut(known) {
                *slot = name.size;
            }
            index = behind(tokens, index.wrapping_add(1));
        }
        if !clash {
            return true;
        }
    }
    let mut names = Vec::with_capacity(open.count as usize);
    let mut index = first;
    for _ in 0..open.count {
        let Some(name) = tokens.get(index as usize) else { break };
        names.push((name.size, decoded(bytes, name), index));
        index = behind(tokens, index.wrapping_add(1));
    }
    sort_by(&mut names, Ord::cmp);
    let twice = names.windows(2).filter_map(|pair| match pair {
        [(hash, name, _), (other_hash, other, index)] if hash == other_hash && name == other => Some(*index),
        _ => None,
    });
    match twice.min() {
        Some(index) => {
            tokens.truncate((index as usize).saturating_add(1));
            false
        }
        None => true,
    }
}

#[cold]
#[inline(never)]
fn refusal((fault, at): Fall, open: u32, text: &str, tokens: &[Token], limits: Limits) -> Refusal {
    /// As [`behind`], where a container may still be open.
    fn behind_whole(tokens: &[Token], index: u32) -> u32 {
        let next = behind(tokens, index);
        if next > index { next } else { NONE }
    }
    let mut parts: Vec<String> = Vec::new();
    let mut container = open;
    let mut child = None;
    while let Some(token) = tokens.get(container as usize) {
        let mut index = container.wrapping_add(1);
        let part = if token.kind == Kind::Object {
            let mut name = None;
            while let Some(token) = tokens.get(index as usize) {
                name = Some(token);
                let value = index.wrapping_add(1);
                if Some(value) == child {
                    break;
                }
                index = behind_whole(tokens, value);
            }
            // Behind a whole member there is no name yet: the refusal is about the object itself.
            let whole = child.is_none() && fault != Fault::DuplicateKey && index as usize >= tokens.len();
            let pending = tokens.last().is_some_and(|last| last.kind == Kind::String && last.size != 0);
            name.filter(|_| !whole || pending).map(|name| decoded(text.as_bytes(), name).into_owned())
        } else {
            let mut position: usize = 0;
            while Some(index) != child && (index as usize) < tokens.len() {
                position = position.saturating_add(1);
                index = behind_whole(tokens, index);
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
    let (line, column) = place(text.as_bytes().get(..at.min(text.len())).unwrap_or_default());
    Refusal { fault, path, line, column, limit: limits.values }
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
    let quotes = (chunk ^ ONES.wrapping_mul(0x22)).wrapping_sub(ONES);
    let escapes = (chunk ^ ONES.wrapping_mul(0x5c)).wrapping_sub(ONES);
    let controls = chunk.wrapping_sub(ONES.wrapping_mul(0x20));
    // None of the three has its highest bit set, so neither has a byte that is one of them.
    (controls | quotes | escapes) & !chunk & HIGH
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

/// The four hexadecimal digits of one UTF-16 unit.
fn unit(digits: &mut core::str::Chars<'_>) -> u32 {
    (0..4).fold(0, |sum, _| sum << 4 | digits.next().and_then(|digit| digit.to_digit(16)).unwrap_or(0))
}

/// What a string's raw text stands for; the text was checked when it was read.
pub(crate) fn decode(raw: &str) -> String {
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
                let mut code = unit(&mut characters);
                if (0xd800..0xdc00).contains(&code) {
                    // The other half's `\u`.
                    characters.next();
                    characters.next();
                    let low = unit(&mut characters);
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
pub(crate) struct Node<'t> {
    tape: Tape<'t>,
    index: u32,
}

impl<'t> Tape<'t> {
    /// One scalar of a text.
    pub(crate) fn of(text: &'t str, token: &'t Token) -> Self {
        Tape { text, tokens: core::slice::from_ref(token) }
    }

    /// The document's value.
    pub(crate) fn root(self) -> Node<'t> {
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
        const ABSENT: Token = Token { kind: Kind::Null, rich: false, bits: 0, start: 0, end: 0, size: 0 };
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

    /// Whether it is that string.
    #[inline(always)]
    pub(crate) fn is_text(self, text: &str) -> bool {
        let token = self.token();
        if token.kind != Kind::String {
            return false;
        }
        if token.rich {
            return decode(self.slice(token)) == text;
        }
        self.tape.text.as_bytes().get(token.start as usize..token.end as usize) == Some(text.as_bytes())
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
            Kind::Number => Number::short(self.slice(token), token.size),
            _ => Number::ZERO,
        }
    }

    /// [`name_hash`] of a member's name.
    #[inline(always)]
    pub(crate) fn name_hash(self) -> u32 {
        self.token().size
    }

    /// How many bytes a string or a number has in the text.
    #[inline(always)]
    pub(crate) fn length(self) -> usize {
        match self.token() {
            Token { kind: Kind::String | Kind::Number, start, end, .. } => end.wrapping_sub(start) as usize,
            _ => 0,
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
        self.members().find(|member| member.key.name_hash() == hash && member.name() == name).map(|member| member.value)
    }

    /// The value that a JSON Pointer leads to from here.
    pub(crate) fn pointer(self, pointer: &str) -> Option<Node<'t>> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut node = self;
        for part in pointer.strip_prefix('/')?.split('/') {
            node = node.child(&super::pointer_name(part))?;
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

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}
