//! The one list of errors: every language's error types, and the README's table, are made from it.

use std::borrow::Cow;

use serde::Serialize;

use crate::json::Json;
use crate::json::de::{FromNode, Source, record, words};
use crate::text::visible;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $retryable:literal, $next:literal;)+) => {
        /// What went wrong, stable over versions; written as `snake_case` text everywhere outside Rust.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        words!(Code { $($variant = $code),+ });

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &[Code] = &[$(Code::$variant),+];

            /// Whether the same request may succeed later without being changed.
            pub fn retryable(self) -> bool { match self { $(Code::$variant => $retryable),+ } }

            /// What an agent should do, where the place of the error knows nothing better.
            pub fn next(self) -> &'static str { match self { $(Code::$variant => $next),+ } }

            /// One sentence on what the code means.
            pub fn meaning(self) -> &'static str { match self { $(Code::$variant => concat!($($doc),+)),+ } }
        }
    };
}

codes! {
    /// The options given to the guard cannot be used.
    InvalidOptions = "invalid_options", false, "Correct the options and make the guard again.";
    /// The policy cannot be used.
    InvalidPolicy = "invalid_policy", false, "Correct the policy; nothing is allowed until it can be read.";
    /// The backend profile cannot be used.
    InvalidProfile = "invalid_profile", false, "Correct the profile or name a built-in one.";
    /// The host broke the step protocol with a start or an event that cannot be read.
    InvalidEvent = "invalid_event", false, "Send an event of the documented form; the step is still open.";
    /// The event quotes a step that is not open: wrong, late or repeated.
    StepNotOpen = "step_not_open", false, "Answer only the step that the guard gave last for this flow; nothing was changed.";
    /// The event is of a kind that does not answer the open step.
    WrongEvent = "wrong_event", false, "Answer with an event of the step's own kind; the step is still open.";
    /// The answer does not fit the question, which is over by it.
    WrongAnswer = "wrong_answer", false, "Give one of the question's own answers the next time; the question is over, and an approval that it was about was taken back.";
    /// The process that the snapshot came from, or another one, goes on with its flow already.
    SnapshotTaken = "snapshot_taken", false, "Do not repeat the call: another process goes on with it. Look there what became of it.";
    /// A write that came out of a snapshot was not sent, for a ledger in memory cannot tell whether another process sends it.
    SnapshotUnclaimed = "snapshot_unclaimed", false, "Look with a read whether the call took effect, then make it again; with a ledger that all processes share, snapshots go on by themselves.";
    /// More flows are open than the guard holds at once.
    TooManyFlows = "too_many_flows", true, "Finish or cancel open flows, then start again.";
    /// The snapshot cannot be read.
    InvalidSnapshot = "invalid_snapshot", false, "Use a complete snapshot of the same server; without one, begin the flow again.";
    /// The snapshot was written by a version that this one does not know.
    UnsupportedSnapshot = "unsupported_snapshot", false, "Resume with the version of toolgate that wrote the snapshot, or a later one.";

    /// The server lists no tool of that name.
    UnknownTool = "unknown_tool", false, "Call one of the listed tools.";
    /// The listed definition of the tool cannot be used, so its calls cannot be checked.
    InvalidDefinition = "invalid_definition", false, "Do not call this tool; tell the server's owner what is wrong with its definition.";
    /// A schema that was to be compiled on its own cannot be used.
    InvalidSchema = "invalid_schema", false, "Mend the schema at the path and compile it again.";
    /// The arguments are not what the tool accepts.
    InvalidArguments = "invalid_arguments", false, "Mend the arguments as each violation says and call again.";
    /// The tool's definition is not the one that was first seen or accepted.
    DefinitionChanged = "definition_changed", false, "Show the difference to a person; once they accept it, make the same call again.";
    /// Nothing but the server's own hints says how little the tool does, and no person confirmed it yet.
    DefinitionUnconfirmed = "definition_unconfirmed", false, "Ask a person whether the tool does as little as its server says; once they accept its definition, make the same call again.";
    /// The file of pinned definitions cannot be used.
    InvalidLock = "invalid_lock", false, "Restore the lock file of this server from version control, or write a new one after looking at the tools.";
    /// A configuration cannot be used, or holds a secret in plain sight.
    InvalidConfig = "invalid_config", false, "Mend the configuration at the line; write secrets as `${env:NAME}`.";
    /// The arguments carry something that looks like a credential.
    SecretInArguments = "secret_in_arguments", false, "Remove the credential from the arguments; the host sends credentials by itself.";
    /// The user's policy forbids the call.
    DeniedByPolicy = "denied_by_policy", false, "Do not try again; ask the user to change the policy if the call is needed.";
    /// The user's budget for such calls is used up.
    BudgetSpent = "budget_spent", false, "Stop calling; ask the user to raise the budget if more is needed.";
    /// The user's policy wants a read before a write of the same kind.
    ReadRequired = "read_required", false, "Look with one of the named reads at what is there, then make the call again.";
    /// What makes the call one consequence is missing from its arguments, so that it cannot be told from others.
    ConsequenceUnclear = "consequence_unclear", false, "Name each thing that the call is about once, and call again.";
    /// The same consequence was reached by a call before.
    AlreadyDone = "already_done", false, "Do not repeat the call: it was made already. Look with a read at what it did.";
    /// The plan does not include the operation.
    PlanBlocked = "plan_blocked", false, "Do not try again; tell the user why, and propose the upgrade if there is one.";
    /// Whether the plan includes the operation could not be found out, so nothing was sent.
    PlanUnknown = "plan_unknown", true, "Try again later; if it stays so, look at the plan in the backend's portal.";
    /// A person must approve this exact call first.
    ApprovalRequired = "approval_required", false, "Show the preview to a person; once it is approved, make the same call again and quote the approval's id in `_meta`, as its member `toolgate/approval`.";
    /// A person said no to this call.
    ApprovalDenied = "approval_denied", false, "Do not repeat the call; ask the person what they want instead.";
    /// The approval is too old.
    ApprovalExpired = "approval_expired", false, "Make the call again to ask for a fresh approval.";
    /// The approval was used already; each one covers one call.
    ApprovalSpent = "approval_spent", false, "Make the call again without the approval's id to ask for a new one.";
    /// The approval covers another call than this one.
    ApprovalMismatch = "approval_mismatch", false, "Make exactly the approved call, or make this one without the approval's id to ask for a new approval.";
    /// The user's policy names who may answer for this call, and the answer came from nobody of them.
    ApproverRequired = "approver_required", false, "Have one of `approvers` answer, and say in `by.who` who it was; the approval is still open.";
    /// A person decided otherwise about this approval already.
    AlreadyDecided = "already_decided", false, "Look at the approval as it stands; a yes that was not used yet is taken back by withdrawing it.";
    /// Too many questions in a row got no yes, so that nobody is asked for a while.
    TooManyQuestions = "too_many_questions", true, "Stop asking until `retry_at`; tell the person what you want to achieve, and let them decide how.";
    /// No approval of that id is known.
    UnknownApproval = "unknown_approval", false, "Make the call without an approval's id to ask for one.";
    /// More approvals wait for a person than the guard can keep track of; none of them was forgotten for this one.
    TooManyApprovals = "too_many_approvals", true, "Let a person answer some, or let them expire; then make the call again.";
    /// The call may still be on its way, so that nothing can be said of its outcome yet.
    StillDispatched = "still_dispatched", true, "Wait until `retry_at`, then ask again how the call ended.";
    /// The ledger's record is damaged or was changed by someone else.
    InvalidRecord = "invalid_record", false, "Do not use this approval; make the call again to ask for a new one, and look who writes to the ledger.";
    /// The ledger's record was written by a version that this one does not know.
    UnsupportedRecord = "unsupported_record", false, "Use the version of toolgate that wrote the record, or a later one; nothing was changed.";
    /// The ledger could not store the record, so nothing was sent.
    LedgerFailed = "ledger_failed", true, "Repair the ledger and call again; nothing was sent.";
    /// Another process changed the approval's record first, so nothing was sent.
    LedgerConflict = "ledger_conflict", false, "Make the call again to see how the approval stands now.";
    /// The audit could not be written, so nothing was sent.
    AuditFailed = "audit_failed", false, "Repair where the audit is written, then attach again; nothing is sent until then.";
    /// The audit that was to be continued is damaged.
    InvalidAudit = "invalid_audit", false, "Verify the audit to find the line, keep the file as evidence, and begin a new one.";

    /// The backend was not reached, or gave no answer that can be used; asking once more does no harm.
    Unreachable = "unreachable", true, "Check the connection and try again later.";
    /// Not signed in: the backend refused the credential, or asks for one.
    Unauthorized = "unauthorized", false, "Sign up, or put a valid key into the vault.";
    /// The backend asks to slow down.
    RateLimited = "rate_limited", true, "Wait until `retry_at`; do not loop.";
    /// The backend refused the request.
    BackendRefused = "backend_refused", false, "Read the backend's message and change the request.";
    /// The tool asks for further inputs, and nobody gave them; the call was not continued.
    InputsRequired = "inputs_required", false, "Make the call again when a person can answer, or give in its arguments what the tool asks for.";
    /// The tool asks for further inputs in a way that is not passed on; the call was not continued.
    InputsRefused = "inputs_refused", false, "Do not repeat the call; tell the server's owner what the tool asks for.";
    /// The backend runs the call as a task, whose end is not awaited here.
    TaskStarted = "task_started", false, "Do not repeat the call: it runs. Look later with a read whether it took effect.";
    /// The request was sent and the answer was lost: it may have run.
    OutcomeUnknown = "outcome_unknown", false, "Do not repeat the call; look with a read whether it took effect, or ask a person.";
    /// The backend's answer is not what it promises.
    InvalidResult = "invalid_result", false, "The call ran; do not repeat it. Look with a read at what it did.";

    /// A field of the form is not acceptable, so nothing was sent.
    InvalidInput = "invalid_input", false, "Correct the field and start again; nothing was sent.";
    /// The backend's profile knows no sign-up.
    NoRegistration = "no_registration", false, "Create a key in the backend's own portal and put it into the vault.";
    /// The backend knows this person or organisation already.
    ExistingAccount = "existing_account", false, "Sign in to the portal and create a key there, or ask a team member for an invite.";
    /// The vault holds a credential already, and no person agreed to replace it; nothing was sent.
    CredentialHeld = "credential_held", false, "Use the credential that the vault holds; only a person may have it replaced.";
    /// The emailed code is needed and nobody was there to give it.
    CodeRequired = "code_required", false, "Ask the person for the emailed code, then verify with it.";
    /// The emailed code is too old; it was not sent to the backend.
    CodeExpired = "code_expired", false, "Request a fresh code; never verify twice with an old one.";
    /// The code is not the one that was emailed.
    WrongCode = "wrong_code", false, "Ask the person to read the code again and verify with the corrected one.";
    /// Too many wrong codes were given.
    TooManyAttempts = "too_many_attempts", false, "Wait until `retry_at`, then start the sign-up again for a fresh code.";
    /// The answer to the verification was lost: the account may exist.
    SignupUnknown = "signup_unknown", false, "Do not verify again. Sign in to the portal to see whether the account exists; if so, create a key there.";
    /// The key could not be put into the vault, and it is shown only once.
    KeyNotKept = "key_not_kept", false, "Sign in to the portal, revoke the key made just now and create a new one.";
    /// The person or the host called the flow off.
    Cancelled = "cancelled", false, "Start again when wanted.";
}

