//! Arguments that nobody sees, not even whoever approves the call.

use super::fold::{Name, Pattern};
use crate::glob;
use crate::json::de::record;

/// Some tools' arguments.
#[derive(Debug, Clone)]
pub(crate) struct SecretArguments {
    /// Tool name patterns with `*`.
    tools: Vec<String>,
    /// JSON Pointers into the arguments, in which `*` stands for any name or place.
    paths: Vec<String>,
}

record!(strict SecretArguments { tools, paths; });

/// The paths of one tool, whose name is read as what refuses reads it: hiding more is no harm.
pub(crate) fn of_tool<'r>(rules: &'r [SecretArguments], tool: &str) -> impl Iterator<Item = &'r str> {
    let name = Name::new(tool);
    let concerned = rules.iter().filter(move |rule| {
        glob::any(&rule.tools, tool) || rule.tools.iter().any(|pattern| Pattern::new(pattern).matches(&name))
    });
    concerned.flat_map(|rule| rule.paths.iter().map(String::as_str))
}
