//! RFC 3986 and RFC 3987 references, and the templates of RFC 6570.

use super::{AT, COLON, FENCE, PLAIN, QUESTION, SLASH, VARIABLE, after_digits, is_of, net, taken};

const USER_INFO: u8 = PLAIN | COLON;
const SEGMENT_WITHOUT_COLON: u8 = PLAIN | AT;
const PATH: u8 = PLAIN | COLON | AT | SLASH;
const QUERY: u8 = PATH | QUESTION;
/// RFC 6570, section 2.1, with the apostrophe that erratum 6937 gives back.
const LITERAL: u8 = QUERY | FENCE;

/// Which characters beyond ASCII may stand somewhere; each allows what is before it too.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Wide {
    Nothing,
    /// RFC 3987 `ucschar`.
    Ucs,
    /// RFC 3987 `iprivate`: only queries have it.
    Private,
    /// Marks of direction, which are `ucschar` but which RFC 3987, section 4.1 bans from IRIs: they make a person read
    /// another address than the one that is opened.
    Direction,
    Never,
}

impl Wide {
    fn of(scalar: u32) -> Wide {
        match scalar {
            0x200e | 0x200f | 0x202a..=0x202e => Wide::Direction,
            0xa0..=0xd7ff | 0xf900..=0xfdcf | 0xfdf0..=0xffef => Wide::Ucs,
            0xe000..=0xf8ff => Wide::Private,
            // The last two of each plane are no characters.
            0x1_0000..=0x10_ffff if scalar & 0xfffe == 0xfffe => Wide::Never,
            0x1_0000..=0xd_ffff | 0xe_1000..=0xe_ffff => Wide::Ucs,
            0xf_0000..=0x10_ffff => Wide::Private,
            _ => Wide::Never,
        }
    }
}

/// A reference that may be relative or has to start with a scheme.
pub(super) fn reference(text: &[u8], relative: bool, wide: Wide) -> bool {
    let (scheme, rest) = match after_scheme(text) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if !scheme && !relative {
        return false;
    }
    let rest = match rest {
        [b'/', b'/', rest @ ..] => match after_authority(rest, wide) {
            Some(rest) => rest,
            None => return false,
        },
        // RFC 3986, section 4.2: a colon in the first segment would make it look like a scheme.
        _ if !scheme => match after(rest, SEGMENT_WITHOUT_COLON, wide) {
            [b':', ..] => return false,
            rest => rest,
        },
        _ => rest,
    };
    let rest = match after(rest, PATH, wide) {
        [b'?', query @ ..] => after(query, QUERY, if wide == Wide::Nothing { wide } else { Wide::Private }),
        rest => rest,
    };
    match rest {
        [] => true,
        [b'#', fragment @ ..] => after(fragment, QUERY, wide).is_empty(),
        _ => false,
    }
}

fn after_scheme(text: &[u8]) -> Option<&[u8]> {
    let [b'a'..=b'z' | b'A'..=b'Z', rest @ ..] = text else { return None };
    let mut rest = rest;
    loop {
        rest = match rest {
            [b':', rest @ ..] => return Some(rest),
            [b'+' | b'-' | b'.', rest @ ..] => rest,
            [byte, rest @ ..] if byte.is_ascii_alphanumeric() => rest,
            _ => return None,
        };
    }
}

fn after_authority(text: &[u8], wide: Wide) -> Option<&[u8]> {
    let host = match after(text, USER_INFO, wide) {
        [b'@', host @ ..] => host,
        _ => text,
    };
    let rest = match host {
        [b'[', literal @ ..] => after_ip_literal(literal)?,
        _ => after(host, PLAIN, wide),
    };
    let rest = match rest {
        [b':', port @ ..] => after_digits(port),
        _ => rest,
    };
    matches!(rest, [] | [b'/' | b'?' | b'#', ..]).then_some(rest)
}

fn after_ip_literal(text: &[u8]) -> Option<&[u8]> {
    let mut parts = text.splitn(2, |byte| *byte == b']');
    let (address, rest) = (parts.next()?, parts.next()?);
    let ok = match address {
        [b'v' | b'V', future @ ..] => {
            let mut parts = future.splitn(2, |byte| *byte == b'.');
            let version = parts.next()?;
            let address = parts.next()?;
            !version.is_empty()
                && version.iter().all(u8::is_ascii_hexdigit)
                && !address.is_empty()
                && address.iter().all(|byte| is_of(*byte, USER_INFO))
        }
        _ => net::ipv6(address),
    };
    ok.then_some(rest)
}

pub(super) fn template(mut text: &[u8]) -> bool {
    loop {
        text = match text {
            [] => return true,
            [b'{', expression @ ..] => match after_expression(expression) {
                Some(rest) => rest,
                None => return false,
            },
            _ => {
                let rest = after(text, LITERAL, Wide::Direction);
                if taken(text, rest) == 0 {
                    return false;
                }
                rest
            }
        };
    }
}

fn after_expression(text: &[u8]) -> Option<&[u8]> {
    let mut rest = match text {
        // Also those that section 2.2 holds for extensions.
        [b'+' | b'#' | b'.' | b'/' | b';' | b'?' | b'&' | b'=' | b',' | b'!' | b'@' | b'|', rest @ ..] => rest,
        _ => text,
    };
    loop {
        rest = match after_variable(rest)? {
            [b'*', rest @ ..] => rest,
            [b':', length @ ..] => after_length(length)?,
            rest => rest,
        };
        match rest {
            [b',', next @ ..] => rest = next,
            [b'}', rest @ ..] => return Some(rest),
            _ => return None,
        }
    }
}

fn after_variable(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        let rest = after(text, VARIABLE, Wide::Nothing);
        if taken(text, rest) == 0 {
            return None;
        }
        match rest {
            [b'.', next @ ..] => text = next,
            _ => return Some(rest),
        }
    }
}

/// A prefix takes at least one character and fewer than 10,000.
fn after_length(text: &[u8]) -> Option<&[u8]> {
    let [b'1'..=b'9', ..] = text else { return None };
    let rest = after_digits(text);
    (taken(text, rest) <= 4).then_some(rest)
}

/// What follows the longest run of these characters and of percent-encoded octets.
fn after(mut text: &[u8], mask: u8, wide: Wide) -> &[u8] {
    loop {
        text = match text {
            [byte, rest @ ..] if is_of(*byte, mask) => rest,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [0x80..=0xff, ..] if wide != Wide::Nothing => match first_scalar(text) {
                Some((scalar, rest)) if Wide::of(scalar) <= wide => rest,
                _ => return text,
            },
            _ => return text,
        };
    }
}

/// The text came from a `str`, so that the lead byte alone says how long the character is.
fn first_scalar(text: &[u8]) -> Option<(u32, &[u8])> {
    let bits = |byte: &u8, mask: u8| u32::from(byte & mask);
    Some(match text {
        [a @ 0xc0..=0xdf, b, rest @ ..] => (bits(a, 0x1f) << 6 | bits(b, 0x3f), rest),
        [a @ 0xe0..=0xef, b, c, rest @ ..] => (bits(a, 0x0f) << 12 | bits(b, 0x3f) << 6 | bits(c, 0x3f), rest),
        [a @ 0xf0..=0xff, b, c, d, rest @ ..] => {
            (bits(a, 0x07) << 18 | bits(b, 0x3f) << 12 | bits(c, 0x3f) << 6 | bits(d, 0x3f), rest)
        }
        _ => return None,
    })
}
