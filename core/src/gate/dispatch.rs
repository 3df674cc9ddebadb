//! Gate 8: the ledger took `approved → dispatched`. Whoever loses that race sends nothing.

use crate::approval::{Approval, State};
use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::mutant::{self, Mutant};
use crate::redact::Redactor;
use crate::step::{Failure, Happening, Millis};

/// What the ledger's answer means for a record that had to be stored before anything is sent.
pub(crate) fn stored(happening: &Happening, redactor: &Redactor) -> Option<Result<()>> {
    match happening {
        Happening::Committed => Some(Ok(())),
        Happening::Conflict => Some(Err(Error::new(
            Code::LedgerConflict,
            "The ledger holds another record for this approval; nothing was sent.",
        ))),
        Happening::Failed { kind: Failure::Audit, .. } => Some(Err(crate::audit::failed("", redactor))),
        Happening::Failed { message, .. } => {
            let what = "The ledger could not store the approval's record; nothing was sent. ";
            Some(Err(ledger_failed(what, message, redactor)))
        }
        _ => None,
    }
}

/// The host passes on what a ledger vouches for; what looks like a key is masked all the same.
fn ledger_failed(what: &str, message: &str, redactor: &Redactor) -> Error {
    let told = [what, &redactor.shown(message, 300)].concat();
    Error::new(Code::LedgerFailed, told.trim_end())
}

/// The same for the move to `dispatched`, where a conflict means that someone else was first.
pub(crate) fn claimed(happening: &Happening, approval: &Approval, redactor: &Redactor) -> Option<Result<()>> {
    match happening {
        Happening::Conflict if mutant::is(Mutant::Conflict) => Some(Ok(())),
        Happening::Conflict => Some(Err(outrun(approval))),
        _ => stored(happening, redactor),
    }
}

/// The refusal where somebody else was quicker.
pub(crate) fn outrun(approval: &Approval) -> Error {
    let message = "The approval was used or taken back by somebody else first; nothing was sent.";
    Error::new(Code::ApprovalSpent, message).with("approval", approval.id.as_str())
}

/// What the ledger holds of an approval, for it may have been decided or used elsewhere.
pub(crate) fn found(happening: &Happening, id: &str, shared: &Shared) -> Option<Result<Option<Approval>>> {
    match happening {
        Happening::Found { record } => {
            let read = record.as_deref().map(|record| Approval::read(record, &shared.seal)).transpose();
            Some(read.map_err(|error| error.with("approval", id)).and_then(|approval| match approval {
                Some(approval) if approval.id != id => Err(Error::new(
                    Code::InvalidRecord,
                    "The ledger holds another approval's record under this one's key.",
                )),
                found => Ok(found),
            }))
        }
        Happening::Failed { kind: Failure::Audit, .. } => Some(Err(crate::audit::failed("", &shared.redactor))),
        Happening::Failed { message, .. } => {
            Some(Err(ledger_failed("The ledger could not be read; nothing was sent. ", message, &shared.redactor)))
        }
        _ => None,
    }
}

/// Where an approval goes when its call failed.
pub(crate) fn state_after(failure: Failure) -> State {
    if failure.may_have_run() { State::Unknown } else { State::Failed }
}

/// The approval as it may be used once more, if its call certainly was not written and it is still live. Only the flow
/// that claimed it hears of that, and the ledger takes it only from exactly the record of that claim.
pub(crate) fn given_back(failure: Failure, claimed: &Approval, now: Millis, shared: &Shared) -> Option<Approval> {
    let certain = failure == Failure::NotSent || mutant::is(Mutant::GivenBack);
    let after = claimed.returned().filter(|after| certain && after.check_usable(now).is_ok())?;
    Some(after.sealed(&shared.seal))
}

/// Says that the person's yes still holds.
pub(crate) fn not_burnt(error: Error, approval: &Approval) -> Error {
    error
        .with("approval", approval.id.as_str())
        .with("expires_at", approval.expires_at)
        .with_next("Check the connection and make the same call again before `expires_at`: its approval still holds.")
}
