//! Gate 2: the arguments are well-formed, within limits, valid against the tool's schema, and carry no secret.

use serde_json::{Value, json};

use crate::catalog::{Definition, Tool};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::redact::Redactor;
use crate::schema::Violation;

/// The arguments as a value. `hidden` points to arguments whose values are never shown.
pub(crate) fn check(
    tool: &Tool,
    definition: &Definition,
    text: &str,
    hidden: &[String],
    redactor: &Redactor,
) -> Result<Value> {
    let value = json::parse(text, json::ARGUMENTS).map_err(|refusal| {
        let violation = Violation {
            path: redactor.text(&refusal.path).unwrap_or_else(|| refusal.path.clone()),
            schema_path: String::new(),
            keyword: refusal.fault.keyword().to_owned(),
            expected: refusal.expected(),
            got: if refusal.fault == json::Fault::TooLarge {
                format!("{} bytes", text.len())
            } else {
                format!("line {}, column {}", refusal.line, refusal.column)
            },
            repair: refusal.repair(),
        };
        invalid(tool, vec![violation])
    })?;
    if !value.is_object() {
        let violation = Violation {
            path: String::new(),
            schema_path: "/type".to_owned(),
            keyword: "type".to_owned(),
            expected: "an object".to_owned(),
            got: kind(&value).to_owned(),
            repair: "Give the arguments as a JSON object with a member for each argument.".to_owned(),
        };
        return Err(invalid(tool, vec![violation]));
    }
    if let Some(path) = redactor.locate(&value) {
        return Err(Error::new(
            Code::SecretInArguments,
            format!("The arguments of `{}` carry something that looks like a credential.", tool.name),
        )
        .with("path", path));
    }
    let violations = definition.input.violations(&value, hidden, redactor);
    if violations.is_empty() { Ok(value) } else { Err(invalid(tool, violations)) }
}

fn invalid(tool: &Tool, violations: Vec<Violation>) -> Error {
    let repairs: Vec<&str> = violations.iter().map(|violation| violation.repair.as_str()).collect();
    Error::new(
        Code::InvalidArguments,
        format!("The arguments of `{}` are not acceptable: {}", tool.name, repairs.join(" ")),
    )
    .with("violations", json!(violations))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
