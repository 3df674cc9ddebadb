//! Calls one tool through the gates.
//!
//! `proposing → asking → deciding → claiming → dispatching → (keeping) → settling → finished`; a call that needs
//! no approval goes straight to `dispatching`. After a pause every gate before the dispatch is passed again.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::signup::registration::{self, PendingState, read_request};
use super::signup::{self, Role};
use super::{Input, failed, failure_error};
use crate::approval::{self, Approval, Bound, Preview, State as Standing};
use crate::error::{Code, Error, Result};
use crate::flow::decide::decided;
use crate::gate::{self, Decision, Gate, GateVerdict, dispatch, result};
use crate::guard::Shared;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::{FromNode, Source, record};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document, Json};
use crate::policy::Verdict;
use crate::secret::Secret;
use crate::step::{Action, Answer, Failure, Happening, Millis, Outcome, Question};

/// The flow `call`.
#[derive(Debug, Serialize)]
pub(crate) struct Call {
    name: String,
    /// Exactly as they passed the gates, and exactly as they are sent.
    arguments: Arguments,
    entropy: String,
    /// The approval that the caller quoted.
    quoted: Option<String>,
    role: Option<Role>,
    decision: Decision,
    state: State,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Proposing(Approval),
    Asking(Approval),
    Deciding {
        before: Approval,
        after: Approval,
    },
    Claiming {
        before: Approval,
        after: Approval,
    },
    Dispatching(Option<Approval>),
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

record!(open Call { name, arguments, entropy, decision, state; quoted, role });

impl FromNode for State {
    fn blank() -> Self {
        State::Dispatching(None)
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "proposing" => State::Proposing(from.whole()),
            "asking" => State::Asking(from.whole()),
            "deciding" => State::Deciding { before: from.member("before"), after: from.member("after") },
            "claiming" => State::Claiming { before: from.member("before"), after: from.member("after") },
            "dispatching" => State::Dispatching(from.whole()),
            "keeping" => State::Keeping { settled: from.member_or_default("settled"), key: None, outcome: None },
            "settling" => State::Settling { before: from.member("before"), after: from.member("after"), outcome: None },
            other => {
                let known = &["proposing", "asking", "deciding", "claiming", "dispatching", "keeping", "settling"];
                return from.unknown_variant(other, known);
            }
        };
    }
}

/// What the gates before the approval make of a call.
struct Examined {
    /// In their canonical form.
    arguments: String,
    bound: Bound,
    preview: Preview,
    verdict: Verdict,
}

impl Call {
    pub(crate) fn begin(
        name: String,
        quoted: Option<String>,
        arguments: Option<&str>,
        entropy: String,
        now: Millis,
        shared: &mut Shared,
    ) -> Self {
        let mut decision = Decision::new(&shared.redactor.shown(&name, 256));
        let role = Role::of(&name, shared);
        let text = arguments.unwrap_or("{}");
        let outcome = examine(&name, text, role, now, shared, &mut decision);
        let mut call = Call {
            name,
            arguments: Arguments { text: crate::step::no_arguments(), secret: role.is_some_and(Role::gives_key) },
            entropy,
            quoted,
            role,
            decision,
            state: State::Dispatching(None),
        };
        match outcome {
            Ok(examined) => {
                call.arguments.text = Json::verbatim(text);
                call.approve(&examined, now, shared);
            }
            Err(error) => call.refuse(error),
        }
        call
    }

    pub(crate) fn action(&self, shared: &Shared) -> Action {
        match &self.state {
            State::Proposing(approval) => {
                Action::Commit { key: approval.key(), expected: None, record: approval.record() }
            }
            State::Asking(approval) => Action::Ask {
                question: Question::Approval {
                    message: format!(
                        "May the agent call {}? ({})",
                        approval.preview.title,
                        approval.preview.effect.as_str()
                    ),
                    approval: approval.id.clone(),
                    preview: approval.preview.clone(),
                    digest: approval.digest.clone(),
                    expires_at: approval.expires_at,
                },
            },
            State::Deciding { before, after }
            | State::Claiming { before, after }
            | State::Settling { before, after, .. } => {
                Action::Commit { key: after.key(), expected: Some(before.record()), record: after.record() }
            }
            State::Dispatching(_) => {
                Action::CallTool { name: self.name.clone(), arguments: self.arguments.text.clone() }
            }
            State::Keeping { key: Some(key), .. } => {
                Action::Keep { name: credential_name(shared), secret: key.clone() }
            }
            State::Keeping { key: None, .. } => Action::Done { outcome: Box::new(self.failure(key_lost(shared))) },
            State::Finished(outcome) => Action::Done { outcome: Box::new(outcome.clone()) },
        }
    }

