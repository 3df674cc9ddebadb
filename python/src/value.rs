//! Python's own values, walked where they are.
//!
//! The walk holds no references of its own: counting them would cost more than looking. That is sound because the
//! interpreter is held and nothing here lets Python run code, so that nobody can change what is walked: strings,
//! numbers and containers are read by C functions that call no method, and what would raise an exception ends the walk.

use std::borrow::Cow;
use std::cell::Cell;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use toolgate_core::Violation;
use toolgate_core::schema::{Instance, InstanceKind as Kind, Member};

/// Numbers of at most 15 digits are compared as integers.
const SHORT: i64 = 1_000_000_000_000_000;
/// Integers of more bytes would take long to write out.
const MAX_INTEGER_BYTES: usize = 16_384;

/// What a Python value can hold and JSON cannot.
#[derive(Clone, Copy)]
pub(crate) enum Flaw {
    LoneSurrogate,
    Name,
    Number,
}

impl Flaw {
    pub(crate) fn violation(self) -> Violation {
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

/// A Python value; what cannot be said in JSON is noted in `flaw`, and ends the walk.
#[derive(Clone, Copy)]
pub(crate) struct Value<'v, 'py> {
    object: Borrowed<'v, 'py, PyAny>,
    kind: Kind,
    /// A string's text.
    text: &'v str,
    flaw: &'v Cell<Option<Flaw>>,
}

impl<'v, 'py> Value<'v, 'py> {
    #[inline(always)]
    pub(crate) fn new(object: Borrowed<'v, 'py, PyAny>, flaw: &'v Cell<Option<Flaw>>) -> Self {
        let kind = if object.is_exact_instance_of::<PyString>() {
            Kind::String
        } else if object.is_exact_instance_of::<PyDict>() {
            Kind::Object
        } else if object.is_exact_instance_of::<PyInt>() {
            Kind::Number
        } else if object.is_exact_instance_of::<PyFloat>() {
            number_kind(&object)
        } else if object.is_exact_instance_of::<PyList>() {
            Kind::Array
        } else {
            rare_kind(&object)
        };
        let text = if kind == Kind::String { text_of(object, flaw) } else { "" };
        Value { object, kind, text, flaw }
    }

    fn fail(&self, flaw: Flaw) {
        self.flaw.set(Some(flaw));
    }

    fn has_failed(&self) -> bool {
        self.flaw.get().is_some()
    }

    #[inline(always)]
    fn is_float(&self) -> bool {
        // To ask for a subclass takes a call.
        !self.object.is_exact_instance_of::<PyInt>()
            && (self.object.is_exact_instance_of::<PyFloat>() || self.object.is_instance_of::<PyFloat>())
    }

    #[inline(always)]
    fn is_list(&self) -> bool {
        self.object.is_exact_instance_of::<PyList>() || self.object.is_instance_of::<PyList>()
    }

    /// A float's own value, whatever its class says.
    fn double(&self) -> f64 {
        // SAFETY: only called for floats, for which this reads a field.
        unsafe { ffi::PyFloat_AsDouble(self.object.as_ptr()) }
    }
}

/// A string's own UTF-8, which it keeps for as long as it lives.
#[inline(always)]
fn text_of<'v>(object: Borrowed<'v, '_, PyAny>, flaw: &Cell<Option<Flaw>>) -> &'v str {
    let mut size: ffi::Py_ssize_t = 0;
    // SAFETY: a string, which lives in what is walked.
    unsafe {
        let data = ffi::PyUnicode_AsUTF8AndSize(object.as_ptr(), &raw mut size);
        if data.is_null() {
            ffi::PyErr_Clear();
            flaw.set(Some(Flaw::LoneSurrogate));
            return "";
        }
        let bytes = core::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(size).unwrap_or(0));
        core::str::from_utf8_unchecked(bytes)
    }
}

fn number_kind(object: &Bound<'_, PyAny>) -> Kind {
    match object.cast::<PyFloat>() {
        Ok(float) if !float.value().is_finite() => Kind::Foreign,
        _ => Kind::Number,
    }
}

fn rare_kind(object: &Bound<'_, PyAny>) -> Kind {
    if object.is_none() {
        Kind::Null
    } else if let Ok(flag) = object.cast::<PyBool>() {
        if flag.is_true() { Kind::True } else { Kind::False }
    } else if object.is_instance_of::<PyFloat>() || object.is_instance_of::<PyInt>() {
        number_kind(object)
    } else if object.is_instance_of::<PyString>() {
        Kind::String
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
        if self.has_failed() {
            return 0;
        }
        let object = self.object.as_ptr();
        // SAFETY: each function fits the type that was looked at; they read a field and call no `__len__`.
        let count = unsafe {
            match self.kind {
                Kind::Object => ffi::PyDict_Size(object),
                Kind::Array if self.is_list() => ffi::PyList_Size(object),
                Kind::Array => ffi::PyTuple_Size(object),
                _ => 0,
            }
        };
        usize::try_from(count).unwrap_or(0)
    }

    fn length(&self) -> usize {
        match self.kind {
            Kind::String => self.text.len(),
            _ => 0,
        }
    }

    #[inline(always)]
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.text)
    }

    #[inline(always)]
    fn is_text(&self, text: &str) -> bool {
        self.text == text
    }

    #[inline(always)]
    fn short(&self) -> Option<(i64, u32)> {
        if self.kind != Kind::Number || self.has_failed() {
            return None;
        }
        if self.is_float() {
            return short_decimal(self.double());
        }
        let mut overflow = 0;
        // SAFETY: an integer, for which this runs no code and raises nothing.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(self.object.as_ptr(), &raw mut overflow) };
        (overflow == 0 && value > -SHORT && value < SHORT).then_some((value, 0))
    }

    fn number_text(&self) -> Cow<'_, str> {
        if self.kind != Kind::Number || self.has_failed() {
            return Cow::Borrowed("0");
        }
        if self.is_float() {
            // The shortest digits that lead back to the same double, as `repr` and JSON have them.
            return Cow::Owned(self.double().to_string());
        }
        Cow::Owned(integer_text(self.object).unwrap_or_else(|| {
            self.fail(Flaw::Number);
            "0".to_owned()
        }))
    }

    #[inline(always)]
    fn items(&self) -> impl Iterator<Item = Self> {
        let (object, flaw, py) = (self.object, self.flaw, self.object.py());
        let is_list = self.is_list();
        let count = if self.kind == Kind::Array { self.count() } else { 0 };
        (0..count).map_while(move |index| {
            if flaw.get().is_some() {
                return None;
            }
            let index = index as ffi::Py_ssize_t;
            // SAFETY: the index is within the container, which nobody can change meanwhile; the items are its own.
            let item = unsafe {
                let item = if is_list {
                    ffi::PyList_GetItem(object.as_ptr(), index)
                } else {
                    ffi::PyTuple_GetItem(object.as_ptr(), index)
                };
                Borrowed::from_ptr_or_opt(py, item)?
            };
            Some(Value::new(item, flaw))
        })
    }

    #[inline(always)]
    fn each_member(&self, mut visit: impl FnMut(Member<'_, Self>) -> bool) {
        if self.kind != Kind::Object {
            return;
        }
        let py = self.object.py();
        let mut position: ffi::Py_ssize_t = 0;
        let (mut key, mut value) = (core::ptr::null_mut(), core::ptr::null_mut());
        while !self.has_failed() {
            // SAFETY: a dict, which nobody can change meanwhile; keys and values are its own.
            let (key, value) = unsafe {
                if ffi::PyDict_Next(self.object.as_ptr(), &raw mut position, &raw mut key, &raw mut value) == 0 {
                    break;
                }
                (Borrowed::from_ptr(py, key), Borrowed::from_ptr(py, value))
            };
            let key = Value::new(key, self.flaw);
            if key.kind != Kind::String {
                return self.fail(Flaw::Name);
            }
            if !visit(Member { name: &key, value: &Value::new(value, self.flaw) }) {
                break;
            }
        }
    }
}

