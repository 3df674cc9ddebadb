//! Records a person's answer to an approval that was left open.

use serde::Serialize;

use super::{Input, cancelled, failed};
use crate::approval::{Approval, State};
use crate::error::{Code, Error, Result};
use crate::gate::dispatch;
use crate::guard::Shared;
use crate::json::de::record;
use crate::step::{Action, Answer, Happening, Millis, Outcome};

/// The flow `decide`.
#[derive(Debug, Serialize)]
pub(crate) struct Decide {
    before: Option<Approval>,
    after: Option<Approval>,
    #[serde(skip)]
    outcome: Option<Outcome>,
}

record!(open Decide { ; before, after; outcome });

impl Decide {
    pub(crate) fn begin(id: &str, answer: &Answer, now: Millis, shared: &Shared) -> Self {
        match shared
            .approvals
            .get(id)
            .ok_or_else(|| Error::new(Code::UnknownApproval, "No approval of that id is known here."))
            .and_then(|approval| Ok((approval, decided(approval, answer, now)?)))
        {
            Ok((before, after)) => Decide { before: Some(before.clone()), after: Some(after), outcome: None },
            Err(error) => Decide { before: None, after: None, outcome: Some(failed(error)) },
        }
    }

    pub(crate) fn action(&self) -> Action {
        match (&self.outcome, &self.before, &self.after) {
            (None, Some(before), Some(after)) => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            (Some(outcome), ..) => Action::Done { outcome: Box::new(outcome.clone()) },
            _ => Action::Done { outcome: Box::new(failed(cancelled())) },
        }
    }

    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            self.outcome = Some(failed(cancelled()));
            return Ok(());
        }
        let stored = dispatch::stored(&input.happening)
            .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
        self.outcome = Some(match (stored, &self.after) {
            (Ok(()), Some(after)) => {
                shared.remember(after.clone());
                Outcome::Decided { approval: after.clone() }
            }
            (Err(error), _) => failed(error),
            (Ok(()), None) => failed(cancelled()),
        });
        Ok(())
    }
}

/// The record after a person's `approve` or `deny`.
pub(crate) fn decided(approval: &Approval, answer: &Answer, now: Millis) -> Result<Approval> {
    let (to, reason) = match answer {
        Answer::Approve => (State::Approved, None),
        Answer::Deny { reason } => (State::Denied, reason.as_deref().map(|reason| crate::text::shorten(reason, 500))),
        _ => return Err(Error::new(Code::WrongAnswer, "An approval is answered by `approve` or `deny`.")),
    };
    if approval.state != State::Proposed {
        approval.check_usable(now)?;
        return Err(
            Error::new(Code::WrongAnswer, "The approval is given already.").with("approval", approval.id.as_str())
        );
    }
    if approval.is_expired(now) {
        return Err(Error::new(Code::ApprovalExpired, "The approval expired before the answer came.")
            .with("approval", approval.id.as_str()));
    }
    let moved = approval.moved(to).ok_or_else(|| Error::new(Code::WrongAnswer, "The approval is not open."))?;
    Ok(Approval { decided_at: Some(now), reason, ..moved })
}
