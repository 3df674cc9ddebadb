//! What was read in this session that rules look back on: text from outside, and what is nobody else's business.

use serde::Serialize;

use crate::json::de::{record, words};

/// What a read brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Text that anyone could have written: it may speak to the model.
    Untrusted,
    /// What must not be carried out.
    Private,
}

words!(Mark { Untrusted = "untrusted", Private = "private" });

/// The marks of one session, each with the tool that brought it first.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Marks(Vec<Marked>);

#[derive(Debug, Clone, Serialize)]
struct Marked {
    mark: Mark,
    tool: String,
}

record!(strict Marked { mark, tool; });

impl crate::json::de::FromNode for Marks {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut crate::json::de::Source<'_>) {
        self.0.fill(from);
    }
}

impl Marks {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tool that brought it, if any did.
    pub(crate) fn brought_by(&self, mark: Mark) -> Option<&str> {
        self.0.iter().find(|marked| marked.mark == mark).map(|marked| &*marked.tool)
    }

    pub(crate) fn add(&mut self, mark: Mark, tool: &str) {
        if self.brought_by(mark).is_none() {
            self.0.push(Marked { mark, tool: tool.to_owned() });
        }
    }

    /// Takes over what a snapshot holds.
    pub(crate) fn restore(&mut self, saved: &Marks) {
        for Marked { mark, tool } in &saved.0 {
            self.add(*mark, tool);
        }
    }
}