/// A refusal or failure with a way out. Never holds a secret.
#[derive(Debug, Clone, Serialize)]
pub struct Error(Box<Body>);

#[derive(Debug, Clone, Serialize)]
struct Body {
    code: Code,
    message: String,
    retryable: bool,
    next: Cow<'static, str>,
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: Details,
}

/// Few, so that looking through them is quick; in the order in which they were added.
#[derive(Debug, Clone, Default)]
struct Details(Vec<(Cow<'static, str>, Detail)>);

/// One of an error's structured details.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// A word or a sentence.
    Text(String),
    /// A count, a place or a time.
    Number(u64),
    /// Several words.
    Texts(Vec<String>),
    /// Anything else.
    Json(Json),
}

/// The core's result.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// An error with the code's own `retryable` and `next`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::of(code, message.into())
    }

    #[inline(never)]
    fn of(code: Code, message: String) -> Self {
        // A name or a sentence of the server's must not look like another line.
        let message = if message.chars().any(breaks_line) { visible(&message) } else { message };
        Error(Box::new(Body {
            code,
            message,
            retryable: code.retryable(),
            next: Cow::Borrowed(code.next()),
            details: Details::default(),
        }))
    }

    /// Replaces what the agent should do now.
    #[must_use]
    pub fn with_next(mut self, next: impl Into<Cow<'static, str>>) -> Self {
        self.0.next = next.into();
        self
    }

    /// Adds a sentence of our own.
    pub(crate) fn and(mut self, sentence: &str) -> Self {
        self.0.message.push_str(sentence);
        self
    }

    /// Says whether the same request may succeed later.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Adds a structured detail.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<Detail>) -> Self {
        self.add(name, value.into())
    }

    #[inline(never)]
    fn add(mut self, name: &'static str, value: Detail) -> Self {
        let details = &mut self.0.details.0;
        match details.iter_mut().find(|(other, _)| other == name) {
            Some((_, earlier)) => *earlier = value,
            None => details.push((Cow::Borrowed(name), value)),
        }
        self
    }

    /// A `tools/call` result that a model may read: what happened and what to do now in the project's own words, without
    /// anything that a server wrote. `content` holds one text, `structuredContent` the same with `code`, `retryable`,
    /// `next` and what of the details an agent needs: the approval to quote, times, and how to mend arguments, whose
    /// sentences hold names of the schema that the model was given.
    pub fn for_model(&self) -> Json {
        let code = self.code();
        let (sentence, next) = match code {
            // These messages are made of the user's, the person's and the agent's own words.
            Code::InvalidArguments
            | Code::SecretInArguments
            | Code::DeniedByPolicy
            | Code::ApprovalRequired
            | Code::ApprovalDenied
            | Code::ApprovalExpired
            | Code::ApprovalSpent
            | Code::ApprovalMismatch
            | Code::BudgetSpent
            | Code::Cancelled => (self.message(), &*self.0.next),
            // A read's answer that is none may come right the next time, a write's must not be asked for again.
            Code::Unauthorized | Code::Unreachable | Code::OutcomeUnknown | Code::InvalidResult => {
                (code.meaning().trim(), &*self.0.next)
            }
            _ => (code.meaning().trim(), code.next()),
        };
        let told = [code.as_str(), ": ", sentence, " ", next].concat();
        let code_text = Json::of(&code.as_str());
        let (retryable, next) = (Json::of(&self.0.retryable), Json::of(&next));
        let message = Json::of(&sentence);
        let mut members = vec![("code", &code_text), ("message", &message), ("retryable", &retryable), ("next", &next)];
        let names = ["approval", "retry_at", "expires_at", "violations"];
        let is_told = |name: &&str| *name != "violations" || code == Code::InvalidArguments;
        let details: Vec<(&str, Json)> = names
            .into_iter()
            .filter(is_told)
            .filter_map(|name| self.detail(name).map(|detail| (name, Json::of(detail))))
            .collect();
        members.extend(details.iter().map(|(name, detail)| (*name, detail)));
        let text = Json::object(&[("type", &Json::of(&"text")), ("text", &Json::of(&told))]);
        let content = Json::of(&[text]);
        let structured = Json::object(&members);
        let is_error = Json::of(&true);
        Json::object(&[("content", &content), ("isError", &is_error), ("structuredContent", &structured)])
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// A structured detail.
    pub fn detail(&self, name: &str) -> Option<&Detail> {
        self.0.details.0.iter().find(|(other, _)| other == name).map(|(_, detail)| detail)
    }
}

