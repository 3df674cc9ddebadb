//! The whole host protocol in one file: what the core asks of a host, and what the host says back.
//!
//! A flow has exactly one open step at a time. The event that answers it quotes its id; an event with any
//! other id changes nothing. Documents of unbounded size (arguments, results, tool lists) come in beside the
//! event as JSON text, so that the core sees what was really written.

use serde::Serialize;

use crate::approval::{Approval, Approvers, By, Preview, State};
use crate::catalog::effect::Effect;
use crate::error::{Detail, Error};
pub use crate::failure::Failure;
use crate::flow::doctor::Report;
use crate::flow::plan_upgrade::Upgrade;
use crate::flow::signup::Form;
use crate::gate::Decision;
use crate::json::Json;
use crate::json::de::{self, FromNode, Source, record, words};
use crate::mcp::inputs::{self, InputAnswer, InputRequest, RequestState};
use crate::questions::SilenceScope;
use crate::secret::{Masked, Secret};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// Names one flow; made from the entropy that came with its start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct FlowId(pub(crate) String);

/// Names one step: the flow's id, `/`, and the step's number within the flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StepId(pub(crate) String);

impl From<String> for FlowId {
    fn from(text: String) -> Self {
        FlowId(text)
    }
}

impl FromNode for StepId {
    fn blank() -> Self {
        StepId(String::new())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0.fill(from);
    }
}

impl StepId {
    pub(crate) fn of(flow: &FlowId, number: u32) -> Self {
        StepId(format!("{}/{number}", flow.0))
    }

    /// The flow that the id claims to belong to.
    pub(crate) fn flow(&self) -> FlowId {
        let flow = self.0.rsplit_once('/').map_or("", |(flow, _)| flow);
        FlowId(flow.to_owned())
    }
}

/// Begins a flow.
#[derive(Debug, Clone)]
pub struct Start {
    /// The host's clock.
    pub now: Millis,
    /// At least 16 random bytes in hexadecimal; names the flow and any approval made in it.
    pub entropy: String,
    /// Which flow.
    pub flow: Work,
}

record!(strict Start { now, entropy, flow; });

/// The work that a flow does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Reads the whole tool list.
    List,
    /// Calls one tool through the gates; the arguments' JSON text comes beside the start.
    Call {
        /// The tool's name.
        name: String,
        /// The id of an approval that was given for this exact call.
        approval: Option<String>,
        /// The call's `_meta`, an object; members of the guard's own are left out of what is sent.
        meta: Option<Json>,
    },
    /// Signs an organisation up and keeps its key.
    Signup {
        /// What the backend wants to know.
        form: Form,
    },
    /// Looks whether the workspace is usable.
    Doctor,
    /// Records a person's answer to an approval that was left open.
    Decide {
        /// The approval's id.
        approval: String,
        /// What the person said: `approve`, `deny` or `withdraw`.
        answer: Answer,
    },
    /// Finds out what became of a call that was sent under an approval.
    Settle {
        /// The approval's id.
        approval: String,
        /// What a person knows of it: whether the call took effect.
        ran: Option<bool>,
        /// Who that person is.
        by: Option<By>,
    },
    /// Takes back what a person does not want to be asked, see [`crate::questions::Silence`].
    Lift {
        /// The silence's id.
        silence: String,
    },
    /// Makes a payment link for another plan, once a person said yes.
    PlanUpgrade {
        /// What is wanted.
        upgrade: Upgrade,
    },
    /// Answers what a server asks for while a call runs, under protocols before 2026-07-28; the request's `method` and
    /// `params` come beside the start as JSON text.
    Inputs,
    /// Records that a person accepts a tool's new definition.
    Accept {
        /// The tool's name.
        tool: String,
        /// Of the definition that was shown to them.
        digest: String,
    },
    /// Takes a remembered answer back.
    Forget {
        /// The answer's id.
        remembered: String,
    },
}

