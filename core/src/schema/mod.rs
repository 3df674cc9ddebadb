//! JSON Schema: compile once, validate text or a host's own objects, explain what is wrong.
//!
//! Drafts 2020-12, 2019-09, 7 and 6. Nothing is ever fetched; whatever an outsider controls is bounded.

mod compile;
mod equal;
mod explain;
mod format;
mod instance;
pub(crate) mod pattern;
mod room;
mod source;
mod stream;
mod uri;
mod validate;

use std::sync::Arc;

use serde::Serialize;

pub(crate) use crate::json::tape::Node;
use crate::json::tape::{self, Kind, Token};
use crate::json::{Document, Limits, Refusal, pointer_token};
use crate::redact::Redactor;
pub use instance::{Instance, Kind as InstanceKind, Member};
use room::with_room;
use stream::Verdict;

/// Violations beyond these help nobody.
const MAX_VIOLATIONS: usize = 10;

/// How a schema is compiled.
#[derive(Debug, Clone)]
pub struct Options {
    assert_formats: bool,
    resources: Vec<(String, source::Given)>,
    dialect: source::Draft,
}

impl Default for Options {
    fn default() -> Self {
        Options { assert_formats: true, resources: Vec::new(), dialect: source::Draft::D2020 }
    }
}

impl Options {
    /// From JSON text: `formats` is `"assert"` (the default) or `"annotate"`; `dialect` the URI of the meta-schema
    /// for schemas that name none (2020-12 by default); `resources` holds schemas by the URIs that references
    /// lead to.
    pub fn from_text(text: &str) -> Result<Self, SchemaError> {
        let invalid = |name: &str, why: &str| {
            let message = ["the option `", &crate::text::shorten(name, 40), "` ", why].concat();
            SchemaError::new(Problem::InvalidOption, name, message).at(["/", &pointer_token(name)].concat())
        };
        let document =
            Document::read(text, crate::json::RESOURCES).map_err(|refusal| SchemaError::unreadable(&refusal))?;
        let document = Arc::new(document);
        let mut options = Options::default();
        let root = document.tape().root();
        if root.kind() != Kind::Object {
            return Err(invalid("", "must stand in an object"));
        }
        for member in root.members() {
            let name = member.name();
            match &*name {
                "formats" => {
                    options.assert_formats = match &*member.value.text() {
                        "assert" => true,
                        "annotate" => false,
                        _ => return Err(invalid(&name, "must be `assert` or `annotate`")),
                    }
                }
                "dialect" => {
                    options.dialect = source::Draft::named(&member.value.text()).ok_or_else(|| {
                        invalid(&name, "must be the URI of the meta-schema of 2020-12, 2019-09, draft-07 or draft-06")
                    })?;
                }
                "resources" if member.value.kind() == Kind::Object => {
                    for resource in member.value.members() {
                        let uri = resource.name();
                        let uri = uri::split_fragment(&uri).0.to_owned();
                        let given = source::Given { document: Arc::clone(&document), root: resource.value.index() };
                        options.resources.push((uri, given));
                    }
                }
                "resources" => return Err(invalid(&name, "must be an object of schemas by their URIs")),
                _ => return Err(invalid(&name, "is not known; known are `formats`, `dialect` and `resources`")),
            }
        }
        Ok(options)
    }
}

/// A compiled schema.
pub struct Schema {
    program: compile::Program,
    hidden: Vec<String>,
}

impl core::fmt::Debug for Schema {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Schema").field("subschemas", &self.program.nodes.len()).finish_non_exhaustive()
    }
}

/// One thing that is wrong with a value, and how to mend it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// JSON Pointer into the value.
    pub path: String,
    /// JSON Pointer into the schema; behind its URI where a reference led to another document.
    pub schema_path: String,
    /// The schema's keyword, or the limit, that is violated.
    pub keyword: String,
    /// What would be right.
    pub expected: String,
    /// What came, shortened; hidden where it may be a secret.
    pub got: String,
    /// What to do about it.
    pub repair: String,
}

/// What is wrong with a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It is no JSON text that can be read.
    Unreadable,
    /// A keyword's value is not what the keyword takes.
    InvalidKeyword,
    /// `$schema` names a dialect that is not known here.
    UnsupportedDialect,
    /// A reference leads nowhere.
    UnresolvableReference,
    /// A reference leads back to itself without going into the value.
    EndlessReference,
    /// It has too many subschemas.
    TooLarge,
    /// It is not the schema but an option.
    InvalidOption,
}

impl Problem {
    /// Its name in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Problem::Unreadable => "unreadable",
            Problem::InvalidKeyword => "invalid_keyword",
            Problem::UnsupportedDialect => "unsupported_dialect",
            Problem::UnresolvableReference => "unresolvable_reference",
            Problem::EndlessReference => "endless_reference",
            Problem::TooLarge => "too_large",
            Problem::InvalidOption => "invalid_option",
        }
    }
}

/// Why a schema cannot be used.
#[derive(Debug, Clone)]
pub struct SchemaError {
    /// The kind of problem.
    pub problem: Problem,
    /// The keyword; empty if it is about a whole schema.
    pub keyword: String,
    /// JSON Pointer to it in the schema.
    pub path: String,
    /// What is wrong, for people.
    pub message: String,
    located: bool,
}

impl SchemaError {
    fn new(problem: Problem, keyword: &str, message: String) -> Self {
        SchemaError { problem, keyword: keyword.to_owned(), path: String::new(), message, located: false }
    }

