//! Gate 5: the ledger took `approved → dispatched`. Whoever loses that race sends nothing.

use crate::approval::{Approval, State};
use crate::error::{Code, Error, Result};
use crate::redact::Redactor;
use crate::step::{Failure, Happening};

/// What the ledger's answer means for a record that had to be stored before anything is sent.
pub(crate) fn stored(happening: &Happening) -> Option<Result<()>> {
    match happening {
        Happening::Committed => Some(Ok(())),
        Happening::Conflict => Some(Err(Error::new(
            Code::LedgerConflict,
            "The ledger holds another record for this approval; nothing was sent.",
        ))),
        Happening::Failed { message, .. } => {
            let mut told = String::from("The ledger could not store the approval's record; nothing was sent. ");
            // The host passes on what a ledger vouches for; what looks like a key anywhere is masked all the same.
            told.push_str(&Redactor::default().shown(message, 300));
            Some(Err(Error::new(Code::LedgerFailed, told.trim_end())))
        }
        _ => None,
    }
}

/// The same for the move to `dispatched`, where a conflict means that someone else was first.
pub(crate) fn claimed(happening: &Happening, approval: &Approval) -> Option<Result<()>> {
    match happening {
        Happening::Conflict => {
            Some(Err(Error::new(Code::ApprovalSpent, "The approval was used by another call first; nothing was sent.")
                .with("approval", approval.id.as_str())))
        }
        _ => stored(happening),
    }
}

/// Where an approval goes when its call failed.
pub(crate) fn state_after(failure: Failure) -> State {
    if failure.may_have_run() { State::Unknown } else { State::Failed }
}
