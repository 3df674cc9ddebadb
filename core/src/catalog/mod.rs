//! The tools as the server listed them. Reading a list is kept cheap: definitions are kept as text, and parsed,
//! digested and compiled when a call first needs them.

pub mod effect;
pub mod hints;

use core::cell::OnceCell;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Code, Error, Result};
use crate::json::canonical::{canonical_without, sha256_hex};
use crate::json::tape::{Kind, Node};
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
    tools: BTreeMap<String, Tool>,
}

/// One tool as listed.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) hints: Hints,
    pub(crate) reasons: Vec<String>,
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

#[derive(Deserialize)]
struct Page<'t> {
    #[serde(borrow)]
    tools: Vec<&'t RawValue>,
    #[serde(default, rename = "nextCursor", borrow)]
    next_cursor: Option<Cow<'t, str>>,
}

#[derive(Deserialize)]
struct Listed<'t> {
    #[serde(borrow)]
    name: Cow<'t, str>,
    #[serde(default, borrow)]
    title: Option<Cow<'t, str>>,
    #[serde(default, borrow)]
    description: Option<Cow<'t, str>>,
    #[serde(default, borrow)]
    annotations: Option<&'t RawValue>,
}

impl Catalog {
    /// Adds one page of a `tools/list` result; answers the next page's cursor.
    pub(crate) fn add_page(&mut self, text: &str, trusted: bool, profile: Option<&Profile>) -> Result<Option<String>> {
        let page: Page<'_> = serde_json::from_str(text).map_err(|error| {
            Error::new(Code::InvalidResult, "The answer to tools/list is not a list of tools.")
                .with_next("Check that the endpoint is an MCP server, then attach again.")
                .with("line", error.line())
                .with("column", error.column())
        })?;
        for raw in page.tools {
            if self.tools.len() >= MAX_TOOLS {
                return Err(Error::new(Code::InvalidResult, format!("The server lists more than {MAX_TOOLS} tools."))
                    .with_next("Attach to a server with fewer tools."));
            }
            self.add(raw.get(), trusted, profile);
        }
        Ok(page.next_cursor.map(Cow::into_owned))
    }

    fn add(&mut self, text: &str, trusted: bool, profile: Option<&Profile>) {
        // An entry without a usable name cannot be called, so leaving it out is safe.
        let Ok(listed) = serde_json::from_str::<Listed<'_>>(text) else { return };
        if listed.name.is_empty() || listed.name.len() > MAX_NAME {
            return;
        }
        // What cannot be read as annotations says nothing, so that MCP's worst-case defaults hold.
        let said: Said = listed.annotations.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let title = listed.title.map(Cow::into_owned).or_else(|| said.title.clone());
        let description = listed.description.unwrap_or_default();
        let assessed = effect::assess(&listed.name, &description, &said, trusted, profile);
        let name = listed.name.into_owned();
        let tool = Tool {
            name: name.clone(),
            title,
            effect: assessed.effect,
            hints: assessed.hints,
            reasons: assessed.reasons,
            text: text.into(),
            flaw: None,
            definition: OnceCell::new(),
        };
        let earlier = self.tools.insert(name.clone(), tool);
        if let (Some(earlier), Some(tool)) = (earlier, self.tools.get_mut(&name)) {
            tool.flaw = Some("it is listed twice");
            tool.effect = tool.effect.max(earlier.effect);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tools.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    pub(crate) fn near(&self, name: &str) -> Vec<&str> {
        near::nearest(name, self.tools.keys().map(String::as_str))
    }

    pub(crate) fn report(&self) -> impl Iterator<Item = ToolReport<'_>> {
        self.tools.values().map(|tool| ToolReport {
            name: &tool.name,
            title: tool.title.as_deref(),
            effect: tool.effect,
            hints: tool.hints,
            reasons: &tool.reasons,
        })
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