    fn unreadable(refusal: &Refusal) -> Self {
        let message = ["the schema cannot be read; wanted: ", &refusal.expected(), ". ", &refusal.repair()].concat();
        let error = Self::new(Problem::Unreadable, refusal.fault.keyword(), message);
        error.at(refusal.path.clone())
    }

    fn at(self, path: String) -> Self {
        SchemaError { path, located: true, ..self }
    }

    fn of(self, keyword: &str) -> Self {
        SchemaError { keyword: keyword.to_owned(), ..self }
    }

    fn within(self, uri: &str) -> Self {
        let path = if self.path.contains('#') { self.path.clone() } else { [uri, "#", &self.path].concat() };
        self.at(path)
    }
}

impl core::fmt::Display for SchemaError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("at `")?;
        f.write_str(&self.path)?;
        f.write_str("`: ")?;
        f.write_str(&self.message)
    }
}

impl Schema {
    /// Compiles a schema's text.
    pub fn from_text(text: &str, options: &Options) -> Result<Self, SchemaError> {
        let document =
            Document::read(text, crate::json::SCHEMA).map_err(|refusal| SchemaError::unreadable(&refusal))?;
        Self::compile(&Arc::new(document), 0, options)
    }

    /// Compiles the schema that begins at a token of a document.
    pub(crate) fn compile(document: &Arc<Document>, token: u32, options: &Options) -> Result<Self, SchemaError> {
        let program = with_room(|| compile::compile(Arc::clone(document), token, options))?;
        let mut hidden = Vec::new();
        collect_hidden(document.tape().node(token), "", &mut hidden);
        Ok(Schema { program, hidden })
    }

    /// Whether the value is as the schema demands.
    #[inline]
    pub fn is_valid<I: Instance>(&self, value: &I) -> bool {
        with_room(|| validate::Run::is_valid(&self.program, value))
    }

    /// Whether a text is a document, within the limits, that is as the schema demands; `tokens` is memory that is
    /// used again.
    pub(crate) fn is_valid_text(&self, text: &str, limits: Limits, tokens: &mut Vec<Token>) -> bool {
        match with_room(|| stream::read(&self.program, text, limits, tokens, false)) {
            Verdict::Valid => true,
            Verdict::Invalid(_) | Verdict::Unreadable => false,
            Verdict::Unknown => tape::read(text, limits, tokens).is_ok_and(|tape| self.is_valid(&tape.root())),
        }
    }

    /// What is wrong with a text that can be read, most useful first; nothing if it is valid.
    pub(crate) fn explain_text(
        &self,
        text: &str,
        limits: Limits,
        tokens: &mut Vec<Token>,
    ) -> Result<Vec<Violation>, Refusal> {
        match with_room(|| stream::read(&self.program, text, limits, tokens, true)) {
            Verdict::Valid => Ok(Vec::new()),
            Verdict::Invalid(found) => Ok(self.in_words(found, &[], &Redactor::default())),
            Verdict::Unreadable | Verdict::Unknown => Ok(self.explain(&tape::read(text, limits, tokens)?.root())),
        }
    }

    /// What is wrong with the value, most useful first; nothing if it is valid.
    pub fn explain<I: Instance>(&self, value: &I) -> Vec<Violation> {
        self.violations(value, &[], &Redactor::default())
    }

    /// JSON Pointers to values that the schema itself says are not for reading.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &str> {
        self.hidden.iter().map(String::as_str)
    }

    /// As [`Schema::explain`]; `secret` lists further pointers whose values are not shown.
    pub(crate) fn violations<I: Instance>(&self, value: &I, secret: &[String], redactor: &Redactor) -> Vec<Violation> {
        self.in_words(with_room(|| validate::Run::findings(&self.program, value)), secret, redactor)
    }

    fn in_words(&self, found: Vec<validate::Found>, secret: &[String], redactor: &Redactor) -> Vec<Violation> {
        explain::explain(&self.program, found, &self.hidden, secret, redactor)
    }
}

/// Whether `format: "regex"` takes it.
pub(crate) fn is_pattern(source: &str) -> bool {
    pattern::is_valid(source)
}

/// What a document that cannot be read violates.
pub(crate) fn unreadable(refusal: &Refusal, bytes: usize, redactor: &Redactor) -> Violation {
    let got = if refusal.fault == crate::json::Fault::TooLarge {
        [&bytes.to_string(), " bytes"].concat()
    } else {
        ["line ", &refusal.line.to_string(), ", column ", &refusal.column.to_string()].concat()
    };
    Violation {
        path: redactor.text(&refusal.path).unwrap_or_else(|| refusal.path.clone()),
        schema_path: String::new(),
        keyword: refusal.fault.keyword().to_owned(),
        expected: refusal.expected(),
        got,
        repair: refusal.repair(),
    }
}

/// Whether a schema says that its values are not for reading.
fn hides(schema: Node<'_>) -> bool {
    schema.get("writeOnly").is_some_and(|flag| flag.kind() == Kind::True)
        || schema.get("format").is_some_and(|format| format.text() == "password")
}

/// Where a schema itself says that values are not for reading: `writeOnly`, `format: password`.
fn collect_hidden(schema: Node<'_>, path: &str, hidden: &mut Vec<String>) {
    if let Some(items) = schema.get("items") {
        collect_hidden(items, &[path, "/*"].concat(), hidden);
    }
    let Some(properties) = schema.get("properties") else { return };
    for member in properties.members() {
        let path = [path, "/", &pointer_token(&member.name())].concat();
        if hides(member.value) {
            hidden.push(path);
        } else {
            collect_hidden(member.value, &path, hidden);
        }
    }
}
