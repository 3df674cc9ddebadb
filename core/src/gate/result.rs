//! Gate 9: the answer is a `tools/call` result, valid against the tool's outputSchema, and shows no secret.

use crate::catalog::Definition;
use crate::error::{Code, Error, Result};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document, Json};
use crate::mcp::inputs::{self, ResultType};
use crate::mutant::{self, Mutant};
use crate::redact::Redactor;

/// A result that may be shown.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) text: Json,
    pub(crate) note: String,
}

/// Reads a result's text; the document still holds whatever secrets came.
pub(crate) fn open(text: &str) -> Result<Document> {
    let invalid = |why: &str| Error::new(Code::InvalidResult, format!("The answer is not a tools/call result: {why}."));
    let document = Document::read(text, json::RESULT)
        .map_err(|refusal| invalid(refusal.fault.keyword()).with("path", refusal.path.clone()))?;
    let root = document.tape().root();
    if root.kind() != Kind::Object {
        return Err(invalid("it is no object"));
    }
    match inputs::result_type(root) {
        Some(ResultType::Complete) => {}
        Some(ResultType::InputRequired) => return Err(invalid("it asks for inputs, which nobody gives here")),
        Some(ResultType::Task) => return Err(invalid("it is a task, which nobody waits for here")),
        None => return Err(invalid("its `resultType` is not known")),
    }
    if root.get("content").is_none_or(|content| content.kind() != Kind::Array)
        && root.get("structuredContent").is_none()
    {
        return Err(invalid("it has no content"));
    }
    Ok(document)
}

/// A flag that is no boolean counts as what is worse.
pub(crate) fn is_error(result: Node<'_>) -> bool {
    result.get("isError").is_some_and(|flag| !matches!(flag.kind(), Kind::False | Kind::Null))
}

/// The backend's own error comes first; only a success is held against the outputSchema. Says whether it is a success.
pub(crate) fn check(
    document: &Document,
    text: &str,
    definition: Option<&Definition>,
    redactor: &Redactor,
) -> Result<(Checked, bool)> {
    let result = document.tape().root();
    let failure = is_error(result);
    let output = definition.and_then(|definition| definition.output.as_ref()).filter(|_| !failure);
    if let Some(output) = output {
        let structured = result.get("structuredContent").ok_or_else(|| {
            Error::new(Code::InvalidResult, "The tool promises structured content and answered without.")
        })?;
        let violations = output.violations(&structured, &[], redactor);
        if !violations.is_empty() && !mutant::is(Mutant::Result) {
            return Err(Error::new(Code::InvalidResult, "The answer does not fit the tool's outputSchema.")
                .with("violations", Json::of(&violations)));
        }
    }
    let note = if failure { "the backend answered with an error" } else { "" };
    Ok((show(document, text, note, redactor), !failure))
}

/// Whether [`check`] would say that it is a success and show it as it came.
pub(crate) fn is_plain(text: &str, definition: &Definition, redactor: &Redactor) -> bool {
    let Ok(document) = open(text) else { return false };
    let result = document.tape().root();
    let output = definition.output.as_ref();
    let fits = output.is_none_or(|output| result.get("structuredContent").is_some_and(|given| output.is_valid(&given)));
    fits && !is_error(result) && redactor.locate(result).is_none()
}

/// Masks what must not be seen.
pub(crate) fn show(document: &Document, text: &str, note: &str, redactor: &Redactor) -> Checked {
    let result = document.tape().root();
    let masked = redactor.locate(result).is_some();
    let text = if masked { redactor.json(result) } else { Json::verbatim(text) };
    let note = match (note, masked) {
        ("", true) => "a credential in the answer was masked".to_owned(),
        (note, true) => format!("{note}; a credential in the answer was masked"),
        (note, false) => note.to_owned(),
    };
    Checked { text, note }
}