impl FromNode for Work {
    fn blank() -> Self {
        Work::List
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let kind = from.tagged(&[
            &["list"],
            &["call", "name", "approval", "meta"],
            &["signup", "form"],
            &["doctor"],
            &["decide", "approval", "answer"],
            &["settle", "approval", "ran", "by"],
            &["plan_upgrade", "upgrade"],
            &["accept", "tool", "digest"],
            &["forget", "remembered"],
            &["lift", "silence"],
            &["inputs"],
        ]);
        *self = match kind {
            Some(1) => Work::Call {
                name: from.member("name"),
                approval: from.member_or_default("approval"),
                meta: from.member_or_default("meta"),
            },
            Some(2) => Work::Signup { form: from.member("form") },
            Some(3) => Work::Doctor,
            Some(4) => Work::Decide { approval: from.member("approval"), answer: from.member("answer") },
            Some(5) => Work::Settle {
                approval: from.member("approval"),
                ran: from.member_or_default("ran"),
                by: from.member_or_default("by"),
            },
            Some(6) => Work::PlanUpgrade { upgrade: from.member("upgrade") },
            Some(7) => Work::Accept { tool: from.member("tool"), digest: from.member("digest") },
            Some(8) => Work::Forget { remembered: from.member("remembered") },
            Some(9) => Work::Lift { silence: from.member("silence") },
            Some(10) => Work::Inputs,
            _ => Work::List,
        };
    }
}

/// What the host must do next.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// The id that the answering event quotes.
    pub id: StepId,
    /// The flow that the step belongs to.
    pub flow: FlowId,
    /// Lines that must be stored in the audit, in this order, before the step is performed. If they cannot be, answer
    /// with `failed` of the kind `audit`; a `keep` is performed nevertheless, and the outcome of a `done` is returned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<String>,
    /// Questions of other flows that a person's no settled as well: take them off the screen and answer them with `woke`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withdraw: Vec<StepId>,
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
}

/// The kinds of step.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Send `tools/list`; answer with `tools` or `failed`.
    ListTools {
        /// The cursor of the page, absent for the first.
        #[serde(skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    },
    /// Send `tools/call`; answer with `result` or `failed`.
    CallTool {
        /// The tool's name.
        name: String,
        /// The arguments, exactly as they passed the gates.
        arguments: Json,
        /// The call's `_meta`, exactly as it passed the gates.
        #[serde(skip_serializing_if = "Option::is_none")]
        meta: Option<Json>,
        /// What goes with a later round of the call.
        #[serde(flatten)]
        round: Option<Box<NextRound>>,
    },
    /// Show a question to a person; answer with `answer`.
    Ask {
        /// The question.
        question: Box<Question>,
    },
    /// Put a secret into the vault; answer with `kept` or `failed`. The one place where a secret leaves the core.
    Keep {
        /// The vault's name for it.
        name: String,
        /// The secret itself.
        #[serde(serialize_with = "Secret::hand_over")]
        secret: Secret,
    },
    /// Look whether the vault holds a secret under that name, in memory or in an environment variable; answer with
    /// `checked` or `failed`. The secret itself stays where it is.
    CheckVault {
        /// The vault's name for it.
        name: String,
    },
    /// Store the record durably, only if the key still holds `expected`; answer with `committed`, `conflict`
    /// or `failed`.
    Commit {
        /// The record's key.
        key: String,
        /// What the key must hold now, byte for byte; absent: nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        expected: Option<String>,
        /// The new record: canonical JSON text.
        record: String,
    },
    /// Look what the ledger holds under the key; answer with `found` or `failed`.
    Read {
        /// The record's key.
        key: String,
    },
    /// Come back at that time; answer with `woke`.
    Wait {
        /// When.
        until: Millis,
        /// Why, for people.
        why: String,
    },
    /// The flow has ended; nothing answers this step.
    Done {
        /// How it ended.
        outcome: Box<Outcome>,
    },
}

