//! The Python skin over the core's text surface: text in, text out, refusals as one exception.
//!
//! Nothing is decided here. The interpreter is let go while the core works, and a panic in the core ends the
//! guard it happened in, not the process.

mod validator;
mod value;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use toolgate_core::ffi;

create_exception!(
    toolgate._native,
    Refused,
    PyException,
    "The core refused; the one argument is the error's JSON text."
);

const BROKEN: &str = "toolgate's core failed inside; this guard is closed, make a new one";

/// One guard of the core. Threads may share it; they take turns.
#[pyclass(frozen, weakref, module = "toolgate._native")]
struct Core(Mutex<Option<ffi::Core>>);

impl Core {
    /// Works on the core without holding the interpreter.
    ///
    /// A panic leaves the core in a state that nobody can vouch for, so it is dropped: every later call is
    /// refused rather than answered from half a state.
    fn with<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut ffi::Core) -> T + Send) -> PyResult<T> {
        py.detach(|| {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let core = held.as_mut().ok_or_else(|| PyRuntimeError::new_err(BROKEN))?;
            match catch_unwind(AssertUnwindSafe(|| work(core))) {
                Ok(answer) => Ok(answer),
                Err(_) => {
                    *held = None;
                    Err(PyRuntimeError::new_err(BROKEN))
                }
            }
        })
    }
}

#[pymethods]
impl Core {
    #[new]
    fn new(py: Python<'_>, options: &str) -> PyResult<Self> {
        let core = guarded(py, || ffi::Core::new(options))?.map_err(Refused::new_err)?;
        Ok(Core(Mutex::new(Some(core))))
    }

    /// Begins a flow and returns its first step.
    #[pyo3(signature = (start, document=None))]
    fn start(&self, py: Python<'_>, start: &str, document: Option<&str>) -> PyResult<String> {
        self.with(py, |core| core.start(start, document))?.map_err(Refused::new_err)
    }

    /// Answers the open step of a flow and returns the next one.
    #[pyo3(signature = (event, document=None))]
    fn handle(&self, py: Python<'_>, event: &str, document: Option<&str>) -> PyResult<String> {
        self.with(py, |core| core.handle(event, document))?.map_err(Refused::new_err)
    }

    /// Whether a call needs no flow to be sent; `now` is milliseconds since 1970.
    fn is_plain_read(&self, py: Python<'_>, name: &str, arguments: &str, now: u64) -> PyResult<bool> {
        self.with(py, |core| core.is_plain_read(name, arguments, now, &mut ffi::Tokens::default()))
    }

    /// Whether the answer to such a call may be given as it came.
    fn is_plain_result(&self, py: Python<'_>, name: &str, result: &str) -> PyResult<bool> {
        self.with(py, |core| core.is_plain_result(name, result))
    }

    /// A text with every credential in it masked.
    fn masked(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        self.with(py, |core| core.masked(text))
    }

    /// A JSON text with every credential in its strings and names masked.
    fn masked_json(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        self.with(py, |core| core.masked_json(text))
    }

    /// Masks a secret from now on; false where it is too short, or one too many.
    fn hide(&self, py: Python<'_>, secret: &str) -> PyResult<bool> {
        self.with(py, |core| core.hide(secret))
    }

    /// Takes up the flows of a snapshot and returns their open steps.
    fn restore(&self, py: Python<'_>, snapshot: &str) -> PyResult<String> {
        self.with(py, |core| core.restore(snapshot))?.map_err(Refused::new_err)
    }

