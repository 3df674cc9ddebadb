//! Configurations of MCP clients: their placeholders, and the keys that stand in them in plain sight.
//!
//! `${env:NAME}`, `${NAME}` and `${NAME:-default}` are variables, `${input:id}` is what a person is asked. A value that
//! is put in is never looked at for further placeholders.

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::json::canonical::write_string;
use crate::json::de::{record, words};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document, Json, push_pointer_token};
use crate::map::Map;
use crate::profile::Profile;
use crate::redact::Redactor;

/// What the host has for the placeholders.
#[derive(Debug, Default)]
pub struct Values {
    env: Map<String, String>,
    inputs: Map<String, String>,
}

record!(strict Values { ; env, inputs });

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Env,
    Input,
}

words!(Source { Env = "env", Input = "input" });

/// A placeholder.
#[derive(Debug, Serialize)]
pub struct Reference {
    /// JSON Pointer to the text that it stands in.
    path: String,
    line: usize,
    kind: Source,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Nothing is known for a placeholder, and it has no default.
    Missing,
    /// No placeholder of a known kind.
    Unknown,
    /// A key in plain sight.
    Literal,
}

words!(Trouble { Missing = "missing", Unknown = "unknown_placeholder", Literal = "literal_secret" });

#[derive(Debug, Serialize)]
struct Problem {
    path: String,
    line: usize,
    problem: Trouble,
    /// The placeholder's; of a key nothing is quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// One walk through a configuration.
struct Walk<'w> {
    /// None: nothing is put in, and nothing is missed.
    values: Option<&'w Values>,
    redactor: Redactor,
    path: String,
    references: Vec<Reference>,
    problems: Vec<Problem>,
    out: String,
}

/// The placeholders of a configuration, in the order in which they stand.
pub(crate) fn references(text: &str) -> Result<Vec<Reference>> {
    Ok(walk(text, None)?.references)
}

/// The configuration with the values in.
pub(crate) fn resolve(text: &str, values: &Values) -> Result<String> {
    let walk = walk(text, Some(values))?;
    if walk.problems.is_empty() {
        return Ok(walk.out);
    }
    let mut message = String::from("The configuration cannot be used:");
    for problem in walk.problems.iter().take(20) {
        message.push_str(" line ");
        message.push_str(&problem.line.to_string());
        message.push_str(match problem.problem {
            Trouble::Missing => " needs `",
            Trouble::Unknown => " has the unknown placeholder `",
            Trouble::Literal => " holds a key in plain sight at `",
        });
        message.push_str(problem.name.as_ref().unwrap_or(&problem.path));
        message.push_str("`;");
    }
    message.pop();
    message.push('.');
    Err(Error::new(Code::InvalidConfig, message).with("problems", Json::of(&walk.problems)))
}

fn walk<'w>(text: &str, values: Option<&'w Values>) -> Result<Walk<'w>> {
    let document = Document::read(text, json::SCHEMA).map_err(|refusal| {
        Error::new(Code::InvalidConfig, "The configuration is not JSON.")
            .with("line", refusal.line)
            .with("column", refusal.column)
            .with_next(refusal.repair())
    })?;
    let prefixes = Profile::load("\"favcrm\"").map(|profile| profile.prefixes()).unwrap_or_default();
    let mut walk = Walk {
        values,
        redactor: Redactor::new(prefixes),
        path: String::new(),
        references: Vec::new(),
        problems: Vec::new(),
        out: String::new(),
    };
    walk.value(document.tape().root(), "", "");
    Ok(walk)
}

impl Walk<'_> {
    /// `name` is the member that holds the value, `within` the member that holds the object around it.
    fn value(&mut self, node: Node<'_>, name: &str, within: &str) {
        match node.kind() {
            Kind::String => self.text(node, name, within),
            Kind::Array => {
                self.out.push('[');
                for (index, item) in node.items().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.below(&index.to_string(), item, name, within);
                }
                self.out.push(']');
            }
            Kind::Object => {
                self.out.push('{');
                for (index, member) in node.members().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    let inner = member.name();
                    write_string(&inner, &mut self.out);
                    self.out.push(':');
                    self.below(&inner, member.value, &inner, name);
                }
                self.out.push('}');
            }
            _ => self.out.push_str(node.source()),
        }
    }

    fn below(&mut self, part: &str, node: Node<'_>, name: &str, within: &str) {
        let length = self.path.len();
        self.path.push('/');
        push_pointer_token(part, &mut self.path);
        self.value(node, name, within);
        self.path.truncate(length);
    }

    fn text(&mut self, node: Node<'_>, name: &str, within: &str) {
        let text = node.text();
        let line = node.place().0;
        let mut filled = String::new();
        let mut rest = &*text;
        let keyed = tells_of_a_key(name, within);
        let mut literal = !text.contains("${");
        while let Some((before, after)) = rest.split_once("${") {
            let Some((inner, after)) = after.split_once('}') else { break };
            filled.push_str(before);
            // A default that stands for a key is one.
            literal |= self.placeholder(inner, line, &mut filled).is_some_and(|default| !default.is_empty());
            rest = after;
        }
        if (keyed && literal && !text.is_empty()) || self.redactor.text(&text).is_some() {
            self.problem(line, Trouble::Literal, None);
        }
        filled.push_str(rest);
        write_string(&filled, &mut self.out);
    }

    /// Gives its default.
    fn placeholder<'i>(&mut self, inner: &'i str, line: usize, filled: &mut String) -> Option<&'i str> {
        let (kind, rest) = match inner.split_once(':') {
            Some(("input", id)) => (Source::Input, id),
            Some(("env", name)) => (Source::Env, name),
            _ => (Source::Env, inner),
        };
        let (name, default) = match rest.split_once(":-") {
            Some((name, default)) if kind == Source::Env => (name, Some(default)),
            _ => (rest, None),
        };
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (kind == Source::Input && byte != b':');
        if name.is_empty() || !name.bytes().all(usual) {
            let name = self.redactor.shown(inner, 60);
            self.problem(line, Trouble::Unknown, Some(name));
            return None;
        }
        if let Some(values) = self.values {
            let known = if kind == Source::Env { &values.env } else { &values.inputs };
            // As shells have it, a default also stands in for what is empty.
            let known = known.get(name).map(String::as_str).filter(|value| default.is_none() || !value.is_empty());
            match known.or(default) {
                Some(value) => filled.push_str(value),
                None => self.problem(line, Trouble::Missing, Some(name.to_owned())),
            }
        }
        let (path, name) = (self.path.clone(), name.to_owned());
        self.references.push(Reference { path, line, kind, name, default: default.map(str::to_owned) });
        default
    }

    fn problem(&mut self, line: usize, problem: Trouble, name: Option<String>) {
        self.problems.push(Problem { path: self.path.clone(), line, problem, name });
    }
}

/// Whether a header or a variable of that name holds a key.
fn tells_of_a_key(name: &str, within: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    match within {
        "headers" => {
            name.ends_with("AUTHORIZATION")
                || name == "COOKIE"
                || ["KEY", "TOKEN", "SECRET"].iter().any(|end| name.ends_with(end))
        }
        "env" => ["KEY", "TOKEN", "SECRET", "PASSWORD"].iter().any(|end| name.ends_with(end)),
        _ => false,
    }
}
