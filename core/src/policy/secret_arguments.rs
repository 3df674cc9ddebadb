//! Arguments that nobody sees, not even whoever approves the call.

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

/// The paths of one tool.
pub(crate) fn of_tool<'r>(rules: &'r [SecretArguments], tool: &str) -> impl Iterator<Item = &'r str> {
    let concerned = rules.iter().filter(move |rule| glob::any(&rule.tools, tool));
    concerned.flat_map(|rule| rule.paths.iter().map(String::as_str))
}
