//! How a result or an error becomes the result object of `tools/call`.

use crate::catalog::Wrap;
use crate::error::ToolError;
use crate::store::text_of;
use serde_json::{Value, json};

/// What a call came to, before it is wrapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The tool's result, or the error object.
    pub value: Value,
    /// Which of the two it is.
    pub is_error: bool,
}

impl From<Result<Value, ToolError>> for Outcome {
    fn from(result: Result<Value, ToolError>) -> Self {
        match result {
            Ok(value) => Self { value, is_error: false },
            Err(error) => Self { value: error.to_json(), is_error: true },
        }
    }
}

/// An outcome as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrapped {
    /// The text content.
    pub text: String,
    /// The structured content, unless only text is wanted.
    pub structured: Option<Value>,
}

impl Outcome {
    /// Puts the outcome into the shape that was asked for.
    pub fn wrap(self, wrap: Wrap) -> Wrapped {
        let structured = match (wrap, self.is_error) {
            (Wrap::Text, true) => {
                let (code, message) = (text_of(&self.value, "code"), text_of(&self.value, "message"));
                return Wrapped { text: format!("{code}: {message}"), structured: None };
            }
            (Wrap::Text, false) => {
                return Wrapped { text: self.value.to_string(), structured: None };
            }
            (_, true) => json!({"error": self.value}),
            (Wrap::Data, false) => json!({"data": self.value}),
            (Wrap::Structured, false) => self.value,
        };
        Wrapped { text: structured.to_string(), structured: Some(structured) }
    }
}
