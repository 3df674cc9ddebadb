//! Records a person's acceptance of a tool's new definition: of exactly the one that was shown.

use serde::Serialize;

use super::{cancelled, failed};
use crate::error::{Code, Error, Result};
use crate::gate::{known, pinned};
use crate::guard::Shared;
use crate::json::de::record;
use crate::step::{Action, Outcome};
use crate::text::quoted_name;

/// The flow `accept`: over as soon as it begins.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Accept {
    #[serde(skip)]
    outcome: Option<Outcome>,
}

record!(open Accept { ; ; outcome });

impl Accept {
    pub(crate) fn begin(tool: String, digest: &str, shared: &mut Shared) -> Self {
        let outcome = match accept(&tool, digest, shared) {
            Ok(()) => Outcome::Accepted { tool },
            Err(error) => failed(error),
        };
        Accept { outcome: Some(outcome) }
    }

    pub(crate) fn action(&self) -> Action {
        Action::Done { outcome: Box::new(self.outcome.clone().unwrap_or_else(|| failed(cancelled()))) }
    }
}

/// Pins the listed definition if it is the one of that digest.
pub(crate) fn accept(name: &str, digest: &str, shared: &mut Shared) -> Result<()> {
    let tool = known::check(&shared.catalog, name, &shared.redactor)?;
    let listed = &tool.definition()?.digest;
    if listed == digest {
        shared.catalog.accept(name);
        return Ok(());
    }
    Err(match tool.drift(&shared.redactor)? {
        Some(drift) => pinned::refused(tool, drift).with_next(
            "The server lists another definition by now: show this difference to a person, then accept its digest.",
        ),
        None => Error::new(
            Code::DefinitionChanged,
            format!(
                "The server lists another definition of {} than the one to accept; it is pinned already.",
                quoted_name(name)
            ),
        )
        .with("tool", name)
        .with("digest", listed.as_str())
        .with_next("Nothing is to be accepted: call the tool."),
    })
}
