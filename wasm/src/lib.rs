//! The core for JavaScript. Documents cross as JSON text, because an object would cost more than the work done
//! on it and because duplicate keys and the like are only seen in text; errors and reports cross as objects.

#[cfg(feature = "guard")]
mod fetch;
#[cfg(feature = "guard")]
mod sse;
mod validator;

use js_sys::JSON;
#[cfg(feature = "guard")]
use toolgate_core::error::{Code, Error};
#[cfg(feature = "guard")]
use toolgate_core::ffi;
use wasm_bindgen::prelude::*;

#[cfg(feature = "guard")]
pub use fetch::FetchClient;
pub use validator::{Validator, room};

/// One guard's decisions. Every `Err` is a plain object of the shape `{code, message, retryable, next, details}`.
#[cfg(feature = "guard")]
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core(ffi::Core);

#[cfg(feature = "guard")]
#[wasm_bindgen]
impl Core {
    /// Makes the guard from its options.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<Core, JsValue> {
        ffi::Core::new(options).map(Core).map_err(thrown)
    }

    /// Begins a flow; gives its first step. A document is UTF-8.
    pub fn start(&mut self, start: &str, document: Option<Vec<u8>>) -> Result<String, JsValue> {
        let document = text(document)?;
        self.0.start(start, document.as_deref()).map_err(thrown)
    }

    /// Answers the open step of a flow; gives the next one. A document is UTF-8.
    pub fn handle(&mut self, event: &str, document: Option<Vec<u8>>) -> Result<String, JsValue> {
        let document = text(document)?;
        self.0.handle(event, document.as_deref()).map_err(thrown)
    }

    /// Whether a call needs no flow to be sent. The first so many bytes of the room are the tool's name and the arguments'
    /// text; the name has so many units of UTF-16, and `now` is milliseconds since 1970.
    #[wasm_bindgen(js_name = isPlainRead)]
    pub fn is_plain_read(&self, bytes: usize, name: usize, now: f64) -> bool {
        with_named(bytes, name, |name, text, tokens| self.0.is_plain_read(name, text, now as u64, tokens))
    }

    /// Whether the answer to such a call may be given as it came. The room holds the tool's name and the result's text.
    #[wasm_bindgen(js_name = isPlainResult)]
    pub fn is_plain_result(&self, bytes: usize, name: usize) -> bool {
        with_named(bytes, name, |name, text, _| self.0.is_plain_result(name, text))
    }

    /// A text with every credential in it masked.
    pub fn masked(&self, text: &str) -> String {
        self.0.masked(text)
    }

    /// A JSON text with every credential in its strings and names masked.
    #[wasm_bindgen(js_name = maskedJson)]
    pub fn masked_json(&self, text: &str) -> String {
        self.0.masked_json(text)
    }

    /// Masks a secret from now on; false where it is too short, or one too many.
    pub fn hide(&mut self, secret: &str) -> bool {
        self.0.hide(secret)
    }

    /// The step of every open flow.
    #[wasm_bindgen(js_name = openSteps)]
    pub fn open_steps(&self) -> String {
        self.0.open_steps()
    }

    /// The guard and its open flows as versioned JSON, without secrets and without the tool list.
    pub fn snapshot(&mut self) -> String {
        self.0.snapshot()
    }

    /// Takes the flows and approvals of a snapshot over; gives their open steps.
    pub fn restore(&mut self, snapshot: &str) -> Result<String, JsValue> {
        self.0.restore(snapshot).map_err(thrown)
    }

    /// Every listed tool with its effect and the reasons for it, as JSON text: there may be thousands.
    pub fn tools(&self) -> String {
        self.0.tools()
    }

    /// Every tool whose listed definition is not the pinned one, and how it differs, as JSON text.
    pub fn drift(&self) -> String {
        self.0.drift()
    }

    /// How the list that a model sees differs from the server's, as JSON text.
    pub fn listing(&self) -> String {
        self.0.listing()
    }

    /// What is suspicious about the tools as listed, as JSON text.
    pub fn findings(&self) -> String {
        self.0.findings()
    }

    /// What looks safe in the policy and is not.
    #[wasm_bindgen(js_name = policyFindings)]
    pub fn policy_findings(&self) -> String {
        self.0.policy_findings()
    }

    /// The lock file's text: what is pinned now.
    pub fn lock(&self) -> String {
        self.0.lock()
    }

    /// The approvals that the guard knows.
    pub fn approvals(&self) -> JsValue {
        object(&self.0.approvals())
    }

    /// Learns records of the ledger, a JSON array of texts; gives the remembered answers that this guard may go by.
    pub fn remembered(&mut self, records: &str) -> Result<JsValue, JsValue> {
        self.0.remembered(records).map(|remembered| object(&remembered)).map_err(thrown)
    }

    /// What the gates would say of a call. A document is UTF-8.
    pub fn check(&self, request: &str, document: Option<Vec<u8>>) -> Result<String, JsValue> {
        let document = text(document)?;
        self.0.check(request, document.as_deref()).map_err(thrown)
    }

    /// What people do not want to be asked about; `now` is milliseconds since 1970.
    pub fn silences(&self, now: f64) -> JsValue {
        object(&self.0.silences(now as u64))
    }

    /// What the host needs to know of the backend's profile, or `null`.
    pub fn profile(&self) -> JsValue {
        object(&self.0.profile())
    }
}

