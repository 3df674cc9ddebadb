//! Gate 7: a live approval covers exactly this call, where one is needed.

use crate::approval::{Approval, Bound, Preview, State};
use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::step::{Earlier, Millis};

/// How a call that needs an approval stands.
#[derive(Debug)]
pub(crate) enum Standing {
    /// This approval is live and covers it.
    Approved(Approval),
    /// This one covers it and still waits for a person.
    Open(Approval),
    /// None covers it yet.
    Missing,
}

/// `doubts` are calls of the same consequences that may have run: a yes counts only if its person knew of them. `quoted` is
/// the id that the caller gave; without one, any approval will do that covers the call and that no other
/// call holds.
pub(crate) fn check(
    shared: &Shared,
    quoted: Option<&str>,
    call: &Bound,
    arguments: &str,
    preview: &Preview,
    doubts: &[Earlier],
    now: Millis,
) -> Result<Standing> {
    let Some(id) = quoted else {
        let mut open = None;
        let is_live = |approval: &&Approval| !approval.is_expired(now) && !shared.held.has(&approval.id);
        let live = shared.approvals.open_of(call).filter(is_live).filter(|approval| approval.tells_of(doubts));
        for approval in live.filter(|approval| approval.covers(call, arguments, preview)) {
            match approval.state {
                State::Approved => return Ok(Standing::Approved(approval.clone())),
                State::Proposed => open = Some(approval.clone()),
                _ => {}
            }
        }
        return Ok(open.map_or(Standing::Missing, Standing::Open));
    };
    let approval = shared.approvals.get(id).ok_or_else(|| {
        Error::new(Code::UnknownApproval, "No approval of that id is known here.")
            .with("approval", shared.redactor.shown(id, 64))
    })?;
    exactly(approval, call, arguments, preview)?;
    if !approval.tells_of(doubts) {
        let message = "The approval was given before a call of the same consequence was answered with an error.";
        let next = "Make the call again without the approval: a person must know that it may have run already.";
        return Err(Error::new(Code::ApprovalMismatch, message)
            .with("approval", approval.id.as_str())
            .with("different", vec!["earlier"])
            .with_next(next));
    }
    approval.check_usable(now)?;
    Ok(Standing::Approved(approval.clone()))
}

/// Refuses a call that is not to the byte what the approval covers.
pub(crate) fn exactly(approval: &Approval, call: &Bound, arguments: &str, preview: &Preview) -> Result<()> {
    if approval.covers(call, arguments, preview) {
        return Ok(());
    }
    let different = approval.difference(call, preview);
    Err(Error::new(
        Code::ApprovalMismatch,
        format!("The approval covers another call; different: {}.", different.join(", ")),
    )
    .with("approval", approval.id.as_str())
    .with("different", different)
    .with("approved_digest", approval.digest.as_str()))
}