    /// The open step of every flow.
    fn open_steps(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.open_steps())
    }

    /// The guard and its open flows, without secrets.
    fn snapshot(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.snapshot())
    }

    /// The tools with their effects.
    fn tools(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.tools())
    }

    /// The tools whose listed definition is not the pinned one, and how it differs.
    fn drift(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.drift())
    }

    /// How the list that a model sees differs from the server's.
    fn listing(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.listing())
    }

    /// What is suspicious about the tools as listed.
    fn findings(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.findings())
    }

    /// What looks safe in the policy and is not.
    fn policy_findings(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.policy_findings())
    }

    /// The lock file: what is pinned now.
    fn lock(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.lock())
    }

    /// The approvals that the guard knows.
    fn approvals(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.approvals())
    }

    /// Learns records of the ledger; the remembered answers that this guard may go by.
    fn remembered(&self, py: Python<'_>, records: &str) -> PyResult<String> {
        self.with(py, |core| core.remembered(records))?.map_err(Refused::new_err)
    }

    /// What the gates would say of a call.
    #[pyo3(signature = (request, document=None))]
    fn check(&self, py: Python<'_>, request: &str, document: Option<&str>) -> PyResult<String> {
        self.with(py, |core| core.check(request, document))?.map_err(Refused::new_err)
    }

    /// What people do not want to be asked about at that time.
    fn silences(&self, py: Python<'_>, now: u64) -> PyResult<String> {
        self.with(py, |core| core.silences(now))
    }

    /// The backend's profile, or null.
    fn profile(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |core| core.profile())
    }
}

fn guarded<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work))).map_err(|_| PyRuntimeError::new_err(BROKEN))
}

/// Every error code with its meaning.
#[pyfunction]
fn error_codes() -> String {
    ffi::error_codes()
}

/// An error's JSON text as a `tools/call` result that a model may read.
#[pyfunction]
fn error_result(error: &str) -> PyResult<String> {
    ffi::error_result(error).map_err(Refused::new_err)
}

/// The RFC 8785 form of a JSON text.
#[pyfunction]
fn canonicalize(py: Python<'_>, text: &str) -> PyResult<String> {
    guarded(py, || ffi::canonicalize(text))?.map_err(Refused::new_err)
}

/// The SHA-256 of the RFC 8785 form, in hexadecimal.
#[pyfunction]
fn digest(py: Python<'_>, text: &str) -> PyResult<String> {
    guarded(py, || ffi::digest(text))?.map_err(Refused::new_err)
}

/// What became of the chain of an audit's lines, UTF-8 with a line end each.
#[pyfunction]
fn verify_audit(py: Python<'_>, lines: &[u8], options: &str) -> PyResult<String> {
    guarded(py, || ffi::verify_audit(lines, options))?.map_err(Refused::new_err)
}

/// A text from outside as part of one line of a terminal, with everything written out that is not seen as it is.
#[pyfunction]
fn visible(text: &str) -> String {
    ffi::visible(text)
}

/// What looks safe in a policy and is not.
#[pyfunction]
fn policy_findings(py: Python<'_>, policy: &str) -> PyResult<String> {
    guarded(py, || ffi::policy_findings(policy))?.map_err(Refused::new_err)
}

/// Reads one record of a ledger, or makes of it what a person's answer makes of it.
#[pyfunction]
fn deskwork(py: Python<'_>, work: &str) -> PyResult<String> {
    guarded(py, || ffi::deskwork(work))?.map_err(Refused::new_err)
}

/// The placeholders of a client's configuration.
#[pyfunction]
fn config_references(py: Python<'_>, config: &str) -> PyResult<String> {
    guarded(py, || ffi::config_references(config))?.map_err(Refused::new_err)
}

/// A client's configuration with the values in.
#[pyfunction]
fn resolve_config(py: Python<'_>, config: &str, values: &str) -> PyResult<String> {
    guarded(py, || ffi::resolve_config(config, values))?.map_err(Refused::new_err)
}

/// toolgate's core as text in and text out; the `toolgate` package is its typed face.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::validator::Validator;
    #[pymodule_export]
    use super::{
        Core, Refused, canonicalize, config_references, deskwork, digest, error_codes, error_result, policy_findings,
        resolve_config, verify_audit, visible,
    };
}
