//! Questions about a call: whether one may be put, and what was answered.

use serde::Serialize;

use super::rounds::left;
use super::{Call, State};
use crate::approval::{Approval, Bound, Preview, State as Standing, required};
use crate::catalog::Tool;
use crate::error::{Code, Detail, Error, Result};
use crate::flow::decide::{Decided, decided, found_again, note, note_found};
use crate::flow::retraction::Retraction;
use crate::flow::{Input, cancelled};
use crate::gate::{Gate, dispatch};
use crate::guard::{Shared, flow_of};
use crate::json;
use crate::json::canonical::{quoted, sha256_hex};
use crate::json::de::{self, record};
use crate::json::tape::Node;
use crate::mcp::inputs;
use crate::mutant::{self, Mutant};
use crate::questions::Denial;
use crate::step::{About, Action, Answer, Earlier, Happening, Millis};
use crate::text::{quoted_name, visible};

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

/// What other guards that share the ledger made of the same call.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Elsewhere {
    /// The ledger's key.
    pub(super) key: String,
    /// What the ledger held there.
    held: Option<String>,
}

record!(strict Elsewhere { key; held });

impl Elsewhere {
    /// The approval that was asked for last, wherever it was.
    pub(super) fn named(&self) -> Option<String> {
        let asked = de::read::<Asked>(self.held.as_deref()?, json::OWN).ok()?;
        Some(asked.approval).filter(|id| crate::approval::is_id(id))
    }
}

/// The ledger's record of the approval that was asked for last.
struct Asked {
    approval: String,
}

record!(open Asked { approval; });

