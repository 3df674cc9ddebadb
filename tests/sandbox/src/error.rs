//! The errors a tool can answer with: a stable code, a sentence, and details by code.

use serde_json::{Map, Value, json};

/// The stable codes of tool errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The emailed code is too old: ask for a fresh one.
    CodeExpired,
    /// The emailed code is not this one; `attemptsRemaining` says how many tries are left.
    WrongCode,
    /// Too many wrong codes: the request is dead.
    TooManyAttempts,
    /// The address already has an account; `loginUrl` says where to sign in.
    ExistingAccount,
    /// Wait `retryAfter` seconds, until `retryAt`.
    RateLimited,
    /// No request, or no invite, with this id or token.
    UnknownRequest,
    /// The request was verified before.
    RequestAlreadyUsed,
    /// An argument is wrong; `field` names it.
    InvalidInput,
    /// The tool needs a key.
    Unauthorized,
    /// The key's owner may not do this.
    Forbidden,
    /// Nothing with this id in this organisation.
    NotFound,
    /// The current state does not allow it.
    Conflict,
    /// The plan does not include it; see `reason` and `upgradeAction`.
    PlanBlocked,
    /// A person must approve it first.
    ApprovalRequired,
    /// The sandbox itself failed.
    Internal,
}

impl Code {
    /// The code as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CodeExpired => "code_expired",
            Self::WrongCode => "wrong_code",
            Self::TooManyAttempts => "too_many_attempts",
            Self::ExistingAccount => "existing_account",
            Self::RateLimited => "rate_limited",
            Self::UnknownRequest => "unknown_request",
            Self::RequestAlreadyUsed => "request_already_used",
            Self::InvalidInput => "invalid_input",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::PlanBlocked => "plan_blocked",
            Self::ApprovalRequired => "approval_required",
            Self::Internal => "internal",
        }
    }
}

/// Why a tool did not do its work.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolError {
    /// The stable code.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// What the code promises besides, such as `retryAfter`.
    pub details: Map<String, Value>,
}

impl ToolError {
    /// An error without details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Map::new() }
    }

    /// The same error with one more detail.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn invalid(field: impl Into<String>, problem: &str) -> Self {
        let field = field.into();
        Self::new(Code::InvalidInput, format!("{field}: {problem}")).with("field", field)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what} in this organisation"))
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// The `error` object of an error result.
    pub fn to_json(&self) -> Value {
        let mut error = self.details.clone();
        error.insert("code".into(), json!(self.code.as_str()));
        error.insert("message".into(), json!(self.message));
        Value::Object(error)
    }
}

impl std::fmt::Display for ToolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for ToolError {}

impl From<rusqlite::Error> for ToolError {
    fn from(error: rusqlite::Error) -> Self {
        // The bound values are not part of SQLite's messages, so nothing private is told here.
        Self::internal(format!("storage: {error}"))
    }
}
