//! JSON Schema: compile once, validate, explain. The only module that knows which engine does it.

mod explain;

use jsonschema::{PatternOptions, Validator};
use serde::Serialize;
use serde_json::Value;

use crate::json::pointer_token;
use crate::redact::Redactor;
use crate::text::shorten;

/// Violations beyond these help nobody.
const MAX_VIOLATIONS: usize = 10;
/// A pattern that needs more steps on one string is taken as not matching.
const BACKTRACK_LIMIT: usize = 100_000;
const PATTERN_SIZE_LIMIT: usize = 1 << 20;

/// A compiled schema.
pub(crate) struct Schema {
    validator: Validator,
    source: Value,
    hidden: Vec<String>,
}

/// One thing that is wrong with a value, and how to mend it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// JSON Pointer into the value.
    pub path: String,
    /// JSON Pointer into the schema.
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

impl Schema {
    /// Compiles a schema; `$ref` is never followed over a network. The error says what is wrong, for people.
    pub(crate) fn compile(source: crate::json::tape::Node<'_>) -> Result<Self, String> {
        let source = &source.to_value();
        let validator = jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(
                PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT).size_limit(PATTERN_SIZE_LIMIT),
            )
            .build(source)
            .map_err(|error| {
                format!("at `{}`: {}", error.instance_path().as_str(), shorten(&error.masked().to_string(), 200))
            })?;
        let mut hidden = Vec::new();
        collect_hidden(source, "", &mut hidden);
        Ok(Schema { validator, source: source.clone(), hidden })
    }

    /// JSON Pointers to values that the schema itself says are not for reading.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &str> {
        self.hidden.iter().map(String::as_str)
    }

    /// What is wrong with the value, in document order; nothing if it is valid. `secret` lists further pointers
    /// whose values are not shown.
    pub(crate) fn violations(
        &self,
        value: crate::json::tape::Node<'_>,
        secret: &[String],
        redactor: &Redactor,
    ) -> Vec<Violation> {
        let value = &value.to_value();
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let hidden = |path: &str| {
            self.hidden.iter().chain(secret).any(|pointer| {
                path == pointer || path.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let mut violations: Vec<Violation> = self
            .validator
            .iter_errors(value)
            .take(MAX_VIOLATIONS)
            .map(|error| {
                let (path, schema_path) = (error.instance_path().as_str(), error.schema_path().as_str());
                let found = explain::Found {
                    path,
                    keyword: error.kind().keyword(),
                    rule: self.source.pointer(schema_path),
                    parent: schema_path.rsplit_once('/').and_then(|(parent, _)| self.source.pointer(parent)),
                    instance: error.instance(),
                    hidden: hidden(path),
                };
                let (expected, got, repair) = explain::explain(&found, redactor);
                Violation {
                    path: path.to_owned(),
                    schema_path: schema_path.to_owned(),
                    keyword: error.kind().keyword().to_owned(),
                    expected,
                    got,
                    repair,
                }
            })
            .collect();
        // The engine reports each missing property by itself; the explanation names them all at once.
        violations.dedup();
        violations
    }
}

impl core::fmt::Debug for Schema {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Schema").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Where a schema itself says that values are not for reading: `writeOnly`, `format: password`.
fn collect_hidden(schema: &Value, path: &str, hidden: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, property) in properties {
        let path = format!("{path}/{}", pointer_token(name));
        let write_only = property.get("writeOnly").and_then(Value::as_bool) == Some(true);
        let password = property.get("format").and_then(Value::as_str) == Some("password");
        if write_only || password {
            hidden.push(path);
        } else {
            collect_hidden(property, &path, hidden);
        }
    }
}
