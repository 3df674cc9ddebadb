//! Calls one tool through the gates.
//!
//! `(recalling) → (inquiring) → (looking) → proposing → asking → deciding → claiming → dispatching → (keeping) →
//! settling → finished`, with `taking` before anything that a second process could do too, where the call came out of a
//! snapshot; a call that needs no approval goes straight to `dispatching`, and one that the pace holds back
//! begins with `waiting`. After a pause every gate before
//! the dispatch is passed again.

mod asking;
pub(crate) mod check;
mod claim;
mod examine;
mod meta;
mod once;
pub(crate) mod record;
pub(crate) mod remembering;
mod rounds;
pub(crate) mod sending;
mod verification;

use serde::{Serialize, Serializer};

use super::credential::{self, Vault};
use super::list::Lister;
use super::retraction::Retraction;
use super::signup::Role;
use super::signup::registration::{self, read_request};
use super::{Errand, Input, failed, failure_error, unlisted};
use crate::approval::remembered::{self, Remembered};
use crate::approval::{self, Approval, Line, State as Standing};
use crate::catalog::effect::Effect;
use crate::error::{Code, Detail, Error, Result};
use crate::flow::decide::{Decided, decided, note_found};
use crate::gate::once::{Claim, Taken};
use crate::gate::pace::Paced;
use crate::gate::{self, Decision, Gate, GateVerdict, dispatch, result};
use crate::guard::{Shared, flow_of};
use crate::json::de::{FromNode, Source, record};
use crate::json::{self, Document, Json};
use crate::mutant::{self, Mutant};
use crate::policy::{Ruling, Verdict};
use crate::secret::Secret;
use crate::step::{Action, Answer, Failure, Happening, Millis, Outcome};
use asking::Elsewhere;
use examine::Examined;
use record::Look;
use rounds::Round;
use verification::key_lost;

/// More open approvals of one call than differ in what a person sees.
const MAX_RECALLS: u32 = 8;
/// How long no other unknown tool is looked up, in milliseconds.
const LOOK_UP_EVERY: Millis = 10_000;

/// The flow `call`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    name: String,
    /// Exactly as they passed the gates, and exactly as they are sent.
    arguments: Arguments,
    entropy: String,
    /// The call's `_meta` without the guard's own members; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Json>,
    /// The approval that the caller quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    quoted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    decision: Decision,
    /// How many of the decision's gates were passed before the last pause for a person.
    passed: usize,
    /// What the backend says of the thing that the call is about, once it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Vec<Line>>,
    /// Whether that came from a draft, which is not made twice.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    drafted: bool,
    /// What the vault holds that the call's answer would replace; absent: it was not looked at.
    #[serde(skip)]
    vault: Option<Vault>,
    /// Whether the ledger was asked for the quoted approval.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    recalled: bool,
    /// How many approvals were read that this guard knew by their call alone, or that other guards asked for.
    recalls: u32,
    /// What the ledger says of other guards' questions about the call, once it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    elsewhere: Option<Elsewhere>,
    /// The round that follows the call's first request, where its tool asks for further inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<Box<Round>>,
    /// What of the policy decided.
    rule: String,
    /// What the call takes in the ledger, because it happens once; not known yet where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Vec<Claim>>,
    /// What the person's answer holds for besides, until it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    remember: Option<Remembered>,
    /// How often another process counted a remembered answer first.
    recounts: u32,
    /// How often a person's answer met another one in the ledger.
    rereads: u32,
    /// Whether the call is in a snapshot, so that another process may go on with it.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(crate) snapshotted: bool,
    /// Whether it came out of one.
    #[serde(skip)]
    resumed: bool,
    /// Whether the ledger gave it to this process.
    #[serde(skip)]
    claimed: bool,
    /// Whether the list was read anew because it does not name the tool.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    looked_up: bool,
    /// How often a server of an older protocol asked for inputs while the call ran.
    #[serde(skip)]
    asked_meanwhile: u32,
    state: State,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Reads the list anew, for it does not name the tool.
    LookingUp(Lister),
    /// Reads the quoted approval.
    Recalling(String),
    /// The pace holds it back.
    Waiting {
        until: Millis,
        why: String,
    },
    /// Shows a person how the tool's definition differs from the pinned one.
    Reviewing {
        digest: String,
        problem: Error,
    },
    /// Asks the backend whether its plan includes the call.
    Inquiring(Errand),
    /// Waits for the answer to the same question of another call.
    Pausing(Millis),
    /// Reads what a person should see.
    Looking {
        look: Look,
        errand: Errand,
    },
    /// Looks whether the vault holds a credential that the call's answer would replace.
    CheckingVault,
    /// Asks the backend how its owner decided.
    Following {
        approval: Approval,
        errand: Errand,
    },
    Proposing(Approval),
    Asking(Approval),
    /// Takes back a question that nobody answers any more, and then ends.
    Retracting(Retraction),
    /// Looks in the ledger what other guards know of the call: first which approval was asked for last, then that one.
    Consulting {
        elsewhere: Elsewhere,
        approval: Option<String>,
    },
    /// Writes down for other guards which approval of the call is asked for.
    Noting(Approval),
    Deciding {
        before: Approval,
        after: Approval,
    },
    /// Looks what others answered at the same time.
    Comparing(Approval),
    /// Looks what others made of an approval that could not be claimed.
    Outrun(Approval),
    /// Takes the call out of a snapshot for this process alone.
    TakingUp,
    Claiming {
        before: Approval,
        after: Approval,
    },
    /// Stores an answer that holds for further calls.
    Remembering {
        approval: Approval,
        remembered: Remembered,
    },
    /// Counts a call by a remembered answer.
    Counting {
        before: Remembered,
        after: Remembered,
    },
    /// Reads a remembered answer that another process changed.
    Rereading(String),
    /// Records a call that nobody is asked about.
    Recording(Approval),
    /// Reads whose a consequence is, or how the call of that approval ended.
    Searching {
        at: usize,
        taken: Option<Taken>,
        approval: Option<Approval>,
    },
    /// Takes a consequence.
    Taking {
        at: usize,
        approval: Approval,
    },
    Dispatching(Option<Approval>),
    /// Writes down how the round before ended.
    Turning {
        before: Approval,
        after: Approval,
    },
    /// Asks for what the tool wants before it goes on.
    Answering,
    Keeping {
        settled: Option<(Approval, Approval)>,
        #[serde(skip)]
        key: Option<Secret>,
        #[serde(skip)]
        outcome: Option<Outcome>,
    },
    Settling {
        before: Approval,
        after: Approval,
        #[serde(skip)]
        outcome: Option<Outcome>,
    },
    /// Counts a call less by a remembered answer, for nothing of it was sent: first reads, then stores.
    Uncounting {
        id: String,
        counted: Option<(Remembered, Remembered)>,
        #[serde(skip)]
        outcome: Option<Outcome>,
    },
    #[serde(skip)]
    Finished(Outcome),
}

