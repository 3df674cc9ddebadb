//! Names and addresses on the network: RFC 5321, RFC 1123, RFC 2673 and RFC 4291.

use super::{ATEXT, idna, is_of, taken};

/// RFC 1035, section 2.3.4 allows 255 octets on the wire: two of them are the first length and the root.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;
/// RFC 5321, section 4.5.3.1.1.
const LONGEST_LOCAL_PART: usize = 64;

pub(super) fn email(text: &[u8]) -> bool {
    let domain = match text {
        [b'"', rest @ ..] => after_quoted(rest),
        _ => after_dot_string(text),
    };
    let Some([b'@', domain @ ..]) = domain else { return false };
    // The at sign is counted with the local part.
    if taken(text, domain) > LONGEST_LOCAL_PART.saturating_add(1) {
        return false;
    }
    match domain {
        // Of the tags that a general address literal may carry, IANA knows only this one.
        [b'[', b'I' | b'i', b'P' | b'p', b'V' | b'v', b'6', b':', address @ .., b']'] => ipv6(address),
        [b'[', address @ .., b']'] => ipv4(address),
        _ => is_name(domain),
    }
}

fn after_dot_string(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        let mut rest = text;
        while let [byte, after @ ..] = rest
            && is_of(*byte, ATEXT)
        {
            rest = after;
        }
        if taken(text, rest) == 0 {
            return None;
        }
        match rest {
            [b'.', next @ ..] => text = next,
            _ => return Some(rest),
        }
    }
}

fn after_quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', b' '..=b'~', rest @ ..] => rest,
            [b'\\', ..] => return None,
            [b' '..=b'~', rest @ ..] => rest,
            _ => return None,
        };
    }
}

pub(super) fn hostname(text: &[u8]) -> bool {
    is_name(text)
        && labels(text).all(|label| match label {
            [b'x' | b'X', b'n' | b'N', b'-', b'-', encoded @ ..] => idna::is_a_label(encoded),
            _ => true,
        })
}

/// RFC 1123, section 2.1. What an A-label stands for is not looked at: RFC 5321 does not ask for it.
#[inline(never)]
fn is_name(text: &[u8]) -> bool {
    text.len() <= LONGEST_NAME && labels(text).all(is_label)
}

fn is_label(label: &[u8]) -> bool {
    !matches!(label, [] | [b'-', ..] | [.., b'-'])
        && label.len() <= LONGEST_LABEL
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn labels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.split(|byte| *byte == b'.')
}

pub(super) fn ipv4(text: &[u8]) -> bool {
    let (mut octets, mut octet) = (1_u8, None);
    for byte in text {
        octet = match (byte, octet) {
            (b'0'..=b'9', None) => Some(byte.wrapping_sub(b'0')),
            // Leading zeros are refused, for some readers take them as octal: RFC 6943, section 3.1.1.
            (b'0'..=b'9', Some(1..)) => {
                match octet.and_then(|high| high.checked_mul(10)?.checked_add(byte.wrapping_sub(b'0'))) {
                    None => return false,
                    octet => octet,
                }
            }
            (b'.', Some(_)) if octets < 4 => {
                octets = octets.wrapping_add(1);
                None
            }
            _ => return false,
        };
    }
    octets == 4 && octet.is_some()
}

pub(super) fn ipv6(text: &[u8]) -> bool {
    let (mut rest, mut gap) = match text {
        [b':', b':'] => return true,
        [b':', b':', rest @ ..] => (rest, true),
        _ => (text, false),
    };
    let mut groups = 0_u8;
    // Eight groups of 16 bits; a gap stands for at least one of them.
    let fits = |groups: u8, gap: bool| if gap { groups <= 7 } else { groups == 8 };
    loop {
        let mut after = rest;
        while let [b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F', next @ ..] = after {
            after = next;
        }
        if !matches!(taken(rest, after), 1..=4) {
            return false;
        }
        groups = groups.saturating_add(1);
        rest = match after {
            [] => return fits(groups, gap),
            // Dotted quads are two groups, the last ones.
            [b'.', ..] => return fits(groups.saturating_add(1), gap) && ipv4(rest),
            [b':', b':'] => return !gap && fits(groups, true),
            [b':', b':', next @ ..] if !gap => {
                gap = true;
                next
            }
            [b':', next @ ..] => next,
            _ => return false,
        };
    }
}
