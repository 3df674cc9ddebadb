//! Gate 3: the arguments are well-formed, within limits, valid against the tool's schema, and carry no secret.

use crate::catalog::{Definition, Tool};
use crate::error::{Code, Error, Result};
use crate::json::tape::{Kind, Token};
use crate::json::{self, Document, Json};
use crate::mutant::{self, Mutant};
use crate::redact::Redactor;
use crate::schema::{Violation, unreadable};
use crate::text::quoted_name;

/// The arguments, read. `hidden` points to arguments whose values are never shown.
pub(crate) fn check(
    tool: &Tool,
    definition: &Definition,
    text: &str,
    hidden: &[String],
    redactor: &Redactor,
) -> Result<Document> {
    let document = Document::read(text, json::ARGUMENTS)
        .map_err(|refusal| invalid(tool, vec![unreadable(&refusal, text.len(), redactor)]))?;
    let value = document.tape().root();
    if value.kind() != Kind::Object {
        let violation = Violation {
            path: String::new(),
            schema_path: "/type".to_owned(),
            keyword: "type".to_owned(),
            expected: "an object".to_owned(),
            got: kind(value.kind()).to_owned(),
            repair: "Give the arguments as a JSON object with a member for each argument.".to_owned(),
        };
        return Err(invalid(tool, vec![violation]));
    }
    if let Some(path) = redactor.locate(value) {
        return Err(Error::new(
            Code::SecretInArguments,
            format!("The arguments of {} carry something that looks like a credential.", quoted_name(&tool.name)),
        )
        .with("path", path));
    }
    let violations = definition.input.violations(&value, hidden, redactor);
    if violations.is_empty() || mutant::is(Mutant::Arguments) { Ok(document) } else { Err(invalid(tool, violations)) }
}

/// Whether [`check`] would find nothing in them. A backslash could hide a credential from a look at the text alone.
pub(crate) fn are_plain(definition: &Definition, text: &str, redactor: &Redactor, tokens: &mut Vec<Token>) -> bool {
    text.trim_ascii_start().starts_with('{')
        && !text.contains('\\')
        && !redactor.finds(text)
        && definition.input.is_valid_text(text, json::ARGUMENTS, tokens)
}

fn invalid(tool: &Tool, violations: Vec<Violation>) -> Error {
    let repairs: Vec<&str> = violations.iter().map(|violation| violation.repair.as_str()).collect();
    Error::new(
        Code::InvalidArguments,
        format!("The arguments of {} are not acceptable: {}", quoted_name(&tool.name), repairs.join(" ")),
    )
    .with("violations", Json::of(&violations))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Null | Kind::Foreign => "null",
        Kind::False | Kind::True => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}