/// A call's arguments as JSON text that was checked. A string in snapshots; `null` there where they hold a code.
#[derive(Clone)]
struct Arguments {
    text: Json,
    secret: bool,
}

impl core::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.secret { "[secret]" } else { self.text.get() })
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, to: S) -> core::result::Result<S::Ok, S::Error> {
        if self.secret { to.serialize_none() } else { to.serialize_str(self.text.get()) }
    }
}

impl FromNode for Arguments {
    fn blank() -> Self {
        Arguments { text: crate::step::no_arguments(), secret: true }
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let Some(text) = from.whole::<Option<String>>() else { return };
        match Document::read(&text, json::ARGUMENTS) {
            Ok(_) => *self = Arguments { text: Json::verbatim(&text), secret: false },
            Err(_) => from.expected("JSON text"),
        }
    }
}

record!(open Call { name, arguments, entropy, decision, state; meta, quoted, role, passed, record, drafted, recalled, recalls, elsewhere, round, rule, claims, remember, recounts, rereads, snapshotted, looked_up; vault, resumed, claimed, asked_meanwhile });

const STATES: &[&str] = &[
    "looking_up",
    "recalling",
    "checking_vault",
    "waiting",
    "reviewing",
    "inquiring",
    "pausing",
    "looking",
    "following",
    "proposing",
    "asking",
    "retracting",
    "consulting",
    "noting",
    "deciding",
    "comparing",
    "outrun",
    "taking_up",
    "claiming",
    "remembering",
    "counting",
    "rereading",
    "recording",
    "searching",
    "taking",
    "dispatching",
    "turning",
    "answering",
    "keeping",
    "settling",
    "uncounting",
];

impl FromNode for State {
    fn blank() -> Self {
        State::Dispatching(None)
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "looking_up" => State::LookingUp(from.whole()),
            "recalling" => State::Recalling(from.whole()),
            "checking_vault" => State::CheckingVault,
            "waiting" => State::Waiting { until: from.member("until"), why: from.member("why") },
            "reviewing" => State::Reviewing { digest: from.member("digest"), problem: from.member("problem") },
            "inquiring" => State::Inquiring(from.whole()),
            "pausing" => State::Pausing(from.whole()),
            "looking" => State::Looking { look: from.member("look"), errand: from.member("errand") },
            "following" => State::Following { approval: from.member("approval"), errand: from.member("errand") },
            "proposing" => State::Proposing(from.whole()),
            "asking" => State::Asking(from.whole()),
            "retracting" => State::Retracting(from.whole()),
            "consulting" => {
                State::Consulting { elsewhere: from.member("elsewhere"), approval: from.member_or_default("approval") }
            }
            "noting" => State::Noting(from.whole()),
            "deciding" => State::Deciding { before: from.member("before"), after: from.member("after") },
            "comparing" => State::Comparing(from.whole()),
            "outrun" => State::Outrun(from.whole()),
            "taking_up" => State::TakingUp,
            "claiming" => State::Claiming { before: from.member("before"), after: from.member("after") },
            "remembering" => {
                State::Remembering { approval: from.member("approval"), remembered: from.member("remembered") }
            }
            "counting" => State::Counting { before: from.member("before"), after: from.member("after") },
            "rereading" => State::Rereading(from.whole()),
            "recording" => State::Recording(from.whole()),
            "searching" => State::Searching {
                at: from.member("at"),
                taken: from.member_or_default("taken"),
                approval: from.member_or_default("approval"),
            },
            "taking" => State::Taking { at: from.member("at"), approval: from.member("approval") },
            "dispatching" => State::Dispatching(from.whole()),
            "turning" => State::Turning { before: from.member("before"), after: from.member("after") },
            "answering" => State::Answering,
            "keeping" => State::Keeping { settled: from.member_or_default("settled"), key: None, outcome: None },
            "settling" => State::Settling { before: from.member("before"), after: from.member("after"), outcome: None },
            "uncounting" => {
                State::Uncounting { id: from.member("id"), counted: from.member_or_default("counted"), outcome: None }
            }
            other => {
                return from.unknown_variant(other, STATES);
            }
        };
    }
}

/// A call as it is asked for.
pub(crate) struct Asked<'d> {
    pub(crate) name: String,
    pub(crate) quoted: Option<String>,
    pub(crate) meta: Option<Json>,
    /// JSON text; absent: none.
    pub(crate) arguments: Option<&'d str>,
}

impl Call {
    pub(crate) fn begin(asked: Asked<'_>, entropy: String, now: Millis, shared: &mut Shared) -> Self {
        let Asked { name, quoted, meta, arguments } = asked;
        let meta = meta::without_own(meta);
        let arguments = examine::arguments(&name, arguments.unwrap_or("{}"), Role::of(&name, shared), shared);
        let mut call = Call { entropy, ..Call::unexamined(&name, quoted, shared) };
        match arguments.and_then(|arguments| Ok((arguments, meta?))) {
            Ok((arguments, meta)) => {
                call.arguments = arguments;
                call.meta = meta;
                call.advance(now, true, shared);
            }
            Err(error) => {
                call.decision.deny(Gate::Arguments, &error);
                call.refuse(error);
            }
        }
        call
    }

