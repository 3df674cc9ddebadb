//! Records a person's answer to an approval that was left open, here or in another process.

use serde::Serialize;

use super::{Input, cancelled, failed};
use crate::approval::{self, Agreement, Approval, By, Seal, State};
use crate::error::{Code, Error, Result};
use crate::flow::call::remembering::only_to_the_question;
use crate::gate::dispatch;
use crate::guard::Shared;
use crate::json::de::{FromNode, Source, record};
use crate::mutant::{self, Mutant};
use crate::questions::{Denial, SilenceScope};
use crate::step::{Action, Answer, FlowId, Happening, Millis, Outcome};

/// Several people may answer at the same time, each of whom is counted: more often than that nobody looks again.
const MAX_LOOKS: u32 = 8;

/// The flow `decide`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Decide {
    id: String,
    approves: bool,
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    withdraws: bool,
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
    #[serde(skip_serializing_if = "Option::is_none")]
    silence: Option<SilenceScope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
    /// How often the ledger was read.
    looks: u32,
    stage: Stage,
}

record!(open Decide { id, approves, stage; withdraws, reason, by, silence, until, looks });

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there are few of these flows, and each is soon at its largest")]
enum Stage {
    /// Nobody here knows how the approval stands: the ledger does.
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
    pub(crate) fn begin(id: String, answer: &Answer, now: Millis, shared: &mut Shared) -> Self {
        let mut decide = Decide {
            id,
            approves: matches!(answer, Answer::Approve { .. }),
            withdraws: matches!(answer, Answer::Withdraw { .. }),
            reason: None,
            by: answer.by().cloned(),
            silence: None,
            until: None,
            looks: 0,
            stage: Stage::Reading,
        };
        match answer {
            Answer::Approve { .. } => {}
            Answer::Withdraw { reason, .. } => decide.reason.clone_from(reason),
            Answer::Deny { reason, silence, until, .. } => {
                (decide.silence, decide.until) = (*silence, *until);
                decide.reason.clone_from(reason);
            }
            Answer::Remember(..) => decide.end(Err(only_to_the_question())),
            _ => decide.end(Err(wrong_answer())),
        }
        if matches!(decide.stage, Stage::Finished(_)) {
            return decide;
        }
        match shared.approvals.get(&decide.id).cloned() {
            // Another process may have taken it back or used it since: nothing is said of it without a look.
            Some(approval) if approval.state == State::Approved && !decide.withdraws => {}
            Some(approval) => decide.decide(&approval, now, shared),
            None if !approval::is_id(&decide.id) => decide.end(Err(approval::not_known(&decide.id, shared))),
            None => {}
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
                self.looks = self.looks.saturating_add(1);
                match found {
                    Ok(Some(approval)) if approval.is_of(&shared.server) => {
                        note_found(&approval, shared);
                        self.decide(&approval, input.now, shared);
                    }
                    Ok(_) => self.end(Err(approval::not_known(&self.id, shared))),
                    Err(error) => self.end(Err(error)),
                }
            }
            // Somebody else was quicker: the answer is held against what they made of it.
            Stage::Committing { .. } if matches!(input.happening, Happening::Conflict) && self.looks < MAX_LOOKS => {
                self.stage = Stage::Reading;
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

    fn answer(&self) -> Answer {
        let (reason, by) = (self.reason.clone(), self.by.clone());
        match (self.approves, self.withdraws) {
            (true, _) => Answer::Approve { by },
            (_, true) => Answer::Withdraw { reason, by },
            _ => Answer::Deny { reason, by, silence: self.silence, until: self.until },
        }
    }

    fn decide(&mut self, approval: &Approval, now: Millis, shared: &mut Shared) {
        let answer = self.answer();
        let decided = decided(approval, &answer, now, &shared.seal);
        if decided.is_ok() {
            note(approval, &answer, now, shared);
        }
        match decided {
            Ok(Decided::Moved(after)) => self.stage = Stage::Committing { before: approval.clone(), after: *after },
            Ok(Decided::Same) => {
                shared.remember(approval.clone());
                self.end(Ok(Outcome::Decided { approval: approval.clone() }));
            }
            Err(error) => self.end(Err(error)),
        }
    }

    fn end(&mut self, outcome: Result<Outcome>) {
        self.stage = Stage::Finished(Box::new(outcome.unwrap_or_else(failed)));
    }
}

fn wrong_answer() -> Error {
    Error::new(Code::WrongAnswer, "An approval is answered by `approve`, `deny` or `withdraw`.")
        .with_next("Answer with one of these; the approval is as it was.")
}

/// A no holds for a while, and may silence more than its call.
pub(crate) fn note(approval: &Approval, answer: &Answer, now: Millis, shared: &mut Shared) {
    let (reason, silence, until) = match answer {
        Answer::Deny { reason, silence, until, .. } => (reason, *silence, *until),
        Answer::Withdraw { reason, .. } => (reason, None, None),
        Answer::Approve { .. } => return shared.questions.agreed(&FlowId::from(String::new())),
        _ => return,
    };
    let denial = Denial {
        id: &approval.id,
        tool: &approval.call.tool,
        key: &approval.call.key(),
        reason: reason.as_deref(),
        by: answer.by(),
        silence,
        until,
    };
    denial.record(&mut shared.questions, &shared.policy.questions, now);
}

/// A no that is found in a ledger holds for as long as one that was given here: from when it was said.
pub(crate) fn note_found(found: &Approval, shared: &mut Shared) {
    if let (State::Denied, Some(at)) = (found.state, found.decided_at) {
        let (reason, by) = (found.reason.clone(), found.decided_by.clone());
        note(found, &Answer::Withdraw { reason, by }, at, shared);
    }
}

/// What the ledger holds of an approval that others may have moved; it is known here from now on.
pub(crate) fn found_again(id: &str, input: &Input<'_>, shared: &mut Shared) -> Result<Result<Approval>> {
    let found =
        dispatch::found(&input.happening, id, shared).ok_or_else(|| input.wrong_event("`found` or `failed`"))?;
    Ok(match found {
        Ok(Some(found)) if found.is_of(&shared.server) => {
            note_found(&found, shared);
            shared.remember(found.clone());
            Ok(found)
        }
        Ok(_) => {
            shared.approvals.remove(id);
            Err(approval::not_known(id, shared))
        }
        Err(error) => Err(error),
    })
}

/// What a person's word makes of a record.
#[derive(Debug)]
pub(crate) enum Decided {
    /// It says so already.
    Same,
    /// The record that says so, sealed.
    Moved(Box<Approval>),
}

/// The record after a person's `approve`, `deny` or `withdraw`.
pub(crate) fn decided(approval: &Approval, answer: &Answer, now: Millis, seal: &Seal) -> Result<Decided> {
    let refuse = |code: Code, message: &str| Err(Error::new(code, message).with("approval", approval.id.as_str()));
    let (to, reason) = match answer {
        Answer::Approve { .. } => (State::Approved, None),
        Answer::Deny { .. } if mutant::is(Mutant::Denied) => (State::Approved, None),
        Answer::Deny { reason, .. } | Answer::Withdraw { reason, .. } => {
            (State::Denied, reason.as_deref().map(|reason| crate::text::shorten(reason, 500)))
        }
        _ => return Err(wrong_answer()),
    };
    let withdraws = matches!(answer, Answer::Withdraw { .. });
    match approval.state {
        State::Proposed => {}
        State::Denied if to == State::Denied => return Ok(Decided::Same),
        // A yes is taken back whatever the clock says: another host's may be slower.
        State::Approved if withdraws => {}
        State::Dispatched | State::Completed | State::Failed | State::Unknown => {
            let message = match approval.state {
                State::Dispatched => "The call is on its way already; nothing can be taken back or decided any more.",
                State::Unknown => "The call was sent already, and its answer was lost.",
                _ => "The call was made already.",
            };
            return refuse(Code::ApprovalSpent, message).map_err(|error| {
                error.with_next("Do not repeat the call: it was sent. Look with a read at what became of it.")
            });
        }
        State::Denied | State::Approved => {
            approval.check_usable(now)?;
            if to == State::Approved {
                return Ok(Decided::Same);
            }
            return refuse(
                Code::AlreadyDecided,
                "A person said yes already; take that yes back (`withdraw`) if the call must not be made.",
            );
        }
    }
    if to == State::Approved && !approval.is_current() {
        let what = "The approval was asked for by an earlier version, which bound less of the call than is bound now.";
        return refuse(Code::UnsupportedRecord, what)
            .map_err(|error| error.with_next("Deny it, and make the call again for a new one."));
    }
    if approval.is_expired(now) && !withdraws {
        return refuse(Code::ApprovalExpired, "The approval expired before the answer came.");
    }
    let by = answer.by().cloned();
    let mut after = approval.clone();
    if let Some(approvers) = approval.approvers.as_ref().filter(|_| !withdraws && !mutant::is(Mutant::Approvers)) {
        approvers.check(by.as_ref(), &approval.id)?;
        if let Some(by) = by.clone().filter(|_| to == State::Approved) {
            if approval.agreed.iter().any(|agreement| agreement.by.who == by.who) {
                return Ok(Decided::Same);
            }
            after.agreed.push(Agreement { by, at: now });
        }
        if to == State::Approved && !after.is_agreed() {
            after.decided_by = by;
            return Ok(Decided::Moved(Box::new(after.sealed(seal))));
        }
    }
    let moved = after.moved(to).ok_or_else(|| Error::new(Code::WrongAnswer, "The approval is not open."))?;
    let after = Approval { decided_at: Some(now), decided_by: by, reason, withdrawn: withdraws, ..moved };
    Ok(Decided::Moved(Box::new(after.sealed(seal))))
}