/// What a later round of a call adds to its request.
#[derive(Debug, Clone, Serialize)]
pub struct NextRound {
    /// The `inputResponses`, exactly as they passed the gates; absent where the tool asked for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_responses: Option<Json>,
    /// The `requestState`, as the server gave it. It is for the server alone: neither shown nor logged.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "inputs::hand_over")]
    pub request_state: Option<RequestState>,
}

/// What a person is asked, and on whose behalf.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// The server that it is about.
    pub server: String,
    /// What a person should know of the server beside that: that it calls itself so, or as what it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_note: Option<String>,
    /// Who acts there.
    pub subject: String,
    /// What is asked.
    #[serde(flatten)]
    pub about: About,
}

impl From<About> for Box<Question> {
    /// Server and subject are filled in where steps leave a flow.
    fn from(about: About) -> Self {
        Box::new(Question { server: String::new(), server_note: None, subject: String::new(), about })
    }
}

/// The kinds of question.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum About {
    /// The code that the backend emailed; answers: `code`, `resend`, `cancel`, `defer`.
    Code {
        /// A sentence to show.
        message: String,
        /// The backend's name for the sign-up request.
        request_id: String,
        /// The address as the backend masks it: for display only.
        masked_email: String,
        /// When the code ends, by the host's clock.
        expires_at: Millis,
        /// When a fresh code may be requested, by the host's clock.
        resend_at: Millis,
        /// How many digits the code has.
        digits: u32,
        /// Wrong codes so far.
        attempts: u32,
        /// Wrong codes that are still accepted before a fresh one is needed.
        attempts_left: u32,
        /// Why the person is asked again.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<Error>,
    },
    /// Whether one exact call may be made; answers: `approve`, also with `remember`, `deny`, `defer`.
    Approval {
        /// A sentence to show.
        message: String,
        /// The approval's id.
        approval: String,
        /// What will happen, for people.
        preview: Preview,
        /// The digest of exactly what is approved.
        digest: String,
        /// When the approval ends, and the question with it: answer with `woke` then.
        expires_at: Millis,
        /// The approval of an equal call that is open as well: the agent asks for the same call twice.
        #[serde(skip_serializing_if = "Option::is_none")]
        same_call: Option<String>,
        /// JSON Pointers to the arguments that `remember` may fix; empty: the answer is not remembered.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        remember: Vec<String>,
        /// Whether the answer can be remembered beyond the session too (`scope: "ledger"`): the ledger lasts.
        #[serde(skip_serializing_if = "core::ops::Not::not")]
        remember_in_ledger: bool,
        /// Who may answer, and how many of them must say yes; the answer then says who in `by`.
        #[serde(skip_serializing_if = "Option::is_none")]
        approvers: Option<Approvers>,
        /// Who of them agreed already.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        agreed: Vec<String>,
        /// The same call was sent before, and may have run.
        #[serde(skip_serializing_if = "Option::is_none")]
        earlier: Option<Earlier>,
    },
    /// Whether a tool's new definition is accepted; answers: `approve`, `deny`, `defer`, `cancel`.
    Definition {
        /// A sentence to show.
        message: String,
        /// The tool's name.
        tool: String,
        /// The worst of the differences: `changed` or `widened`.
        change: Option<Detail>,
        /// The digest of the new definition.
        digest: String,
        /// How it differs from the pinned one.
        differences: Option<Detail>,
        /// The server's own words on the tool, on one line and shortened.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The names of the tool's parameters.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        parameters: Vec<String>,
        /// The call that a yes sends, unless another gate has something against it.
        #[serde(skip_serializing_if = "Option::is_none")]
        preview: Option<Preview>,
    },
    /// What a tool asks for in the middle of a call; answers: `inputs`, `deny` (declines all), `defer`, `cancel`.
    Inputs {
        /// A sentence to show.
        message: String,
        /// The calls that may be asking; several only under the older protocol, which does not tell.
        calls: Vec<RunningCall>,
        /// Which of the call's rounds it is, from 1 on; absent under the older protocol.
        #[serde(skip_serializing_if = "Option::is_none")]
        round: Option<u32>,
        /// What is asked for.
        requests: Vec<InputRequest>,
        /// When the question ends.
        expires_at: Millis,
        /// Why the person is asked again.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<Error>,
    },
    /// Whether a credential in the vault may be replaced by that of a new organisation; answers: `approve`, `deny`,
    /// `defer`, `cancel`.
    Credential {
        /// A sentence to show.
        message: String,
        /// The vault's name for the credential.
        name: String,
        /// Whose the one in the vault is, as the backend says; absent: not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        held_organisation: Option<String>,
        /// Whose the new one would be.
        #[serde(skip_serializing_if = "Option::is_none")]
        organisation: Option<String>,
    },
    /// Whether a call whose answer was lost took effect; answers: `ran`, `not_ran`, `defer`, `cancel`.
    Outcome {
        /// A sentence to show.
        message: String,
        /// The approval's id.
        approval: String,
        /// What was to happen.
        preview: Preview,
    },
}

