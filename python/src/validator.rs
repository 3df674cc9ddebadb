//! A compiled schema for Python: JSON text, or dicts and lists walked where they are.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use toolgate_core::Violation;
use toolgate_core::ffi;
use toolgate_core::schema::{Instance, InstanceKind as Kind, Member, hash};

use crate::{Refused, guarded};

/// Longer texts are judged without holding the interpreter.
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
        Ok(self.0.schema().is_valid(&value) && flaw.get().is_none())
    }

    /// What is wrong with the document, the most useful first; empty if nothing is.
    fn validate<'py>(&self, document: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = document.py();
        let violations = match text_of(document)? {
            Some(text) => py.detach(|| self.0.validate(&text)),
            None => {
                let flaw = Cell::new(None);
                let value = Value::new(document.clone(), &flaw);
                let violations = self.0.schema().explain(&value);
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
        let judge = || TOKENS.with_borrow_mut(|tokens| self.0.is_valid(text, tokens));
        if text.len() > LONG { py.detach(judge) } else { judge() }
    }
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
        // A lone surrogate cannot be written as UTF-8; its escape can, and means the same.
        let escaped = document.call_method1("encode", ("utf-8", "backslashreplace"))?;
        return Ok(Some(Cow::Owned(escaped.cast::<PyBytes>()?.as_bytes().to_vec())));
    }
    Ok(document.cast::<PyBytes>().ok().map(|bytes| Cow::Borrowed(bytes.as_bytes())))
}

/// What a Python value can hold and JSON cannot.
#[derive(Clone, Copy)]
enum Flaw {
    LoneSurrogate,
    Name,
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

impl Instance for Value<'_, '_> {
    #[inline(always)]
    fn kind(&self) -> Kind {
        self.kind
    }

    fn count(&self) -> usize {
        match self.kind {
            Kind::Object | Kind::Array => self.object.len().unwrap_or(0),
            _ => 0,
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
        self.object.extract::<i64>().ok().filter(|value| (-MAX_SMALL..MAX_SMALL).contains(value)).map(|value| (value, 0))
    }

    /// By the built-in types' own methods: a subclass's would run code of its own in the midst of a dict.
    fn number_text(&self) -> Cow<'_, str> {
        let py = self.object.py();
        let is_float = self.object.is_instance_of::<PyFloat>();
        let class = if is_float { py.get_type::<PyFloat>() } else { py.get_type::<PyInt>() };
        let text = class.call_method1("__repr__", (&self.object,)).and_then(|text| text.extract::<String>());
        Cow::Owned(text.unwrap_or_else(|_| "0".to_owned()))
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
