//! Flows: resumable machines, one piece of work each. A flow's state alone says what its open step is, so a
//! state written to JSON and read in another process asks for the same step again.

pub(crate) mod accept;
pub(crate) mod call;
pub(crate) mod credential;
pub(crate) mod decide;
pub mod doctor;
pub(crate) mod forget;
pub(crate) mod inputs;
pub(crate) mod list;
pub mod plan_upgrade;
pub(crate) mod retraction;
pub(crate) mod settle;
pub mod signup;

use serde::Serialize;

use crate::approval::Approval;
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::json::Json;
use crate::json::de::{FromNode, Source, record};
use crate::step::{Action, Failure, Happening, Millis, Outcome};
use crate::text::visible;
pub use call::check::{CheckReport, CheckRequest, CheckVerdict};

/// A flow in flight.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flow {
    List(Box<list::List>),
    Call(Box<call::Call>),
    Signup(Box<signup::Signup>),
    Doctor(Box<doctor::Doctor>),
    Decide(Box<decide::Decide>),
    Settle(Box<settle::Settle>),
    Accept(Box<accept::Accept>),
    Forget(Box<forget::Forget>),
    Inputs(Box<inputs::Inputs>),
    /// Ended by the guard itself.
    #[serde(skip)]
    Ended(Box<Outcome>),
}

impl FromNode for Flow {
    fn blank() -> Self {
        Flow::List(Box::default())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "list" => Flow::List(from.whole()),
            "call" => Flow::Call(from.whole()),
            "signup" => Flow::Signup(from.whole()),
            "doctor" => Flow::Doctor(from.whole()),
            "decide" => Flow::Decide(from.whole()),
            "settle" => Flow::Settle(from.whole()),
            "accept" => Flow::Accept(from.whole()),
            "forget" => Flow::Forget(from.whole()),
            "inputs" => Flow::Inputs(from.whole()),
            other => {
                return from.unknown_variant(
                    other,
                    &["list", "call", "signup", "doctor", "decide", "settle", "accept", "forget", "inputs"],
                );
            }
        };
    }
}

/// A call that the guard makes by itself on the way to another.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Errand {
    pub(crate) tool: String,
    pub(crate) arguments: Json,
}

record!(strict Errand { tool, arguments; });

impl Errand {
    /// None where the tool is not listed, or does more than the guard may do unasked.
    pub(crate) fn new(tool: &str, arguments: Json, shared: &Shared) -> Option<Errand> {
        let listed = shared.catalog.get(tool)?;
        (listed.effect <= Effect::Write).then(|| Errand { tool: tool.to_owned(), arguments })
    }

    pub(crate) fn action(&self) -> Action {
        Action::CallTool { name: self.tool.clone(), arguments: self.arguments.clone(), meta: None, round: None }
    }
}

/// An event on its way into a flow.
#[derive(Debug)]
pub(crate) struct Input<'d> {
    pub(crate) now: Millis,
    pub(crate) happening: Happening,
    pub(crate) document: Option<&'d str>,
}

impl Flow {
    /// The open step.
    pub(crate) fn action(&self, shared: &Shared) -> Action {
        let mut action = match self {
            Flow::List(flow) => flow.action(),
            Flow::Call(flow) => flow.action(shared),
            Flow::Signup(flow) => flow.action(shared),
            Flow::Doctor(flow) => flow.action(),
            Flow::Decide(flow) => flow.action(),
            Flow::Settle(flow) => flow.action(),
            Flow::Accept(flow) => flow.action(),
            Flow::Forget(flow) => flow.action(),
            Flow::Inputs(flow) => flow.action(shared),
            Flow::Ended(outcome) => Action::Done { outcome: outcome.clone() },
        };
        if let Action::Ask { question } = &mut action {
            question.server = visible(&shared.server);
            question.server_note.clone_from(&shared.server_note);
            question.subject = visible(&shared.subject);
        }
        action
    }

    /// Goes on with what happened; an error means that nothing was changed.
    pub(crate) fn handle(&mut self, input: Input<'_>, shared: &mut Shared) -> Result<()> {
        match self {
            Flow::List(flow) => flow.handle(&input, shared),
            Flow::Call(flow) => flow.handle(input, shared),
            Flow::Signup(flow) => flow.handle(input, shared),
            Flow::Doctor(flow) => flow.handle(&input, shared),
            Flow::Decide(flow) => flow.handle(&input, shared),
            Flow::Settle(flow) => flow.handle(&input, shared),
            Flow::Forget(flow) => flow.handle(&input, shared),
            Flow::Inputs(flow) => flow.handle(&input, shared),
            Flow::Accept(_) | Flow::Ended(_) => Err(input.wrong_event("nothing: it is done")),
        }
    }

    /// The approval that a call waits for a person to answer.
    pub(crate) fn asks_about(&self) -> Option<&Approval> {
        match self {
            Flow::Call(flow) => flow.asks_about(),
            _ => None,
        }
    }

    /// A snapshot is about to hold the flow.
    pub(crate) fn expose(&mut self) {
        if let Flow::Call(flow) = self {
            flow.snapshotted = true;
        }
    }

    /// Ends the flow with that error, and what it asked people for with it.
    pub(crate) fn end(&mut self, error: Error, shared: &Shared) {
        match self {
            Flow::Call(flow) => flow.end(error, shared),
            Flow::Inputs(flow) => flow.end(error, shared),
            _ => *self = Flow::Ended(Box::new(failed(error))),
        }
    }

