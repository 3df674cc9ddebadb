//! All tools, and how they are listed in each dialect.

use crate::field::object_schema;
use crate::tool::{Need, Tool};
use crate::tools;
use serde_json::{Value, json};
use std::collections::HashMap;

/// How a tool's result is put into an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    /// `structuredContent: {"data": …}`
    #[default]
    Data,
    /// `structuredContent: …`
    Structured,
    /// Only text.
    Text,
}

/// Whose names are used for hints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Those of the protocol.
    #[default]
    Vendor,
    /// Those that articles about the vendor use.
    Article,
}

/// The tools of a backend.
pub struct Catalog {
    tools: Vec<Tool>,
    by_name: HashMap<String, usize>,
}

impl Catalog {
    /// The 165 tools, and with `article_tools` three more.
    pub fn new(article_tools: bool) -> Self {
        let mut tools = tools::all();
        if article_tools {
            tools.extend(tools::article::tools());
        }
        let by_name = tools.iter().enumerate().map(|(at, tool)| (tool.name.clone(), at)).collect();
        Self { tools, by_name }
    }

    /// All tools, by scope.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool with this name.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        self.by_name.get(name).map(|at| &self.tools[*at])
    }

    /// The definitions for `tools/list`: all of them, or those that need no key.
    pub fn listing(&self, authenticated: bool, dialect: Dialect, wrap: Wrap) -> Vec<Value> {
        self.tools
            .iter()
            .enumerate()
            .filter(|(_, tool)| authenticated || tool.public)
            .map(|(at, tool)| definition(tool, at, dialect, wrap))
            .collect()
    }

    /// One definition, as it is listed.
    pub fn definition(&self, name: &str, dialect: Dialect, wrap: Wrap) -> Option<Value> {
        let at = *self.by_name.get(name)?;
        Some(definition(&self.tools[at], at, dialect, wrap))
    }
}

fn definition(tool: &Tool, at: usize, dialect: Dialect, wrap: Wrap) -> Value {
    let mut definition = json!({
        "name": tool.name,
        "title": tool.title(),
        "description": tool.description,
        "inputSchema": tool.input_schema(),
        "annotations": match dialect {
            Dialect::Vendor => vendor_annotations(tool),
            Dialect::Article => article_annotations(tool, at),
        },
    });
    if let Some(schema) = output_schema(tool, wrap) {
        definition["outputSchema"] = schema;
    }
    definition
}

fn vendor_annotations(tool: &Tool) -> Value {
    let hints = tool.hints();
    json!({
        "title": tool.title(),
        "readOnlyHint": hints.read_only,
        "destructiveHint": hints.destructive,
        "idempotentHint": hints.idempotent,
        "openWorldHint": hints.open_world,
    })
}

/// The articles do not agree on a spelling, so every other tool has the other one.
fn article_annotations(tool: &Tool, at: usize) -> Value {
    let hints = tool.hints();
    let (read_only, external) =
        if at.is_multiple_of(2) { ("readOnly", "externalService") } else { ("read_only", "external_service") };
    let mut annotations = json!({
        "title": tool.title(),
        read_only: hints.read_only,
        "destructive": hints.destructive,
        "idempotent": hints.idempotent,
        external: hints.open_world,
    });
    if tool.sends || hints.destructive {
        annotations["requires_approval"] = json!(true);
    }
    if matches!(tool.need, Some(Need::Module(_) | Need::Quota(_))) {
        annotations["requiresPlanCheck"] = json!(true);
    }
    annotations
}

/// An error is a structured result too, so a schema that some clients check errors against allows both.
fn output_schema(tool: &Tool, wrap: Wrap) -> Option<Value> {
    let fields = tool.output.as_ref()?;
    let data = object_schema(fields, false);
    let error = json!({
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    });
    let mut schema = match wrap {
        Wrap::Text => return None,
        Wrap::Data => json!({
            "type": "object",
            "properties": {"data": data},
            "anyOf": [{"required": ["data"]}, {"required": ["error"]}],
        }),
        Wrap::Structured => json!({
            "type": "object",
            "properties": data["properties"],
            "anyOf": [{"required": data["required"]}, {"required": ["error"]}],
        }),
    };
    schema["properties"]["error"] = error;
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    Some(schema)
}
