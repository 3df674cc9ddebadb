//! Takes a remembered answer back, in the ledger, so that no process goes by it any more.

use serde::Serialize;

use super::{Input, cancelled, failed};
use crate::approval::remembered::{self, Remembered};
use crate::error::{Code, Error, Result};
use crate::gate::dispatch;
use crate::guard::Shared;
use crate::json::de::{FromNode, Source, record};
use crate::step::{Action, Happening, Outcome};

/// More than calls are quicker by chance.
const MAX_CONFLICTS: u32 = 8;

/// The flow `forget`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Forget {
    id: String,
    /// How often a call was counted between the look and the move.
    conflicts: u32,
    stage: Stage,
}

record!(open Forget { id, conflicts, stage; });

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Reading,
    Committing {
        before: Box<Remembered>,
        after: Box<Remembered>,
    },
    #[serde(skip)]
    Finished(Box<Outcome>),
}

impl FromNode for Stage {
    fn blank() -> Self {
        Stage::Reading
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "reading" => Stage::Reading,
            "committing" => Stage::Committing { before: from.member("before"), after: from.member("after") },
            other => return from.unknown_variant(other, &["reading", "committing"]),
        };
    }
}

impl Forget {
    pub(crate) fn begin(id: String, shared: &Shared) -> Self {
        let mut forget = Forget { id, conflicts: 0, stage: Stage::Reading };
        if !remembered::is_id(&forget.id) {
            forget.end(Err(not_known(&forget.id, shared)));
        }
        forget
    }

    pub(crate) fn action(&self) -> Action {
        match &self.stage {
            Stage::Reading => Action::Read { key: remembered::key_of(&self.id) },
            Stage::Committing { before, after } => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            Stage::Finished(outcome) => Action::Done { outcome: outcome.clone() },
        }
    }

    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            self.end(Err(cancelled()));
            return Ok(());
        }
        match &self.stage {
            Stage::Reading => {
                let found = match &input.happening {
                    Happening::Found { record } => {
                        record.as_deref().map(|record| Remembered::read(record, &shared.seal)).transpose()
                    }
                    happening => match dispatch::found(happening, "", shared) {
                        Some(Err(error)) => Err(error),
                        _ => return Err(input.wrong_event("`found` or `failed`")),
                    },
                };
                match found {
                    Ok(Some(before)) if before.id == self.id && before.server == shared.server => {
                        let after = before.withdrawn(&shared.seal);
                        if after == before {
                            self.forgotten(after, shared);
                        } else {
                            self.stage = Stage::Committing { before: Box::new(before), after: Box::new(after) };
                        }
                    }
                    Ok(_) => self.end(Err(not_known(&self.id, shared))),
                    Err(error) => self.end(Err(error)),
                }
            }
            Stage::Committing { after, .. } => {
                let after = (**after).clone();
                if matches!(input.happening, Happening::Conflict) && self.conflicts < MAX_CONFLICTS {
                    self.conflicts = self.conflicts.saturating_add(1);
                    self.stage = Stage::Reading;
                    return Ok(());
                }
                let stored = dispatch::stored(&input.happening, &shared.redactor)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
                match stored {
                    Ok(()) => self.forgotten(after, shared),
                    Err(error) => self.end(Err(error)),
                }
            }
            Stage::Finished(_) => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    fn forgotten(&mut self, remembered: Remembered, shared: &mut Shared) {
        shared.learn(remembered.clone());
        self.end(Ok(Outcome::Forgotten { remembered }));
    }

    fn end(&mut self, outcome: Result<Outcome>) {
        self.stage = Stage::Finished(Box::new(outcome.unwrap_or_else(failed)));
    }
}

fn not_known(id: &str, shared: &Shared) -> Error {
    Error::new(Code::UnknownApproval, "No remembered answer of that id is known here.")
        .with("remembered", shared.redactor.shown(id, 64))
        .with_next("List the remembered answers and take back one of them.")
}
