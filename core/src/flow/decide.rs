//! Records a person's answer to an approval that was left open, here or in another process.

use serde::Serialize;

use super::{Input, cancelled, failed};
use crate::approval::{self, Approval, Seal, State};
use crate::error::{Code, Error, Result};
use crate::flow::call::remembering::only_to_the_question;
use crate::gate::dispatch;
use crate::guard::Shared;
use crate::json::de::{FromNode, Source, record};
use crate::mutant::{self, Mutant};
use crate::step::{Action, Answer, Happening, Millis, Outcome};

/// The flow `decide`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Decide {
    id: String,
    approves: bool,
    reason: Option<String>,
    stage: Stage,
}

record!(open Decide { id, approves, stage; reason });

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there are few of these flows, and each is soon at its largest")]
enum Stage {
    /// Nobody here knows the approval: the ledger does.
    Reading,
    Committing {
        before: Approval,
        after: Approval,
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

impl Decide {
    pub(crate) fn begin(id: String, answer: &Answer, now: Millis, shared: &Shared) -> Self {
        let (approves, reason) = match answer {
            Answer::Deny { reason } => (false, reason.clone()),
            answer => (*answer == Answer::Approve, None),
        };
        let mut decide = Decide { id, approves, reason, stage: Stage::Reading };
        if matches!(answer, Answer::Remember(_)) {
            decide.end(Err(only_to_the_question()));
        } else if !matches!(answer, Answer::Approve | Answer::Deny { .. }) {
            decide.end(Err(wrong_answer()));
        } else if let Some(approval) = shared.approvals.get(&decide.id) {
            decide.decide(approval, now, shared);
        } else if !approval::is_id(&decide.id) {
            decide.end(Err(approval::not_known(&decide.id, shared)));
        }
        decide
    }

    pub(crate) fn action(&self) -> Action {
        match &self.stage {
            Stage::Reading => Action::Read { key: approval::key_of(&self.id) },
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
                let found = dispatch::found(&input.happening, &self.id, shared)
                    .ok_or_else(|| input.wrong_event("`found` or `failed`"))?;
                match found {
                    Ok(Some(approval)) if approval.is_of(&shared.server) => self.decide(&approval, input.now, shared),
                    Ok(_) => self.end(Err(approval::not_known(&self.id, shared))),
                    Err(error) => self.end(Err(error)),
                }
            }
            Stage::Committing { after, .. } => {
                let after = after.clone();
                let stored = dispatch::stored(&input.happening, &shared.redactor)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
                self.end(stored.map(|()| {
                    shared.remember(after.clone());
                    Outcome::Decided { approval: after }
                }));
            }
            Stage::Finished(_) => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    fn decide(&mut self, approval: &Approval, now: Millis, shared: &Shared) {
        let answer = if self.approves { Answer::Approve } else { Answer::Deny { reason: self.reason.clone() } };
        match decided(approval, &answer, now, &shared.seal) {
            Ok(after) => self.stage = Stage::Committing { before: approval.clone(), after },
            Err(error) => self.end(Err(error)),
        }
    }

    fn end(&mut self, outcome: Result<Outcome>) {
        self.stage = Stage::Finished(Box::new(outcome.unwrap_or_else(failed)));
    }
}

fn wrong_answer() -> Error {
    Error::new(Code::WrongAnswer, "An approval is answered by `approve` or `deny`.")
}

/// The record after a person's `approve` or `deny`.
pub(crate) fn decided(approval: &Approval, answer: &Answer, now: Millis, seal: &Seal) -> Result<Approval> {
    let (to, reason) = match answer {
        Answer::Approve => (State::Approved, None),
        Answer::Deny { .. } if mutant::is(Mutant::Denied) => (State::Approved, None),
        Answer::Deny { reason } => (State::Denied, reason.as_deref().map(|reason| crate::text::shorten(reason, 500))),
        _ => return Err(wrong_answer()),
    };
    if approval.state != State::Proposed {
        approval.check_usable(now)?;
        return Err(
            Error::new(Code::WrongAnswer, "The approval is given already.").with("approval", approval.id.as_str())
        );
    }
    if to == State::Approved && !approval.is_current() {
        return Err(Error::new(
            Code::UnsupportedRecord,
            "The approval was asked for by an earlier version, which bound less of the call than is bound now.",
        )
        .with_next("Deny it, and make the call again for a new one.")
        .with("approval", approval.id.as_str()));
    }
    if approval.is_expired(now) {
        return Err(Error::new(Code::ApprovalExpired, "The approval expired before the answer came.")
            .with("approval", approval.id.as_str()));
    }
    let moved = approval.moved(to).ok_or_else(|| Error::new(Code::WrongAnswer, "The approval is not open."))?;
    Ok(Approval { decided_at: Some(now), reason, ..moved }.sealed(seal))
}
