//! Questions about a call: whether one may be put, and what was answered.

use super::{Call, State};
use crate::approval::{Approval, Bound, State as Standing, required};
use crate::error::{Code, Error, Result};
use crate::flow::decide::{Decided, decided, note};
use crate::flow::{Input, cancelled};
use crate::gate::{Gate, dispatch};
use crate::guard::{Shared, flow_of};
use crate::json::canonical::sha256_hex;
use crate::mutant::{self, Mutant};
use crate::questions::Denial;
use crate::step::{About, Action, Answer, Earlier, Happening, Millis};

/// An answer that met another one is held against it so often.
const MAX_REREADS: u32 = 8;

/// What a question about a definition is about.
fn definition_key(tool: &str, digest: &str) -> String {
    sha256_hex(["definition ", digest, " ", tool].concat().as_bytes())
}

impl Call {
    /// Refuses a call about which nobody wants to be asked now.
    pub(super) fn check_silence(&self, call: &Bound, now: Millis, shared: &Shared) -> Result<()> {
        let is_approved = |approval: &Approval| {
            approval.state == Standing::Approved && approval.call == *call && !approval.is_expired(now)
        };
        if mutant::is(Mutant::Silences) || shared.approvals.values().any(is_approved) {
            return Ok(());
        }
        shared.questions.refusal(&self.name, &call.key(), &shared.policy.questions, now).map_or(Ok(()), Err)
    }

    /// Refuses to show a definition about which nobody wants to be asked now.
    pub(super) fn check_review(&self, digest: &str, problem: &Error, now: Millis, shared: &Shared) -> Result<()> {
        let key = definition_key(&self.name, digest);
        let refusal = shared.questions.refusal(&self.name, &key, &shared.policy.questions, now);
        match refusal.filter(|_| !mutant::is(Mutant::Silences)) {
            None => Ok(()),
            Some(refusal) if refusal.code() == Code::TooManyQuestions => Err(refusal),
            Some(refusal) => {
                let problem = problem.clone().with_next(
                    "Do not call this tool: a person did not accept its new definition, and is not asked again for a while.",
                );
                Err(match refusal.detail("retry_at").cloned() {
                    Some(retry_at) => problem.with("retry_at", retry_at),
                    None => problem,
                })
            }
        }
    }

    pub(super) fn put_review(&self, now: Millis, shared: &mut Shared) {
        shared.questions.put(flow_of(&self.entropy), false, now);
    }

    /// A person's word on a definition, as far as later questions go.
    pub(super) fn heard_review(&self, digest: &str, answer: &Answer, now: Millis, shared: &mut Shared) {
        if let Answer::Deny { reason, silence, until, .. } = answer {
            let denial = Denial {
                id: &["definition:", &self.name].concat(),
                tool: &self.name,
                key: &definition_key(&self.name, digest),
                reason: reason.as_deref(),
                by: answer.by(),
                silence: *silence,
                until: *until,
            };
            denial.record(&mut shared.questions, &shared.policy.questions, now);
        }
        self.tally(answer, now, shared);
    }

    fn tally(&self, answer: &Answer, now: Millis, shared: &mut Shared) {
        let flow = flow_of(&self.entropy);
        match answer {
            Answer::Approve { .. } => shared.questions.agreed(&flow),
            Answer::Defer => shared.questions.deferred(&flow, now),
            _ => shared.questions.came_to_nothing(&flow, now),
        }
    }

