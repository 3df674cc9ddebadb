//! A-labels of host names: RFC 3492 decodes them, RFC 5891 and RFC 5892 say what they may stand for.
//!
//! The full derived property of RFC 5892 is a table larger than the rest of the engine. Held here are its contextual
//! rules, its exceptions, and those of its ranges whose characters people confuse or paste; neither normalisation nor
//! the Bidi rule is checked. An A-label may pass that a registry would refuse; the tables hold nothing it would take.

/// 63 octets of a label without its prefix; every one of them stands for at most one character.
const LONGEST: usize = 59;

/// What an A-label has after its prefix.
pub(super) fn is_a_label(encoded: &[u8]) -> bool {
    let mut buffer = ['\0'; LONGEST];
    decode(encoded, &mut buffer).and_then(|length| buffer.get(..length)).is_some_and(is_u_label)
}

/// RFC 3492, section 6.2: how many characters were written into the buffer.
fn decode(encoded: &[u8], buffer: &mut [char; LONGEST]) -> Option<usize> {
    let mut parts = encoded.rsplitn(2, |byte| *byte == b'-');
    let mut digits = parts.next()?.iter();
    let mut length = 0_usize;
    if let Some(basic) = parts.next() {
        // A delimiter is only written after something.
        if basic.is_empty() {
            return None;
        }
        for byte in basic {
            *buffer.get_mut(length)? = char::from(byte.to_ascii_lowercase());
            length = length.saturating_add(1);
        }
    }
    let (mut scalar, mut place, mut bias) = (128_u32, 0_u32, 72_u32);
    // A label without any digits here would be plain ASCII, which has no A-label.
    let mut digit = *digits.next()?;
    loop {
        let before = place;
        let (mut weight, mut position) = (1_u32, 36_u32);
        loop {
            let value = match digit {
                b'a'..=b'z' => digit.wrapping_sub(b'a'),
                b'A'..=b'Z' => digit.wrapping_sub(b'A'),
                b'0'..=b'9' => digit.wrapping_sub(b'0').wrapping_add(26),
                _ => return None,
            };
            let value = u32::from(value);
            place = value.checked_mul(weight)?.checked_add(place)?;
            let threshold = position.saturating_sub(bias).clamp(1, 26);
            if value < threshold {
                break;
            }
            weight = weight.checked_mul(36_u32.wrapping_sub(threshold))?;
            position = position.wrapping_add(36);
            digit = *digits.next()?;
        }
        length = length.checked_add(1)?;
        let count = u32::try_from(length).ok()?;
        bias = adapted(place.wrapping_sub(before), count, before == 0);
        scalar = scalar.checked_add(place.checked_div(count)?)?;
        place = place.checked_rem(count)?;
        let at = usize::try_from(place).ok()?;
        let mut carried = char::from_u32(scalar)?;
        for slot in buffer.get_mut(at..length)? {
            core::mem::swap(slot, &mut carried);
        }
        place = place.wrapping_add(1);
        digit = match digits.next() {
            Some(digit) => *digit,
            None => return Some(length),
        };
    }
}

/// RFC 3492, section 6.1.
fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta = delta.saturating_add(delta.checked_div(count).unwrap_or(0));
    let mut bias = 0_u32;
    while delta > 455 {
        delta /= 35;
        bias = bias.saturating_add(36);
    }
    let skew = delta.saturating_add(38);
    bias.saturating_add(delta.saturating_mul(36).checked_div(skew).unwrap_or(0))
}

/// RFC 5891, section 4.2.3.
fn is_u_label(label: &[char]) -> bool {
    !matches!(label, ['-', ..] | [.., '-'] | [_, _, '-', '-', ..])
        && !label.first().is_some_and(|first| is_mark(*first))
        && (0..label.len()).all(|at| is_allowed(label, at))
}