    /// Whether a person's no settles what the flow asks.
    pub(crate) fn is_silenced(&self, shared: &Shared, now: Millis) -> bool {
        match self {
            Flow::Call(flow) => flow.silence(now, shared).is_some(),
            Flow::Inputs(flow) => flow.silence(now, shared).is_some(),
            _ => false,
        }
    }

    /// The call that may be asking for inputs, where one is on its way, and how often it may have done so before.
    pub(crate) fn running(&mut self, shared: &Shared) -> Option<(inputs::Running, u32)> {
        match self {
            Flow::Call(flow) => flow.running(shared),
            _ => None,
        }
    }

    /// Puts a flow that came out of a snapshot into a state from which it can safely go on: whatever may have
    /// been done by the process that wrote it is not done again.
    pub(crate) fn resume(&mut self, shared: &mut Shared) {
        match self {
            Flow::Call(flow) => flow.resume(shared),
            Flow::Signup(flow) => flow.resume(),
            Flow::List(_)
            | Flow::Doctor(_)
            | Flow::Decide(_)
            | Flow::Settle(_)
            | Flow::Accept(_)
            | Flow::Forget(_)
            | Flow::Inputs(_)
            | Flow::Ended(_) => {}
        }
    }
}

impl Input<'_> {
    pub(crate) fn wrong_event(&self, wanted: &str) -> Error {
        Error::new(Code::WrongEvent, format!("The open step is answered by {wanted}."))
    }

    /// The document that must come with the event.
    pub(crate) fn document(&self) -> Result<&str> {
        self.document.ok_or_else(|| Error::new(Code::InvalidEvent, "The event's JSON document is missing."))
    }
}

/// An outcome that says why nothing came of the work.
pub(crate) fn failed(error: Error) -> Outcome {
    Outcome::Failed { error, decision: None }
}

pub(crate) fn cancelled() -> Error {
    Error::new(Code::Cancelled, "The work was called off before anything was sent.")
}

/// What a failed request means to whoever asked for it. `repeatable` says that asking again does no harm.
pub(crate) fn failure_error(
    failure: Failure,
    message: &str,
    retry_after: Option<Millis>,
    now: Millis,
    repeatable: bool,
    shared: &Shared,
) -> Error {
    let told = shared.redactor.shown(message, 300);
    let told = if told.is_empty() { String::new() } else { format!(" ({told})") };
    match failure {
        Failure::NotSent => Error::new(Code::Unreachable, format!("The backend was not reached{told}.")),
        Failure::Unauthorized => not_signed_in(&told, shared),
        Failure::RateLimited => rate_limited(now, retry_after, &told),
        Failure::CalledOff => cancelled(),
        Failure::Audit => crate::audit::failed(message, &shared.redactor),
        Failure::Refused => Error::new(Code::BackendRefused, format!("The backend refused the request{told}.")),
        Failure::Malformed if repeatable => {
            Error::new(Code::InvalidResult, format!("The backend's answer is not MCP{told}."))
                .with_next("Check that the endpoint is an MCP server, then try again.")
                .with_retryable(true)
        }
        _ if repeatable => Error::new(Code::Unreachable, format!("No answer came that can be used{told}."))
            .with_next("Try again later; nothing was changed."),
        _ => Error::new(
            Code::OutcomeUnknown,
            format!("The request was sent and its answer was lost or could not be read{told}."),
        ),
    }
}

/// Says why a tool is not listed, where that is because nobody is signed in.
pub(crate) fn unlisted(error: Error, shared: &Shared) -> Error {
    match error.code() {
        Code::UnknownTool if doctor::is_signed_out(shared) => not_signed_in(doctor::UNLISTED, shared),
        _ => error,
    }
}

/// Says where the credential was looked for, by names alone.
pub(crate) fn not_signed_in(told: &str, shared: &Shared) -> Error {
    let refused = format!("Not signed in: the backend asks for a credential, or refuses the one it got{told}.");
    let credential = shared.profile.as_ref().and_then(|profile| profile.credential.as_ref());
    let Some(credential) = credential else { return Error::new(Code::Unauthorized, refused) };
    let (name, variables) = (credential.name.as_str(), credential.environment.join("` and `"));
    let variables =
        if variables.is_empty() { variables } else { [" and the environment variable `", &variables, "`"].concat() };
    let sign_up = if shared.registration().is_some() { "Sign up with the guard's `signup`, or put" } else { "Put" };
    Error::new(Code::Unauthorized, format!("{refused} Looked at: the vault's `{name}`{variables}."))
        .with_next(format!("{sign_up} a valid key into the vault as `{name}`."))
        .with("credential", name)
        .with("environment", Json::of(&credential.environment))
}

/// When the backend names no time, a minute is waited.
pub(crate) const DEFAULT_RETRY_AFTER: Millis = 60_000;

/// No backend silences its tools for longer by one answer.
pub(crate) const MAX_RETRY_AFTER: Millis = 60 * 60_000;

/// How long is waited, whatever the backend wishes.
pub(crate) fn kept_wait(asked: Option<Millis>) -> Millis {
    asked.unwrap_or(DEFAULT_RETRY_AFTER).min(MAX_RETRY_AFTER)
}

pub(crate) fn rate_limited(now: Millis, retry_after: Option<Millis>, told: &str) -> Error {
    let retry_at = now.saturating_add(kept_wait(retry_after));
    let error =
        Error::new(Code::RateLimited, format!("The backend asks to slow down{told}.")).with("retry_at", retry_at);
    match retry_after.filter(|asked| *asked > MAX_RETRY_AFTER) {
        Some(asked) => error.with("asked_ms", asked).with("kept_ms", MAX_RETRY_AFTER),
        None => error,
    }
}
