//! Registration tools that the agent calls by itself: the key is taken out of the answer before anyone sees it.

use std::borrow::Cow;

use super::record::Look;
use super::{Call, State, settlement};
use crate::address;
use crate::approval::{Approval, Line, State as Standing};
use crate::error::{Code, Error, Result};
use crate::flow::Input;
use crate::flow::credential::{self, Vault};
use crate::flow::signup::registration::PendingState;
use crate::flow::signup::{self, Role};
use crate::gate::{Gate, GateVerdict, result};
use crate::guard::Shared;
use crate::json::canonical::quoted;
use crate::json::tape::Node;
use crate::json::{self, Document};
use crate::profile::{Profile, Registration};
use crate::step::{Happening, Millis, Outcome};

impl Call {
    /// What is to be remembered of a registration call that goes out now.
    pub(super) fn note_registration(&self, now: Millis, shared: &mut Shared) {
        match self.role {
            Some(Role::Request) => {
                if let Some(email) = signup::email_of(self.read_arguments().tape().root()) {
                    shared.registrations.requested(&email, now);
                }
            }
            Some(Role::Verify) => {
                let arguments = self.read_arguments();
                if let Some(pending) = shared.registrations.get_mut(&request_id_of(arguments.tape().root())) {
                    pending.state = PendingState::Verifying;
                }
            }
            Some(Role::Join) | None => {}
        }
    }

    /// The answer to a verification that the agent made itself: the key is taken out before anything is shown.
    pub(super) fn verified(
        &mut self,
        approval: Option<Approval>,
        input: &Input<'_>,
        shared: &mut Shared,
    ) -> Result<()> {
        let (profile, registration) = self.known(shared)?;
        let arguments = self.read_arguments();
        let code = json::text(arguments.tape().root(), &["code"]).unwrap_or_default();
        let outcome = signup::read_verification(input, shared, &profile, &registration, &code)?;
        signup::settle(shared, &request_id_of(arguments.tape().root()), &outcome);
        let standing = match &outcome {
            Ok(_) => Standing::Completed,
            Err(error) if error.code() == Code::SignupUnknown => Standing::Unknown,
            Err(_) => Standing::Failed,
        };
        let settled = settlement(approval, standing, shared);
        let verified = match outcome {
            Ok(verified) => verified,
            Err(error) => {
                self.decision.deny(Gate::Result, &error);
                let outcome = self.failure(error);
                self.settle_or_finish(settled, outcome);
                return Ok(());
            }
        };
        let text = input.document()?;
        shared.redactor.declare(&verified.key);
        let masked = signup::masked(&profile, &verified.key).masked;
        let text = text.replace(verified.key.expose(), &masked);
        let shown = result::open(&text).map(|document| {
            let text = address::cleaned(document.tape().root());
            let document = Document::of(&text);
            result::show(&document, text.get(), "the key went to the vault", &shared.redactor)
        });
        // Whoever joins gets a key; the account is there already, and its answer need not describe it.
        let account = if self.role == Some(Role::Join) { Ok(()) } else { verified.account.map(|_| ()) };
        let outcome = match account.and(shown) {
            // An answer of which the key cannot be taken out is not shown.
            Ok(checked) if !shared.redactor.holds_declared(checked.text.get()) => {
                self.decision.say(Gate::Result, GateVerdict::Pass, checked.note.clone());
                Outcome::Result { result: checked.text, decision: self.decision.clone() }
            }
            Ok(_) => self.failure(Error::new(
                Code::InvalidResult,
                "The answer could not be shown without its key; the key is in the vault.",
            )),
            Err(error) => self.failure(error),
        };
        self.state = State::Keeping { settled, key: Some(verified.key), outcome: Some(outcome) };
        Ok(())
    }

    /// What the vault holds, as far as this call could replace it.
    pub(super) fn vault_checked(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        match Vault::of(&input.happening) {
            Some(Vault::Holds) => match credential::holder_read(shared) {
                Some(errand) => self.state = State::Looking { look: Look::Holder, errand },
                None => self.replaces(Vault::Holds, None, input.now, shared),
            },
            Some(vault) => self.replaces(vault, None, input.now, shared),
            None if matches!(input.happening, Happening::Cancelled) => return self.call_off(shared),
            None => return Err(input.wrong_event("`checked` or `failed`")),
        }
        Ok(())
    }

    /// Goes on with what a person has to see of it. The approval that follows is bound to that, and the vault is looked
    /// at once more after their yes.
    pub(super) fn replaces(&mut self, vault: Vault, held: Option<String>, now: Millis, shared: &mut Shared) {
        self.vault = Some(vault);
        if vault != Vault::Empty {
            let name = credential::name(shared);
            let of = held.map_or("an organisation that is not known".to_owned(), |held| quoted(&held));
            let holds = match vault {
                Vault::Unread => [&quoted(&name), ", if the vault holds one: it could not be read"].concat(),
                _ => [&quoted(&name), " of ", &of].concat(),
            };
            let arguments = self.read_arguments();
            let pending = shared.registrations.get(&request_id_of(arguments.tape().root()));
            let new = pending.map(|pending| pending.organisation.as_str()).filter(|name| !name.is_empty());
            let new = new.map_or("an organisation that is not known".to_owned(), |name| {
                quoted(&credential::shown(name, shared))
            });
            let line = |label: &str, value: String| Line { label: label.to_owned(), value };
            self.record =
                Some(vec![line("replaces the credential in the vault", holds), line("by a credential of", new)]);
        }
        self.advance(now, true, shared);
    }

    pub(super) fn kept(&mut self, input: &Input<'_>, shared: &Shared) -> Result<()> {
        let State::Keeping { settled, outcome, .. } = &mut self.state else { return Ok(()) };
        let (settled, outcome) = (settled.take(), outcome.take());
        let outcome = match (&input.happening, outcome) {
            (Happening::Kept, Some(outcome)) => outcome,
            (Happening::Kept | Happening::Failed { .. } | Happening::Cancelled, _) => self.failure(key_lost(shared)),
            (_, outcome) => {
                if let State::Keeping { settled: settled_slot, outcome: outcome_slot, .. } = &mut self.state {
                    *settled_slot = settled;
                    *outcome_slot = outcome;
                }
                return Err(input.wrong_event("`kept` or `failed`"));
            }
        };
        self.settle_or_finish(settled, outcome);
        Ok(())
    }

    pub(super) fn known(&self, shared: &Shared) -> Result<(Profile, Registration)> {
        let profile = shared.profile.clone();
        profile
            .and_then(|profile| profile.registration.clone().map(|registration| (profile, registration)))
            .ok_or_else(|| Error::new(Code::NoRegistration, "Nothing is known of how to sign up at this backend."))
    }
}

fn request_id_of(arguments: Node<'_>) -> Cow<'_, str> {
    crate::json::text(arguments, &["requestId", "request_id"]).unwrap_or_default()
}

pub(super) fn key_lost(shared: &Shared) -> Error {
    shared
        .profile
        .as_ref()
        .map_or_else(|| Error::new(Code::KeyNotKept, "The key could not be put into the vault."), signup::not_kept)
}
