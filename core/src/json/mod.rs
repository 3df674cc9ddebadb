//! JSON text from outside, read strictly: I-JSON (RFC 7493) within limits, or a refusal that says where.
//!
//! What two readers could understand differently is refused, not repaired: duplicate keys, lone surrogates,
//! numbers that a double cannot hold.

use crate::text::quoted_name;

pub(crate) mod canonical;
mod copy;
pub(crate) mod de;
mod double;
mod merge;
pub(crate) mod number;
mod raw;
pub(crate) mod tape;

use std::borrow::Cow;

pub(crate) use copy::{copy, copy_named, copy_with, copy_without};
pub(crate) use merge::merged;
pub(crate) use raw::Json;
pub(crate) use tape::Document;
use tape::Node;

/// Nesting that serde_json stops at too, so that whoever reads the same text with it can.
pub(crate) const MAX_DEPTH: usize = 127;

/// How much text, and how many values and names, a document may have, and which numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) values: usize,
    pub(crate) numbers: Numbers,
    /// Whether a name may stand twice, and whether a string with half a surrogate pair is only [`tape::Kind::Foreign`].
    pub(crate) lenient: bool,
}

/// Which numbers a document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// None over 2^53-1: for what is digested, approved and sent.
    Safe,
    /// Whatever a double can come near: for what programs read.
    Finite,
    /// Whatever JSON can say: for what is only validated.
    Any,
}

/// Arguments of one call.
pub(crate) const ARGUMENTS: Limits = Limits { bytes: 4 << 20, values: 200_000, numbers: Numbers::Safe, lenient: false };
/// A `tools/call` result.
pub(crate) const RESULT: Limits =
    Limits { bytes: 16 << 20, values: 2_000_000, numbers: Numbers::Finite, lenient: false };
/// A page of tools, of which only names and annotations are read: one bad tool must not spoil the others.
pub(crate) const LISTING: Limits =
    Limits { bytes: 256 << 20, values: 16_000_000, numbers: Numbers::Any, lenient: true };
/// One tool's definition.
pub(crate) const DEFINITION: Limits =
    Limits { bytes: 1 << 20, values: 50_000, numbers: Numbers::Finite, lenient: false };

/// A schema of its own.
pub(crate) const SCHEMA: Limits = Limits { bytes: 4 << 20, values: 200_000, numbers: Numbers::Any, lenient: false };
/// Schemas that come with one.
pub(crate) const RESOURCES: Limits =
    Limits { bytes: 16 << 20, values: 1_000_000, numbers: Numbers::Any, lenient: false };
/// A document to validate outside the guard.
pub(crate) const DOCUMENT: Limits =
    Limits { bytes: 64 << 20, values: 4_000_000, numbers: Numbers::Any, lenient: false };
/// A user's policy.
pub(crate) const POLICY: Limits = Limits { bytes: 1 << 20, values: 100_000, numbers: Numbers::Safe, lenient: false };
/// What this core wrote itself.
pub(crate) const OWN: Limits = Limits { bytes: 64 << 20, values: 4_000_000, numbers: Numbers::Finite, lenient: false };

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLarge,
    TooManyValues,
    TooDeep,
    DuplicateKey,
    LoneSurrogate,
    NumberTooLarge,
    InvalidUtf8,
    Syntax,
}

/// A refusal: what, where, and how to mend it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) fault: Fault,
    /// JSON Pointer to the value being read when it happened.
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    limit: usize,
}

impl Fault {
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Fault::TooLarge => "too_large",
            Fault::TooManyValues => "too_many_values",
            Fault::TooDeep => "too_deep",
            Fault::DuplicateKey => "duplicate_key",
            Fault::LoneSurrogate => "lone_surrogate",
            Fault::NumberTooLarge => "number_too_large",
            Fault::InvalidUtf8 => "invalid_utf8",
            Fault::Syntax => "syntax",
        }
    }
}

impl Refusal {
    pub(crate) fn expected(&self) -> String {
        match self.fault {
            Fault::TooLarge => format!("at most {} bytes of JSON", self.limit),
            Fault::TooManyValues => format!("at most {} values and names", self.limit),
            Fault::TooDeep => format!("nesting of at most {MAX_DEPTH}"),
            Fault::DuplicateKey => "each key once in an object".to_owned(),
            Fault::LoneSurrogate => "strings of whole Unicode characters".to_owned(),
            Fault::NumberTooLarge => "finite numbers between -(2^53-1) and 2^53-1".to_owned(),
            Fault::InvalidUtf8 => "text in UTF-8".to_owned(),
            Fault::Syntax => "well-formed JSON (RFC 8259)".to_owned(),
        }
    }

    pub(crate) fn repair(&self) -> String {
        let place = format!("line {}, column {}", self.line, self.column);
        match self.fault {
            Fault::TooLarge | Fault::TooManyValues => "Send less at once: split the call into several.".to_owned(),
            Fault::TooDeep => "Flatten the value: it is nested too deeply.".to_owned(),
            Fault::DuplicateKey => {
                format!("Remove the second {}: the key stands twice in one object.", quoted_name(self.last_key()))
            }
            Fault::LoneSurrogate => {
                format!("Replace the broken character at {place}: half of a surrogate pair stands alone.")
            }
            Fault::NumberTooLarge => {
                format!("Send the number at {place} as a string, or a smaller one: it would be rounded.")
            }
            Fault::InvalidUtf8 => format!("Send UTF-8: the byte at {place} belongs to no character."),
            Fault::Syntax => {
                format!("Mend the JSON at {place} (NaN, Infinity, comments and trailing commas are not JSON).")
            }
        }
    }

    fn last_key(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(_, key)| key)
    }
}

/// A name as one part of a JSON Pointer (RFC 6901).
pub(crate) fn pointer_token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    push_pointer_token(name, &mut token);
    token
}

/// The name that a part of a JSON Pointer stands for.
pub(crate) fn pointer_name(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Whether one of the pointers leads to the same place as `pointer`; in them `*` stands for any name or place.
pub(crate) fn is_pointed_at(pointers: &[&str], pointer: &str) -> bool {
    let leads = |wanted: &str| {
        let (mut wanted, mut parts) = (wanted.split('/'), pointer.split('/'));
        loop {
            match (wanted.next(), parts.next()) {
                (None, None) => return true,
                (Some(one), Some(other)) if one == other || one == "*" => {}
                _ => return false,
            }
        }
    };
    pointers.iter().any(|wanted| leads(wanted))
}

/// As [`pointer_token`].
pub(crate) fn push_pointer_token(name: &str, out: &mut String) {
    if !name.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        return out.push_str(name);
    }
    for part in name.split_inclusive(['~', '/']) {
        match part.strip_suffix('/') {
            Some(before) => {
                out.push_str(before);
                out.push_str("~1");
            }
            None => out.push_str(part),
        }
        if part.ends_with('~') {
            out.push('0');
        }
    }
}

/// The first string found under one of the names: backends spell the same field in several ways.
pub(crate) fn text<'t>(object: Node<'t>, names: &[&str]) -> Option<Cow<'t, str>> {
    names.iter().find_map(|name| object.get(name)?.as_text())
}
