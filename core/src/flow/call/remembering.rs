//! Answers that hold for further calls: how a person's answer becomes one, and how a call goes out under one.

use super::{Call, State};
use crate::approval::remembered::{self, Asked, Remembered};
use crate::approval::{Approval, By, State as Standing};
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::flow::Input;
use crate::flow::signup::Role;
use crate::gate::{Gate, GateVerdict, dispatch};
use crate::guard::Shared;
use crate::json::{Document, pointer_token};
use crate::mutant::{self, Mutant};
use crate::step::{Happening, Millis, Remember};

use super::examine::Binding;

/// More than other processes are quicker by chance.
const MAX_RECOUNTS: u32 = 8;

impl Call {
    /// The answer to be remembered, as the record that the ledger will hold.
    pub(super) fn remember(
        &self,
        approval: &Approval,
        (answer, by): (&Remember, Option<&By>),
        now: Millis,
        shared: &mut Shared,
    ) -> Result<Remembered> {
        shared.begin_session(&self.entropy);
        let document = self.read_arguments();
        let may_fix = self.may_fix(approval);
        let asked = Asked {
            approval,
            arguments: document.tape().root(),
            by,
            rule: &self.rule,
            may_fix: &may_fix,
            session: &shared.session,
        };
        Remembered::new(answer, &asked, now, &shared.seal)
    }

    /// Pointers to the arguments that an answer may fix: the members at the top.
    pub(super) fn may_fix(&self, approval: &Approval) -> Vec<String> {
        let gives_key = self.role.is_some_and(Role::gives_key);
        let costs = approval.preview.effect == Effect::Billing && !mutant::is(Mutant::RememberBilling);
        if gives_key || costs || approval.call.inputs.is_some() {
            return Vec::new();
        }
        let document = self.read_arguments();
        let members = document.tape().root().members();
        let pointers = members.map(|member| ["/", &pointer_token(&member.name())].concat());
        let is_seen = |path: &String| approval.preview.hidden.iter().all(|hidden| !remembered::overlap(path, hidden));
        pointers.filter(is_seen).take(remembered::MAX_FIXED).collect()
    }

