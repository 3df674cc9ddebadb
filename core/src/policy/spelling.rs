//! One text for all spellings that a backend may take for the same value: case, width, scripts of digits, composed letters,
//! ligatures, ways to write a number.

use crate::catalog::findings::plain;
use crate::json::canonical::canonical;
use crate::json::tape::Kind;
use crate::json::{self, Document};
use crate::text::is_invisible;

/// More zeros than that are written as a power of ten.
const MAX_ZEROS: usize = 40;
/// More digits than a double keeps.
const EXACT_DIGITS: usize = 15;

/// The zeros of the scripts' decimal digits (Unicode 16, Nd), in order; the digits follow each in order.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50,
    0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// The letters without their marks from `à` on; `.` is another character.
const FROM_E0: &str = "aaaaaa.ceeeeiiii.nooooo..uuuuy.yaaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk.llllll....\
    nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzzs................................oo.............uu......\
    ......................aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaee\
    ooooooooyy";
/// The same from `ḁ` on.
const FROM_1E00: &str = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrr\
    ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooo\
    oooooooooooooooouuuuuuuuuuuuuuyyyyyyyy";
/// Greek and Cyrillic letters with marks, each group behind the letter without one.
const MARKED: &str = "αά εέ ηή ιίϊΐ οό υύϋΰ ωώ σς иѝй уў ії гѓ кќ";
/// One character for several letters.
const SEVERAL: &[(char, &str)] = &[
    ('\u{df}', "ss"),
    ('\u{133}', "ij"),
    ('\u{1c6}', "dz"),
    ('\u{1c9}', "lj"),
    ('\u{1cc}', "nj"),
    ('\u{1f3}', "dz"),
    ('\u{2116}', "no"),
    ('\u{fb00}', "ff"),
    ('\u{fb01}', "fi"),
    ('\u{fb02}', "fl"),
    ('\u{fb03}', "ffi"),
    ('\u{fb04}', "ffl"),
    ('\u{fb05}', "st"),
    ('\u{fb06}', "st"),
];
const ROMAN: [&str; 16] =
    ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "l", "c", "d", "m"];

/// The text as its looks and its value are compared.
pub(super) fn folded(text: &str) -> String {
    let out = letters(text);
    let out = out.trim_matches(' ');
    number(out).unwrap_or_else(|| out.to_owned())
}

/// The text in lower-case letters without marks, with `-` for all that look like it and one kind of blank, and without what
/// is not seen.
pub(super) fn letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.to_lowercase().chars() {
        if character.is_whitespace() {
            out.push(' ');
        } else if character.is_ascii_graphic() {
            out.push(character);
        } else if !is_mark(character) && !is_invisible(character) && !character.is_control() {
            push(character, &mut out);
        }
    }
    out
}

/// Marks that stand on or around the character before them.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn push(character: char, out: &mut String) {
    let code = u32::from(character);
    let from = |first: u32| usize::try_from(code.wrapping_sub(first)).unwrap_or(usize::MAX);
    if let Some(number) = enclosed(code) {
        out.push_str(&number.to_string());
    } else if let Some(numeral) = ROMAN.get(from(0x2170)) {
        out.push_str(numeral);
    } else if let Some((_, letters)) = SEVERAL.iter().find(|(several, _)| *several == character) {
        out.push_str(letters);
    } else {
        let bare = [(FROM_E0, 0xe0), (FROM_1E00, 0x1e00)].into_iter().find_map(|(letters, first)| {
            letters.as_bytes().get(from(first)).map(|letter| char::from(*letter)).filter(|letter| *letter != '.')
        });
        out.push(match character {
            '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2d7}' | '\u{fe58}' | '\u{fe63}' => '-',
            '\u{aa}' => 'a',
            '\u{ba}' => 'o',
            '\u{24d0}'..='\u{24e9}' => {
                char::from_u32(code.wrapping_sub(0x24d0).wrapping_add(0x61)).unwrap_or(character)
            }
            _ => bare.unwrap_or_else(|| {
                let group = MARKED.split(' ').find(|letters| letters.contains(character));
                plain(group.and_then(|letters| letters.chars().next()).unwrap_or(character))
            }),
        });
    }
}

