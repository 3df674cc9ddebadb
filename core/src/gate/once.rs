//! The gate `once`: what makes two calls one consequence happens once, under whatever approval.
//!
//! A consequence belongs to the approval whose call took it; the approval's own record says how that call ended. It is
//! free again only once that record says that nothing was done, or its rule's window is over. So one record is moved where a call ends
//! and none can contradict the other.

use serde::Serialize;

use crate::approval::{Approval, Seal, State};
use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::json;
use crate::json::canonical::canonical_of;
use crate::json::de::{self, record};
use crate::json::tape::Node;
use crate::mutant::{self, Mutant};
use crate::policy::numbered;
use crate::policy::once::{OnceRule, Unclear};
use crate::step::{Earlier, Millis};
use crate::text::quoted_name;

const VERSION: u32 = 1;
/// More conflicts than other processes cause by chance.
pub(crate) const MAX_CONFLICTS: u32 = 8;

/// One consequence of a call that is to take it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Claim {
    /// The ledger's key.
    pub(crate) key: String,
    /// The rule, such as `once 1: one refund an invoice`.
    source: String,
    /// After so long it is free again.
    window: Option<Millis>,
    /// Whether it was found to be free.
    pub(crate) is_free: bool,
    /// What the ledger held then; its next record takes that one's place.
    pub(crate) held: Option<String>,
    /// Whether this dispatch of the approval took it.
    pub(crate) is_taken: bool,
    /// How often another process was quicker.
    pub(crate) conflicts: u32,
    /// The call that took it before and was answered with an error: only who knows of it may say yes to another.
    pub(crate) doubt: Option<Earlier>,
}

record!(strict Claim { key, source, is_free, is_taken, conflicts; window, held, doubt });

/// The ledger's record of a consequence: whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Taken {
    version: u32,
    key: String,
    /// The approval whose call took it.
    pub(crate) approval: String,
    tool: String,
    subject: String,
    at: Millis,
    /// How many dispatches of the approval were given back before: no two of them write the same record.
    given_back: u32,
    seal: String,
}

record!(strict Taken { version, key, approval, tool, subject, at, given_back, seal; });

/// What a record leaves open.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nobody's, or its window is over.
    Free,
    /// The call's own: it was taken under the same approval.
    Own,
    /// Another's: what became of it says that approval's record.
    Others(Taken),
}

/// The rules about calls of that tool, the policy's first; the profile's have no place in the user's file.
fn rules<'s>(tool: &'s str, shared: &'s Shared) -> impl Iterator<Item = (String, &'s OnceRule)> {
    let policy = shared.policy.once.iter().enumerate().map(|(at, rule)| (numbered("once", at, &rule.reason), rule));
    let profile = shared.profile.iter().flat_map(|profile| &profile.once);
    let profile = profile.enumerate().map(|(at, rule)| (numbered("the profile's once", at, &rule.reason), rule));
    policy.chain(profile).filter(|(_, rule)| rule.matching.names(tool))
}

/// Whether no rule is about calls of that tool.
pub(crate) fn is_free(tool: &str, shared: &Shared) -> bool {
    rules(tool, shared).next().is_none()
}

/// What such a call would take.
pub(crate) fn claims(tool: &str, arguments: Node<'_>, shared: &Shared) -> Result<Vec<Claim>> {
    let mut claims: Vec<Claim> = Vec::new();
    if mutant::is(Mutant::Once) {
        return Ok(claims);
    }
    for (source, rule) in rules(tool, shared) {
        let keys = rule.consequences(&shared.server, arguments).map_err(|unclear| refused(tool, &source, unclear))?;
        for key in keys.into_iter().map(|digest| ["once/", &digest].concat()) {
            if claims.iter().all(|claim| claim.key != key) {
                let (source, window) = (source.clone(), rule.window);
                claims.push(Claim {
                    key,
                    source,
                    window,
                    is_free: false,
                    held: None,
                    is_taken: false,
                    conflicts: 0,
                    doubt: None,
                });
            }
        }
    }
    Ok(claims)
}

fn refused(tool: &str, source: &str, unclear: Unclear<'_>) -> Error {
    let (why, path) = match unclear {
        Unclear::Absent(path) => ("nothing stands at the member that tells it from others", Some(path)),
        Unclear::Repeated => ("it would have the same consequence twice", None),
        Unclear::TooMany => ("it would have more consequences at once than can be kept apart", None),
    };
    let message =
        format!("This call of {} happens once for each of its consequences ({source}), but {why}.", quoted_name(tool));
    let error = Error::new(Code::ConsequenceUnclear, message).with("rule", source);
    match path {
        Some(path) => error.with("path", path).with_next(format!("Give a value at `{path}` and call again.")),
        None => error,
    }
}