    /// The ledger's answer to that record. The yes itself is given already: it counts for this call in any case.
    pub(super) fn remembered(
        &mut self,
        approval: &Approval,
        remembered: Remembered,
        input: &Input<'_>,
        shared: &mut Shared,
    ) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            return self.call_off(shared);
        }
        let stored = dispatch::stored(&input.happening, &shared.redactor)
            .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
        let note = match stored {
            Ok(()) => {
                let note = ["the answer is remembered as ", &remembered.id].concat();
                shared.learn(remembered);
                note
            }
            Err(error) => ["the answer could not be remembered: ", error.message()].concat(),
        };
        self.decision.say(Gate::Approval, GateVerdict::Pass, note);
        self.go_on(approval, input.now, shared);
        Ok(())
    }

    /// An answer that lets this call out without asking.
    pub(super) fn find_remembered<'s>(
        &self,
        document: &Document,
        binding: &Binding,
        now: Millis,
        shared: &'s Shared,
    ) -> Option<&'s Remembered> {
        // A credential in the vault is replaced by a yes to exactly that.
        let effect = self.decision.effect.filter(|_| !self.role.is_some_and(Role::gives_key))?;
        let root = document.tape().root();
        let is_ours = |one: &&Remembered| one.is_of(&shared.server, &shared.subject, &shared.session);
        let covers = |one: &&Remembered| one.covers(&binding.call, effect, &self.rule, root, now);
        // A yes to exactly this call is used up first.
        let is_approved = |approval: &&Approval| {
            approval.state == Standing::Approved && approval.call == binding.call && !approval.is_expired(now)
        };
        if self.quoted.is_some() || shared.approvals.values().any(|approval| is_approved(&approval)) {
            return None;
        }
        shared.remembered.values().filter(is_ours).find(covers)
    }

    pub(super) fn count(&mut self, before: Remembered, now: Millis, shared: &Shared) {
        let after = before.counted(now, &shared.seal);
        self.state = State::Counting { before, after };
    }

    /// The ledger's answer to the count: only who is counted goes out.
    pub(super) fn counted(&mut self, after: Remembered, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match &input.happening {
            Happening::Cancelled => return self.call_off(shared),
            Happening::Conflict if !mutant::is(Mutant::RememberCount) => {
                self.state = State::Rereading(after.id);
                return Ok(());
            }
            Happening::Conflict => {}
            happening => {
                let stored = dispatch::stored(happening, &shared.redactor)
                    .ok_or_else(|| input.wrong_event("`committed`, `conflict` or `failed`"))?;
                if let Err(error) = stored {
                    self.decision.deny(Gate::Approval, &error);
                    self.refuse(error);
                    return Ok(());
                }
            }
        }
        let (id, until) = (after.id.clone(), after.until);
        let by = after.by.as_ref().map(|by| [" of ", &by.who].concat()).unwrap_or_default();
        shared.learn(after);
        self.decision.say(Gate::Approval, GateVerdict::Pass, ["by the remembered answer ", &id, &by].concat());
        if let Err(error) = self.record_unasked(&self.read_arguments(), id, until, input.now, shared) {
            self.refuse(error);
        }
        Ok(())
    }

    /// The ledger's word on a count that is taken back. It is no more than a favour: what goes wrong leaves it counted.
    pub(super) fn uncounted(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let State::Uncounting { id, counted, outcome } = &mut self.state else { return Ok(()) };
        self.recounts = self.recounts.saturating_add(1);
        let next = match (&input.happening, counted.clone()) {
            (Happening::Found { record: Some(record) }, None) => Remembered::read(record, &shared.seal)
                .ok()
                .and_then(|before| before.returned(&shared.seal).map(|after| Some((before, after)))),
            (Happening::Committed, Some((_, after))) => {
                shared.learn(after);
                None
            }
            (Happening::Conflict, Some(_)) => Some(None).filter(|_| self.recounts <= MAX_RECOUNTS),
            (Happening::Found { .. } | Happening::Failed { .. } | Happening::Cancelled, _) => None,
            _ => return Err(input.wrong_event("`found`, `committed`, `conflict` or `failed`")),
        };
        let (id, outcome) = (id.clone(), outcome.take());
        self.state = match next {
            Some(counted) => State::Uncounting { id, counted, outcome },
            None => {
                let lost = || self.failure(Error::new(Code::Unreachable, "The backend was not reached."));
                State::Finished(outcome.unwrap_or_else(lost))
            }
        };
        Ok(())
    }

    /// The record as another process left it: counted further, withdrawn, or gone.
    pub(super) fn reread(&mut self, id: &str, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let found = match &input.happening {
            Happening::Cancelled => return self.call_off(shared),
            Happening::Found { record } => record.as_deref().map(|record| Remembered::read(record, &shared.seal)),
            happening => match dispatch::found(happening, "", shared) {
                Some(Err(error)) => Some(Err(error)),
                _ => return Err(input.wrong_event("`found` or `failed`")),
            },
        };
        self.recounts = self.recounts.saturating_add(1);
        match found.transpose() {
            Ok(Some(found)) if found.id == *id && self.recounts <= MAX_RECOUNTS => shared.learn(found),
            Ok(_) => shared.remembered.remove(&id.to_owned()),
            // A record that was tampered with covers nothing; a ledger that fails sends nothing.
            Err(error) if matches!(error.code(), Code::InvalidRecord | Code::UnsupportedRecord) => {
                shared.remembered.remove(&id.to_owned());
            }
            Err(error) => {
                self.decision.deny(Gate::Approval, &error);
                self.refuse(error);
                return Ok(());
            }
        }
        self.advance(input.now, true, shared);
        Ok(())
    }
}

/// The refusal of an answer to a question that is not about a call.
pub(super) fn only_of_calls() -> Error {
    Error::new(Code::WrongAnswer, "Only the answer about a call can be remembered: answer with `approve` alone.")
}

/// The refusal of an answer that cannot be remembered where it was given.
pub(crate) fn only_to_the_question() -> Error {
    Error::new(Code::WrongAnswer, "An answer is remembered only where it is given to the question itself.")
        .with_next("Answer with `approve` alone; the approval is as it was.")
}
