//! Gate 7: a live approval covers exactly this call, where one is needed.

use crate::approval::{Approval, Approvers, Bound, Preview, State};
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
/// call holds: of those that wait, the one that the ledger names, so that people at several guards meet. `approvers` are
/// those whom the policy names now.
pub(crate) fn check(
    shared: &Shared,
    (quoted, named): (Option<&str>, Option<&str>),
    call: &Bound,
    arguments: &str,
    preview: &Preview,
    (approvers, doubts): (Option<&Approvers>, &[Earlier]),
    now: Millis,
) -> Result<Standing> {
    let Some(id) = quoted else {
        let mut open: Option<Approval> = None;
        let is_live = |approval: &&Approval| !approval.is_expired(now) && !shared.held.has(&approval.id);
        let live = shared.approvals.open_of(call).filter(is_live).filter(|approval| approval.tells_of(doubts));
        for approval in live.filter(|approval| approval.is_for(approvers) && approval.covers(call, arguments, preview))
        {
            match approval.state {
                State::Approved => return Ok(Standing::Approved(approval.clone())),
                State::Proposed if open.as_ref().is_some_and(|open| named == Some(&*open.id)) => {}
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
        return Err(mismatch(approval, "earlier", message).with_next(next));
    }
    for_people(approval, approvers)?;
    if is_joined(approval, now, shared) {
        return Ok(Standing::Open(approval.clone()));
    }
    approval.check_usable(now)?;
    Ok(Standing::Approved(approval.clone()))
}

/// Refuses a call whose approval was asked for when other people had to answer, or anybody could: what was read since may
/// have brought another rule to bear.
pub(crate) fn for_people(approval: &Approval, approvers: Option<&Approvers>) -> Result<()> {
    if approval.is_for(approvers) {
        return Ok(());
    }
    let message =
        "The approval was asked for before the policy's rule that names who must approve the call came to bear.";
    Err(mismatch(approval, "approvers", message).with_next("Make the call again without the approval."))
}

fn mismatch(approval: &Approval, different: &'static str, message: &str) -> Error {
    let error = Error::new(Code::ApprovalMismatch, message).with("approval", approval.id.as_str());
    error.with("different", vec![different])
}

/// Whether whoever quotes an approval that waits has their own person asked about it: the policy names who answers, and
/// they may sit at several guards. Nobody is asked about one that another call asks about here.
pub(crate) fn is_joined(approval: &Approval, now: Millis, shared: &Shared) -> bool {
    let waits = approval.state == State::Proposed && !approval.is_expired(now);
    waits && approval.approvers.is_some() && !shared.held.has(&approval.id)
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