/// The number that one character stands for: a digit of any script, raised, lowered, or in a circle.
fn enclosed(code: u32) -> Option<u32> {
    let within = |first: u32, last: u32| (first..=last).contains(&code).then(|| code.wrapping_sub(first));
    let after = ZEROS.partition_point(|zero| *zero <= code);
    let zero = after.checked_sub(1).and_then(|at| ZEROS.get(at)).copied();
    zero.and_then(|zero| within(zero, zero.wrapping_add(9)))
        .or_else(|| within(0x2070, 0x2079).filter(|digit| !matches!(digit, 1..=3)))
        .or_else(|| within(0x2080, 0x2089))
        .or_else(|| within(0xb2, 0xb3).map(|digit| digit.wrapping_add(2)))
        .or_else(|| (code == 0xb9).then_some(1))
        .or_else(|| matches!(code, 0x24ea | 0x24ff).then_some(0))
        // Three runs from one to twenty: in circles, in brackets, with a point.
        .or_else(|| within(0x2460, 0x249b).map(|at| at.wrapping_rem(20).wrapping_add(1)))
        // Three from one to ten.
        .or_else(|| within(0x2776, 0x2793).map(|at| at.wrapping_rem(10).wrapping_add(1)))
        .or_else(|| within(0x3251, 0x325f).map(|at| at.wrapping_add(21)))
        .or_else(|| within(0x32b1, 0x32bf).map(|at| at.wrapping_add(36)))
}

/// A text that some language reads as a number, as that number: also with a sign, zeros around it, `_` between its digits,
/// a point at either end, or in another base. In lower case.
pub(super) fn number(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let (sign, digits) = unsigned.strip_prefix('-').map_or(("", unsigned), |digits| ("-", digits));
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-')) {
        return None;
    }
    let is_between = |(at, _): (usize, &str)| {
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = digits.as_bytes();
        is_digit(at.checked_sub(1).and_then(|before| bytes.get(before))) && is_digit(bytes.get(at.saturating_add(1)))
    };
    if !digits.match_indices('_').all(is_between) {
        return None;
    }
    let digits = digits.replace('_', "");
    let based = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find_map(|(prefix, base)| {
        let digits = digits.strip_prefix(prefix).filter(|digits| digits.starts_with(|first: char| first != '+'))?;
        Some(u64::from_str_radix(digits, base).ok()?.to_string())
    });
    let (number, is_long_fraction) = decimal(sign, &based.unwrap_or(digits))?;
    if !is_long_fraction {
        return Some(number);
    }
    // What reads it as a double drops the last digits.
    let document = Document::read(&number, json::OWN).ok()?;
    let root = document.tape().root();
    (root.kind() == Kind::Number).then(|| decimal("", &canonical(root)).map(|(number, _)| number))?
}

/// A decimal number without needless zeros, and whether it has a fraction and more digits than a double keeps.
fn decimal(sign: &str, digits: &str) -> Option<(String, bool)> {
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_end_matches('0');
    let length = |length: usize| i64::try_from(length).ok();
    let moved = length(all.len().saturating_sub(significant.len()))?.checked_sub(length(fraction.len())?)?;
    let exponent = exponent.parse::<i64>().ok()?.checked_add(moved)?;
    let significant = significant.trim_start_matches('0');
    let zeros = usize::try_from(exponent).ok().filter(|zeros| *zeros <= MAX_ZEROS);
    let number = match zeros {
        _ if significant.is_empty() => "0".to_owned(),
        Some(zeros) => [sign, significant, &"0".repeat(zeros)].concat(),
        None => [sign, significant, "e", &exponent.to_string()].concat(),
    };
    Some((number, exponent < 0 && significant.len() > EXACT_DIGITS))
}
