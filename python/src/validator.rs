//! A compiled schema for Python: JSON text, or dicts and lists walked where they are.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use toolgate_core::Violation;
use toolgate_core::ffi;
use toolgate_core::schema::{Instance, InstanceKind as Kind, Member, hash};

use crate::{Refused, guarded};

/// Longer texts are judged without holding the interpreter, and the memory that they need is not kept.
const LONG: usize = 1 << 16;
/// Integers of fewer digits are compared as they are.
const MAX_SMALL: i64 = 1_000_000_000_000_000;

thread_local! {
    static TOKENS: RefCell<ffi::Tokens> = RefCell::new(ffi::Tokens::default());
}

/// A compiled schema. Made by `toolgate.compile`.
#[pyclass(frozen, module = "toolgate._native")]
pub(crate) struct Validator(ffi::Validator);

#[pymethods]
impl Validator {
    #[new]
    fn new(py: Python<'_>, schema: &str, options: &str) -> PyResult<Self> {
        guarded(py, || ffi::Validator::compile(schema, options))?.map(Validator).map_err(Refused::new_err)
    }

    /// Whether the document is valid. A `str` or `bytes` is JSON text; anything else is the value itself.
    fn is_valid(&self, document: &Bound<'_, PyAny>) -> PyResult<bool> {
        if let Some(text) = text_of(document)? {
            return Ok(self.judge(document.py(), &text));
        }
        let flaw = Cell::new(None);
        let value = Value::new(document.clone(), &flaw);
        let is_valid = walked(|| self.0.schema().is_valid(&value))?;
        Ok(is_valid && flaw.get().is_none())
    }

    /// What is wrong with the document, the most useful first; empty if nothing is.
    fn validate<'py>(&self, document: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = document.py();
        let violations = match text_of(document)? {
            Some(text) => py.detach(|| self.0.validate(&text)),
            None => {
                let flaw = Cell::new(None);
                let value = Value::new(document.clone(), &flaw);
                let violations = walked(|| self.0.schema().explain(&value))?;
                match flaw.get() {
                    // What JSON cannot say makes everything else doubtful.
                    Some(flaw) => vec![flaw.violation()],
                    None => violations,
                }
            }
        };
        PyList::new(py, violations.iter().map(|violation| dict(py, violation)).collect::<PyResult<Vec<_>>>()?)
    }
}

impl Validator {
    fn judge(&self, py: Python<'_>, text: &[u8]) -> bool {
        if text.len() > LONG {
            return py.detach(|| self.0.is_valid(text, &mut ffi::Tokens::default()));
        }
        TOKENS.with_borrow_mut(|tokens| self.0.is_valid(text, tokens))
    }
}

/// Looks at a document whose dicts somebody may change meanwhile: whatever Python runs while they are walked can.
fn walked<T>(walk: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(walk))
        .map_err(|_| PyRuntimeError::new_err("the document was changed while it was looked at"))
}

fn dict<'py>(py: Python<'py>, violation: &Violation) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("path", &violation.path)?;
    dict.set_item("schema_path", &violation.schema_path)?;
    dict.set_item("keyword", &violation.keyword)?;
    dict.set_item("expected", &violation.expected)?;
    dict.set_item("got", &violation.got)?;
    dict.set_item("repair", &violation.repair)?;
    Ok(dict)
}

/// JSON text as UTF-8, if the document is a text.
fn text_of<'d>(document: &'d Bound<'_, PyAny>) -> PyResult<Option<Cow<'d, [u8]>>> {
    if let Ok(text) = document.cast::<PyString>() {
        if let Ok(text) = text.to_str() {
            return Ok(Some(Cow::Borrowed(text.as_bytes())));
        }
        let bytes = document.call_method1("encode", ("utf-8", "surrogatepass"))?;
        return Ok(Some(Cow::Owned(escaped(bytes.cast::<PyBytes>()?.as_bytes()))));
    }
    Ok(document.cast::<PyBytes>().ok().map(|bytes| Cow::Borrowed(bytes.as_bytes())))
}

/// A lone surrogate cannot be written as UTF-8; its escape can, and means the same.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        // Only surrogates are encoded like this; they came one by one, because whole pairs are characters to Python.
        if let (0xed, [second @ 0xa0..=0xbf, third, behind @ ..]) = (byte, behind) {
            let backslashes = out.iter().rev().take_while(|byte| **byte == b'\\').count();
            let code = 0xd000 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
            // Behind an open escape, `\ud800` would read as a backslash and letters; `\x` is as wrong as what stood there.
            let escape = if backslashes % 2 == 1 { "x".to_owned() } else { format!("\\u{code:x}") };
            out.extend_from_slice(escape.as_bytes());
            rest = behind;
        } else {
            out.push(byte);
        }
    }
    out
}

/// What a Python value can hold and JSON cannot.
#[derive(Clone, Copy)]
enum Flaw {
    LoneSurrogate,
    Name,
    Number,
}

impl Flaw {
    fn violation(self) -> Violation {
        let (keyword, expected, got, repair) = match self {
            Flaw::LoneSurrogate => (
                "lone_surrogate",
                "strings of whole Unicode characters",
                "half of a surrogate pair",
                "Replace the broken character: half of a surrogate pair stands alone.",
            ),
            Flaw::Name => (
                "not_json",
                "names that are strings",
                "a name that is no string",
                "Give every key of a dict as a string.",
            ),
            Flaw::Number => (
                "not_json",
                "numbers that can be written out",
                "an integer of too many digits",
                "Give integers of fewer digits.",
            ),
        };
        let own = str::to_owned;
        Violation {
            path: String::new(),
            schema_path: String::new(),
            keyword: own(keyword),
            expected: own(expected),
            got: own(got),
            repair: own(repair),
        }
    }
}