    pub(crate) fn action(&self, shared: &Shared) -> Action {
        match &self.state {
            State::CheckingVault => Action::CheckVault { name: credential::name(shared) },
            State::LookingUp(lister) => lister.action(),
            State::Recalling(id) => Action::Read { key: approval::key_of(id) },
            State::Inquiring(errand) | State::Looking { errand, .. } | State::Following { errand, .. } => {
                errand.action()
            }
            State::Waiting { until, why } => Action::Wait { until: *until, why: why.clone() },
            State::Pausing(until) => {
                Action::Wait { until: *until, why: "another call asks the same question".to_owned() }
            }
            State::Reviewing { digest, problem } => self.question_of_definition(digest, problem, shared),
            State::Proposing(approval) => {
                Action::Commit { key: approval.key(), expected: None, record: approval.record() }
            }
            State::Asking(approval) => self.question_about(approval, shared),
            State::Remembering { remembered, .. } => {
                Action::Commit { key: remembered.key(), expected: None, record: remembered.record() }
            }
            State::Counting { before, after } => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            State::Rereading(id) | State::Uncounting { id, counted: None, .. } => {
                Action::Read { key: remembered::key_of(id) }
            }
            State::Uncounting { counted: Some((before, after)), .. } => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            State::Recording(approval) => {
                Action::Commit { key: approval.key(), expected: None, record: approval.record() }
            }
            State::Searching { taken: Some(taken), .. } => Action::Read { key: approval::key_of(&taken.approval) },
            State::Searching { at, taken: None, .. } => {
                Action::Read { key: self.claim_at(*at).map(|claim| claim.key.clone()).unwrap_or_default() }
            }
            State::Taking { at, approval } => match self.claim_at(*at) {
                Some(claim) => Action::Commit {
                    key: claim.key.clone(),
                    expected: claim.held.clone(),
                    record: claim.taken_by(approval, &shared.seal),
                },
                None => Action::Done { outcome: Box::new(self.failure(super::cancelled())) },
            },
            State::Consulting { approval: Some(id), .. } => Action::Read { key: approval::key_of(id) },
            State::Consulting { elsewhere, .. } => Action::Read { key: elsewhere.key.clone() },
            State::Noting(approval) => self.noting(approval),
            State::Deciding { before, after }
            | State::Claiming { before, after }
            | State::Turning { before, after }
            | State::Settling { before, after, .. } => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            State::Retracting(retraction) => retraction.action(),
            State::Comparing(approval) | State::Outrun(approval) => Action::Read { key: approval.key() },
            State::TakingUp => self.taking_up(shared),
            State::Dispatching(approval) => self.sent(approval.as_ref(), shared),
            State::Answering => self.inputs_question(shared),
            State::Keeping { key: Some(key), .. } => {
                Action::Keep { name: credential::name(shared), secret: key.clone() }
            }
            State::Keeping { key: None, .. } => Action::Done { outcome: Box::new(self.failure(key_lost(shared))) },
            State::Finished(outcome) => Action::Done { outcome: Box::new(outcome.clone()) },
        }
    }

    /// What goes out: with the caller's `_meta` where it is the call itself.
    fn sent(&self, approval: Option<&Approval>, shared: &Shared) -> Action {
        let Errand { tool, arguments } = self.outgoing(approval, shared);
        let meta = self.meta.clone().filter(|_| tool == self.name);
        let round = self.round.as_ref().map(|round| Box::new(round.next()));
        Action::CallTool { name: tool, arguments, meta, round }
    }

    /// What was on its way when the snapshot was written may have run: only a read is asked again.
    pub(crate) fn resume(&mut self, shared: &mut Shared) {
        self.resumed = true;
        if let State::Asking(approval) = &self.state {
            shared.questions.put(flow_of(&self.entropy), String::new(), approval.proposed_at);
        }
        let repeatable =
            shared.catalog.get(&self.name).is_some_and(|tool| tool.effect == Effect::Read && !tool.is_unconfirmed());
        match &self.state {
            _ if mutant::is(Mutant::Resume) => {}
            // What was taken is left to whoever settles the approval: the process that wrote the snapshot may live on.
            State::Taking { approval, .. } | State::Searching { approval: Some(approval), .. } => {
                let approval = Some(approval.clone());
                let error = self.lost(shared, "the process ended while the call was about to go out");
                self.conclude(approval, Standing::Unknown, self.failure(error), shared);
            }
            // What a person typed is not sent twice.
            State::Dispatching(None) if repeatable && self.role.is_none() && self.round.is_none() => {
                self.repeat(shared)
            }
            State::Dispatching(approval) => {
                let approval = approval.clone();
                let error = self.lost(shared, "the process ended while the call was on its way");
                self.conclude(approval, Standing::Unknown, self.failure(error), shared);
            }
            State::Keeping { settled, .. } => {
                let settled = settled.clone();
                let outcome = self.failure(key_lost(shared));
                self.settle_or_finish(settled, outcome);
            }
            // The record's last move is still made; the answer itself is gone.
            State::Settling { .. } | State::Uncounting { .. } => {}
            _ if self.arguments.secret => {
                self.refuse(super::cancelled().with_next("Make the call again: its code is not in the snapshot."));
            }
            _ => {}
        }
    }

    /// A read is made again if the guard that goes on with it permits it too.
    fn repeat(&mut self, shared: &Shared) {
        // The time matters to registrations alone.
        match self.permit(0, shared) {
            Ok((_, Ruling { verdict: Verdict::Allow, .. })) => {}
            Ok(_) => {
                let error = self.lost(shared, "the process ended while the call was on its way");
                self.refuse(error.with_next("Make the call again: the user's policy now wants a person's approval."));
            }
            Err(error) => self.refuse(error),
        }
    }

