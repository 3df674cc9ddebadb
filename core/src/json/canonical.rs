//! The JSON Canonicalization Scheme (RFC 8785): one text for one value, and its SHA-256.
//!
//! Integers beyond 2^53 that 64 bits hold are written exactly: they occur in tools' schemas, where rounding would
//! make two definitions one. Arguments never hold them.

use std::borrow::Cow;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::double;
use super::number::Number;
use super::tape::{Document, Kind, Node};
use crate::sort::sort_by;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// One for all: where it is made again, the hash's own code is.
#[inline(never)]
fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal SHA-256.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        push_hex(*byte, &mut hex);
    }
    hex
}

fn push_hex(byte: u8, out: &mut String) {
    for nibble in [byte >> 4, byte & 15] {
        out.push(HEX.get(usize::from(nibble)).copied().map_or('0', char::from));
    }
}

/// The canonical text of a value on a tape.
pub(crate) fn canonical(node: Node<'_>) -> String {
    let mut out = String::new();
    write_value(node, &mut out);
    out
}

/// The canonical text of a value of our own making.
pub(crate) fn canonical_of<T: Serialize>(value: &T) -> String {
    canonical(Document::of(value).tape().root())
}

/// SHA-256 of the canonical text.
pub(crate) fn digest_of<T: Serialize>(value: &T) -> String {
    sha256_hex(canonical_of(value).as_bytes())
}

/// An object without one of its members.
pub(crate) fn canonical_without(node: Node<'_>, name: &str) -> String {
    let mut out = String::new();
    write_object(node, Some(name), &mut out);
    out
}

fn write_value(node: Node<'_>, out: &mut String) {
    match node.kind() {
        Kind::Null | Kind::Foreign => out.push_str("null"),
        Kind::True => out.push_str("true"),
        Kind::False => out.push_str("false"),
        Kind::Number => write_number(node.number_text(), node.number(), out),
        Kind::String => write_text(node.text(), out),
        Kind::Array => {
            out.push('[');
            for (index, item) in node.items().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Kind::Object => write_object(node, None, out),
    }
}

/// Members in canonical order, without one of them.
fn ordered<'t>(node: Node<'t>, except: Option<&str>) -> Vec<(Cow<'t, str>, Node<'t>)> {
    let mut members: Vec<(Cow<'_, str>, Node<'_>)> =
        node.members().map(|member| (member.name(), member.value)).collect();
    members.retain(|(name, _)| except != Some(&**name));
    sort_by(&mut members, |(one, _), (other, _)| {
        // Bytes of ASCII stand in the order of their UTF-16, and nearly all names are that.
        if one.is_ascii() && other.is_ascii() {
            return one.cmp(other);
        }
        one.encode_utf16().cmp(other.encode_utf16())
    });
    members
}

/// The same order and spelling as the canonical text, each member and item on a line of its own, for people who look
/// at the difference between two of them.
pub(crate) fn write_lines(node: Node<'_>, except: Option<&str>, indent: usize, out: &mut String) {
    let members = ordered(node, except);
    if node.len() == 0 || node.kind() == Kind::Object && members.is_empty() {
        return match node.kind() {
            Kind::Object => out.push_str("{}"),
            _ => write_value(node, out),
        };
    }
    let is_object = node.kind() == Kind::Object;
    let deeper = indent.saturating_add(2);
    let mut first = true;
    let mut begin = |out: &mut String| {
        if !core::mem::take(&mut first) {
            out.push(',');
        }
        new_line(deeper, out);
    };
    out.push(if is_object { '{' } else { '[' });
    for (name, member) in members {
        begin(out);
        write_text(name, out);
        out.push_str(": ");
        write_lines(member, None, deeper, out);
    }
    for item in node.items() {
        begin(out);
        write_lines(item, None, deeper, out);
    }
    new_line(indent, out);
    out.push(if is_object { '}' } else { ']' });
}

/// The end of a line, and the space before the next.
pub(crate) fn new_line(indent: usize, out: &mut String) {
    out.push('\n');
    (0..indent).for_each(|_| out.push(' '));
}

fn write_object(node: Node<'_>, except: Option<&str>, out: &mut String) {
    out.push('{');
    let mut first = true;
    for (name, member) in ordered(node, except) {
        if !first {
            out.push(',');
        }
        first = false;
        write_text(name, out);
        out.push(':');
        write_value(member, out);
    }
    out.push('}');
}

/// So few digits come back from a double as they went in, so that the shortest text is known without one.
const DIGITS_OF_A_DOUBLE: usize = 15;

fn write_number(text: &str, number: Number<'_>, out: &mut String) {
    let mut buffer = [0; 20];
    let decimal = number.decimal(&mut buffer);
    let (count, point) = (decimal.count(), decimal.point());
    if decimal.sign() == 0 {
        return out.push('0');
    }
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return out.push_str(text);
    }
    if count > DIGITS_OF_A_DOUBLE || !(-290..=300).contains(&point) {
        return out.push_str(&double::shortest(text));
    }
    // As ECMA-262's Number::toString writes digits and point.
    if decimal.sign() < 0 {
        out.push('-');
    }
    let digits = decimal.digits().map(char::from);
    let zeros = |out: &mut String, count: i64| (0..count).for_each(|_| out.push('0'));
    if (1..=21).contains(&point) {
        for (index, digit) in digits.enumerate() {
            if index as i64 == point {
                out.push('.');
            }
            out.push(digit);
        }
        zeros(out, point.saturating_sub(count as i64));
    } else if (-5..=0).contains(&point) {
        out.push_str("0.");
        zeros(out, point.saturating_neg());
        out.extend(digits);
    } else {
        for (index, digit) in digits.enumerate() {
            if index == 1 {
                out.push('.');
            }
            out.push(digit);
        }
        let exponent = point.saturating_sub(1);
        out.push('e');
        out.push(if exponent < 0 { '-' } else { '+' });
        out.push_str(&exponent.unsigned_abs().to_string());
    }
}

/// A string or a name of a tape: what has no escapes there needs none here.
fn write_text(text: Cow<'_, str>, out: &mut String) {
    match text {
        Cow::Borrowed(plain) => {
            out.push('"');
            out.push_str(plain);
            out.push('"');
        }
        Cow::Owned(decoded) => write_string(&decoded, out),
    }
}

/// A string in quotes, escaped as RFC 8785 says.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}

/// The same at the end of a text.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    // What needs no escape is copied a run at a time.
    let mut run: usize = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\x08' => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            b'\x0c' => "\\f",
            b'\r' => "\\r",
            0..b' ' => "\\u00",
            _ => continue,
        };
        out.push_str(text.get(run..at).unwrap_or_default());
        out.push_str(escape);
        if escape.len() > 2 {
            push_hex(byte, out);
        }
        run = at.saturating_add(1);
    }
    out.push_str(text.get(run..).unwrap_or_default());
    out.push('"');
}
