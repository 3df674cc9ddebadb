//! A person's answer that holds for further calls: of one tool, with some argument values fixed, until a time or for so
//! many calls. Each call under it is counted by compare-and-set, so that withdrawing it is seen everywhere at once.

use serde::Serialize;

use super::{Approval, Bound, By, Seal};
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::json::canonical::{canonical, canonical_of, sha256_hex};
use crate::json::de::{self, record, words};
use crate::json::tape::Node;
use crate::mutant::{self, Mutant};
use crate::step::{Millis, Remember, Scope};
use crate::text::{shorten, visible};

/// How the ledger's keys of remembered answers begin.
pub(crate) const PREFIX: &str = "remembered/";
const VERSION: u32 = 1;
pub(crate) const MAX_FIXED: usize = 32;
const MAX_CALLS: u64 = 10_000;
const MAX_LIFETIME: Millis = 366 * 24 * 60 * 60 * 1_000;
const MAX_SHOWN: usize = 200;

/// The ledger's record of an answer that holds for further calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remembered {
    version: u32,
    /// The answer's id, `rem_` and 24 hexadecimal digits.
    pub id: String,
    /// Whether it still holds, as far as the person is concerned.
    pub state: RememberedState,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// The approval whose question it answered.
    pub approval: String,
    /// The server whose tool may be called.
    pub server: String,
    /// Who may call it.
    pub subject: String,
    /// The tool's name.
    pub tool: String,
    /// What its calls do to the world.
    pub effect: Effect,
    /// Digest of the tool's definition.
    definition: String,
    /// Digest of the policy.
    policy: String,
    /// What of the policy asked for the approval.
    rule: String,
    /// Digest of the call's `_meta`.
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<String>,
    /// The argument values that are fixed.
    pub arguments: Vec<Fixed>,
    /// When it was given.
    pub remembered_at: Millis,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// For how many calls it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// How many were let out, but for those of which nothing was sent.
    pub used: u64,
    /// How many of those there were: no two counts write the same record.
    #[serde(skip_serializing_if = "is_zero")]
    given_back: u64,
    /// When the last of them was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Millis>,
    /// The session that it ends with; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    seal: String,
}

record!(strict Remembered { version, id, state, approval, server, subject, tool, effect, definition, policy, rule, arguments, remembered_at, used, seal; meta, until, calls, used_at, session, by, given_back });

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Whether a person took it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RememberedState {
    /// It holds, within its bounds.
    Active,
    /// It let out all the calls that it was good for.
    Spent,
    /// It was withdrawn.
    Withdrawn,
}

words!(RememberedState { Active = "active", Spent = "spent", Withdrawn = "withdrawn" });

/// One argument value that is fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fixed {
    /// JSON Pointer into the arguments.
    pub path: String,
    /// The value as JSON, shortened.
    pub value: String,
    /// SHA-256 of its canonical form.
    digest: String,
}

record!(strict Fixed { path, value, digest; });

/// What an answer is given to.
pub(crate) struct Asked<'a> {
    pub(crate) approval: &'a Approval,
    pub(crate) arguments: Node<'a>,
    /// Who gives it.
    pub(crate) by: Option<&'a By>,
    /// What of the policy asked.
    pub(crate) rule: &'a str,
    /// Pointers to the arguments that it may fix, as the question names them; empty: it is for this call alone.
    pub(crate) may_fix: &'a [String],
    pub(crate) session: &'a str,
}

impl Remembered {
    /// The record for a person's answer.
    pub(crate) fn new(answer: &Remember, asked: &Asked<'_>, now: Millis, seal: &Seal) -> Result<Remembered> {
        let wrong = |why: &str| Err(Error::new(Code::WrongAnswer, format!("The answer cannot be remembered: {why}.")));
        let Asked { approval, arguments, by, rule, may_fix, session } = asked;
        let (call, effect) = (&approval.call, approval.preview.effect);
        if effect == Effect::Billing && !mutant::is(Mutant::RememberBilling) {
            return wrong("what costs money is asked about each time");
        }
        if approval.approvers.is_some() {
            return wrong("the policy names who must say yes, each time");
        }
        if call.inputs.is_some() {
            return wrong("what a server asks for in the middle of a call is asked about each time");
        }
        if may_fix.is_empty() {
            return wrong("the question does not offer it");
        }
        if answer.calls.is_some_and(|calls| !(1..=MAX_CALLS).contains(&calls)) {
            return wrong("`calls` is a whole number from 1 to 10000");
        }
        if answer.until.is_some_and(|until| until <= now || until > now.saturating_add(MAX_LIFETIME)) {
            return wrong("`until` is a time from now on, within a year");
        }
        if answer.scope == Scope::Ledger && answer.until.is_none() && answer.calls.is_none() {
            return wrong("beyond the session it needs `until`, `calls` or both");
        }
        if answer.arguments.len() > MAX_FIXED {
            return wrong("`arguments` holds at most 32 pointers");
        }
        let mut fixed = Vec::new();
        for path in &answer.arguments {
            let is_new = fixed.iter().all(|one: &Fixed| one.path != *path);
            let Some(value) = arguments.pointer(path).filter(|_| is_new && may_fix.contains(path)) else {
                return wrong("`arguments` holds pointers that the question's `remember` names, each once");
            };
            let text = canonical(value);
            let value = shorten(&visible(&text), MAX_SHOWN);
            fixed.push(Fixed { path: path.clone(), value, digest: sha256_hex(text.as_bytes()) });
        }
        let digits: String = sha256_hex(["remembered ", &approval.id].concat().as_bytes()).chars().take(24).collect();
        let remembered = Remembered {
            version: VERSION,
            id: ["rem_", &digits].concat(),
            state: RememberedState::Active,
            by: by.cloned(),
            given_back: 0,
            approval: approval.id.clone(),
            server: call.server.clone(),
            subject: call.subject.clone(),
            tool: call.tool.clone(),
            effect,
            definition: call.definition.clone(),
            policy: call.policy.clone(),
            rule: (*rule).to_owned(),
            meta: call.meta.clone(),
            arguments: fixed,
            remembered_at: now,
            until: answer.until,
            calls: answer.calls,
            used: 0,
            used_at: None,
            session: (answer.scope == Scope::Session).then(|| (*session).to_owned()),
            seal: String::new(),
        };
        Ok(remembered.sealed(seal))
    }

