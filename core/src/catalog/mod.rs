//! The tools as the server listed them. Reading a list is kept cheap: definitions are kept as text, and parsed,
//! digested and compiled when a call first needs them.

pub mod effect;
pub mod hints;

use core::cell::OnceCell;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::json::canonical::{canonical_without, sha256_hex};
use crate::json::tape::{self, Kind, Node};
use crate::json::{self, Document};
use crate::near;
use crate::profile::Profile;
use crate::schema::{Options, Schema};
use effect::Effect;
use hints::{Hints, Said};

/// More tools than any person could review.
const MAX_TOOLS: usize = 50_000;
const MAX_NAME: usize = 256;

/// The tools of one server.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    tools: Vec<Tool>,
    /// Where they are by their names: a tree of the one kind that the schemas need too.
    places: BTreeMap<String, u32>,
}

/// One tool as listed.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) hints: Hints,
    pub(crate) reasons: Vec<String>,
    /// Whether its calls are a matter of the plan, if the server says so.
    pub(crate) plan_check: Option<bool>,
    text: Box<str>,
    flaw: Option<&'static str>,
    definition: OnceCell<Result<Definition>>,
}

/// What a call needs of a tool's definition.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) digest: String,
    pub(crate) input: Schema,
    pub(crate) output: Option<Schema>,
}

/// A tool as reported to hosts.
#[derive(Debug, Serialize)]
pub struct ToolReport<'c> {
    name: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'c str>,
    effect: Effect,
    hints: Hints,
    reasons: &'c [String],
}

impl Catalog {
    /// Adds one page of a `tools/list` result; answers the next page's cursor.
    pub(crate) fn add_page(&mut self, text: &str, trusted: bool, profile: Option<&Profile>) -> Result<Option<String>> {
        let not_a_list = |(line, column): (usize, usize)| {
            Error::new(Code::InvalidResult, "The answer to tools/list is not a list of tools.")
                .with_next("Check that the endpoint is an MCP server, then attach again.")
                .with("line", line)
                .with("column", column)
        };
        let mut tokens = Vec::new();
        let page = tape::read(text, json::LISTING, &mut tokens)
            .map_err(|refusal| not_a_list((refusal.line, refusal.column)))?
            .root();
        let mut parts = [None; 2];
        let sole = pick(page, &["tools", "nextCursor"], &mut parts);
        let [Some(tools), next] = parts else { return Err(not_a_list(page.place())) };
        if !sole || tools.kind() != Kind::Array {
            return Err(not_a_list(tools.place()));
        }
        let next = text_of(next).map_err(|node| not_a_list(node.place()))?;
        for tool in tools.items() {
            if self.tools.len() >= MAX_TOOLS {
                return Err(Error::new(Code::InvalidResult, format!("The server lists more than {MAX_TOOLS} tools."))
                    .with_next("Attach to a server with fewer tools."));
            }
            self.add(tool, trusted, profile);
        }
        Ok(next.map(Cow::into_owned))
    }

    fn add(&mut self, listed: Node<'_>, trusted: bool, profile: Option<&Profile>) {
        // An entry without a usable name cannot be called, so leaving it out is safe.
        let mut parts = [None; 4];
        let sole = pick(listed, &["name", "title", "description", "annotations"], &mut parts);
        let [name, title, description, annotations] = parts;
        let (Ok(Some(name)), Ok(title), Ok(description)) = (text_of(name), text_of(title), text_of(description)) else {
            return;
        };
        if !sole || name.is_empty() || name.len() > MAX_NAME {
            return;
        }
        // What cannot be read as annotations says nothing, so that MCP's worst-case defaults hold.
        let said = annotations.and_then(Said::read).unwrap_or_default();
        let title = title.map(Cow::into_owned).or_else(|| said.title.clone());
        let assessed = effect::assess(&name, &description.unwrap_or_default(), &said, trusted, profile);
        let name = name.into_owned();
        let mut tool = Tool {
            name: name.clone(),
            title,
            effect: assessed.effect,
            hints: assessed.hints,
            reasons: assessed.reasons,
            // That no plan is concerned is believed only of a server that is.
            plan_check: said.requires_plan_check.filter(|concerned| *concerned || trusted),
            text: listed.source().into(),
            flaw: None,
            definition: OnceCell::new(),
        };
        match self.places.get(&name).and_then(|place| self.tools.get_mut(*place as usize)) {
            Some(earlier) => {
                tool.flaw = Some("it is listed twice");
                tool.effect = tool.effect.max(earlier.effect);
                *earlier = tool;
            }
            None => {
                self.places.insert(name, self.tools.len() as u32);
                self.tools.push(tool);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tools.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tool> {
        self.places.get(name).and_then(|place| self.tools.get(*place as usize))
    }

    pub(crate) fn near(&self, name: &str) -> Vec<&str> {
        near::nearest(name, self.places.keys().map(String::as_str))
    }

    /// In the order of their names.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.places.values().filter_map(|place| self.tools.get(*place as usize))
    }

    pub(crate) fn report(&self) -> impl Iterator<Item = ToolReport<'_>> {
        self.tools().map(|tool| ToolReport {
            name: &tool.name,
            title: tool.title.as_deref(),
            effect: tool.effect,
            hints: tool.hints,
            reasons: &tool.reasons,
        })
    }
}

/// The members of those names; says whether none of them stands twice.
fn pick<'t>(object: Node<'t>, names: &[&str], found: &mut [Option<Node<'t>>]) -> bool {
    let mut sole = true;
    for member in object.members() {
        let name = member.name();
        if let Some((_, place)) = names.iter().zip(&mut *found).find(|(wanted, _)| **wanted == name) {
            sole &= place.replace(member.value).is_none();
        }
    }
    sole
}

/// Text, or nothing where nothing or `null` stands.
fn text_of(node: Option<Node<'_>>) -> core::result::Result<Option<Cow<'_, str>>, Node<'_>> {
    match node.filter(|node| node.kind() != Kind::Null) {
        None => Ok(None),
        Some(node) => node.as_text().map(Some).ok_or(node),
    }
}

impl Tool {
    /// The definition, parsed and compiled at the first call.
    pub(crate) fn definition(&self) -> Result<&Definition> {
        self.definition.get_or_init(|| self.define()).as_ref().map_err(Error::clone)
    }

    fn define(&self) -> Result<Definition> {
        let invalid = |why: String| {
            Error::new(Code::InvalidDefinition, format!("The definition of `{}` cannot be used: {why}.", self.name))
                .with("tool", self.name.as_str())
        };
        if let Some(flaw) = self.flaw {
            return Err(invalid(flaw.to_owned()));
        }
        let document = Document::read(&self.text, json::DEFINITION)
            .map_err(|refusal| invalid(format!("{} at `{}`", refusal.fault.keyword(), refusal.path)))?;
        let document = Arc::new(document);
        let definition = document.tape().root();
        // `_meta` is for programs, may change from answer to answer, and no model reads it.
        let digest = sha256_hex(canonical_without(definition, "_meta").as_bytes());
        let input = definition.get("inputSchema").ok_or_else(|| invalid("it has no inputSchema".to_owned()))?;
        let compile = |name: &str, schema: Node<'_>| {
            Schema::compile(&document, schema.index(), &Options::default())
                .map_err(|error| invalid(format!("{name}: {error}")))
        };
        let input = compile("inputSchema", input)?;
        let output = match definition.get("outputSchema").filter(|schema| schema.kind() != Kind::Null) {
            None => None,
            Some(schema) => Some(compile("outputSchema", schema)?),
        };
        Ok(Definition { digest, input, output })
    }
}
