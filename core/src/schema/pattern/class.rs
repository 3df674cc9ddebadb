//! Sets of characters.

use super::property::Property;

pub(super) type Ranges = [(u32, u32)];

pub(super) const LAST: u32 = char::MAX as u32;
pub(super) const DIGIT: &Ranges = &[(0x30, 0x39)];
pub(super) const WORD: &Ranges = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
pub(super) const LINE_END: &Ranges = &[(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)];
pub(super) const SPACE: &Ranges = &[
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

/// A property with its answers for ASCII, so that the platform is asked for the rest only.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) property: Property,
    ascii: [u32; 4],
}

impl Known {
    pub(super) fn new(name: String) -> Option<Known> {
        let property = Property::new(&name)?;
        let mut ascii = [0; 4];
        for code in 0..=0x7F_u8 {
            if property.has(char::from(code)) {
                mark(&mut ascii, u32::from(code));
            }
        }
        Some(Known { name, property, ascii })
    }
}

/// The bitmap of one character; none beyond ASCII.
pub(super) fn ascii_of(code: u32) -> Option<[u32; 4]> {
    let mut ascii = [0; 4];
    mark(&mut ascii, code);
    (code < 0x80).then_some(ascii)
}

/// Whether a bitmap has a character that is ASCII.
#[inline(always)]
pub(super) fn is_marked(ascii: &[u32; 4], byte: u8) -> bool {
    ascii.get((byte >> 5) as usize).is_some_and(|word| word.wrapping_shr(u32::from(byte)) & 1 == 1)
}

fn mark(ascii: &mut [u32; 4], code: u32) {
    if let Some(word) = ascii.get_mut((code >> 5) as usize) {
        *word |= 1_u32.wrapping_shl(code);
    }
}

/// A set of characters. What is asked of it first, ASCII, is a bitmap.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Set {
    ascii: [u32; 4],
    ranges: Vec<(u32, u32)>,
    /// Properties by their numbers, and whether each is wanted absent.
    properties: Vec<(u32, bool)>,
    /// Only of a set with properties: others have their ranges turned.
    negated: bool,
}

impl Set {
    pub(super) fn add(&mut self, low: u32, high: u32) {
        self.ranges.push((low, high));
    }

    pub(super) fn add_all(&mut self, ranges: &Ranges, negated: bool) {
        match negated {
            true => self.ranges.append(&mut turned(ranges)),
            false => self.ranges.extend_from_slice(ranges),
        }
    }

    pub(super) fn add_property(&mut self, number: u32, negated: bool) {
        self.properties.push((number, negated));
    }

    /// Adds what another set has, which must have no properties.
    pub(super) fn merge(&mut self, other: &Set) {
        self.ranges.extend_from_slice(&other.ranges);
    }

    /// Adds the lower-case forms of its letters; of long ranges those of ASCII alone, for the rest of them has both forms.
    pub(super) fn add_lower_case(&mut self) {
        for index in 0..self.ranges.len() {
            let Some(&(low, high)) = self.ranges.get(index) else { break };
            let last = if high.saturating_sub(low) > 0x200 { high.min(0x7F) } else { high };
            for letter in (low..=last).filter_map(char::from_u32).filter(|letter| letter.is_uppercase()) {
                for lower in letter.to_lowercase().map(u32::from) {
                    self.add(lower, lower);
                }
            }
        }
    }

    /// The bitmap of what it has of ASCII.
    pub(super) fn ascii(&self) -> [u32; 4] {
        self.ascii
    }

    /// Whether its ranges are all there is to it.
    pub(super) fn is_plain(&self) -> bool {
        self.properties.is_empty()
    }

    /// Ends the collecting: from here on [`Set::has`] answers.
    pub(super) fn seal(&mut self, negated: bool, known: &[Known]) {
        sort(&mut self.ranges);
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for &(low, high) in &self.ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        self.negated = negated && !self.is_plain();
        self.ranges = if negated && self.is_plain() { turned(&merged) } else { merged };
        for &(low, high) in self.ranges.iter().take_while(|range| range.0 < 0x80) {
            for code in low..=high.min(0x7F) {
                mark(&mut self.ascii, code);
            }
        }
        for &(number, absent) in &self.properties {
            let answers = known.get(number as usize).map_or([0; 4], |known| known.ascii);
            for (word, answer) in self.ascii.iter_mut().zip(answers) {
                *word |= if absent { !answer } else { answer };
            }
        }
        if self.negated {
            for word in &mut self.ascii {
                *word = !*word;
            }
        }
    }

    #[inline]
    pub(super) fn has(&self, code: u32, known: &[Known]) -> bool {
        match self.ascii.get((code >> 5) as usize) {
            Some(word) => word.wrapping_shr(code) & 1 == 1,
            None => self.has_beyond(code, known),
        }
    }

    fn has_beyond(&self, code: u32, known: &[Known]) -> bool {
        let after = self.ranges.partition_point(|range| range.1 < code);
        let found = self.ranges.get(after).is_some_and(|range| range.0 <= code)
            || self.properties.iter().any(|&(number, absent)| {
                let answer = known.get(number as usize).zip(char::from_u32(code));
                answer.is_some_and(|(known, character)| known.property.has(character) != absent)
            });
        found != self.negated
    }

    /// Whether no character is surely in both. A `false` means nothing.
    pub(super) fn is_apart(&self, other: &Set) -> bool {
        self.ascii.iter().zip(other.ascii).all(|(here, there)| here & there == 0)
            && (self.is_ascii() || other.is_ascii())
    }

    fn is_ascii(&self) -> bool {
        self.is_plain() && self.ranges.last().is_none_or(|last| last.1 < 0x80)
    }
}

/// Shell's: the standard library's is many times larger than all that is sorted here.
fn sort(ranges: &mut [(u32, u32)]) {
    let mut gap = ranges.len();
    while gap > 1 {
        // Odd, so that every pass compares others than the one before.
        gap = (gap / 2) | 1;
        for start in gap..ranges.len() {
            let mut at = start;
            while let Some(before) = at.checked_sub(gap) {
                if ranges.get(before) <= ranges.get(at) {
                    break;
                }
                ranges.swap(before, at);
                at = before;
            }
        }
    }
}

/// Everything that is in none of the ranges, which must be in order and apart.
fn turned(ranges: &Ranges) -> Vec<(u32, u32)> {
    let mut rest = Vec::with_capacity(ranges.len().saturating_add(1));
    let mut next = 0;
    for &(low, high) in ranges {
        if next < low {
            rest.push((next, low.saturating_sub(1)));
        }
        next = high.saturating_add(1);
    }
    if next <= LAST {
        rest.push((next, LAST));
    }
    rest
}
