//! A credential that the vault holds is replaced only by a person's word: what is asked before a tool may give another.

use crate::catalog::effect::Effect;
use crate::error::{Code, Error};
use crate::flow::{Errand, Input};
use crate::gate::result;
use crate::guard::Shared;
use crate::json;
use crate::json::canonical::quoted;
use crate::json::tape::{Kind, Node};
use crate::step::{About, Happening, no_arguments};
use crate::text::{shorten, visible};

/// What is known of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vault {
    Empty,
    Holds,
    /// It could not be read, so it may hold one.
    Unread,
}

impl Vault {
    /// The answer to `check_vault`; none for an event that is no answer to it.
    pub(crate) fn of(happening: &Happening) -> Option<Vault> {
        match happening {
            Happening::Checked { held: false } => Some(Vault::Empty),
            Happening::Checked { held: true } => Some(Vault::Holds),
            Happening::Failed { .. } => Some(Vault::Unread),
            _ => None,
        }
    }
}

/// The vault's name for the backend's credential.
pub(crate) fn name(shared: &Shared) -> String {
    let credential = shared.profile.as_ref().and_then(|profile| profile.credential.as_ref());
    credential.map_or_else(|| "api_key".to_owned(), |credential| credential.name.clone())
}

/// The read that tells whose credential the vault holds, if the backend has one.
pub(crate) fn holder_read(shared: &Shared) -> Option<Errand> {
    let tool = shared.profile.as_ref()?.doctor.organisation.as_ref()?;
    shared.catalog.get(tool).filter(|tool| tool.effect == Effect::Read)?;
    Errand::new(tool, no_arguments(), shared)
}

/// Whose it is, as the backend's answer to that read says.
pub(crate) fn holder(input: &Input<'_>, shared: &Shared) -> Option<String> {
    let (Happening::Result { .. }, Some(profile)) = (&input.happening, &shared.profile) else { return None };
    let document = result::open(input.document?).ok()?;
    let root = document.tape().root();
    if result::is_error(root) {
        return None;
    }
    let answer = profile.answer(root);
    let mut names = Vec::new();
    collect(answer.node(), 3, &mut names);
    let names = names.join(", ");
    (!names.is_empty()).then(|| shown(&names, shared))
}

/// Names of organisations, wherever the backend keeps them in its answer; the first few.
fn collect(node: Node<'_>, depth: u32, names: &mut Vec<String>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    if names.len() >= 3 {
        return;
    }
    match node.kind() {
        Kind::Array => node.items().take(3).for_each(|item| collect(item, deeper, names)),
        Kind::Object => {
            let known =
                ["organisationName", "organisation_name", "organizationName", "companyName", "company_name", "name"];
            match json::text(node, &known).filter(|name| !name.trim().is_empty()) {
                Some(name) => names.push(name.into_owned()),
                None => node.members().for_each(|member| collect(member.value, deeper, names)),
            }
        }
        _ => {}
    }
}

pub(crate) fn shown(name: &str, shared: &Shared) -> String {
    visible(&shorten(&shared.redactor.shown(name, 200), 200)).replace('\n', "\\u{a}")
}

/// The question of a sign-up.
pub(crate) fn question(vault: Vault, held: Option<&String>, organisation: &str, shared: &Shared) -> About {
    let (name, organisation) = (name(shared), shown(organisation, shared));
    let of = held.map_or("of an organisation that is not known".to_owned(), |held| ["of ", &quoted(held)].concat());
    let holds = match vault {
        Vault::Unread => format!("The vault could not be read; it may hold a credential already (`{name}`)."),
        _ => format!("The vault holds a credential already (`{name}`), {of}."),
    };
    About::Credential {
        message: format!("{holds} Shall the one of the new organisation {} replace it?", quoted(&organisation)),
        name,
        held_organisation: held.cloned(),
        organisation: Some(organisation).filter(|organisation| !organisation.is_empty()),
    }
}

pub(crate) fn refused(vault: Vault, held: Option<&String>, shared: &Shared) -> Error {
    let name = name(shared);
    let message = match vault {
        Vault::Unread => {
            format!("The vault could not be read and may hold the credential `{name}` already; nothing was sent.")
        }
        _ => format!(
            "The vault holds the credential `{name}` already, and nobody agreed to replace it; nothing was sent."
        ),
    };
    let error = Error::new(Code::CredentialHeld, message).with("name", name);
    match held {
        Some(held) => error.with("held_organisation", held.as_str()),
        None => error,
    }
}