/// The list of errors: `[{code, retryable, meaning, next}]`.
#[cfg(feature = "guard")]
#[wasm_bindgen(js_name = errorCodes)]
pub fn error_codes() -> JsValue {
    object(&ffi::error_codes())
}

/// An error's JSON text as a `tools/call` result that a model may read.
#[cfg(feature = "guard")]
#[wasm_bindgen(js_name = errorResult)]
pub fn error_result(error: &str) -> Result<JsValue, JsValue> {
    ffi::error_result(error).map(|result| object(&result)).map_err(thrown)
}

/// The RFC 8785 form of a JSON text.
#[cfg(feature = "guard")]
#[wasm_bindgen]
pub fn canonicalize(text: &str) -> Result<String, JsValue> {
    ffi::canonicalize(text).map_err(thrown)
}

/// The SHA-256 of the RFC 8785 form, in hexadecimal.
#[cfg(feature = "guard")]
#[wasm_bindgen]
pub fn digest(text: &str) -> Result<String, JsValue> {
    ffi::digest(text).map_err(thrown)
}

/// Follows the chain of an audit's lines, UTF-8 with a line end each; gives `{ok, lines, head, first_bad?}`.
#[cfg(feature = "guard")]
#[wasm_bindgen(js_name = verifyAudit)]
pub fn verify_audit(lines: &[u8], options: &str) -> Result<JsValue, JsValue> {
    ffi::verify_audit(lines, options).map(|verified| object(&verified)).map_err(thrown)
}

/// A text from outside as part of one line of a terminal, with everything written out that is not seen as it is.
#[cfg(feature = "guard")]
#[wasm_bindgen]
pub fn visible(text: &str) -> String {
    ffi::visible(text)
}

/// What looks safe in a policy and is not: `[{rule, kind, path, message}]`.
#[cfg(feature = "guard")]
#[wasm_bindgen(js_name = policyFindings)]
pub fn policy_findings(policy: &str) -> Result<JsValue, JsValue> {
    ffi::policy_findings(policy).map(|findings| object(&findings)).map_err(thrown)
}

/// Reads one record of a ledger, or makes of it what a person's answer makes of it; JSON text in and out.
#[cfg(feature = "guard")]
#[wasm_bindgen]
pub fn deskwork(work: &str) -> Result<String, JsValue> {
    ffi::deskwork(work).map_err(thrown)
}

/// The placeholders of a client's configuration: `[{path, line, kind, name, default?}]`.
#[cfg(feature = "guard")]
#[wasm_bindgen(js_name = configReferences)]
pub fn config_references(config: &str) -> Result<JsValue, JsValue> {
    ffi::config_references(config).map(|references| object(&references)).map_err(thrown)
}

/// A client's configuration with the values in; they are `{env, inputs}`.
#[cfg(feature = "guard")]
#[wasm_bindgen(js_name = resolveConfig)]
pub fn resolve_config(config: &str, values: &str) -> Result<String, JsValue> {
    ffi::resolve_config(config, values).map_err(thrown)
}

/// A name and a text behind it. Where the name is no ASCII they are parted in the wrong place; to such names the core
/// says no, and to the beginning of one too.
#[cfg(feature = "guard")]
fn with_named(bytes: usize, name: usize, work: impl FnOnce(&str, &str, &mut ffi::Tokens) -> bool) -> bool {
    validator::with_room(bytes, |both, tokens| {
        let parts = core::str::from_utf8(both).ok().and_then(|both| both.split_at_checked(name));
        parts.is_some_and(|(name, text)| work(name, text, tokens))
    })
}

/// Large documents cross as bytes: `TextEncoder` is several times as fast as the string glue's own loop.
#[cfg(feature = "guard")]
fn text(document: Option<Vec<u8>>) -> Result<Option<String>, JsValue> {
    document
        .map(String::from_utf8)
        .transpose()
        .map_err(|_| thrown(ffi::error(&Error::new(Code::InvalidEvent, "The document is not UTF-8."))))
}

/// Takes `Result::Err`'s text by value, as `map_err` gives it.
fn thrown(error: String) -> JsValue {
    object(&error)
}

/// The engine's own reader makes plain objects of JSON text faster than anything that had to be shipped for it.
fn object(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or(JsValue::NULL)
}
