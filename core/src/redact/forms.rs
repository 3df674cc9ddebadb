//! Declared secrets in every form that a text may give them, found in one pass whose cost is linear in the text.
//!
//! Texts and secrets are folded alike: letter case, full-width letters, invisible and control characters and the two
//! spellings of a space make no difference. Percent-encoding, JSON escapes and HTML entities are undone in a second
//! pass over texts that have any; what cannot be undone in place (base64 at each of its three offsets, hexadecimal) is
//! looked for as a form of its own.

use crate::secret::Secret;
use crate::text::is_invisible;

/// How many bytes a form is looked up by; shorter ones are in too many innocent texts.
pub(super) const HEAD: usize = 8;

/// How often one encoding may be within another.
const DEPTH: u8 = 3;

const FILTER_BITS: u32 = 12;

/// How much a text may cost in comparisons that lead to nothing, for each of its bytes. A text that costs more repeats
/// the beginnings of secrets without end; whatever begins like one is then taken for one.
const COMPARISONS: usize = 16;

#[derive(Clone, Default)]
pub(super) struct Forms {
    /// Folded, by their first bytes.
    forms: Vec<(u64, Secret, Edges)>,
    /// Which first bytes there are, by a hash of them: nearly every place of a text is ruled out by one look.
    filter: Vec<u64>,
}

/// Whether the characters of base64 before and behind a form hold bits of the secret too, beside others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Edges {
    before: bool,
    behind: bool,
}

impl core::fmt::Debug for Forms {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Forms({})", self.forms.len())
    }
}

impl Forms {
    pub(super) fn len(&self) -> usize {
        self.forms.len()
    }

    /// Looks for the secret from now on. False where too little of it can be seen.
    pub(super) fn add(&mut self, secret: &Secret) -> bool {
        let text = secret.expose();
        let plain: Vec<String> = (0..=DEPTH).map(|depth| folded(text, depth)).collect();
        if plain.first().is_none_or(|plain| plain.len() < HEAD) {
            return false;
        }
        plain.into_iter().for_each(|form| self.insert(form, Edges::default()));
        self.insert(crate::json::canonical::hex(text.as_bytes()), Edges::default());
        for (at_62, at_63) in [(b'+', b'/'), (b'-', b'_')] {
            for offset in 0..3_usize {
                let behind = offset.wrapping_add(text.len()).checked_rem(3) != Some(0);
                let edges = Edges { before: offset > 0, behind };
                self.insert(folded(&base64(text.as_bytes(), offset, at_62, at_63), 0), edges);
            }
        }
        true
    }

    fn insert(&mut self, form: String, edges: Edges) {
        let Some(head) = form.as_bytes().first_chunk::<HEAD>().map(|bytes| u64::from_be_bytes(*bytes)) else { return };
        let at = self.forms.partition_point(|(other, form_there, _)| (*other, form_there.expose()) < (head, &form));
        if self.forms.get(at).is_some_and(|(_, known, _)| known.expose() == form) {
            return;
        }
        self.forms.insert(at, (head, Secret::new(form), edges));
        self.filter.resize(1 << (FILTER_BITS - 6), 0);
        let (word, bit) = filter_place(head);
        if let Some(word) = self.filter.get_mut(word) {
            *word |= bit;
        }
    }

    /// Gives the places of a text, in bytes, at which a secret is, until `found` says that it is enough. They may
    /// overlap.
    pub(super) fn each(&self, text: &str, found: &mut dyn FnMut(usize, usize) -> bool) {
        if self.forms.is_empty() || (self.scan(text, 0, found) && !text.contains(['%', '\\', '&'])) {
            return;
        }
        self.scan(text, DEPTH, found);
    }

    fn scan(&self, text: &str, depth: u8, found: &mut dyn FnMut(usize, usize) -> bool) -> bool {
        let mut budget = text.len().saturating_mul(COMPARISONS).saturating_add(1 << 16);
        let (mut window, mut seen, mut starts) = (0_u64, 0_usize, [0_usize; HEAD]);
        let mut at = 0;
        while let Some((character, next)) = unit(text, at, depth) {
            let bytes = Bytes::of(character);
            for (index, byte) in bytes.as_slice().iter().enumerate() {
                let rest = bytes.after(index);
                window = window << 8 | u64::from(*byte);
                if let Some(start) = starts.get_mut(seen % HEAD) {
                    *start = at;
                }
                seen = seen.wrapping_add(1);
                let (word, bit) = filter_place(window);
                if self.filter.get(word).is_some_and(|word| word & bit != 0)
                    && let Some((end, edges)) = self.longest(window, rest, text, next, depth, &mut budget)
                    && let Some(start) = starts.get(seen % HEAD)
                    && !found(reaching_back(text, *start, edges), reaching_on(text, end, depth, edges))
                {
                    return false;
                }
            }
            at = next;
        }
        true
    }