/// Ends the line, or turns what stands beside it.
fn breaks_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Details {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Details {
    fn serialize<S: serde::Serializer>(&self, to: S) -> core::result::Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, detail)| (name, detail)))
    }
}

impl FromNode for Error {
    fn blank() -> Self {
        Error(FromNode::blank())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0.fill(from);
    }
}

record!(open Body { code, message, retryable, next; details });

impl FromNode for Cow<'static, str> {
    fn blank() -> Self {
        Cow::Borrowed("")
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = Cow::Owned(from.whole());
    }
}

impl FromNode for Details {
    fn blank() -> Self {
        Details::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        for member in from.node().members() {
            let detail = match member.value.as_text() {
                Some(text) => Detail::Text(text.into_owned()),
                None => Detail::Json(Json::copied(member.value)),
            };
            self.0.push((Cow::Owned(member.name().into_owned()), detail));
        }
    }
}

impl From<&str> for Detail {
    fn from(text: &str) -> Self {
        Detail::Text(text.to_owned())
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Detail::Text(text)
    }
}

impl From<u64> for Detail {
    fn from(number: u64) -> Self {
        Detail::Number(number)
    }
}

impl From<u32> for Detail {
    fn from(number: u32) -> Self {
        Detail::Number(number.into())
    }
}

impl From<usize> for Detail {
    fn from(number: usize) -> Self {
        Detail::Number(number as u64)
    }
}

impl From<Vec<&str>> for Detail {
    fn from(texts: Vec<&str>) -> Self {
        Detail::Texts(texts.into_iter().map(str::to_owned).collect())
    }
}

impl From<Json> for Detail {
    fn from(json: Json) -> Self {
        Detail::Json(json)
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)
    }
}

impl core::error::Error for Error {}
