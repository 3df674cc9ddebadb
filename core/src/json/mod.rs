//! JSON text from outside, read strictly: I-JSON (RFC 7493) within limits, or a refusal that says where.
//!
//! What two readers could understand differently is refused, not repaired: duplicate keys, lone surrogates,
//! numbers that a double cannot hold.

pub(crate) mod canonical;
mod double;
pub(crate) mod number;
pub(crate) mod tape;

use serde_json::Value;
pub(crate) use tape::Document;

/// Nesting that serde_json stops at too, so that whoever reads the same text with it can.
pub(crate) const MAX_DEPTH: usize = 127;

/// How much text, and how many values and names, a document may have, and which numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) values: usize,
    pub(crate) numbers: Numbers,
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
pub(crate) const ARGUMENTS: Limits = Limits { bytes: 4 << 20, values: 200_000, numbers: Numbers::Safe };
/// A `tools/call` result.
pub(crate) const RESULT: Limits = Limits { bytes: 32 << 20, values: 2_000_000, numbers: Numbers::Finite };
/// One tool's definition.
pub(crate) const DEFINITION: Limits = Limits { bytes: 1 << 20, values: 50_000, numbers: Numbers::Finite };

/// A schema of its own.
pub(crate) const SCHEMA: Limits = Limits { bytes: 4 << 20, values: 200_000, numbers: Numbers::Any };
/// Schemas that come with one.
pub(crate) const RESOURCES: Limits = Limits { bytes: 16 << 20, values: 1_000_000, numbers: Numbers::Any };
/// A document to validate outside the guard.
pub(crate) const DOCUMENT: Limits = Limits { bytes: 64 << 20, values: 4_000_000, numbers: Numbers::Any };
/// What this core wrote itself.
pub(crate) const OWN: Limits = Limits { bytes: 64 << 20, values: 4_000_000, numbers: Numbers::Finite };

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
                format!("Remove the second `{}`: the key stands twice in one object.", self.last_key())
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

/// Reads one document whose text need not be kept.
pub(crate) fn parse(text: &str, limits: Limits) -> Result<Value, Refusal> {
    Document::read(text, limits).map(|document| document.tape().root().to_value())
}

/// A name as one part of a JSON Pointer (RFC 6901).
pub(crate) fn pointer_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The first string found under one of the names: backends spell the same field in several ways.
pub(crate) fn text<'v>(object: &'v Value, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| object.get(name)?.as_str())
}