    /// What was on its way when the snapshot was written may have run: only a read is asked again.
    pub(crate) fn resume(&mut self, shared: &mut Shared) {
        let repeatable =
            shared.catalog.get(&self.name).is_some_and(|tool| tool.effect == crate::catalog::effect::Effect::Read);
        match &self.state {
            State::Dispatching(None) if repeatable && self.role.is_none() => {}
            State::Dispatching(approval) => {
                let approval = approval.clone();
                let error = self.lost(shared, "the process ended while the call was on its way");
                self.conclude(approval, Standing::Unknown, self.failure(error));
            }
            State::Keeping { settled, .. } => {
                let settled = settled.clone();
                let outcome = self.failure(key_lost(shared));
                self.settle_or_finish(settled, outcome);
            }
            State::Proposing(_) | State::Asking(_) | State::Deciding { .. } | State::Claiming { .. }
                if self.arguments.secret =>
            {
                self.refuse(super::cancelled().with_next("Make the call again: its code is not in the snapshot."));
            }
            State::Settling { outcome: None, .. } => {
                self.refuse(Error::new(Code::OutcomeUnknown, "The answer was lost with the process that received it."))
            }
            _ => {}
        }
    }

    pub(crate) fn handle(&mut self, input: Input<'_>, shared: &mut Shared) -> Result<()> {
        match &self.state {
            State::Proposing(approval) => {
                let approval = approval.clone();
                if matches!(input.happening, Happening::Cancelled) {
                    return self.call_off();
                }
                match dispatch::stored(&input.happening)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
                {
                    Ok(()) => {
                        shared.remember(approval.clone());
                        self.state = State::Asking(approval);
                    }
                    Err(error) => self.refuse(error),
                }
            }
            State::Asking(approval) => {
                let approval = approval.clone();
                self.answered(&approval, &input)?;
            }
            State::Deciding { after, .. } => {
                let after = after.clone();
                if matches!(input.happening, Happening::Cancelled) {
                    return self.call_off();
                }
                match dispatch::stored(&input.happening)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
                {
                    Ok(()) => {
                        shared.remember(after.clone());
                        self.go_on(&after, input.now, shared);
                    }
                    Err(error) => self.refuse(error),
                }
            }
            State::Claiming { before, after } => {
                let (before, after) = (before.clone(), after.clone());
                if matches!(input.happening, Happening::Cancelled) {
                    // The record may say `dispatched` already; nothing was sent, and nothing will be.
                    return self.call_off();
                }
                match dispatch::claimed(&input.happening, &before)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
                {
                    Ok(()) => {
                        shared.remember(after.clone());
                        self.decision.say(Gate::Dispatch, GateVerdict::Pass, "the approval was spent on this call");
                        self.dispatch(Some(after), input.now, shared);
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
            State::Keeping { .. } => self.kept(&input, shared)?,
            State::Settling { .. } => self.settled(&input, shared)?,
            State::Finished(_) => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    /// The approval gate, at the first passage.
    fn approve(&mut self, examined: &Examined, now: Millis, shared: &mut Shared) {
        if examined.verdict == Verdict::Allow && self.quoted.is_none() {
            self.decision.say(Gate::Approval, GateVerdict::Pass, "not needed");
            return self.dispatch(None, now, shared);
        }
        let standing = gate::approval::check(
            shared.approvals.values(),
            self.quoted.as_deref(),
            &examined.bound,
            &examined.arguments,
            &examined.preview,
            &shared.redactor,
            now,
        );
        match standing {
            Ok(gate::approval::Standing::Approved(approval)) => self.claim(approval),
            Ok(gate::approval::Standing::Open(approval)) => self.ask(approval, true),
            Ok(gate::approval::Standing::Missing) => {
                let (bound, preview) = (examined.bound.clone(), examined.preview.clone());
                let approval =
                    Approval::propose(&self.entropy, bound, &examined.arguments, preview, now, shared.approval_ttl);
                self.ask(approval, false);
            }
            Err(error) => {
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
            }
        }
    }

    fn ask(&mut self, approval: Approval, stored: bool) {
        self.decision.approval = Some(approval.id.clone());
        self.decision.say(Gate::Approval, GateVerdict::Ask, "a person must approve exactly this call");
        self.state = if stored { State::Asking(approval) } else { State::Proposing(approval) };
    }

    fn claim(&mut self, approval: Approval) {
        self.decision.approval = Some(approval.id.clone());
        match approval.moved(Standing::Dispatched) {
            Some(after) => {
                self.decision.say(Gate::Approval, GateVerdict::Pass, "a person approved exactly this call");
                self.state = State::Claiming { before: approval, after };
            }
            None => self.refuse(Error::new(Code::ApprovalSpent, "The approval was used already.")),
        }
    }

    fn answered(&mut self, approval: &Approval, input: &Input<'_>) -> Result<()> {
        let answer = match &input.happening {
            Happening::Answer { answer } => answer,
            Happening::Cancelled => &Answer::Cancel,
            _ => return Err(input.wrong_event("`answer`")),
        };
        match answer {
            Answer::Approve | Answer::Deny { .. } => match decided(approval, answer, input.now) {
                Ok(after) => self.state = State::Deciding { before: approval.clone(), after },
                Err(error) => self.refuse(error),
            },
            Answer::Defer => self.refuse(approval::required(approval)),
            Answer::Cancel => self.call_off()?,
            Answer::Code { .. } | Answer::Resend => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is about an approval: answer with `approve`, `deny`, `cancel` or `defer`.",
                ));
            }
        }
        Ok(())
    }

    /// After a person's answer: all gates again, for the world may have changed while they thought.
    fn go_on(&mut self, approval: &Approval, now: Millis, shared: &mut Shared) {
        if let Err(error) = approval.check_usable(now) {
            self.decision.deny(Gate::Approval, &error);
            return self.refuse(error);
        }
        let text = self.arguments.text.get().to_owned();
        match examine(&self.name, &text, self.role, now, shared, &mut self.decision) {
            Ok(examined) if approval.covers(&examined.bound, &examined.arguments, &examined.preview) => {
                self.claim(approval.clone())
            }
            Ok(examined) => {
                let different = approval.difference(&examined.bound, &examined.preview);
                let error = Error::new(
                    Code::ApprovalMismatch,
                    format!("While the person decided, the call changed: {}.", different.join(", ")),
                )
                .with("different", different)
                .with("approval", approval.id.as_str());
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
            }
            Err(error) => self.refuse(error),
        }
    }

    fn dispatch(&mut self, approval: Option<Approval>, now: Millis, shared: &mut Shared) {
        match self.role {
            Some(Role::Request) => {
                if let Some(email) = signup::email_of(self.read_arguments().tape().root()) {
                    shared.registrations.requested(&email, now);
                }
            }
            Some(Role::Verify) => {
                let arguments = self.read_arguments();
                if let Some(pending) = shared.registrations.get_mut(&request_id_of(arguments.tape().root())) {
                    pending.state = PendingState::Verifying;
                }
            }
            Some(Role::Join) | None => {}
        }
        self.state = State::Dispatching(approval);
    }

    fn came_back(&mut self, approval: Option<Approval>, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if self.role.is_some_and(Role::gives_key) {
            return self.verified(approval, input, shared);
        }
        match &input.happening {
            Happening::Result { server_time } => {
                let text = input.document()?;
                let read = self.read_result(text, *server_time, input.now, shared);
                match read {
                    Ok((checked, succeeded)) => {
                        self.decision.say(Gate::Result, GateVerdict::Pass, checked.note.clone());
                        let outcome = Outcome::Result { result: checked.text, decision: self.decision.clone() };
                        self.conclude(
                            approval,
                            if succeeded { Standing::Completed } else { Standing::Failed },
                            outcome,
                        );
                    }
                    Err(error) => {
                        self.decision.deny(Gate::Result, &error);
                        self.conclude(approval, Standing::Completed, self.failure(error));
                    }
                }
            }
            Happening::Failed { kind, message, retry_after } => {
                let repeatable = self.is_repeatable(shared);
                let error = failure_error(*kind, message, *retry_after, input.now, repeatable, shared);
                self.conclude(approval, dispatch::state_after(*kind), self.failure(error));
            }
            Happening::Cancelled => {
                let error = self.lost(shared, "the call was called off while it was on its way");
                self.conclude(approval, dispatch::state_after(Failure::Lost), self.failure(error));
            }
            _ => return Err(input.wrong_event("`result` or `failed`")),
        }
        Ok(())
    }

    fn read_result(
        &self,
        text: &str,
        server_time: Option<Millis>,
        now: Millis,
        shared: &mut Shared,
    ) -> Result<(result::Checked, bool)> {
        let document = result::open(text)?;
        if self.role == Some(Role::Request) {
            let arguments = self.read_arguments();
            let (profile, registration) = self.known(shared)?;
            let pending = read_request(
                &profile,
                &registration,
                document.tape().root(),
                &signup::email_of(arguments.tape().root()).unwrap_or_default(),
                server_time,
                now,
            )?;
            shared.registrations.add(pending);
        }
        // The definition was good when the call began; if the list changed meanwhile, the new one counts.
        let definition = shared.catalog.get(&self.name).and_then(|tool| tool.definition().ok());
        result::check(&document, text, definition, &shared.redactor)
    }

    /// The answer to a verification that the agent made itself: the key is taken out before anything is shown.
    fn verified(&mut self, approval: Option<Approval>, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let (profile, registration) = self.known(shared)?;
        let outcome = signup::read_verification(input, shared, &profile, &registration)?;
        signup::settle(shared, &request_id_of(self.read_arguments().tape().root()), &outcome);
        let standing = match &outcome {
            Ok(_) => Standing::Completed,
            Err(error) if error.code() == Code::SignupUnknown => Standing::Unknown,
            Err(_) => Standing::Failed,
        };
        let settled = approval.and_then(|before| before.moved(standing).map(|after| (before, after)));
        let verified = match outcome {
            Ok(verified) => verified,
            Err(error) => {
                self.decision.deny(Gate::Result, &error);
                let outcome = self.failure(error);
                self.settle_or_finish(settled, outcome);
                return Ok(());
            }
        };
        let text = input.document()?;
        let masked = signup::masked(&profile, &verified.key).masked;
        let text = text.replace(verified.key.expose(), &masked);
        let shown = result::open(&text)
            .map(|document| result::show(&document, &text, "the key went to the vault", &shared.redactor));
        // Whoever joins gets a key; the account is there already, and its answer need not describe it.
        let account = if self.role == Some(Role::Join) { Ok(()) } else { verified.account.map(|_| ()) };
        let outcome = match account.and(shown) {
            // A key that an unusual spelling hid from the replacement is not shown: nothing of the answer is.
            Ok(checked) if !reveals(checked.text.get(), verified.key.expose()) => {
                self.decision.say(Gate::Result, GateVerdict::Pass, checked.note.clone());
                Outcome::Result { result: checked.text, decision: self.decision.clone() }
            }
            Ok(_) => self.failure(Error::new(
                Code::InvalidResult,
                "The answer could not be shown without its key; the key is in the vault.",
            )),
            Err(error) => self.failure(error),
        };
        self.state = State::Keeping { settled, key: Some(verified.key), outcome: Some(outcome) };
        Ok(())
    }

    fn kept(&mut self, input: &Input<'_>, shared: &Shared) -> Result<()> {
        let State::Keeping { settled, outcome, .. } = &mut self.state else { return Ok(()) };
        let (settled, outcome) = (settled.take(), outcome.take());
        let outcome = match (&input.happening, outcome) {
            (Happening::Kept, Some(outcome)) => outcome,
            (Happening::Kept | Happening::Failed { .. } | Happening::Cancelled, _) => self.failure(key_lost(shared)),
            (_, outcome) => {
                if let State::Keeping { settled: settled_slot, outcome: outcome_slot, .. } = &mut self.state {
                    *settled_slot = settled;
                    *outcome_slot = outcome;
                }
                return Err(input.wrong_event("`kept` or `failed`"));
            }
        };
        self.settle_or_finish(settled, outcome);
        Ok(())
    }

    /// The record's last move. Whether the ledger takes it or not, the answer is given: the call has run.
    fn settled(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let State::Settling { after, outcome, .. } = &mut self.state else { return Ok(()) };
        match &input.happening {
            Happening::Committed => shared.remember(after.clone()),
            Happening::Conflict | Happening::Failed { .. } | Happening::Cancelled => {}
            _ => return Err(input.wrong_event("`committed`, `conflict` or `failed`")),
        }
        let outcome = outcome.take();
        self.state = State::Finished(
            outcome.unwrap_or_else(|| failed(Error::new(Code::OutcomeUnknown, "The answer was lost."))),
        );
        Ok(())
    }

    fn conclude(&mut self, approval: Option<Approval>, to: Standing, outcome: Outcome) {
        self.settle_or_finish(approval.and_then(|before| before.moved(to).map(|after| (before, after))), outcome);
    }

    fn settle_or_finish(&mut self, settled: Option<(Approval, Approval)>, outcome: Outcome) {
        self.state = match settled {
            Some((before, after)) => State::Settling { before, after, outcome: Some(outcome) },
            None => State::Finished(outcome),
        };
    }

    fn call_off(&mut self) -> Result<()> {
        self.refuse(super::cancelled());
        Ok(())
    }

    fn refuse(&mut self, error: Error) {
        self.state = State::Finished(self.failure(error));
    }

    fn failure(&self, error: Error) -> Outcome {
        Outcome::Failed { error, decision: Some(self.decision.clone()) }
    }

    fn is_repeatable(&self, shared: &Shared) -> bool {
        shared.catalog.get(&self.name).is_some_and(|tool| tool.hints.idempotent && self.role.is_none())
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

    fn known(&self, shared: &Shared) -> Result<(crate::profile::Profile, crate::profile::Registration)> {
        let profile = shared.profile.clone();
        profile
            .and_then(|profile| profile.registration.clone().map(|registration| (profile, registration)))
            .ok_or_else(|| Error::new(Code::NoRegistration, "Nothing is known of how to sign up at this backend."))
    }
}

/// The gates known, arguments and policy; writes down what each said.
fn examine(
    name: &str,
    text: &str,
    role: Option<Role>,
    now: Millis,
    shared: &Shared,
    decision: &mut Decision,
) -> Result<Examined> {
    let tool = gate::known::check(&shared.catalog, name, &shared.redactor)
        .inspect_err(|error| decision.deny(Gate::Known, error))?;
    decision.say(Gate::Known, GateVerdict::Pass, "");
    decision.effect = Some(tool.effect);
    decision.reasons.clone_from(&tool.reasons);
    gate::pinned::pass(tool, &shared.redactor, decision)?;

    let hidden = signup::hidden_arguments(role);
    let checked = tool.definition().and_then(|definition| {
        let document = gate::arguments::check(tool, definition, text, &hidden, &shared.redactor)?;
        if let Some(role) = role {
            signup::check_call(role, document.tape().root(), now, shared)?;
        }
        Ok((definition, document))
    });
    let (definition, document) = checked.inspect_err(|error| decision.deny(Gate::Arguments, error))?;
    decision.say(Gate::Arguments, GateVerdict::Pass, "");

    let ruling = gate::policy::check(&shared.policy, tool).inspect_err(|error| decision.deny(Gate::Policy, error))?;
    let verdict = if ruling.verdict == Verdict::Ask { GateVerdict::Ask } else { GateVerdict::Pass };
    decision.say(Gate::Policy, verdict, ruling.source);

    let value = document.tape().root();
    let arguments = canonical(value);
    let bound = Bound {
        server: shared.server.clone(),
        tool: tool.name.clone(),
        definition: definition.digest.clone(),
        arguments: sha256_hex(arguments.as_bytes()),
        subject: shared.subject.clone(),
        policy: shared.policy.digest.clone(),
    };
    let hidden: Vec<&str> = definition.input.hidden().chain(hidden.iter().map(String::as_str)).collect();
    let preview = Preview::of(tool, value, &hidden);
    Ok(Examined { arguments, bound, preview, verdict: ruling.verdict })
}

fn request_id_of(arguments: Node<'_>) -> Cow<'_, str> {
    crate::json::text(arguments, &["requestId", "request_id"]).unwrap_or_default()
}

fn credential_name(shared: &Shared) -> String {
    shared
        .profile
        .as_ref()
        .and_then(|profile| profile.credential.as_ref())
        .map_or_else(|| "api_key".to_owned(), |credential| credential.name.clone())
}

fn key_lost(shared: &Shared) -> Error {
    shared
        .profile
        .as_ref()
        .map_or_else(|| Error::new(Code::KeyNotKept, "The key could not be put into the vault."), signup::not_kept)
}

/// Whether the secret stands in any string of the text, however it is spelled there.
fn reveals(text: &str, secret: &str) -> bool {
    fn within(node: Node<'_>, secret: &str) -> bool {
        match node.kind() {
            Kind::String => node.text().contains(secret),
            Kind::Array => node.items().any(|item| within(item, secret)),
            Kind::Object => node.members().any(|member| member.name().contains(secret) || within(member.value, secret)),
            _ => false,
        }
    }
    Document::read(text, json::RESULT).map_or(true, |document| within(document.tape().root(), secret))
}
