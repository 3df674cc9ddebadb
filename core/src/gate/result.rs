//! Gate 6: the answer is a `tools/call` result, valid against the tool's outputSchema, and shows no secret.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalog::Definition;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::redact::Redactor;

/// A result that may be shown.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) value: Value,
    pub(crate) text: Box<RawValue>,
    pub(crate) note: String,
}

/// Reads a result's text; `value` still holds whatever secrets came.
pub(crate) fn read(text: &str) -> Result<Value> {
    let invalid = |why: &str| Error::new(Code::InvalidResult, format!("The answer is not a tools/call result: {why}."));
    let value = json::parse(text, json::RESULT)
        .map_err(|refusal| invalid(refusal.fault.keyword()).with("path", refusal.path.clone()))?;
    if !value.is_object() {
        return Err(invalid("it is no object"));
    }
    if value.get("content").is_none_or(|content| !content.is_array()) && value.get("structuredContent").is_none() {
        return Err(invalid("it has no content"));
    }
    Ok(value)
}

pub(crate) fn is_error(value: &Value) -> bool {
    value.get("isError").and_then(Value::as_bool) == Some(true)
}

/// The backend's own error comes first; only a success is held against the outputSchema.
pub(crate) fn check(value: Value, text: &str, definition: Option<&Definition>, redactor: &Redactor) -> Result<Checked> {
    let output = definition.and_then(|definition| definition.output.as_ref()).filter(|_| !is_error(&value));
    if let Some(output) = output {
        let structured = value.get("structuredContent").ok_or_else(|| {
            Error::new(Code::InvalidResult, "The tool promises structured content and answered without.")
        })?;
        let violations = output.violations(structured, &[], redactor);
        if !violations.is_empty() {
            return Err(Error::new(Code::InvalidResult, "The answer does not fit the tool's outputSchema.")
                .with("violations", serde_json::json!(violations)));
        }
    }
    let note = if is_error(&value) { "the backend answered with an error" } else { "" };
    show(value, text, note, redactor)
}

/// Masks what must not be seen.
pub(crate) fn show(mut value: Value, text: &str, note: &str, redactor: &Redactor) -> Result<Checked> {
    let masked = redactor.value(&mut value);
    let shown = if masked { value.to_string() } else { text.to_owned() };
    let text = RawValue::from_string(shown)
        .map_err(|_| Error::new(Code::InvalidResult, "The answer is not well-formed JSON."))?;
    let note = match (note, masked) {
        ("", true) => "a credential in the answer was masked".to_owned(),
        (note, true) => format!("{note}; a credential in the answer was masked"),
        (note, false) => note.to_owned(),
    };
    Ok(Checked { value, text, note })
}
