//! A compiled schema for Python.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use toolgate_core::Violation;
use toolgate_core::ffi;

use crate::value::Value;
use crate::{Refused, guarded};

/// Longer texts are judged without holding the interpreter, and the memory that they need is not kept.
const LONG: usize = 1 << 16;

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
        let value = Value::new(document.as_borrowed(), &flaw);
        let is_valid = self.0.schema().is_valid(&value);
        Ok(is_valid && flaw.get().is_none())
    }

    /// What is wrong with the document, the most useful first; empty if nothing is.
    fn validate<'py>(&self, document: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = document.py();
        let violations = match text_of(document)? {
            Some(text) => py.detach(|| self.0.validate(&text, &mut ffi::Tokens::default())),
            None => {
                let flaw = Cell::new(None);
                let value = Value::new(document.as_borrowed(), &flaw);
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
        if text.len() > LONG {
            return py.detach(|| self.0.is_valid(text, &mut ffi::Tokens::default()));
        }
        TOKENS.with_borrow_mut(|tokens| self.0.is_valid(text, tokens))
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