impl Claim {
    /// What the ledger's answer for the key means at that time; `own` is the approval of the call itself.
    pub(crate) fn read(&self, record: Option<&str>, own: Option<&str>, seal: &Seal, now: Millis) -> Result<Found> {
        let Some(text) = record else { return Ok(Found::Free) };
        let taken = Taken::read(text, &self.key, seal)?;
        if own == Some(&*taken.approval) {
            return Ok(Found::Own);
        }
        // A clock that was set back stands before that time, and frees nothing.
        let is_over = self.window.is_some_and(|window| now >= taken.at.saturating_add(window));
        Ok(if is_over { Found::Free } else { Found::Others(taken) })
    }

    /// Whether a consequence of another approval is free, by that approval's record. One that is not there frees nothing;
    /// one that the server answered with an error frees it for who knows of that. `told` is whether the call's own
    /// approval says that its person did, where it is spent already.
    pub(crate) fn check(
        &self,
        taken: &Taken,
        first: Option<&Approval>,
        told: Option<&Approval>,
    ) -> Result<Option<Earlier>> {
        let state = first.map(|first| first.state);
        // What is not dispatched has to take the consequence anew before it goes out, and then meets a conflict.
        let is_freed = mutant::is(Mutant::OnceError) && state == Some(State::Failed);
        if is_freed || first.is_some_and(Approval::certainly_not_run) {
            return Ok(None);
        }
        if let Some(State::Failed) = state {
            let earlier = Earlier { approval: taken.approval.clone(), state: State::Failed };
            if told.is_none_or(|own| own.tells_of(core::slice::from_ref(&earlier))) {
                return Ok(Some(earlier));
            }
        }
        let message = format!(
            "The same consequence of {} was reached already ({}); nothing was sent.",
            quoted_name(&taken.tool),
            self.source
        );
        let mut error = Error::new(Code::AlreadyDone, message)
            .with("rule", &*self.source)
            .with("approval", &*taken.approval)
            .with("tool", &*taken.tool)
            .with("subject", &*taken.subject)
            .with("at", taken.at);
        if let Some(state) = state {
            error = error.with("state", state.as_str());
        }
        if let Some(window) = self.window {
            error = error.with("retry_at", taken.at.saturating_add(window));
        }
        if matches!(state, Some(State::Dispatched | State::Unknown | State::Failed)) {
            error = error.with_next(
                "Do not repeat the call: ask a person to settle the first one by its approval, for it may have run.",
            );
        }
        Err(error)
    }

    /// The record by which the call of that approval takes it.
    pub(crate) fn taken_by(&self, approval: &Approval, seal: &Seal) -> String {
        let mut taken = Taken {
            version: VERSION,
            key: self.key.clone(),
            approval: approval.id.clone(),
            tool: approval.call.tool.clone(),
            subject: approval.call.subject.clone(),
            at: approval.dispatched_at.unwrap_or(approval.proposed_at),
            given_back: approval.given_back,
            seal: String::new(),
        };
        taken.seal = seal.of(&canonical_of(&taken));
        canonical_of(&taken)
    }

    /// The refusal where others were quicker again and again.
    pub(crate) fn contended(&self) -> Error {
        Error::new(Code::LedgerConflict, "Other calls of the same consequence are under way; nothing was sent.")
            .with("rule", &*self.source)
    }
}

impl Taken {
    fn read(text: &str, key: &str, seal: &Seal) -> Result<Taken> {
        let invalid = |why: &str| {
            Error::new(
                Code::InvalidRecord,
                format!("The ledger's record of what happened once {why}; nothing was sent."),
            )
            .with("key", key)
            .with_next("Look who writes to the ledger; nothing of this consequence is sent until the record is mended.")
        };
        let taken: Taken = de::read(text, json::OWN).map_err(|_| invalid("cannot be read"))?;
        if taken.version != VERSION {
            let message = "The ledger's record of what happened once has a version that this toolgate does not know.";
            return Err(Error::new(Code::UnsupportedRecord, message).with("version", taken.version));
        }
        let unsealed = Taken { seal: String::new(), ..taken.clone() };
        seal.check(&canonical_of(&unsealed), &taken.seal).map_err(invalid)?;
        // A record of another key was put in this one's place.
        if taken.key == key { Ok(taken) } else { Err(invalid("is another's")) }
    }
}