/// RFC 5892, appendix A for the characters that depend on their neighbours.
fn is_allowed(label: &[char], at: usize) -> bool {
    let Some((before, [character, after @ ..])) = label.split_at_checked(at) else { return false };
    let previous = before.last().copied();
    let next = after.first().copied();
    let has = |wanted: fn(char) -> bool| label.iter().any(|other| wanted(*other));
    match character {
        '\u{b7}' => previous == Some('l') && next == Some('l'),
        '\u{375}' => next.is_some_and(|next| matches!(next, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')),
        '\u{5f3}' | '\u{5f4}' => {
            previous.is_some_and(|previous| matches!(previous, '\u{591}'..='\u{5f4}' | '\u{fb1e}'))
        }
        '\u{660}'..='\u{669}' => !has(|other| matches!(other, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !has(|other| matches!(other, '\u{660}'..='\u{669}')),
        '\u{200c}' => {
            previous.is_some_and(is_virama) || (joins(before.iter().rev(), true) && joins(after.iter(), false))
        }
        '\u{200d}' => previous.is_some_and(is_virama),
        '\u{30fb}' => has(is_japanese),
        _ => !is_disallowed(*character),
    }
}

/// Whether the nearest letter, seen past its marks, takes part in cursive joining: RFC 5892, appendix A.1. Most letters
/// of the joining scripts join on both sides; those of Arabic that join only to what precedes them are told apart.
#[inline(never)]
fn joins<'a>(mut neighbours: impl Iterator<Item = &'a char>, onward: bool) -> bool {
    neighbours.find(|neighbour| !is_mark(**neighbour)).is_some_and(|letter| {
        is_in(JOINING, *letter) && !(onward && is_in(JOINING_BACKWARD, *letter))
            || matches!(letter, '\u{10ac0}'..='\u{1e943}')
    })
}

fn is_japanese(character: char) -> bool {
    is_in(JAPANESE, character) || matches!(character, '\u{1aff0}'..='\u{1b16f}' | '\u{20000}'..='\u{3fffd}')
}

fn is_virama(character: char) -> bool {
    // Beyond the BMP lie historic scripts, none of whose viramas is worth a place in a table.
    indic_place(character) == Some(0x4d) || matches!(character, '\u{10a3f}'..='\u{11fff}') || is_in(VIRAMAS, character)
}

fn is_mark(character: char) -> bool {
    matches!(indic_place(character), Some(0x01..=0x03 | 0x3c | 0x3e..=0x4d | 0x62 | 0x63)) || is_in(MARKS, character)
}

/// From Devanagari to Malayalam a letter, vowel sign or virama has the same place in the block of every script. Only
/// where Tamil has a letter all the others have a mark.
fn indic_place(character: char) -> Option<u32> {
    matches!(character, '\u{900}'..='\u{d7f}' if character != '\u{b83}').then_some(u32::from(character) & 0x7f)
}

fn is_disallowed(character: char) -> bool {
    matches!(character, '\u{1f000}'..='\u{1fbf9}' | '\u{e0000}'..) || is_in(DISALLOWED, character)
}

/// Not inlined: each table would become a chain of comparisons.
#[inline(never)]
fn is_in(ranges: &[u32], character: char) -> bool {
    let scalar = u32::from(character);
    ranges.iter().any(|range| (range >> 16..=range & 0xffff).contains(&scalar))
}

/// General category M of the scripts most in use, without the regular part of Indic. Of each range the first and the
/// last, in four hexadecimal digits each; it may span what is no character or disallowed.
const MARKS: &[u32] = &[
    0x0300036f, 0x04830489, 0x059105c7, 0x0610061a, 0x064b065f, 0x06700670, 0x06d606e4, 0x06e706ed, 0x0730074a,
    0x08ca0903, 0x093a093c, 0x0d810d83, 0x0dca0ddf, 0x0e310e31, 0x0e340e3a, 0x0e470e4e, 0x0eb10eb1, 0x0eb40ebc,
    0x0ec80ecd, 0x0f710f87, 0x102b103e, 0x17b417d3, 0x1ab01b04, 0x1dc01dff, 0x20d020f0, 0x302a302f, 0x3099309a,
    0xfe20fe2f,
];

/// Letters of Arabic and its kin, Mongolian and Phags-pa.
const JOINING: &[u32] = &[0x06200620, 0x06220673, 0x067506dc, 0x06de08ff, 0x180718aa, 0xa840a872];

/// Joining type R among the letters of Arabic.
const JOINING_BACKWARD: &[u32] = &[
    0x06220625, 0x06270627, 0x06290629, 0x062f0632, 0x06480648, 0x06710677, 0x06880699, 0x06c006c0, 0x06c306cb,
    0x06cd06cd, 0x06cf06cf, 0x06d206d5, 0x06ee06ef,
];

/// Hiragana, Katakana and Han of the BMP, without the middle dot itself.
const JAPANESE: &[u32] =
    &[0x30053005, 0x30073007, 0x3041309e, 0x30a130fa, 0x30fc30fe, 0x31f031ff, 0x34004dbf, 0x4e009fff, 0xfa0efa29];

/// Canonical combining class 9, without the regular part of Indic.
const VIRAMAS: &[u32] = &[
    0x0d3b0d3c, 0x0dca0dca, 0x0e3a0e3a, 0x0eba0eba, 0x0f840f84, 0x1039103a, 0x17141715, 0x17341734, 0x17d217d2,
    0x1a601a60, 0x1b441b44, 0x1baa1bab, 0x1bf21bf3, 0x2d7f2d7f, 0xa806a806, 0xa82ca82c, 0xa8c4a8c4, 0xa953a953,
    0xa9c0a9c0, 0xaaf6aaf6, 0xabedabed,
];

/// RFC 5892, section 2.6, and the large ranges that are capital letters, compatibility forms, symbols or private;
/// written in the same way.
const DISALLOWED: &[u32] = &[
    0x008000b6, 0x00b800de, 0x00f700f7, 0x02d202eb, 0x039103ab, 0x03fd042f, 0x05310556, 0x06400640, 0x07fa07fa,
    0x110011ff, 0x2000214d, 0x214f2183, 0x21852c2f, 0x2e002e2e, 0x2e303004, 0x30083029, 0x302e303b, 0x303d3040,
    0x3131319f, 0x31c031ef, 0x320033ff, 0x4dc04dff, 0xd7b0fa0d, 0xfa2afb1d, 0xfb1ffe1f, 0xfe30fe72, 0xfe74ffff,
];