/// A call that is on its way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunningCall {
    /// The flow of the call.
    pub flow: FlowId,
    /// The tool's name.
    pub tool: String,
    /// What the call does to the world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The approval under which it was sent, where it needed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// The same call, or one of the same consequence, as it was sent before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// The approval under which it was sent.
    pub approval: String,
    /// `dispatched`: it may still be on its way; `unknown`: its answer was lost; `failed`: the server answered with an
    /// error, and may have done it all the same.
    pub state: State,
}

record!(strict Earlier { approval, state; });

impl Earlier {
    /// For whoever is asked about the call now.
    pub(crate) fn in_words(&self) -> String {
        let (id, ends) = (
            &self.approval,
            match self.state {
                State::Unknown => {
                    return format!(
                        "The same call was sent before and its answer was lost ({}): it may have run already.",
                        self.approval
                    );
                }
                State::Failed => "was answered with an error: it may have run already",
                _ => "may be on its way or done",
            },
        );
        format!("The same call was sent before ({id}) and {ends}.")
    }
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The emailed code.
    Code {
        /// The digits as typed.
        code: Secret,
    },
    /// No email came: request a fresh code.
    Resend,
    /// Yes, this exact call.
    Approve {
        /// Who said so.
        by: Option<By>,
    },
    /// Yes, this exact call and others like it.
    Remember(Remember, Option<By>),
    /// No.
    Deny {
        /// Why, for the agent.
        reason: Option<String>,
        /// Who said so.
        by: Option<By>,
        /// What nobody shall be asked about any more, beside the same call: `tool` or `agent`.
        silence: Option<SilenceScope>,
        /// Until when; absent: until the session ends.
        until: Option<Millis>,
    },
    /// What was asked or agreed is taken back. Answers no question; see [`Work::Decide`].
    Withdraw {
        /// Why, for the agent.
        reason: Option<String>,
        /// Who said so.
        by: Option<By>,
    },
    /// Nobody can answer now; an approval stays open for a later answer.
    Defer,
    /// The same (`defer` with `unasked`), where nobody was even asked: it is none of the questions in a row.
    Unasked,
    /// The person calls the flow off.
    Cancel,
    /// The call whose answer was lost took effect.
    Ran {
        /// Who says so.
        by: Option<By>,
    },
    /// It did not.
    NotRan {
        /// Who says so.
        by: Option<By>,
    },
    /// Nothing that can be read as an answer: it fits no question.
    Unreadable {
        /// What does not fit, as the end of a sentence; empty where nothing can be said of it.
        why: String,
    },
    /// What the tool asked for, by the requests' keys.
    Inputs {
        /// An answer to each request that the guard did not decline by itself.
        responses: Vec<(String, InputAnswer)>,
    },
}

impl Answer {
    /// What did not fit in what came, as a sentence behind another; empty where it could be read.
    pub(crate) fn misfit(&self) -> String {
        match self {
            Answer::Unreadable { why } if !why.is_empty() => [" What came cannot be read", why, "."].concat(),
            _ => String::new(),
        }
    }