/// A Python value; what cannot be said in JSON is noted in `flaw`.
#[derive(Clone)]
struct Value<'f, 'py> {
    object: Bound<'py, PyAny>,
    kind: Kind,
    flaw: &'f Cell<Option<Flaw>>,
}

impl<'f, 'py> Value<'f, 'py> {
    #[inline(always)]
    fn new(object: Bound<'py, PyAny>, flaw: &'f Cell<Option<Flaw>>) -> Self {
        let kind = if object.is_exact_instance_of::<PyString>() {
            Kind::String
        } else if object.is_exact_instance_of::<PyDict>() {
            Kind::Object
        } else if object.is_exact_instance_of::<PyInt>() {
            Kind::Number
        } else if object.is_exact_instance_of::<PyList>() {
            Kind::Array
        } else {
            rare_kind(&object)
        };
        Value { object, kind, flaw }
    }
}

fn rare_kind(object: &Bound<'_, PyAny>) -> Kind {
    if object.is_none() {
        Kind::Null
    } else if let Ok(flag) = object.cast::<PyBool>() {
        if flag.is_true() { Kind::True } else { Kind::False }
    } else if let Ok(float) = object.cast::<PyFloat>() {
        if float.value().is_finite() { Kind::Number } else { Kind::Foreign }
    } else if object.is_instance_of::<PyString>() {
        Kind::String
    } else if object.is_instance_of::<PyInt>() {
        Kind::Number
    } else if object.is_instance_of::<PyDict>() {
        Kind::Object
    } else if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        Kind::Array
    } else {
        Kind::Foreign
    }
}

fn decimal_text(integer: &Bound<'_, PyAny>) -> PyResult<String> {
    integer.py().import("decimal")?.getattr("Decimal")?.call1((integer,))?.str()?.extract()
}

impl Instance for Value<'_, '_> {
    #[inline(always)]
    fn kind(&self) -> Kind {
        self.kind
    }

    /// As the built-in types count: a subclass's `__len__` would run code of its own in the midst of a dict.
    fn count(&self) -> usize {
        let object = &self.object;
        if let Ok(dict) = object.cast::<PyDict>() {
            dict.len()
        } else if let Ok(list) = object.cast::<PyList>() {
            list.len()
        } else {
            object.cast::<PyTuple>().map_or(0, |tuple| tuple.len())
        }
    }

    #[inline(always)]
    fn text(&self) -> Cow<'_, str> {
        match self.object.cast::<PyString>().map(|text| text.to_str()) {
            Ok(Ok(text)) => Cow::Borrowed(text),
            _ => {
                self.flaw.set(Some(Flaw::LoneSurrogate));
                Cow::Borrowed("")
            }
        }
    }

    #[inline(always)]
    fn is_text(&self, text: &str) -> bool {
        self.text() == text
    }

    #[inline(always)]
    fn short(&self) -> Option<(i64, u32)> {
        if let Ok(float) = self.object.cast::<PyFloat>() {
            let value = float.value();
            // Exact: both bounds are integers that a double holds.
            let is_small = value.trunc() == value && value.abs() < MAX_SMALL as f64;
            return is_small.then_some((value as i64, 0));
        }
        self.object
            .extract::<i64>()
            .ok()
            .filter(|value| (-MAX_SMALL..MAX_SMALL).contains(value))
            .map(|value| (value, 0))
    }

    /// By the built-in types' own methods: a subclass's would run code of its own in the midst of a dict.
    fn number_text(&self) -> Cow<'_, str> {
        let py = self.object.py();
        let is_float = self.object.is_instance_of::<PyFloat>();
        let class = if is_float { py.get_type::<PyFloat>() } else { py.get_type::<PyInt>() };
        let text = class.call_method1("__repr__", (&self.object,)).and_then(|text| text.extract::<String>());
        // Python writes no integers of more than some thousands of digits, but its decimals have no such limit.
        Cow::Owned(text.or_else(|_| decimal_text(&self.object)).unwrap_or_else(|_| {
            self.flaw.set(Some(Flaw::Number));
            "0".to_owned()
        }))
    }

    #[inline(always)]
    fn items(&self) -> impl Iterator<Item = Self> {
        let list = self.object.cast::<PyList>().ok();
        let tuple = self.object.cast::<PyTuple>().ok().filter(|_| list.is_none());
        let of_list = list.into_iter().flat_map(|list| list.iter());
        let of_tuple = tuple.into_iter().flat_map(|tuple| tuple.iter());
        of_list.chain(of_tuple).map(|object| Value::new(object, self.flaw))
    }

    #[inline(always)]
    fn each_member(&self, mut visit: impl FnMut(Member<'_, Self>) -> bool) {
        let Ok(dict) = self.object.cast::<PyDict>() else { return };
        for (key, value) in dict.iter() {
            if !key.is_instance_of::<PyString>() {
                self.flaw.set(Some(Flaw::Name));
                continue;
            }
            let (key, value) = (Value::new(key, self.flaw), Value::new(value, self.flaw));
            let hash = hash(&key.text());
            if !visit(Member { name: &key, hash, value: &value }) {
                break;
            }
        }
    }
}
