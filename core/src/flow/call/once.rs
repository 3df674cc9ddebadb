//! What a call that happens once takes in the ledger, and the record of a call that nobody was asked about.
//!
//! The order is: the approval is spent, then the consequence is taken under it, then the call goes out. A process that
//! dies in between leaves an approval that is spent and sends nothing; the consequence stays its own until the approval
//! is settled, so that nothing is sent twice.

use super::{Call, State};
use crate::approval::{Approval, State as Standing};
use crate::error::{Code, Error, Result};
use crate::flow::{Input, cancelled};
use crate::gate::once::{self, Claim, Found, Taken};
use crate::gate::{Gate, GateVerdict, dispatch};
use crate::guard::Shared;
use crate::json::Document;
use crate::mutant::{self, Mutant};
use crate::step::{Earlier, Happening, Millis};

impl Call {
    /// Looks whether what the call would take is free. Says whether a step has to be made for it first.
    pub(super) fn search(&mut self, document: &Document, shared: &Shared) -> Result<bool> {
        let claims = self.find_claims(document, shared)?;
        if let Some(at) = claims.iter().position(|claim| !claim.is_free) {
            self.state = State::Searching { at, taken: None, approval: None };
            return Ok(true);
        }
        if claims.is_empty() {
            return Ok(false);
        }
        if claims.iter().any(|claim| claim.doubt.is_some()) {
            let note = "a call of the same consequence was answered with an error, and may have run";
            self.decision.say(Gate::Once, GateVerdict::Ask, note);
        } else {
            self.decision.say(Gate::Once, GateVerdict::Pass, "no other call had the same consequence");
        }
        Ok(false)
    }

    /// The calls of the same consequences of which it is not certain that they did not run.
    pub(super) fn doubts(&self) -> Vec<Earlier> {
        self.claims.iter().flatten().filter_map(|claim| claim.doubt.clone()).collect()
    }

    fn find_claims(&mut self, document: &Document, shared: &Shared) -> Result<&mut Vec<Claim>> {
        if self.claims.is_none() {
            let is_watched = shared.policy.observes();
            let found = once::claims(&self.name, document.tape().root(), shared);
            let found = if is_watched { Vec::new() } else { found? };
            if is_watched && !once::is_free(&self.name, shared) {
                self.decision.say(Gate::Once, GateVerdict::Pass, "mode observe; would let it happen once");
                self.passed = self.decision.gates.len();
            }
            self.claims = Some(found);
        }
        Ok(self.claims.get_or_insert_default())
    }

    /// Whether the call takes something in the ledger.
    pub(super) fn takes_something(&self) -> bool {
        self.claims.as_ref().is_some_and(|claims| !claims.is_empty())
    }

    pub(super) fn claim_at(&self, at: usize) -> Option<&Claim> {
        self.claims.as_ref()?.get(at)
    }

    fn claim_mut(&mut self, at: usize) -> Option<&mut Claim> {
        self.claims.as_mut()?.get_mut(at)
    }