    /// Who gave it, if that is known.
    pub fn by(&self) -> Option<&By> {
        match self {
            Answer::Approve { by }
            | Answer::Deny { by, .. }
            | Answer::Withdraw { by, .. }
            | Answer::Ran { by }
            | Answer::NotRan { by }
            | Answer::Remember(_, by) => by.as_ref(),
            _ => None,
        }
    }

    /// Reads an answer as hosts write it.
    ///
    /// # Errors
    ///
    /// `wrong_answer` where it is none.
    pub fn from_text(text: &str) -> crate::error::Result<Answer> {
        de::read(text, crate::json::OWN).map_err(|misfit| {
            let message = ["The text is no answer", &misfit.told(), "."].concat();
            Error::new(crate::error::Code::WrongAnswer, message)
        })
    }
}

impl FromNode for Answer {
    fn blank() -> Self {
        Answer::Cancel
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let kind = from.tagged(&[
            &["cancel"],
            &["code", "code"],
            &["resend"],
            &["approve", "remember", "by"],
            &["deny", "reason", "by", "silence", "until"],
            &["defer", "unasked"],
            &["ran", "by"],
            &["not_ran", "by"],
            &["withdraw", "reason", "by"],
            &["inputs", "responses"],
        ]);
        let by = |from: &mut Source<'_>| from.member_or_default::<Option<By>>("by");
        *self = match kind {
            Some(1) => Answer::Code { code: from.member("code") },
            Some(2) => Answer::Resend,
            Some(3) => match from.member_or_default("remember") {
                Some(remember) => Answer::Remember(remember, by(from)),
                None => Answer::Approve { by: by(from) },
            },
            Some(4) => Answer::Deny {
                reason: from.member_or_default("reason"),
                by: by(from),
                silence: from.member_or_default("silence"),
                until: from.member_or_default("until"),
            },
            Some(5) if from.member_or_default("unasked") => Answer::Unasked,
            Some(5) => Answer::Defer,
            Some(6) => Answer::Ran { by: by(from) },
            Some(7) => Answer::NotRan { by: by(from) },
            Some(8) => Answer::Withdraw { reason: from.member_or_default("reason"), by: by(from) },
            Some(9) => Answer::Inputs { responses: from.member::<Responses>("responses").0 },
            _ => Answer::Cancel,
        };
    }
}

/// What a host's own code answered, whatever that is. A question must end by it, so it is no event that cannot be read.
struct Given(Answer);

impl FromNode for Given {
    fn blank() -> Self {
        Given(Answer::Unreadable { why: String::new() })
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0 = de::from_node(from.node()).unwrap_or_else(|misfit| Answer::Unreadable { why: misfit.told() });
    }
}

struct Responses(Vec<(String, InputAnswer)>);

impl FromNode for Responses {
    fn blank() -> Self {
        Responses(Vec::new())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0 = from.members();
    }
}

/// Which further calls of the same tool a yes holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remember {
    /// JSON Pointers to the argument values that are fixed; all others are free.
    pub arguments: Vec<String>,
    /// When it ends.
    pub until: Option<Millis>,
    /// For how many further calls it is good.
    pub calls: Option<u64>,
    /// How far it reaches; the session by default.
    pub scope: Scope,
}

record!(strict Remember { arguments; until, calls, scope });

/// How far a remembered answer reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// It ends with the session, which a snapshot carries on.
    #[default]
    Session,
    /// Every process that shares the ledger goes by it.
    Ledger,
}

words!(Scope { Session = "session", Ledger = "ledger" });

/// What happened at the host.
#[derive(Debug, Clone)]
pub struct Event {
    /// The open step that this answers.
    pub step: StepId,
    /// The host's clock.
    pub now: Millis,
    /// What happened.
    pub event: Happening,
}

record!(strict Event { step, now, event; });

