//! What a step's failure says of whether a call ran. Hosts report what they certainly know, a class of error or what an
//! answer held; what that means is settled here.

use crate::json::de::{Source, words};

/// Why a step failed; for a call, whether it may have run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing reached the backend (no connection, no such host): not run.
    NotSent,
    /// Whoever wanted it called it off before anything was written: not run, and its approval is over.
    CalledOff,
    /// The backend refuses the credential (HTTP 401 or 403): not run.
    Unauthorized,
    /// The backend asks to slow down (HTTP 429): not run.
    RateLimited,
    /// The backend refused the request (a JSON-RPC error, another HTTP 4xx): not run.
    Refused,
    /// Sent, and no answer came (timeout, reset, HTTP 5xx): may have run.
    Lost,
    /// An answer came that is not MCP (HTML, broken JSON): may have run.
    Malformed,
    /// The host's own part failed (vault, ledger, ask surface).
    Host,
    /// The step's audit lines could not be stored, so nothing of the step was done.
    Audit,
}

words!(Failure {
    NotSent = "not_sent",
    CalledOff = "called_off",
    Unauthorized = "unauthorized",
    RateLimited = "rate_limited",
    Refused = "refused",
    Lost = "lost",
    Malformed = "malformed",
    Host = "host",
    Audit = "audit",
});

impl Failure {
    /// Whether a call that failed so may have run at the backend.
    pub fn may_have_run(self) -> bool {
        matches!(self, Failure::Lost | Failure::Malformed | Failure::Host)
    }

    /// What the JSON-RPC error of an answer means. Only these codes say that a request was not begun: no such method, no
    /// valid request or parameters; headers, capabilities or a version that do not fit, a page that a person has to visit
    /// first. Any other may come late. A parse error is what the clients themselves make of an answer of no use.
    fn of_rpc(code: Option<i32>) -> Failure {
        match code {
            Some(-32602..=-32600 | -32022..=-32020 | -32042) => Failure::Refused,
            Some(-32700) => Failure::Malformed,
            _ => Failure::Lost,
        }
    }

    /// What an answer's HTTP status means where nothing else is known of it. A backend that points elsewhere may have acted
    /// before, and 408 is its own time-out.
    fn of_http(status: Option<i32>) -> Failure {
        match status {
            Some(401 | 403) => Failure::Unauthorized,
            Some(429) => Failure::RateLimited,
            Some(408) => Failure::Lost,
            Some(400..=499) => Failure::Refused,
            _ => Failure::Lost,
        }
    }

    /// From a `failed` event: `rpc_code` or `http_status` of the answer that came, else the host's own `kind`.
    pub(crate) fn of_event(from: &mut Source<'_>) -> Failure {
        let told = |name| from.node().get(name).map(|node| node.number_text().parse().ok());
        match (told("rpc_code"), told("http_status")) {
            (Some(code), _) => Failure::of_rpc(code),
            (None, Some(status)) => Failure::of_http(status),
            (None, None) => from.member("kind"),
        }
    }
}
