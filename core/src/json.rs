//! JSON text from outside, read strictly: I-JSON (RFC 7493) within limits, or a refusal that says where.
//!
//! What two readers could understand differently is refused, not repaired: duplicate keys, lone surrogates,
//! numbers that a double cannot hold.

use core::cell::{Cell, RefCell};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Nesting that serde_json itself stops at; deeper text is refused as `too_deep`.
pub(crate) const MAX_DEPTH: usize = 127;

/// The largest integer that a double holds without a neighbour that rounds to it.
pub(crate) const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// How much text and how many values a document may have, and which numbers.
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
    /// Whatever JSON can say, as near as a double comes: for what is only read.
    Any,
}

/// Arguments of one call.
pub(crate) const ARGUMENTS: Limits = Limits { bytes: 4 << 20, values: 200_000, numbers: Numbers::Safe };
/// A `tools/call` result.
pub(crate) const RESULT: Limits = Limits { bytes: 32 << 20, values: 2_000_000, numbers: Numbers::Any };
/// One tool's definition.
pub(crate) const DEFINITION: Limits = Limits { bytes: 1 << 20, values: 50_000, numbers: Numbers::Any };

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLarge,
    TooManyValues,
    TooDeep,
    DuplicateKey,
    LoneSurrogate,
    NumberTooLarge,
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
            Fault::Syntax => "syntax",
        }
    }
}

impl Refusal {
    pub(crate) fn expected(&self) -> String {
        match self.fault {
            Fault::TooLarge => format!("at most {} bytes of JSON", self.limit),
            Fault::TooManyValues => format!("at most {} values", self.limit),
            Fault::TooDeep => format!("nesting of at most {MAX_DEPTH}"),
            Fault::DuplicateKey => "each key once in an object".to_owned(),
            Fault::LoneSurrogate => "strings of whole Unicode characters".to_owned(),
            Fault::NumberTooLarge => "finite numbers between -(2^53-1) and 2^53-1".to_owned(),
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
            Fault::Syntax => {
                format!("Mend the JSON at {place} (NaN, Infinity, comments and trailing commas are not JSON).")
            }
        }
    }

    fn last_key(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(_, key)| key)
    }
}

/// Reads one document.
pub(crate) fn parse(text: &str, limits: Limits) -> Result<Value, Refusal> {
    if text.len() > limits.bytes {
        return Err(Refusal { fault: Fault::TooLarge, path: String::new(), line: 0, column: 0, limit: limits.bytes });
    }
    let reader = Reader {
        left: Cell::new(limits.values),
        numbers: limits.numbers,
        fault: Cell::new(None),
        path: RefCell::new(Vec::new()),
    };
    let mut source = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_in(&mut source).and_then(|value| source.end().map(|()| value));
    read.map_err(|error| {
        let fault = reader.fault.get().unwrap_or_else(|| classify(&error));
        let limit = limits.values;
        Refusal { fault, path: reader.pointer(), line: error.line(), column: error.column(), limit }
    })
}

/// serde_json tells its kinds of syntax error apart by message only; the messages are pinned by vectors.
fn classify(error: &serde_json::Error) -> Fault {
    let message = error.to_string();
    if message.starts_with("recursion limit") {
        Fault::TooDeep
    } else if message.contains("surrogate") || message.contains("unexpected end of hex escape") {
        Fault::LoneSurrogate
    } else if message.starts_with("number out of range") {
        Fault::NumberTooLarge
    } else {
        Fault::Syntax
    }
}

struct Reader {
    left: Cell<usize>,
    numbers: Numbers,
    fault: Cell<Option<Fault>>,
    path: RefCell<Vec<String>>,
}

impl Reader {
    fn deserialize_in<'de, D: Deserializer<'de>>(&self, source: D) -> Result<Value, D::Error> {
        One(self).deserialize(source)
    }

    fn refuse<E: serde::de::Error>(&self, fault: Fault) -> E {
        self.fault.set(Some(fault));
        E::custom(fault.keyword())
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for part in self.path.borrow().iter() {
            pointer.push('/');
            pointer.push_str(&pointer_token(part));
        }
        pointer
    }

    /// The path is left as it stands on a refusal, so that it says where.
    fn within<T, E>(&self, part: String, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(part);
        let read = read()?;
        self.path.borrow_mut().pop();
        Ok(read)
    }
}

struct One<'r>(&'r Reader);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        match self.0.left.get().checked_sub(1) {
            Some(left) => self.0.left.set(left),
            None => return Err(self.0.refuse(Fault::TooManyValues)),
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        self.number(value as f64, || Number::from(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        self.number(value as f64, || Number::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.number(value, || Number::from_f64(value).unwrap_or_else(|| Number::from(0)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = self.0.within(array.len().to_string(), || items.next_element_seed(One(self.0)))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = self.0.within(key.clone(), || {
                if object.contains_key(&key) {
                    return Err(self.0.refuse::<A::Error>(Fault::DuplicateKey));
                }
                members.next_value_seed(One(self.0))
            })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

impl One<'_> {
    fn number<E: serde::de::Error>(&self, value: f64, number: impl FnOnce() -> Number) -> Result<Value, E> {
        if self.0.numbers == Numbers::Safe && value.abs() > MAX_SAFE_INTEGER {
            return Err(self.0.refuse(Fault::NumberTooLarge));
        }
        Ok(Value::Number(number()))
    }
}

/// A name as one part of a JSON Pointer (RFC 6901).
pub(crate) fn pointer_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The first string found under one of the names: backends spell the same field in several ways.
pub(crate) fn text<'v>(object: &'v Value, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| object.get(name)?.as_str())
}
