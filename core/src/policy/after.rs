//! Which reads the policy or the profile marks, for rules that look back on them.

use super::{Matching, Several};
use crate::json::de::{FromNode, Source};
use crate::marks::Mark;

pub(super) const MAX_RULES: usize = 100;

/// What some tools bring in.
#[derive(Debug, Clone, Default)]
pub(crate) struct MarkRule {
    matching: Matching,
    marks: Several<Mark>,
}

impl FromNode for MarkRule {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["tools", "marks"]));
        self.matching.fill(from);
        if self.matching.tools.0.is_empty() {
            from.missing("tools");
        }
        from.must("marks", &mut self.marks);
    }
}

impl MarkRule {
    /// What a result of that tool brings in.
    pub(crate) fn of(&self, tool: &str) -> &[Mark] {
        if self.matching.names(tool) { &self.marks.0 } else { &[] }
    }
}