/// The kinds of event.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A page of tools came; the `tools/list` result's JSON text comes beside the event.
    Tools,
    /// The call came back; the `tools/call` result's JSON text comes beside the event.
    Result {
        /// The backend's clock, where the transport tells it (HTTP `Date`).
        server_time: Option<Millis>,
    },
    /// The host could not do what the step asked.
    Failed {
        /// What that says about the backend: the host's word, or what the answer's `rpc_code` or `http_status` means.
        kind: Failure,
        /// The host's own words, for people.
        message: String,
        /// How long the backend asks to wait.
        retry_after: Option<Millis>,
    },
    /// A person answered.
    Answer {
        /// What they said.
        answer: Answer,
    },
    /// The secret is in the vault.
    Kept,
    /// The vault was looked at.
    Checked {
        /// Whether it holds a secret of that name.
        held: bool,
    },
    /// The record is stored.
    Committed,
    /// The key held something else; nothing was stored.
    Conflict,
    /// What the ledger holds, byte for byte; absent: nothing.
    Found {
        /// The record.
        record: Option<String>,
    },
    /// The time has come.
    Woke,
    /// The host calls the flow off. Answers any step; a call that was sent already counts as lost.
    Cancelled,
}

impl FromNode for Happening {
    fn blank() -> Self {
        Happening::Cancelled
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let kind = from.tagged(&[
            &["cancelled"],
            &["tools"],
            &["result", "server_time"],
            &["failed", "kind", "rpc_code", "http_status", "message", "retry_after"],
            &["answer", "answer"],
            &["kept"],
            &["committed"],
            &["conflict"],
            &["woke"],
            &["found", "record"],
            &["checked", "held"],
        ]);
        *self = match kind {
            Some(1) => Happening::Tools,
            Some(2) => Happening::Result { server_time: from.member_or_default("server_time") },
            Some(3) => Happening::Failed {
                kind: Failure::of_event(from),
                message: from.member_or_default("message"),
                retry_after: from.member_or_default("retry_after"),
            },
            Some(4) => Happening::Answer { answer: from.member::<Given>("answer").0 },
            Some(5) => Happening::Kept,
            Some(6) => Happening::Committed,
            Some(7) => Happening::Conflict,
            Some(8) => Happening::Woke,
            Some(9) => Happening::Found { record: from.member_or_default("record") },
            Some(10) => Happening::Checked { held: from.member("held") },
            _ => Happening::Cancelled,
        };
    }
}

/// How a flow ended.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// The tool list is read.
    Listed {
        /// How many tools there are.
        count: usize,
    },
    /// The call came back; the result's secrets are masked.
    Result {
        /// The `tools/call` result; `isError` says whether the backend calls it an error.
        result: Json,
        /// How the gates decided.
        decision: Decision,
    },
    /// Signed up.
    Ready {
        /// The new account.
        account: crate::flow::signup::Account,
        /// Where the key is and what it looks like.
        key: Masked,
        /// What the workspace looks like with the new key.
        report: Report,
    },
    /// The workspace was looked at.
    Report {
        /// What was found.
        report: Report,
    },
    /// A person's answer is recorded.
    Decided {
        /// The approval as it stands now.
        approval: Approval,
    },
    /// What is known of a call that was sent.
    Settled {
        /// The approval as it stands now.
        approval: Approval,
    },
    /// A silence was taken back.
    Lifted {
        /// Whether there was one.
        lifted: bool,
    },
    /// The tool's definition is pinned as it is listed now.
    Accepted {
        /// The tool's name.
        tool: String,
    },
    /// A remembered answer was taken back.
    Forgotten {
        /// The answer as it stands now.
        remembered: crate::approval::remembered::Remembered,
    },
    /// What the server is given in answer to its request.
    Inputs {
        /// The request's result, as MCP has it.
        response: Json,
    },
    /// The flow ended without doing its work.
    Failed {
        /// Why, and what to do.
        error: Error,
        /// How the gates decided, for a call.
        #[serde(skip_serializing_if = "Option::is_none")]
        decision: Option<Decision>,
    },
}

/// `{}`: the arguments of a call that has none.
pub(crate) fn no_arguments() -> Json {
    Json::verbatim("{}")
}
