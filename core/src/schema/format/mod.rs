//! The assertions of JSON Schema's `format` keyword.
//!
//! Every argument of every call passes here, so each check reads the bytes in place, from front to back, in time
//! linear in the text. Only an A-label, of at most 63 bytes, is decoded into a buffer first. Some functions are kept
//! from being inlined, for the wasm counts by the byte.

mod ident;
mod idna;
mod net;
mod time;
mod uri;

#[cfg(test)]
mod tests;

use uri::Wide;

/// A format that is asserted; everything else that `format` may name is an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 3339 `date-time`.
    DateTime,
    /// RFC 3339 `full-date`.
    Date,
    /// RFC 3339 `full-time`: with an offset.
    Time,
    /// RFC 3339, appendix A.
    Duration,
    /// RFC 5321 `Mailbox`.
    Email,
    /// RFC 1123 host name; its A-labels as RFC 5891 asks.
    Hostname,
    /// RFC 2673 dotted quad.
    Ipv4,
    /// RFC 4291, section 2.2; without a zone.
    Ipv6,
    /// RFC 3986 `URI`.
    Uri,
    /// RFC 3986 `URI-reference`.
    UriReference,
    /// RFC 3987 `IRI`.
    Iri,
    /// RFC 3987 `IRI-reference`.
    IriReference,
    /// RFC 6570, every level.
    UriTemplate,
    /// RFC 4122 text form, of any version and variant.
    Uuid,
    /// RFC 6901 text form, not the URI fragment.
    JsonPointer,
    /// Relative JSON Pointer, with the index adjustment of draft-bhutton-relative-json-pointer-00.
    RelativeJsonPointer,
    /// ECMA-262 regular expression.
    Regex,
}

impl Format {
    /// None for names that are only annotations (idn-email, idn-hostname, and whatever is unknown).
    pub(crate) fn named(name: &str) -> Option<Format> {
        Some(match name {
            "date-time" => Format::DateTime,
            "date" => Format::Date,
            "time" => Format::Time,
            "duration" => Format::Duration,
            "email" => Format::Email,
            "hostname" => Format::Hostname,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            "uri" => Format::Uri,
            "uri-reference" => Format::UriReference,
            "iri" => Format::Iri,
            "iri-reference" => Format::IriReference,
            "uri-template" => Format::UriTemplate,
            "uuid" => Format::Uuid,
            "json-pointer" => Format::JsonPointer,
            "relative-json-pointer" => Format::RelativeJsonPointer,
            "regex" => Format::Regex,
            _ => return None,
        })
    }

    /// Whether a string is of the format. `Regex` is answered by the pattern module: take it as a function pointer.
    pub(crate) fn accepts(self, text: &str, is_regex: fn(&str) -> bool) -> bool {
        let bytes = text.as_bytes();
        match self {
            Format::DateTime => time::date_time(bytes),
            Format::Date => time::date(bytes),
            Format::Time => time::time(bytes),
            Format::Duration => time::duration(bytes),
            Format::Email => net::email(bytes),
            Format::Hostname => net::hostname(bytes),
            Format::Ipv4 => net::ipv4(bytes),
            Format::Ipv6 => net::ipv6(bytes),
            Format::Uri => uri::reference(bytes, false, Wide::Nothing),
            Format::UriReference => uri::reference(bytes, true, Wide::Nothing),
            Format::Iri => uri::reference(bytes, false, Wide::Ucs),
            Format::IriReference => uri::reference(bytes, true, Wide::Ucs),
            Format::UriTemplate => uri::template(bytes),
            Format::Uuid => ident::uuid(bytes),
            Format::JsonPointer => ident::json_pointer(bytes),
            Format::RelativeJsonPointer => ident::relative_json_pointer(bytes),
            Format::Regex => is_regex(text),
        }
    }
}

/// One table for the classes of ASCII that the grammars mix: a class is a bit, a place in a grammar is a mask.
const CLASSES: [u8; 128] = {
    let mut table = [0; 128];
    let mut rest: &mut [u8] = &mut table;
    let mut byte = 0_u8;
    while let [entry, more @ ..] = rest {
        *entry = classes_of(byte);
        rest = more;
        byte = byte.wrapping_add(1);
    }
    table
};
/// RFC 3986 `unreserved` and `sub-delims`.
const PLAIN: u8 = 1;
const COLON: u8 = 2;
const AT: u8 = 4;
const SLASH: u8 = 8;
const QUESTION: u8 = 16;
/// What only the literals of a template have besides the above.
const FENCE: u8 = 32;
/// What the name of a template's variable is made of.
const VARIABLE: u8 = 64;
/// RFC 5322 `atext`.
const ATEXT: u8 = 128;

const fn classes_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => PLAIN | VARIABLE | ATEXT,
        b'-' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'=' => PLAIN | ATEXT,
        b'.' | b'(' | b')' | b',' | b';' => PLAIN,
        b':' => COLON,
        b'@' => AT,
        b'/' => SLASH | ATEXT,
        b'?' => QUESTION | ATEXT,
        b'#' => FENCE | ATEXT,
        b'[' | b']' => FENCE,
        b'%' | b'^' | b'`' | b'{' | b'|' | b'}' => ATEXT,
        _ => 0,
    }
}

/// Whether a byte is of one of the classes in a mask.
fn is_of(byte: u8, mask: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & mask != 0)
}

/// What follows the digits that the text starts with.
fn after_digits(mut text: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', rest @ ..] = text {
        text = rest;
    }
    text
}

/// How much of `text` lies before its tail `rest`.
fn taken(text: &[u8], rest: &[u8]) -> usize {
    text.len().saturating_sub(rest.len())
}