    pub(super) fn answered(&mut self, approval: &Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let answer = match &input.happening {
            Happening::Answer { answer } => answer,
            Happening::Cancelled => &Answer::Cancel,
            _ => return Err(input.wrong_event("`answer`")),
        };
        match answer {
            Answer::Approve { .. } | Answer::Deny { .. } => {
                let after = decided(approval, answer, input.now, &shared.seal);
                if after.is_ok() {
                    note(approval, answer, input.now, shared);
                }
                self.tally(if after.is_ok() { answer } else { &Answer::Cancel }, input.now, shared);
                match after {
                    Ok(Decided::Moved(after)) => {
                        self.state = State::Deciding { before: approval.clone(), after: *after }
                    }
                    Ok(Decided::Same) => self.refuse(required(approval)),
                    Err(error) => self.refuse(error),
                }
            }
            Answer::Remember(remember) => {
                let remembered = self.remember(approval, remember, input.now, shared)?;
                let yes = Answer::Approve { by: None };
                match decided(approval, &yes, input.now, &shared.seal) {
                    Ok(Decided::Moved(after)) => {
                        self.tally(&yes, input.now, shared);
                        self.remember = Some(remembered);
                        self.state = State::Deciding { before: approval.clone(), after: *after };
                    }
                    Ok(Decided::Same) => self.refuse(required(approval)),
                    Err(error) => self.refuse(error),
                }
            }
            Answer::Defer | Answer::Cancel if self.round.is_some() => {
                self.tally(answer, input.now, shared);
                match answer {
                    Answer::Defer => self.round_deferred(approval, input.now, shared),
                    _ => self.leave(),
                }
            }
            Answer::Defer => {
                self.tally(answer, input.now, shared);
                self.refuse(super::unanswered(approval, input.now));
            }
            Answer::Cancel => {
                self.tally(answer, input.now, shared);
                self.refuse(cancelled().with("approval", approval.id.as_str()));
            }
            _ => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is about an approval: answer with `approve`, `deny`, `cancel` or `defer`.",
                )
                .with("approval", approval.id.as_str()));
            }
        }
        Ok(())
    }

    /// The ledger's word on a person's answer.
    pub(super) fn decided(&mut self, after: Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            Happening::Cancelled => return self.call_off(),
            // Somebody answered elsewhere at the same time.
            Happening::Conflict if self.rereads < MAX_REREADS => {
                self.rereads = self.rereads.saturating_add(1);
                self.state = State::Comparing(after);
                return Ok(());
            }
            _ => {}
        }
        match dispatch::stored(&input.happening, &shared.redactor)
            .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
        {
            Ok(()) => {
                shared.remember(after.clone());
                match self.remember.take() {
                    Some(remembered) => self.state = State::Remembering { approval: after, remembered },
                    None => self.go_on(&after, input.now, shared),
                }
            }
            Err(error) => self.refuse(error),
        }
        Ok(())
    }

    /// Holds a person's answer against what others answered meanwhile.
    pub(super) fn compared(&mut self, wanted: &Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            return self.call_off();
        }
        let found = dispatch::found(&input.happening, &wanted.id, shared)
            .ok_or_else(|| input.wrong_event("`found` or `failed`"))?;
        let found = match found {
            Ok(Some(found)) if found.is_of(&shared.server) => found,
            Ok(_) => {
                self.refuse(crate::approval::not_known(&wanted.id, shared));
                return Ok(());
            }
            Err(error) => {
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
                return Ok(());
            }
        };
        let by = wanted.decided_by.clone();
        let answer = if wanted.state == Standing::Denied {
            Answer::Deny { reason: wanted.reason.clone(), by, silence: None, until: None }
        } else {
            Answer::Approve { by }
        };
        shared.remember(found.clone());
        match decided(&found, &answer, input.now, &shared.seal) {
            Ok(Decided::Moved(after)) => self.state = State::Deciding { before: found, after: *after },
            Ok(Decided::Same) => self.go_on(&found, input.now, shared),
            Err(error) => {
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
            }
        }
        Ok(())
    }
}

impl Call {
    /// The question whether exactly this call may be made, in our own words.
    pub(super) fn question_about(&self, approval: &Approval, shared: &Shared) -> Action {
        let preview = &approval.preview;
        let mut message = format!(
            "May the agent call `{}` ({}) at `{}` as `{}`?",
            preview.tool,
            preview.effect.as_str(),
            preview.server,
            preview.subject
        );
        let same_call = shared.held.twin_of(approval).map(str::to_owned);
        let earlier = earlier(approval, shared);
        if same_call.is_some() {
            message.push_str(" The same call is asked for twice at the same time; each yes is one more run.");
        }
        match &earlier {
            Some(Earlier { approval, state: Standing::Unknown }) => message.push_str(&format!(
                " The same call was sent before and its answer was lost ({approval}): it may have run already."
            )),
            Some(Earlier { approval, .. }) => {
                message
                    .push_str(&format!(" The same call was sent before ({approval}) and may be on its way or done."));
            }
            None => {}
        }
        Action::Ask {
            question: About::Approval {
                message,
                approval: approval.id.clone(),
                preview: preview.clone(),
                digest: approval.digest.clone(),
                expires_at: approval.expires_at,
                same_call,
                remember: if approval.approvers.is_some() { Vec::new() } else { self.may_fix(approval) },
                approvers: approval.approvers.clone(),
                agreed: approval.agreed.iter().map(|agreement| agreement.by.who.clone()).collect(),
                earlier,
            }
            .into(),
        }
    }
}

/// The same call as it was sent before without anybody knowing what became of it.
pub(super) fn earlier(approval: &Approval, shared: &Shared) -> Option<Earlier> {
    let same = |other: &&Approval| {
        matches!(other.state, Standing::Unknown | Standing::Dispatched)
            && other.id != approval.id
            && other.call.is_same_call(&approval.call)
    };
    let last = shared.approvals.values().filter(same).max_by_key(|other| other.dispatched_at)?;
    Some(Earlier { approval: last.id.clone(), state: last.state })
}