    /// Where the longest form with that beginning ends, if one is there.
    fn longest(
        &self,
        head: u64,
        mut rest: Bytes,
        text: &str,
        mut at: usize,
        depth: u8,
        budget: &mut usize,
    ) -> Option<(usize, Edges)> {
        let bound = |reached: &dyn Fn(&str, u64) -> bool| {
            self.forms.partition_point(|(other, form, _)| !reached(form.expose(), *other))
        };
        let (mut low, mut high) = (bound(&|_, other| other >= head), bound(&|_, other| other > head));
        let mut length = HEAD;
        let mut longest = None;
        loop {
            // The forms are in their order, so those that go on as the text does are next to one another, and the
            // shortest is the first.
            let alike = self.forms.get(low..high).filter(|alike| !alike.is_empty())?;
            let byte = rest.as_slice().first().copied();
            if byte.is_none()
                && let Some((_, _, edges)) = alike.first().filter(|(_, form, _)| form.expose().len() == length)
            {
                longest = Some((at, *edges));
                if alike.len() == 1 {
                    return longest;
                }
            }
            let Some(left) = budget.checked_sub(1) else { return longest.or(Some((at, Edges::default()))) };
            *budget = left;
            let Some(byte) = byte else {
                let Some((character, next)) = unit(text, at, depth) else { return longest };
                at = next;
                rest = Bytes::of(character);
                continue;
            };
            let byte_of = |(_, form, _): &(u64, Secret, Edges)| form.expose().as_bytes().get(length).copied();
            let (before, up_to) = (
                alike.partition_point(|form| byte_of(form) < Some(byte)),
                alike.partition_point(|form| byte_of(form) <= Some(byte)),
            );
            (low, high) = (low.saturating_add(before), low.saturating_add(up_to));
            if low == high {
                return longest;
            }
            rest = rest.after(0);
            length = length.saturating_add(1);
        }
    }
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/-_".contains(character)
}

/// Where a secret begins, with the character of base64 before it if that holds bits of it.
fn reaching_back(text: &str, start: usize, edges: Edges) -> usize {
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    start.saturating_sub(usize::from(edges.before && before.is_some_and(is_base64)))
}

/// Where it ends, with the character behind it and what fills up.
fn reaching_on(text: &str, end: usize, depth: u8, edges: Edges) -> usize {
    let mut at = end;
    if edges.behind
        && let Some((_, next)) = unit(text, at, depth).filter(|(character, _)| is_base64(*character))
    {
        at = next;
        for _ in 0..2 {
            at = unit(text, at, depth).filter(|(character, _)| *character == '=').map_or(at, |(_, next)| next);
        }
    }
    at
}

/// The UTF-8 of a character after folding; none of one that is not seen.
#[derive(Clone, Copy)]
struct Bytes {
    bytes: [u8; 4],
    from: usize,
    to: usize,
}

impl Bytes {
    fn of(character: char) -> Self {
        let mut bytes = [0; 4];
        let to = fold(character).map_or(0, |folded| folded.encode_utf8(&mut bytes).len());
        Bytes { bytes, from: 0, to }
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.from..self.to).unwrap_or_default()
    }

    /// What follows the byte with that index.
    fn after(self, index: usize) -> Self {
        Bytes { from: self.from.saturating_add(index).saturating_add(1), ..self }
    }
}

/// A word and a bit of the filter.
fn filter_place(head: u64) -> (usize, u64) {
    let hash = head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

fn folded(text: &str, depth: u8) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((character, next)) = unit(text, at, depth) {
        out.extend(fold(character));
        at = next;
    }
    out
}

/// The same for characters that look or count alike; none for those that are not seen.
fn fold(character: char) -> Option<char> {
    match character {
        ' ' | '\u{a0}' => Some('+'),
        '!'..='~' => Some(character.to_ascii_lowercase()),
        _ if character.is_control() || is_invisible(character) => None,
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character).saturating_sub(0xfee0)).map(|plain| plain.to_ascii_lowercase())
        }
        _ => character.to_lowercase().next(),
    }
}