/// The ledger's key of what was asked about the same call, whatever its policy or its definition was then.
fn asked_key(call: &Bound) -> String {
    let parts = [&call.server, &call.tool, &call.arguments, &call.subject, call.inputs.as_deref().unwrap_or_default()];
    let parts: Vec<String> = parts.into_iter().map(quoted).collect();
    ["asked/", &sha256_hex(parts.join(",").as_bytes())].concat()
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
    pub(super) fn deny_unasked(&mut self, approval: &Approval, error: Error, now: Millis, shared: &Shared) {
        self.decision.deny(Gate::Approval, &error);
        self.retract(approval, error, Some(now), shared);
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
                // Who said yes before adds nothing by saying it again.
                let counts = matches!(after, Ok(Decided::Moved(_)));
                self.tally(if counts { answer } else { &Answer::Cancel }, input.now, shared);
                match after {
                    Ok(Decided::Moved(after)) => {
                        self.state = State::Deciding { before: approval.clone(), after: *after }
                    }
                    Ok(Decided::Same) => self.refuse(required(approval)),
                    Err(error) => self.refuse(error),
                }
            }
            Answer::Remember(remember, by) => {
                let remembered = match self.remember(approval, (remember, by.as_ref()), input.now, shared) {
                    Ok(remembered) => remembered,
                    Err(error) => {
                        self.retract(approval, error, None, shared);
                        return Ok(());
                    }
                };
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
                        self.retract(approval, error, None, shared);
                    }
                    _ => self.retract(approval, left(), None, shared),
                }
            }
            Answer::Defer => {
                self.tally(answer, input.now, shared);
                self.refuse(super::unanswered(approval, input.now));
            }
            Answer::Cancel => {
                self.tally(answer, input.now, shared);
                self.retract(approval, cancelled(), None, shared);
            }
            _ => {
                let error = "The question is about an approval: answer with `approve`, `deny`, `cancel` or `defer`.";
                self.retract(approval, Error::new(Code::WrongAnswer, error).and(&answer.misfit()), None, shared);
            }
        }
        Ok(())
    }

    /// Takes a question back that comes to nothing, so that no later yes lets its call out, and ends with that error.
    pub(super) fn retract(&mut self, approval: &Approval, error: Error, denied_at: Option<Millis>, shared: &Shared) {
        match Retraction::begin(approval, error, denied_at, shared) {
            Ok(retraction) => self.state = State::Retracting(retraction),
            Err(error) => self.refuse(error),
        }
    }

    /// Looks what other guards know of the call before a person is asked, where they share a ledger. False: it is known.
    pub(super) fn consult(&mut self, call: &Bound, shared: &Shared) -> bool {
        if !shared.lasting || mutant::is(Mutant::Elsewhere) || self.elsewhere.is_some() || self.is_given_by_person() {
            return false;
        }
        self.state = State::Consulting { elsewhere: Elsewhere { key: asked_key(call), held: None }, approval: None };
        true
    }

    /// What the ledger says of other guards' questions: a no that holds there holds here, and what may have run there may
    /// have run for whoever is asked here.
    pub(super) fn consulted(
        &mut self,
        mut elsewhere: Elsewhere,
        id: Option<&str>,
        input: &Input<'_>,
        shared: &mut Shared,
    ) -> Result<()> {
        let next = match (&input.happening, id) {
            (Happening::Cancelled, _) => return self.call_off(shared),
            (Happening::Found { record }, None) => {
                elsewhere.held.clone_from(record);
                // What was just read is not read again.
                elsewhere.named().filter(|id| !(self.recalled && shared.approvals.get(id).is_some()))
            }
            (happening, id) => {
                let found = dispatch::found(happening, id.unwrap_or_default(), shared)
                    .ok_or_else(|| input.wrong_event("`found` or `failed`"))?;
                match found {
                    Ok(found) => found.filter(|found| asked_key(&found.call) == elsewhere.key).and_then(|found| {
                        note_found(&found, shared);
                        let before = found.preview.earlier.last().map(|earlier| earlier.approval.clone());
                        let may_have_run = matches!(found.state, Standing::Dispatched | Standing::Unknown);
                        // One that somebody agreed to, and that waits for others. Where nobody did, the call that asks
                        // about it may wait for its answer.
                        let joins = found.state == Standing::Proposed && !found.agreed.is_empty();
                        self.recalled |= joins;
                        if may_have_run || joins {
                            shared.remember(found);
                        }
                        before.filter(|_| !may_have_run)
                    }),
                    // A record that cannot be trusted says nothing of this call.
                    Err(error) if matches!(error.code(), Code::InvalidRecord | Code::UnsupportedRecord) => None,
                    Err(error) => {
                        self.decision.deny(Gate::Approval, &error);
                        self.refuse(error);
                        return Ok(());
                    }
                }
            }
        };
        self.recalls = self.recalls.saturating_add(1);
        match next.filter(|_| self.recalls <= MAX_REREADS) {
            Some(next) => self.state = State::Consulting { elsewhere, approval: Some(next) },
            None => {
                self.elsewhere = Some(elsewhere);
                self.advance(input.now, true, shared);
            }
        }
        Ok(())
    }

    /// Names the approval that is asked for to guards that are asked for the same call.
    pub(super) fn noting(&self, approval: &Approval) -> Action {
        let Elsewhere { key, held } = self.elsewhere.clone().unwrap_or_default();
        let record = ["{\"approval\":", &quoted(&approval.id), ",\"toolgate\":\"asked\",\"version\":1}"].concat();
        Action::Commit { key, expected: held, record }
    }

    /// The ledger's word on that. Where another guard asks at the same time, one of the two questions is named.
    pub(super) fn noted(&mut self, approval: Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            Happening::Cancelled => self.retract(&approval, cancelled(), None, shared),
            Happening::Conflict => self.put(approval, input.now, shared),
            happening => match dispatch::stored(happening, &shared.redactor)
                .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
            {
                Ok(()) => self.put(approval, input.now, shared),
                Err(error) => self.retract(&approval, error, None, shared),
            },
        }
        Ok(())
    }

    /// The ledger's word on a person's answer.
    pub(super) fn decided(&mut self, after: Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            Happening::Cancelled => return self.call_off(shared),
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
            return self.call_off(shared);
        }
        let found = match found_again(&wanted.id, input, shared)? {
            Ok(found) => found,
            Err(error) => {
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
                return Ok(());
            }
        };
        let by = wanted.decided_by.clone();
        let answer = match (wanted.state, found.state) {
            // A no to the open question counts, although somebody else said yes before.
            (Standing::Denied, Standing::Approved) => Answer::Withdraw { reason: wanted.reason.clone(), by },
            (Standing::Denied, _) => Answer::Deny { reason: wanted.reason.clone(), by, silence: None, until: None },
            _ => Answer::Approve { by },
        };
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

    /// What others made of an approval that this call could not claim: the refusal says it, and no later call goes by
    /// what was known here before.
    pub(super) fn outrun(&mut self, before: &Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            return self.call_off(shared);
        }
        let error = match found_again(&before.id, input, shared)? {
            Ok(found) => match found.check_usable(input.now) {
                // It was used and given back meanwhile.
                Ok(()) if self.rereads < MAX_REREADS => {
                    self.rereads = self.rereads.saturating_add(1);
                    self.claim(found, input.now, shared);
                    return Ok(());
                }
                Err(error) if error.code() != Code::ApprovalSpent => error,
                _ => dispatch::outrun(&found),
            },
            Err(error) => error,
        };
        self.decision.deny(Gate::Dispatch, &error);
        self.refuse(error);
        Ok(())
    }

    /// The question whether exactly this call may be made, in our own words.
    pub(super) fn question_about(&self, approval: &Approval, shared: &Shared) -> Action {
        let preview = &approval.preview;
        let mut message = format!(
            "May the agent call {} ({}) at {} as {}?",
            quoted_name(&preview.tool),
            preview.effect.as_str(),
            shared.server_in_words(),
            quoted_name(&preview.subject)
        );
        let same_call = shared.held.twin_of(approval).map(str::to_owned);
        let mut known = preview.earlier.clone();
        let last = earlier(&approval.call, Some(&approval.id), shared);
        known.extend(last.filter(|last| known.iter().all(|one| one.approval != last.approval)));
        if same_call.is_some() {
            message.push_str(" The same call is asked for twice at the same time; each yes is one more run.");
        }
        let remember = if approval.approvers.is_some() { Vec::new() } else { self.may_fix(approval) };
        for one in &known {
            message.push(' ');
            message.push_str(&one.in_words());
        }
        Action::Ask {
            question: About::Approval {
                message,
                approval: approval.id.clone(),
                preview: preview.clone(),
                digest: approval.digest.clone(),
                expires_at: approval.expires_at,
                same_call,
                remember_in_ledger: shared.lasting && !remember.is_empty(),
                remember,
                approvers: approval.approvers.clone(),
                agreed: approval.agreed.iter().map(|agreement| agreement.by.who.clone()).collect(),
                earlier: known.pop(),
            }
            .into(),
        }
    }
}

/// The same call as it was sent before without anybody knowing what became of it; `own` is not meant.
pub(super) fn earlier(call: &Bound, own: Option<&str>, shared: &Shared) -> Option<Earlier> {
    let same = |other: &&Approval| {
        matches!(other.state, Standing::Unknown | Standing::Dispatched)
            && own != Some(&*other.id)
            && other.call.is_same_call(call)
    };
    let last = shared.approvals.values().filter(same).max_by_key(|other| other.dispatched_at)?;
    Some(Earlier { approval: last.id.clone(), state: last.state })
}

/// What a person sees of a call, with what they must know of earlier ones, wherever they are asked.
pub(super) fn telling(preview: Preview, earlier: Vec<Earlier>) -> Preview {
    let mut notes = preview.notes;
    notes.extend(earlier.iter().map(Earlier::in_words));
    Preview { notes, earlier, ..preview }
}
