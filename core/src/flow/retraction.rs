//! Ends the record of a question that comes to nothing, so that no later yes to it lets anything out.

use serde::Serialize;

use super::Input;
use super::decide::found_again;
use crate::approval::{Approval, State};
use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::json::de::record;
use crate::mutant::{self, Mutant};
use crate::step::{Action, Happening, Millis};

/// Others are not quicker more often than that.
const MAX_LOOKS: u32 = 8;

/// `proposed → denied`, by compare-and-set; and `approved → denied` where the work was called off, for its yes goes with
/// it. What others made of the record meanwhile is looked at: while it is not used, it ends all the same.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Retraction {
    before: Approval,
    after: Approval,
    /// Why, for whoever wanted the work.
    error: Error,
    looks: u32,
    /// Whether the ledger is read, because it held another record.
    reads: bool,
}

record!(open Retraction { before, after, error; looks, reads });

impl Retraction {
    /// The error comes back where that record is left as it is. `denied_at` is when a person said the no that ends it;
    /// absent: nobody said anything.
    pub(crate) fn begin(before: &Approval, error: Error, denied_at: Option<Millis>, shared: &Shared) -> Result<Self> {
        let takes_back = error.code() == Code::Cancelled && !mutant::is(Mutant::CalledOff);
        let ends = before.state == State::Proposed || takes_back;
        let Some(after) = before.moved(State::Denied).filter(|_| ends) else { return Err(error) };
        let reason = denied_at.map(|_| error.message().to_owned());
        let after =
            Approval { decided_at: denied_at, decided_by: None, reason, withdrawn: denied_at.is_none(), ..after };
        Ok(Retraction {
            before: before.clone(),
            after: after.sealed(&shared.seal),
            error: error.with("approval", before.id.as_str()),
            looks: 0,
            reads: false,
        })
    }

    pub(crate) fn before(&self) -> &Approval {
        &self.before
    }

    pub(crate) fn action(&self) -> Action {
        let key = self.after.key();
        if self.reads {
            return Action::Read { key };
        }
        Action::Commit { key, expected: Some(self.before.record()), record: self.after.record() }
    }

    /// The error, once all is done.
    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<Option<Error>> {
        let id = self.after.id.clone();
        match &input.happening {
            Happening::Committed if !self.reads => shared.remember(self.after.clone()),
            Happening::Conflict if !self.reads && self.looks < MAX_LOOKS => {
                self.looks = self.looks.saturating_add(1);
                self.reads = true;
                return Ok(None);
            }
            Happening::Found { .. } if self.reads => match found_again(&id, input, shared)? {
                Ok(found) => {
                    let again = Retraction::begin(&found, self.error.clone(), self.after.decided_at, shared);
                    if let Ok(again) = again {
                        *self = Retraction { looks: self.looks, ..again };
                        return Ok(None);
                    }
                }
                Err(_) => shared.approvals.remove(&id),
            },
            // What is not known to have ended is known here no more: no equal call goes by it.
            Happening::Conflict | Happening::Failed { .. } | Happening::Cancelled => shared.approvals.remove(&id),
            _ => return Err(input.wrong_event("`committed`, `found`, `conflict` or `failed`")),
        }
        Ok(Some(self.error.clone()))
    }
}