/// The character at a place of the text and where the next one begins, after that many encodings were undone.
fn unit(text: &str, at: usize, depth: u8) -> Option<(char, usize)> {
    let Some(inner) = depth.checked_sub(1) else {
        let byte = *text.as_bytes().get(at)?;
        let character = if byte.is_ascii() { char::from(byte) } else { text.get(at..)?.chars().next()? };
        return Some((character, at.saturating_add(character.len_utf8())));
    };
    let (character, next) = unit(text, at, inner)?;
    let decoded = match character {
        '%' => percent(text, next, inner),
        '\\' => escape(text, next, inner),
        '&' => entity(text, next, inner),
        _ => None,
    };
    Some(decoded.unwrap_or((character, next)))
}

/// That many hexadecimal digits.
fn digits(text: &str, mut at: usize, depth: u8, count: u32) -> Option<(u32, usize)> {
    let mut value = 0_u32;
    for _ in 0..count {
        let (digit, next) = unit(text, at, depth)?;
        value = value << 4 | digit.to_digit(16)?;
        at = next;
    }
    Some((value, at))
}

fn percent(text: &str, at: usize, depth: u8) -> Option<(char, usize)> {
    let (lead, mut at) = digits(text, at, depth, 2)?;
    let (more, mut value) = match lead {
        0..=0x7f => (0, lead),
        0xc2..=0xdf => (1, lead & 0x1f),
        0xe0..=0xef => (2, lead & 0x0f),
        0xf0..=0xf4 => (3, lead & 0x07),
        _ => return None,
    };
    for _ in 0..more {
        let (sign, next) = unit(text, at, depth)?;
        let (byte, next) = digits(text, next, depth, 2)?;
        if sign != '%' || byte & 0xc0 != 0x80 {
            return None;
        }
        value = value << 6 | byte & 0x3f;
        at = next;
    }
    char::from_u32(value).map(|character| (character, at))
}

fn escape(text: &str, at: usize, depth: u8) -> Option<(char, usize)> {
    let (letter, at) = unit(text, at, depth)?;
    let plain = match letter {
        'n' | 'r' | 't' | 'b' | 'f' => '\n',
        '"' | '\'' | '\\' | '/' => letter,
        'x' => return digits(text, at, depth, 2).and_then(|(value, at)| Some((char::from_u32(value)?, at))),
        'u' => {
            let (high, at) = digits(text, at, depth, 4)?;
            if let Some(character) = char::from_u32(high) {
                return Some((character, at));
            }
            let (backslash, at) = unit(text, at, depth)?;
            let (letter, at) = unit(text, at, depth)?;
            let (low, at) = digits(text, at, depth, 4)?;
            if (backslash, letter) != ('\\', 'u') || !(0xdc00..0xe000).contains(&low) {
                return None;
            }
            let value = 0x1_0000_u32.saturating_add((high & 0x3ff) << 10 | low & 0x3ff);
            return char::from_u32(value).map(|character| (character, at));
        }
        _ => return None,
    };
    Some((plain, at))
}

fn entity(text: &str, mut at: usize, depth: u8) -> Option<(char, usize)> {
    let mut name = String::new();
    // The longest is `#x10FFFF`.
    for _ in 0..=8 {
        let (character, next) = unit(text, at, depth)?;
        at = next;
        if character == ';' {
            let character = match name.as_str() {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                "nbsp" => Some(' '),
                "shy" => Some('\u{ad}'),
                _ => {
                    let number = name.strip_prefix('#')?;
                    let value = match number.strip_prefix(['x', 'X']) {
                        Some(digits) => u32::from_str_radix(digits, 16),
                        None => number.parse(),
                    };
                    value.ok().and_then(char::from_u32)
                }
            };
            return character.map(|character| (character, at));
        }
        if !character.is_ascii_alphanumeric() && character != '#' {
            return None;
        }
        name.push(character);
    }
    None
}

/// The characters of base64 that the bytes alone decide where `offset` other bytes are before them.
fn base64(bytes: &[u8], offset: usize, at_62: u8, at_63: u8) -> String {
    let mut out = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    let unknown = [0_u8; 2];
    for byte in unknown.iter().take(offset).chain(bytes) {
        bits = bits << 8 | u32::from(*byte);
        held = held.saturating_add(8);
        while let Some(left) = held.checked_sub(6) {
            held = left;
            let character = match (bits >> held & 63) as u8 {
                value @ 0..=25 => b'A'.saturating_add(value),
                value @ 26..=51 => b'a'.saturating_add(value.saturating_sub(26)),
                value @ 52..=61 => b'0'.saturating_add(value.saturating_sub(52)),
                62 => at_62,
                _ => at_63,
            };
            out.push(char::from(character));
        }
        bits &= 0xff;
    }
    // Those that an unknown byte has a part in: none, two, or three.
    out.get(
        match offset {
            0 => 0,
            1 => 2,
            _ => 3,
        }..,
    )
    .unwrap_or_default()
    .to_owned()
}