/// A double as its shortest decimal, if that has few digits: `r / 10^k`, rounded as every division is, is the double
/// that the decimal stands for, and of at most 15 digits there is only one such decimal.
#[inline(always)]
fn short_decimal(value: f64) -> Option<(i64, u32)> {
    for (scale, factor) in [(0, 1.0), (1, 10.0), (2, 100.0), (3, 1_000.0), (4, 10_000.0)] {
        let raised = value * factor;
        // Nearest, but for what lies just below a half: that is no decimal of so few digits anyhow. `round` is a call.
        let nearest = (raised + 0.5_f64.copysign(raised)) as i64;
        if -SHORT < nearest && nearest < SHORT && nearest as f64 / factor == value {
            return Some((nearest, scale));
        }
    }
    None
}

/// An integer in decimal digits. Python's own way refuses what is long and calls methods of subclasses.
fn integer_text(object: Borrowed<'_, '_, PyAny>) -> Option<String> {
    let py = object.py();
    // SAFETY: an integer; writing its hexadecimal digits calls no method and makes a string.
    let digits = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyNumber_ToBase(object.as_ptr(), 16))? };
    let digits = digits.cast::<PyString>().ok()?.to_str().ok()?;
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let digits = digits.strip_prefix("0x")?;
    if digits.len() > 2 * MAX_INTEGER_BYTES {
        return None;
    }
    // Nine decimal digits a limb, the lowest first.
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = Vec::new();
    for digit in digits.chars() {
        let mut carry = u64::from(digit.to_digit(16)?);
        for limb in &mut limbs {
            let value = *limb * 16 + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text = sign.to_owned();
    match limbs.split_last() {
        None => return Some("0".to_owned()),
        Some((first, rest)) => {
            text.push_str(&first.to_string());
            for limb in rest.iter().rev() {
                text.push_str(&format!("{limb:09}"));
            }
        }
    }
    Some(text)
}
