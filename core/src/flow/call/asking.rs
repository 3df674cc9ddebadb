//! Questions about a call: whether one may be put, and what was answered.

use super::{Call, State, settlement};
use crate::approval::{Approval, Bound, State as Standing, required};
use crate::catalog::Tool;
use crate::error::{Code, Detail, Error, Result};
use crate::flow::decide::{Decided, decided, note};
use crate::flow::{Input, cancelled};
use crate::gate::{Gate, dispatch};
use crate::guard::{Shared, flow_of};
use crate::json::canonical::sha256_hex;
use crate::json::tape::Node;
use crate::mcp::inputs;
use crate::mutant::{self, Mutant};
use crate::questions::Denial;
use crate::step::{About, Action, Answer, Earlier, Happening, Millis};
use crate::text::visible;

/// Characters of a description, and of a parameter's name, that are shown.
const MAX_DESCRIPTION: usize = 2_000;
const MAX_NAME: usize = 128;
const MAX_PARAMETERS: usize = 100;

/// An answer that met another one is held against it so often.
const MAX_REREADS: u32 = 8;

/// How long a call waits before it looks whether somebody answered the question that it would put.
const LOOK_AGAIN: Millis = 500;

/// A definition that nobody is asked about now.
pub(super) fn unreviewed(problem: Error, refusal: Error) -> Error {
    if refusal.code() == Code::TooManyQuestions {
        return refusal;
    }
    let next = "Do not call this tool: a person did not accept its definition, and is not asked again for a while.";
    let problem = problem.with_next(next);
    match refusal.detail("retry_at").cloned() {
        Some(retry_at) => problem.with("retry_at", retry_at),
        None => problem,
    }
}

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

    /// Whether a definition is shown to a person now; until then the call waits for an equal question's answer.
    pub(super) fn review(&mut self, digest: String, problem: Error, now: Millis, shared: &mut Shared) {
        let key = definition_key(&self.name, &digest);
        if shared.questions.is_open(&key) {
            self.state = State::Pausing(now.saturating_add(LOOK_AGAIN));
            return;
        }
        if shared.questions.is_put_off(&key, now) {
            return self.refuse(problem);
        }
        let refusal = shared.questions.refusal(&self.name, &key, &shared.policy.questions, now);
        match refusal.filter(|_| !mutant::is(Mutant::Silences)) {
            None => {
                shared.questions.put(flow_of(&self.entropy), key, now);
                self.state = State::Reviewing { digest, problem };
            }
            Some(refusal) => self.refuse(unreviewed(problem, refusal)),
        }
    }

    /// The error for which a definition would be shown to a person, or that nobody would be asked.
    pub(super) fn reviewable(&self, problem: Error, now: Millis, shared: &Shared) -> Error {
        let Some(Detail::Text(digest)) = problem.detail("digest") else { return problem };
        let key = definition_key(&self.name, digest);
        match shared.questions.refusal(&self.name, &key, &shared.policy.questions, now) {
            Some(refusal) => unreviewed(problem, refusal),
            None => problem,
        }
    }

    /// The no that settles the open question.
    pub(crate) fn silence(&self, now: Millis, shared: &Shared) -> Option<Error> {
        let key = match &self.state {
            State::Asking(approval) => approval.call.key(),
            State::Reviewing { digest, .. } => definition_key(&self.name, digest),
            State::Answering => self.inputs_key(shared),
            _ => return None,
        };
        shared.questions.silenced(&self.name, &key, now).filter(|_| !mutant::is(Mutant::Silences))
    }

    /// The question ends without an answer, and with it the approval that was asked for.
    pub(super) fn deny_unasked(&mut self, approval: Approval, error: Error, now: Millis, shared: &Shared) {
        self.decision.deny(Gate::Approval, &error);
        let reason = Some(error.message().to_owned());
        let outcome = self.failure(error.with("approval", approval.id.as_str()));
        let settled = settlement(Some(approval), Standing::Denied, shared);
        let settled = settled
            .map(|(before, after)| (before, Approval { decided_at: Some(now), reason, ..after }.sealed(&shared.seal)));
        self.settle_or_finish(settled, outcome);
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
            _ => shared.questions.ended(&flow, now),
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
            Answer::Remember(remember, by) => {
                let remembered = self.remember(approval, remember, input.now, shared)?;
                let yes = Answer::Approve { by: by.clone() };
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
                    // A round is not kept for later, so neither is its record.
                    Answer::Defer => {
                        let error =
                            inputs::required("a person must agree to what it would be given, and nobody answered");
                        self.deny_unasked(approval.clone(), error, input.now, shared);
                    }
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
    /// The question whether a definition is accepted, with what the server says of the tool and what would be sent.
    pub(super) fn question_of_definition(&self, digest: &str, problem: &Error, shared: &Shared) -> Action {
        let text = |text: &str, most: usize| visible(&shared.redactor.shown(text, most));
        let listed = shared.catalog.get(&self.name).map(Tool::read_definition).unwrap_or_default();
        let listed = listed.tape().root();
        let description = listed.get("description").and_then(Node::as_text).map(|words| text(&words, MAX_DESCRIPTION));
        let parameters = listed.pointer("/inputSchema/properties").unwrap_or(Node::absent());
        let parameters = parameters.members().take(MAX_PARAMETERS).map(|member| text(&member.name(), MAX_NAME));
        Action::Ask {
            question: About::Definition {
                message: [problem.message(), " Shall the agent go on with it?"].concat(),
                tool: self.name.clone(),
                change: problem.detail("change").cloned(),
                digest: digest.to_owned(),
                differences: problem.detail("differences").cloned(),
                description,
                parameters: parameters.collect(),
                preview: self.bind(&self.read_arguments(), shared).ok().map(|binding| binding.preview),
            }
            .into(),
        }
    }

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
