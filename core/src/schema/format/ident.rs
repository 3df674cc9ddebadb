//! Identifiers and pointers: RFC 4122, RFC 6901 and the Relative JSON Pointer draft.

use super::after_digits;

pub(super) fn uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[inline(never)]
pub(super) fn json_pointer(text: &[u8]) -> bool {
    let mut rest = match text {
        [] => return true,
        [b'/', rest @ ..] => rest,
        _ => return false,
    };
    loop {
        rest = match rest {
            [] => return true,
            [b'~', b'0' | b'1', rest @ ..] => rest,
            [b'~', ..] => return false,
            [_, rest @ ..] => rest,
        };
    }
}

pub(super) fn relative_json_pointer(text: &[u8]) -> bool {
    let Some(rest) = after_count(text) else { return false };
    let rest = match rest {
        [b'+' | b'-', rest @ ..] => match after_count(rest) {
            Some(rest) => rest,
            None => return false,
        },
        _ => rest,
    };
    matches!(rest, [b'#']) || json_pointer(rest)
}

/// What follows an integer that is not negative. After a leading zero further digits stay, and no rule takes them.
fn after_count(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'0', rest @ ..] => Some(rest),
        [b'1'..=b'9', rest @ ..] => Some(after_digits(rest)),
        _ => None,
    }
}