    /// What the ledger says of a consequence, or of the approval that took it.
    pub(super) fn searched(
        &mut self,
        at: usize,
        taken: Option<Taken>,
        approval: Option<Approval>,
        input: &Input<'_>,
        shared: &mut Shared,
    ) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            self.stop(approval, cancelled(), shared);
            return Ok(());
        }
        let own = approval.as_ref().map(|approval| approval.id.clone()).or_else(|| self.quoted.clone());
        let Some(claim) = self.claim_mut(at) else { return Ok(()) };
        let found = match (&taken, &input.happening) {
            (None, Happening::Found { record }) => {
                claim.held.clone_from(record);
                claim.read(record.as_deref(), own.as_deref(), &shared.seal, input.now)
            }
            (None, _) => match dispatch::found(&input.happening, "", shared) {
                Some(Err(error)) => Err(error),
                _ => return Err(input.wrong_event("`found` or `failed`")),
            },
            (Some(taken), _) => dispatch::found(&input.happening, &taken.approval, shared)
                .ok_or_else(|| input.wrong_event("`found` or `failed`"))?
                .and_then(|first| claim.check(taken, first.as_ref(), approval.as_ref()))
                .map(|doubt| {
                    claim.doubt = doubt;
                    Found::Free
                }),
        };
        match found {
            Ok(Found::Others(taken)) => self.state = State::Searching { at, taken: Some(taken), approval },
            Ok(Found::Free | Found::Own) => {
                claim.is_free = true;
                match approval {
                    Some(approval) => self.take(approval, input.now, shared),
                    None => self.advance(input.now, true, shared),
                }
            }
            Err(error) => {
                self.decision.deny(Gate::Once, &error);
                self.stop(approval, error, shared);
            }
        }
        Ok(())
    }

    /// Begins to take what the call takes: each dispatch of an approval, and each round of a call, does it for itself.
    pub(super) fn take_anew(&mut self, approval: Approval, now: Millis, shared: &mut Shared) {
        for claim in self.claims.iter_mut().flatten() {
            claim.is_taken = false;
        }
        self.take(approval, now, shared);
    }

    /// Takes what is not taken yet under an approval that was spent on this call; then the call goes out.
    pub(super) fn take(&mut self, approval: Approval, now: Millis, shared: &mut Shared) {
        let document = self.read_arguments();
        let next = match self.find_claims(&document, shared) {
            Ok(claims) => claims.iter().position(|claim| !claim.is_taken),
            Err(error) => {
                self.decision.deny(Gate::Once, &error);
                return self.stop(Some(approval), error, shared);
            }
        };
        match next {
            Some(at) => self.state = State::Taking { at, approval },
            None => self.go_out(approval, now, shared),
        }
    }

    /// The ledger's answer to the record by which the consequence is taken.
    pub(super) fn took(&mut self, at: usize, approval: Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let refused = match &input.happening {
            Happening::Cancelled => Some(cancelled()),
            Happening::Conflict if !mutant::is(Mutant::OnceConflict) => {
                let Some(claim) = self.claim_mut(at) else { return Ok(()) };
                claim.conflicts = claim.conflicts.saturating_add(1);
                claim.is_free = false;
                if claim.conflicts <= once::MAX_CONFLICTS {
                    self.state = State::Searching { at, taken: None, approval: Some(approval) };
                    return Ok(());
                }
                Some(claim.contended())
            }
            Happening::Conflict => None,
            happening => dispatch::stored(happening, &shared.redactor)
                .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?
                .err(),
        };
        match refused {
            None => {
                if let Some(claim) = self.claim_mut(at) {
                    claim.held = Some(claim.taken_by(&approval, &shared.seal));
                    claim.is_taken = true;
                }
                self.take(approval, input.now, shared);
            }
            Some(error) => {
                self.decision.deny(Gate::Once, &error);
                self.stop(Some(approval), error, shared);
            }
        }
        Ok(())
    }

    /// The last look before a call goes out: the ledger may have taken its time.
    fn go_out(&mut self, approval: Approval, now: Millis, shared: &mut Shared) {
        let state = if approval.request.is_some() { Standing::Dispatched } else { Standing::Approved };
        let covered = Approval { state, ..approval.clone() };
        let ends_at = approval.dispatched_at.unwrap_or(now).saturating_add(shared.dispatch_timeout);
        let still = match self.takes_something() && now >= ends_at && approval.request.is_none() {
            // By now somebody may have settled it as one that did not run.
            true => Err(Error::new(
                Code::LedgerFailed,
                "The ledger took longer than a call may be on its way; nothing was sent.",
            )),
            false => self.still_covered(&covered, now, shared),
        };
        match still {
            Ok(()) => {
                let note = match &approval.under {
                    Some(_) => "recorded before it goes out",
                    None => "the approval was spent on this call",
                };
                self.decision.say(Gate::Dispatch, GateVerdict::Pass, note);
                self.dispatch(Some(approval), now, shared);
            }
            Err(error) => {
                self.decision.deny(Gate::Dispatch, &error);
                self.stop(Some(approval), error, shared);
            }
        }
    }

    /// Nothing was sent: an approval that was spent ends as failed.
    pub(super) fn stop(&mut self, approval: Option<Approval>, error: Error, shared: &Shared) {
        let error = match &approval {
            Some(approval) => error.with("approval", approval.id.as_str()),
            None => error,
        };
        let settled = approval.and_then(|before| {
            let after = Approval { not_sent: true, ..before.moved(Standing::Failed)? }.sealed(&shared.seal);
            Some((before, after))
        });
        self.settle_or_finish(settled, self.failure(error));
    }

    /// Makes the record of a call that goes out although nobody is asked about it: by it the call's end is known, and can
    /// be settled. `under` says what allowed it; it ends with that.
    pub(super) fn record_unasked(
        &mut self,
        document: &Document,
        under: String,
        until: Option<Millis>,
        now: Millis,
        shared: &Shared,
    ) -> Result<()> {
        let binding = self.bind(document, shared)?;
        let check = self.check(document, shared);
        let ends_at = now.saturating_add(shared.approval_ttl);
        let times = (now, until.map_or(ends_at, |until| until.min(ends_at)));
        let approval =
            Approval::propose(&self.entropy, binding.call, &binding.arguments, binding.preview, check, times);
        let approval =
            Approval { state: Standing::Dispatched, dispatched_at: Some(now), under: Some(under), ..approval };
        let continues = self.round.as_ref().and_then(|round| round.continues.clone());
        let approval = Approval { continues, ..approval };
        let approval = approval.sealed(&shared.seal);
        self.decision.approval = Some(approval.id.clone());
        self.state = State::Recording(approval);
        Ok(())
    }

    pub(super) fn recorded(&mut self, approval: Approval, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            return self.call_off(shared);
        }
        let stored = dispatch::stored(&input.happening, &shared.redactor)
            .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
        match stored {
            Ok(()) => {
                shared.remember(approval.clone());
                self.take_anew(approval, input.now, shared);
            }
            Err(error) => {
                self.decision.deny(Gate::Dispatch, &error);
                self.refuse(error);
            }
        }
        Ok(())
    }
}