    pub(crate) fn handle(&mut self, mut input: Input<'_>, shared: &mut Shared) -> Result<()> {
        self.note_answer(&input, shared);
        // What was not sent of the guard's own calls is nothing that the call has to wait for.
        if matches!(input.happening, Happening::Failed { kind: Failure::CalledOff, .. })
            && !matches!(self.state, State::Dispatching(_))
        {
            input.happening = Happening::Cancelled;
        }
        match &mut self.state {
            State::LookingUp(lister) => {
                let mut lister = lister.clone();
                if matches!(input.happening, Happening::Cancelled) {
                    return self.call_off(shared);
                }
                match lister.handle(&input, shared)? {
                    None => self.state = State::LookingUp(lister),
                    // A list that cannot be read leaves the old one, which does not name the tool.
                    Some(_) => self.advance(input.now, true, shared),
                }
            }
            State::Recalling(id) => {
                let id = id.clone();
                self.recall(&id, &input, shared)?;
            }
            State::CheckingVault => self.vault_checked(&input, shared)?,
            State::Inquiring(_) => self.inquired(&input, shared)?,
            State::Waiting { until, .. } => match input.happening {
                // A host's timer may go off early: the same step is open again.
                Happening::Woke if input.now < *until => {}
                Happening::Woke => self.advance(input.now, false, shared),
                Happening::Cancelled => return self.call_off(shared),
                _ => return Err(input.wrong_event("`woke`")),
            },
            State::Pausing(_) => match &input.happening {
                Happening::Woke => self.advance(input.now, true, shared),
                Happening::Cancelled => return self.call_off(shared),
                _ => return Err(input.wrong_event("`woke`")),
            },
            State::Reviewing { digest, problem } => {
                let (digest, problem) = (digest.clone(), problem.clone());
                self.reviewed(&digest, problem, &input, shared)?;
            }
            State::Looking { look, .. } => {
                let look = *look;
                self.looked(look, &input, shared)?;
            }
            State::Following { approval, .. } => {
                let approval = approval.clone();
                self.followed(&approval, &input, shared)?;
            }
            State::Proposing(approval) => {
                let approval = approval.clone();
                if matches!(input.happening, Happening::Cancelled) {
                    // The ledger may have it already.
                    self.retract(&approval, super::cancelled(), None, shared);
                    return Ok(());
                }
                match dispatch::stored(&input.happening, &shared.redactor)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
                {
                    Ok(()) => {
                        shared.remember(approval.clone());
                        match self.elsewhere {
                            Some(_) => self.state = State::Noting(approval),
                            None => self.put(approval, input.now, shared),
                        }
                    }
                    Err(error) => self.refuse(error),
                }
            }
            State::Retracting(retraction) => {
                if let Some(error) = retraction.handle(&input, shared)? {
                    self.refuse(error);
                }
            }
            State::Consulting { elsewhere, approval } => {
                let (elsewhere, approval) = (elsewhere.clone(), approval.clone());
                self.consulted(elsewhere, approval.as_deref(), &input, shared)?;
            }
            State::Noting(approval) => {
                let approval = approval.clone();
                self.noted(approval, &input, shared)?;
            }
            State::Asking(approval) => match input.happening {
                // A host's timer may go off early: the same question is open again.
                Happening::Woke => {
                    let approval = approval.clone();
                    match self.silence(input.now, shared) {
                        _ if approval.is_expired(input.now) => self.refuse(unanswered(&approval, input.now)),
                        Some(error) => self.deny_unasked(&approval, error, input.now, shared),
                        None => {}
                    }
                }
                _ => {
                    let approval = approval.clone();
                    self.answered(&approval, &input, shared)?;
                }
            },
            State::Deciding { after, .. } => {
                let after = after.clone();
                self.decided(after, &input, shared)?;
            }
            State::Comparing(wanted) => {
                let wanted = wanted.clone();
                self.compared(&wanted, &input, shared)?;
            }
            State::Outrun(before) => {
                let before = before.clone();
                self.outrun(&before, &input, shared)?;
            }
            State::TakingUp => self.taken_up(&input, shared)?,
            State::Remembering { approval, remembered } => {
                let (approval, remembered) = (approval.clone(), remembered.clone());
                self.remembered(&approval, remembered, &input, shared)?;
            }
            State::Counting { after, .. } => {
                let after = after.clone();
                self.counted(after, &input, shared)?;
            }
            State::Rereading(id) => {
                let id = id.clone();
                self.reread(&id, &input, shared)?;
            }
            State::Recording(approval) => {
                let approval = approval.clone();
                self.recorded(approval, &input, shared)?;
            }
            State::Searching { at, taken, approval } => {
                let (at, taken, approval) = (*at, taken.clone(), approval.clone());
                self.searched(at, taken, approval, &input, shared)?;
            }
            State::Taking { at, approval } => {
                let (at, approval) = (*at, approval.clone());
                self.took(at, approval, &input, shared)?;
            }
            State::Claiming { before, after } => {
                let (before, after) = (before.clone(), after.clone());
                if matches!(input.happening, Happening::Cancelled) {
                    // The record may say `dispatched` already; nothing was sent, and nothing will be.
                    return self.call_off(shared);
                }
                if matches!(input.happening, Happening::Conflict) && !mutant::is(Mutant::Conflict) {
                    self.state = State::Outrun(before);
                    return Ok(());
                }
                match dispatch::claimed(&input.happening, &before, &shared.redactor)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
                {
                    Ok(()) => {
                        shared.remember(after.clone());
                        self.take_anew(after, input.now, shared);
                    }
                    Err(error) => {
                        self.decision.deny(Gate::Dispatch, &error);
                        self.refuse(error);
                    }
                }
            }
            State::Dispatching(approval) => {
                let approval = approval.clone();
                self.came_back(approval, &input, shared)?;
            }
            State::Turning { .. } => self.turned(&input, shared)?,
            State::Answering => self.inputs_answered(&input, shared)?,
            State::Keeping { .. } => self.kept(&input, shared)?,
            State::Settling { .. } => self.settled(&input, shared)?,
            State::Uncounting { .. } => self.uncounted(&input, shared)?,
            State::Finished(_) => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    /// What an answer brings into the session, be it the call's own or that of a question of the guard's.
    fn note_answer(&self, input: &Input<'_>, shared: &mut Shared) {
        let tool = match &self.state {
            State::Inquiring(errand) | State::Looking { errand, .. } | State::Following { errand, .. } => {
                errand.tool.clone()
            }
            State::Dispatching(approval) => self.sent_tool(approval.as_ref(), shared).to_owned(),
            _ => return,
        };
        gate::after::came(shared, &tool, &input.happening);
    }

    /// All gates, as far as they let the call through now.
    fn advance(&mut self, now: Millis, may_wait: bool, shared: &mut Shared) {
        // A passage that was cut short by a question of the guard's own is told once.
        self.decision.gates.truncate(self.passed);
        match self.examine(now, may_wait, shared) {
            Ok(Examined { paced: Paced::Wait { until, why }, .. }) => {
                self.passed = self.decision.gates.len();
                self.state = State::Waiting { until, why };
            }
            Ok(examined) => self.plan(&examined, now, shared),
            Err(error) => match (error.code(), error.detail("digest")) {
                (Code::DefinitionChanged | Code::DefinitionUnconfirmed, Some(Detail::Text(digest))) => {
                    if let Some(passage) = self.decision.gates.last_mut() {
                        passage.verdict = GateVerdict::Ask;
                    }
                    let digest = digest.clone();
                    self.review(digest, error, now, shared);
                }
                (Code::UnknownTool, _) if self.may_look_up(now, shared) => {
                    self.looked_up = true;
                    shared.looked_up = Some(now);
                    self.state = State::LookingUp(Lister::default());
                }
                _ => {
                    let error = unlisted(error, shared);
                    self.refuse(error);
                }
            },
        }
    }

    /// Once a call and not often: an agent that makes names up must not have the list read for each.
    fn may_look_up(&self, now: Millis, shared: &Shared) -> bool {
        let lately = shared.looked_up.is_some_and(|last| now >= last && now < last.saturating_add(LOOK_UP_EVERY));
        !self.looked_up && !lately && self.passed == 0 && shared.catalog.get(&self.name).is_none()
    }

    /// A person's word on the tool's new definition: it holds for exactly the one that was shown.
    fn reviewed(&mut self, digest: &str, problem: Error, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let answer = match &input.happening {
            Happening::Answer { answer } => answer,
            Happening::Cancelled => &Answer::Cancel,
            Happening::Woke if let Some(refusal) = self.silence(input.now, shared) => {
                self.refuse(asking::unreviewed(problem, refusal));
                return Ok(());
            }
            _ => return Err(input.wrong_event("`answer`")),
        };
        if !matches!(
            answer,
            Answer::Code { .. } | Answer::Resend | Answer::Ran { .. } | Answer::NotRan { .. } | Answer::Withdraw { .. }
        ) {
            self.heard_review(digest, answer, input.now, shared);
        }
        match answer {
            Answer::Approve { .. } => match super::accept::accept(&self.name, digest, shared) {
                Ok(()) => {
                    self.passed = self.decision.gates.len();
                    self.advance(input.now, true, shared);
                }
                Err(error) => self.refuse(error),
            },
            Answer::Deny { .. } => {
                self.refuse(problem.with_next("Do not call this tool: a person did not accept its definition."));
            }
            Answer::Defer => self.refuse(problem),
            Answer::Cancel => self.call_off(shared)?,
            Answer::Remember(..) => return Err(remembering::only_of_calls()),
            _ => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is about a tool's definition: answer with `approve`, `deny`, `cancel` or `defer`.",
                ));
            }
        }
        Ok(())
    }

    fn plan(&mut self, examined: &Examined, now: Millis, shared: &mut Shared) {
        match gate::plan::check(shared, &self.name, &self.entropy, now) {
            Ok(gate::plan::Standing::Free) => {}
            Ok(gate::plan::Standing::Included) => {
                self.decision.say(Gate::Plan, GateVerdict::Pass, "the plan includes it");
            }
            Ok(gate::plan::Standing::Ask(errand)) => {
                self.state = State::Inquiring(errand);
                return;
            }
            Ok(gate::plan::Standing::Wait(until)) => {
                self.state = State::Pausing(until);
                return;
            }
            Err(error) => {
                self.decision.deny(Gate::Plan, &error);
                return self.refuse(error);
            }
        }
        self.approve(examined, now, shared);
    }

    fn inquired(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let asked = match &input.happening {
            Happening::Result { .. } => {
                let answer = input.document()?;
                result::open(answer).and_then(|document| {
                    let result = document.tape().root();
                    if result::is_error(result) {
                        let (_, message) = crate::profile::error_of(result);
                        return Err(gate::plan::unknown(&shared.redactor.shown(&message, 300)));
                    }
                    match &shared.profile {
                        Some(profile) => shared.plans.answered(&self.name, result, profile, input.now),
                        None => Ok(()),
                    }
                })
            }
            Happening::Failed { kind, message, retry_after } => {
                Err(failure_error(*kind, message, *retry_after, input.now, true, shared))
            }
            Happening::Cancelled => {
                shared.plans.given_up(&self.name);
                return self.call_off(shared);
            }
            _ => return Err(input.wrong_event("`result` or `failed`")),
        };
        match asked {
            Ok(()) => self.advance(input.now, true, shared),
            Err(error) => {
                shared.plans.given_up(&self.name);
                self.decision.deny(Gate::Plan, &error);
                self.refuse(error);
            }
        }
        Ok(())
    }

    /// The ledger's answer: what other processes made of the quoted approval.
    fn recall(&mut self, id: &str, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            return self.call_off(shared);
        }
        let found =
            dispatch::found(&input.happening, id, shared).ok_or_else(|| input.wrong_event("`found` or `failed`"))?;
        self.recalled = true;
        match found {
            Ok(found) => {
                match found {
                    Some(approval) => {
                        note_found(&approval, shared);
                        shared.remember(approval);
                    }
                    // Where it was known by its call alone, there is nothing to come back to.
                    None if shared.approvals.get(id).is_none() => shared.approvals.remove(id),
                    None => {}
                }
                self.advance(input.now, true, shared);
            }
            Err(error) => {
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
            }
        }
        Ok(())
    }

    /// The approval gate.
    fn approve(&mut self, examined: &Examined, now: Millis, shared: &mut Shared) {
        if self.role.is_some_and(Role::gives_key) && self.vault.is_none() {
            self.state = State::CheckingVault;
            return;
        }
        let replaces = self.vault.is_some_and(|vault| vault != Vault::Empty);
        match self.search(&examined.document, shared) {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                self.decision.deny(Gate::Once, &error);
                return self.refuse(error);
            }
        }
        let is_permitted = examined.verdict == Verdict::Allow && !replaces && !self.gives_inputs(shared);
        if is_permitted && self.quoted.is_none() && self.doubts().is_empty() {
            match self.take_up(false, shared) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    self.decision.deny(Gate::Dispatch, &error);
                    return self.refuse(error);
                }
            }
            self.decision.say(Gate::Approval, GateVerdict::Pass, "not needed");
            if self.takes_something() {
                let under = self.rule.clone();
                if let Err(error) = self.record_unasked(&examined.document, under, None, now, shared) {
                    self.refuse(error);
                }
                return;
            }
            return self.dispatch(None, now, shared);
        }
        if let Some(id) = &self.quoted {
            let known = shared.approvals.get(id);
            // Another process may have decided about it, or gone on with it.
            let is_open = |approval: &Approval| match approval.state {
                Standing::Proposed => true,
                Standing::Dispatched => approval.request.is_some(),
                _ => false,
            };
            if !self.recalled && approval::is_id(id) && known.is_none_or(is_open) {
                self.state = State::Recalling(id.clone());
                return;
            }
        }
        let outcome = self.stand(examined, now, shared);
        if let Err(error) = outcome {
            // A record that has changed may be the work of this very approval, used elsewhere.
            if let Some(id) = self.quoted.as_ref().filter(|_| self.record.is_some() && !self.recalled) {
                self.state = State::Recalling(id.clone());
                return;
            }
            self.decision.deny(Gate::Approval, &error);
            self.refuse(error);
        }
    }

    fn stand(&mut self, examined: &Examined, now: Millis, shared: &mut Shared) -> Result<()> {
        let binding = self.bind(&examined.document, shared)?;
        let doubts = self.doubts();
        if let Some(approval) = self.quoted.as_ref().and_then(|id| shared.approvals.get(id)) {
            // The record that the call is about is looked at again only if the rest is as it was approved.
            let mut seen = binding.preview.clone();
            seen.record.clone_from(&approval.preview.record);
            gate::approval::exactly(approval, &binding.call, &binding.arguments, &seen)?;
            let following = approval.is_with_owner().then(|| sending::follow_up(approval, shared)).flatten();
            if let Some(errand) = following {
                self.state = State::Following { approval: approval.clone(), errand };
                return Ok(());
            }
            if !gate::approval::is_joined(approval, now, shared) {
                approval.check_usable(now)?;
            } else if self.check_silence(&binding.call, now, shared).is_err() {
                return Err(approval::required(approval));
            }
        }
        // An answer that a person gave for calls like this one is no word of those whom the policy names.
        if examined.approvers.is_none()
            && doubts.is_empty()
            && let Some(remembered) = self.find_remembered(&examined.document, &binding, now, shared).cloned()
        {
            self.count(remembered, now, shared);
            return Ok(());
        }
        if self.quoted.is_none() {
            self.check_silence(&binding.call, now, shared)?;
        }
        let parked = self.quoted.is_none().then(|| shared.approvals.parked_of(&binding.call, now)).flatten();
        if let Some(id) = parked.filter(|id| self.recalls < MAX_RECALLS && !shared.held.has(id)) {
            self.recalls = self.recalls.saturating_add(1);
            self.state = State::Recalling(id.to_owned());
            return Ok(());
        }
        if self.record.is_none()
            && let Some((look, errand)) = self.look(&examined.document, shared)
        {
            self.state = State::Looking { look, errand };
            return Ok(());
        }
        let named = self.elsewhere.as_ref().and_then(Elsewhere::named);
        let standing = gate::approval::check(
            shared,
            (self.quoted.as_deref(), named.as_deref()),
            &binding.call,
            &binding.arguments,
            &binding.preview,
            (examined.approvers.as_ref(), &doubts),
            now,
        )?;
        match standing {
            gate::approval::Standing::Approved(approval) => self.claim(approval, now, shared),
            // Somebody may have answered elsewhere meanwhile.
            gate::approval::Standing::Open(approval) if shared.lasting && !self.recalled => {
                self.state = State::Recalling(approval.id);
            }
            gate::approval::Standing::Open(approval) => {
                // Others of those who must agree may have been asked elsewhere, about another approval of the same call.
                let may_meet = approval.approvers.is_some() && self.quoted.is_none();
                if may_meet && self.consult(&binding.call, shared) {
                    return Ok(());
                }
                self.ask(approval.clone());
                self.put(approval, now, shared);
            }
            gate::approval::Standing::Missing => {
                if self.take_up(true, shared)? {
                    return Ok(());
                }
                if self.consult(&binding.call, shared) {
                    return Ok(());
                }
                shared.approvals.check_room(now)?;
                let check = self.check(&examined.document, shared);
                let times = (now, now.saturating_add(shared.approval_ttl));
                let mut earlier = doubts;
                let last = asking::earlier(&binding.call, None, shared);
                earlier.extend(last.filter(|last| earlier.iter().all(|one| one.approval != last.approval)));
                let (call, preview) = (binding.call, asking::telling(binding.preview, earlier));
                let approval = Approval::propose(&self.entropy, call, &binding.arguments, preview, check, times);
                let continues = self.round.as_ref().and_then(|round| round.continues.clone());
                let approvers = examined.approvers.clone();
                self.ask(Approval { continues, approvers, ..approval }.sealed(&shared.seal));
            }
        }
        Ok(())
    }

    fn ask(&mut self, approval: Approval) {
        self.decision.approval = Some(approval.id.clone());
        if self.is_given_by_person() {
            self.decision.say(Gate::Approval, GateVerdict::Pass, "a person gave exactly these inputs");
        } else {
            self.decision.say(Gate::Approval, GateVerdict::Ask, "a person must approve exactly this call");
        }
        self.state = State::Proposing(approval);
    }

    /// Puts the approval that the ledger holds to a person, unless all that is new in it is their own word.
    fn put(&mut self, approval: Approval, now: Millis, shared: &mut Shared) {
        // Who typed inputs is not known by name, so that where people are named one of them is asked.
        if !self.is_given_by_person() || approval.approvers.is_some() {
            shared.questions.put(flow_of(&self.entropy), String::new(), now);
            self.state = State::Asking(approval);
            return;
        }
        match decided(&approval, &Answer::Approve { by: None }, now, &shared.seal) {
            Ok(Decided::Moved(after)) => self.state = State::Deciding { before: approval, after: *after },
            Ok(Decided::Same) => self.go_on(&approval, now, shared),
            Err(error) => self.refuse(error),
        }
    }

    fn claim(&mut self, approval: Approval, now: Millis, shared: &mut Shared) {
        // Also where a person said yes elsewhere.
        if !self.is_given_by_person() {
            shared.questions.agreed(&flow_of(&self.entropy));
        }
        self.decision.approval = Some(approval.id.clone());
        match approval.moved(Standing::Dispatched) {
            Some(after) if mutant::is(Mutant::LedgerLater) => self.state = State::Dispatching(Some(after)),
            Some(after) => {
                self.decision.say(Gate::Approval, GateVerdict::Pass, "a person approved exactly this call");
                let after = Approval { dispatched_at: Some(now), ..after }.sealed(&shared.seal);
                self.state = State::Claiming { before: approval, after };
            }
            None => self.refuse(Error::new(Code::ApprovalSpent, "The approval was used already.")),
        }
    }

    /// The approval that it waits for a person to answer.
    pub(crate) fn asks_about(&self) -> Option<&Approval> {
        match &self.state {
            State::Asking(approval) => Some(approval),
            _ => None,
        }
    }

    /// The approval that the call asks about or goes by.
    pub(crate) fn holds(&self) -> Option<&Approval> {
        match &self.state {
            State::Proposing(approval)
            | State::Asking(approval)
            | State::Noting(approval)
            | State::Comparing(approval)
            | State::Outrun(approval) => Some(approval),
            State::Deciding { before, .. } | State::Claiming { before, .. } => Some(before),
            State::Retracting(retraction) => Some(retraction.before()),
            _ => None,
        }
    }

    /// After a person's answer: all gates again, for the world may have changed while they thought.
    fn go_on(&mut self, approval: &Approval, now: Millis, shared: &mut Shared) {
        if let Err(error) = approval.check_usable(now) {
            let holds = self.check_silence(&approval.call, now, shared).err();
            let error = match holds.as_ref().and_then(|held| held.detail("retry_at")).cloned() {
                Some(retry_at) if error.code() == Code::ApprovalDenied => error.with("retry_at", retry_at),
                _ => error,
            };
            self.decision.deny(Gate::Approval, &error);
            return self.refuse(error);
        }
        if mutant::is(Mutant::Recheck) {
            return self.claim(approval.clone(), now, shared);
        }
        self.quoted = Some(approval.id.clone());
        self.recalled = true;
        self.passed = self.decision.gates.len();
        if !self.drafted {
            self.record = None;
        }
        self.vault = None;
        self.advance(now, true, shared);
    }

    /// The ledger may have taken its time, or another process may have gone on from a snapshot: the approval may have
    /// expired, and the definition or the policy may be another by now.
    fn still_covered(&self, approval: &Approval, now: Millis, shared: &Shared) -> Result<()> {
        if mutant::is(Mutant::Recheck) || mutant::is(Mutant::Claimed) {
            return Ok(());
        }
        let tool = gate::known::check(&shared.catalog, &self.name, &shared.redactor)?;
        if let gate::pinned::Pinned::Asks(drift) = gate::pinned::check(tool, &shared.redactor)? {
            return Err(gate::pinned::refused(tool, drift));
        }
        let mut binding = self.bind(&self.read_arguments(), shared)?;
        binding.preview.record.clone_from(&approval.preview.record);
        gate::approval::exactly(approval, &binding.call, &binding.arguments, &binding.preview)?;
        // What the backend's owner agreed to was dispatched before, as far as the expiry goes.
        if approval.state == Standing::Approved { approval.check_usable(now) } else { Ok(()) }
    }

    fn dispatch(&mut self, approval: Option<Approval>, now: Millis, shared: &mut Shared) {
        let effect = self.decision.effect.unwrap_or(Effect::Billing);
        // A later round belongs to a call that was counted.
        if self.round.is_none()
            && let Err(error) = gate::pace::spend(shared, &self.name, effect, now, &mut self.decision)
        {
            return self.stop(approval, error, shared);
        }
        self.note_registration(now, shared);
        self.state = State::Dispatching(approval);
    }

    fn came_back(&mut self, approval: Option<Approval>, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if self.role.is_some_and(Role::gives_key) {
            return self.verified(approval, input, shared);
        }
        match &input.happening {
            Happening::Result { server_time } => {
                let text = input.document()?;
                if self.came_back_open(approval.as_ref(), text, input.now, shared) {
                    return Ok(());
                }
                let read = result::open(text).and_then(|document| {
                    let sent = self.sent_tool(approval.as_ref(), shared).to_owned();
                    let read = self.read_result(&document, text, &sent, *server_time, input.now, shared)?;
                    Ok((document, read))
                });
                match read {
                    Ok((document, (checked, true))) if self.asks_owner(approval.as_ref(), shared) => {
                        let settled = self.requested(approval, document.tape().root(), shared);
                        let outcome = Outcome::Result { result: checked.text, decision: self.decision.clone() };
                        self.settle_or_finish(settled, outcome);
                    }
                    Ok((_, (checked, succeeded))) => {
                        if let Some(effect) = self.decision.effect.filter(|_| succeeded) {
                            gate::pace::succeeded(shared, &self.name, effect);
                        }
                        self.decision.say(Gate::Result, GateVerdict::Pass, checked.note.clone());
                        let outcome = Outcome::Result { result: checked.text, decision: self.decision.clone() };
                        let to = if succeeded { Standing::Completed } else { Standing::Failed };
                        self.conclude(approval, to, outcome, shared);
                    }
                    Err(error) => {
                        self.decision.deny(Gate::Result, &error);
                        self.conclude(approval, Standing::Completed, self.failure(error), shared);
                    }
                }
            }
            Happening::Failed { kind: Failure::Lost, .. } if mutant::is(Mutant::Retry) => {}
            Happening::Failed { kind, message, retry_after } => {
                let repeatable = self.is_repeatable(shared);
                let error = failure_error(*kind, message, *retry_after, input.now, repeatable, shared);
                match approval.as_ref().and_then(|held| dispatch::given_back(*kind, held, input.now, shared)) {
                    Some(after) => self.settle_or_finish(approval.map(|held| (held, after)), self.failure(error)),
                    None if matches!(kind, Failure::NotSent | Failure::Audit | Failure::CalledOff) => {
                        self.stop(approval, error, shared);
                    }
                    None => self.conclude(approval, dispatch::state_after(*kind), self.failure(error), shared),
                }
            }
            Happening::Cancelled => {
                let error = self.lost(shared, "the call was called off while it was on its way");
                self.conclude(approval, dispatch::state_after(Failure::Lost), self.failure(error), shared);
            }
            _ => return Err(input.wrong_event("`result` or `failed`")),
        }
        Ok(())
    }

    /// `sent` is the tool that was really called.
    fn read_result(
        &self,
        document: &Document,
        text: &str,
        sent: &str,
        server_time: Option<Millis>,
        now: Millis,
        shared: &mut Shared,
    ) -> Result<(result::Checked, bool)> {
        let root = document.tape().root();
        gate::pace::heard(shared, root, now);
        if self.role == Some(Role::Request) {
            let arguments = self.read_arguments();
            let (profile, registration) = self.known(shared)?;
            let pending = read_request(
                &profile,
                &registration,
                root,
                &registration::form_of(arguments.tape().root()),
                server_time,
                now,
            )?;
            shared.registrations.add(pending);
        }
        if let Some(profile) = &shared.profile {
            shared.plans.called(&self.name, root, !result::is_error(root), profile);
        }
        // The definition was good when the call began; if the list changed meanwhile, the new one counts.
        let definition = shared.catalog.get(sent).and_then(|tool| tool.definition().ok());
        result::check(document, text, definition, &shared.redactor)
    }

    /// The record's last move. Whether the ledger takes it or not, the answer is given: the call has run.
    fn settled(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let State::Settling { after, outcome, .. } = &mut self.state else { return Ok(()) };
        match &input.happening {
            Happening::Committed => shared.remember(after.clone()),
            Happening::Conflict | Happening::Failed { .. } | Happening::Cancelled => {}
            _ => return Err(input.wrong_event("`committed`, `conflict` or `failed`")),
        }
        let outcome = outcome.take().unwrap_or_else(|| {
            failed(match after.state {
                Standing::Approved => Error::new(Code::Unreachable, "The backend was not reached."),
                _ => Error::new(Code::OutcomeUnknown, "The answer was lost with the process that received it.")
                    .with("approval", after.id.as_str()),
            })
        });
        let outcome = match (outcome, &input.happening) {
            (Outcome::Failed { error, decision }, Happening::Committed) if after.state == Standing::Approved => {
                Outcome::Failed { error: dispatch::not_burnt(error, after), decision }
            }
            (outcome, _) => outcome,
        };
        let under = after.under.clone().filter(|under| after.not_sent && remembered::is_id(under));
        self.state = match under {
            Some(id) => State::Uncounting { id, counted: None, outcome: Some(outcome) },
            None => State::Finished(outcome),
        };
        Ok(())
    }

    fn conclude(&mut self, approval: Option<Approval>, to: Standing, outcome: Outcome, shared: &Shared) {
        let outcome = match (outcome, &approval) {
            (Outcome::Failed { error, decision }, Some(approval)) => {
                Outcome::Failed { error: error.with("approval", approval.id.as_str()), decision }
            }
            (outcome, _) => outcome,
        };
        self.settle_or_finish(settlement(approval, to, shared), outcome);
    }

    fn settle_or_finish(&mut self, settled: Option<(Approval, Approval)>, outcome: Outcome) {
        self.state = match settled {
            Some((before, after)) => State::Settling { before, after, outcome: Some(outcome) },
            None => State::Finished(outcome),
        };
    }

    /// A question of the guard's own came to nothing, so that the call goes no further.
    fn errand_failed(&mut self, input: &Input<'_>, shared: &Shared) -> Result<()> {
        match &input.happening {
            Happening::Failed { kind, message, retry_after } => {
                self.refuse(failure_error(*kind, message, *retry_after, input.now, true, shared));
                Ok(())
            }
            Happening::Cancelled => self.call_off(shared),
            _ => Err(input.wrong_event("`result` or `failed`")),
        }
    }

    fn call_off(&mut self, shared: &Shared) -> Result<()> {
        self.end(super::cancelled(), shared);
        Ok(())
    }

    /// Ends with that error, and with it the approval that was asked for; where the call is called off, a yes to it too.
    pub(crate) fn end(&mut self, error: Error, shared: &Shared) {
        match self.decision.approval.as_ref().and_then(|id| shared.approvals.get(id)).cloned() {
            Some(own) => self.retract(&own, error, None, shared),
            None => self.refuse(error),
        }
    }

    fn refuse(&mut self, error: Error) {
        self.state = State::Finished(self.failure(error));
    }

    fn failure(&self, error: Error) -> Outcome {
        Outcome::Failed { error, decision: Some(self.decision.clone()) }
    }

    fn is_repeatable(&self, shared: &Shared) -> bool {
        shared
            .catalog
            .get(&self.name)
            .is_some_and(|tool| tool.hints.idempotent && !tool.is_unconfirmed() && self.role.is_none())
    }

    fn lost(&self, shared: &Shared, why: &str) -> Error {
        if self.role.is_some_and(Role::gives_key) {
            registration::unknown()
        } else {
            failure_error(Failure::Lost, why, None, 0, self.is_repeatable(shared), shared)
        }
    }

    /// The arguments, read; they passed the gates once.
    fn read_arguments(&self) -> Document {
        Document::read(self.arguments.text.get(), json::ARGUMENTS).unwrap_or_default()
    }
}

/// Nobody answered: the approval stays open, unless its time is over.
fn unanswered(approval: &Approval, now: Millis) -> Error {
    approval.check_usable(now).err().unwrap_or_else(|| approval::required(approval))
}

/// The record's last move, if there is a record.
fn settlement(approval: Option<Approval>, to: Standing, shared: &Shared) -> Option<(Approval, Approval)> {
    let before = approval?;
    let after = before.moved(to)?.sealed(&shared.seal);
    Some((before, after))
}