    /// The record that the ledger gave out.
    pub(crate) fn read(text: &str, seal: &Seal) -> Result<Remembered> {
        let invalid = |why: &str| Error::new(Code::InvalidRecord, format!("The ledger's record {why}."));
        let remembered: Remembered = de::read(text, json::OWN).map_err(|_| invalid("cannot be read"))?;
        if remembered.version != VERSION {
            return Err(Error::new(
                Code::UnsupportedRecord,
                format!("The ledger's record has version {}; this toolgate knows up to {VERSION}.", remembered.version),
            )
            .with("version", remembered.version));
        }
        let unsealed = Remembered { seal: String::new(), ..remembered.clone() };
        seal.check(&canonical_of(&unsealed), &remembered.seal).map_err(invalid)?;
        Ok(remembered)
    }

    #[must_use]
    fn sealed(self, seal: &Seal) -> Remembered {
        let unsealed = Remembered { seal: String::new(), ..self };
        Remembered { seal: seal.of(&canonical_of(&unsealed)), ..unsealed }
    }

    /// Whether guards of that server, subject and session may go by it.
    pub(crate) fn is_of(&self, server: &str, subject: &str, session: &str) -> bool {
        let ours = self.session.as_ref().is_none_or(|own| own == session && !session.is_empty());
        self.server == server && self.subject == subject && ours
    }

    /// Whether it lets this call out: the same tool under the same definition, policy and rule, with the same values.
    pub(crate) fn covers(&self, call: &Bound, effect: Effect, rule: &str, arguments: Node<'_>, now: Millis) -> bool {
        let same = self.server == call.server
            && self.subject == call.subject
            && self.tool == call.tool
            && (self.definition == call.definition || mutant::is(Mutant::RememberDefinition))
            && self.policy == call.policy
            && self.meta == call.meta
            && call.inputs.is_none()
            && self.rule == rule
            && self.effect == effect
            && effect != Effect::Billing;
        let is_fixed = |fixed: &Fixed| {
            arguments.pointer(&fixed.path).is_some_and(|value| sha256_hex(canonical(value).as_bytes()) == fixed.digest)
        };
        let holds = self.arguments.iter().all(is_fixed) || mutant::is(Mutant::RememberArguments);
        same && self.is_live(now) && holds
    }

    /// Whether it is neither withdrawn nor used up nor over. A clock that stands before its last use was set back.
    pub(crate) fn is_live(&self, now: Millis) -> bool {
        let begun = now >= self.used_at.unwrap_or(self.remembered_at);
        let lasts = begun && self.until.is_none_or(|until| now < until);
        self.state == RememberedState::Active
            && (lasts || mutant::is(Mutant::Expiry))
            && (self.calls.is_none_or(|calls| self.used < calls) || mutant::is(Mutant::RememberCount))
    }

    /// The record with one more call let out.
    pub(crate) fn counted(&self, now: Millis, seal: &Seal) -> Remembered {
        let used = self.used.saturating_add(1);
        let is_spent = self.calls.is_some_and(|calls| used >= calls) && !mutant::is(Mutant::RememberCount);
        let state = if is_spent { RememberedState::Spent } else { self.state };
        Remembered { state, used, used_at: Some(now), ..self.clone() }.sealed(seal)
    }

    /// The record once it is known that nothing of a call that was let out was sent; none if it counts none.
    pub(crate) fn returned(&self, seal: &Seal) -> Option<Remembered> {
        let used = self.used.checked_sub(1)?;
        let state = if self.state == RememberedState::Spent { RememberedState::Active } else { self.state };
        let given_back = self.given_back.saturating_add(1);
        Some(Remembered { state, used, given_back, ..self.clone() }.sealed(seal))
    }

    /// Whether another record of it was written later than this one.
    pub(crate) fn is_behind(&self, other: &Remembered) -> bool {
        let moves = |one: &Remembered| one.used.saturating_add(one.given_back.saturating_mul(2));
        other.state == RememberedState::Withdrawn || moves(other) > moves(self)
    }

    /// The record once a person took it back.
    pub(crate) fn withdrawn(&self, seal: &Seal) -> Remembered {
        Remembered { state: RememberedState::Withdrawn, ..self.clone() }.sealed(seal)
    }

    /// The ledger's key.
    pub(crate) fn key(&self) -> String {
        key_of(&self.id)
    }

    /// The record as the ledger holds it.
    pub(crate) fn record(&self) -> String {
        canonical_of(self)
    }
}

/// Whether one place lies within the other; in the second `*` is any part.
pub(crate) fn overlap(path: &str, pattern: &str) -> bool {
    path.split('/').zip(pattern.split('/')).all(|(part, pattern)| pattern == "*" || part == pattern)
}

/// The ledger's key of a remembered answer.
pub(crate) fn key_of(id: &str) -> String {
    [PREFIX, id].concat()
}

/// Whether it has the form of such an id; nothing else is looked for.
pub(crate) fn is_id(text: &str) -> bool {
    text.strip_prefix("rem_")
        .is_some_and(|digits| digits.len() == 24 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
