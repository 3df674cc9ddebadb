//! An approval covers one exact call, is used once, and expires.

mod book;
pub mod desk;
pub(crate) mod held;
pub(crate) mod notes;
mod people;
pub(crate) mod preview;
pub mod remembered;
mod seal;

use std::borrow::Cow;

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::json::canonical::{canonical_of, digest_of, quoted, sha256_hex};
use crate::json::de::{self, record, words};
use crate::json::{self, Json};
use crate::map::Map;
use crate::mcp::inputs::ResultType;
use crate::mutant::{self, Mutant};
use crate::step::{Earlier, Millis};
use crate::text::quoted_name;
pub(crate) use book::{Book, Parked};
pub use people::{Agreement, Approvers, By};
pub(crate) use preview::Frame;
pub use preview::{Line, Preview};
pub(crate) use seal::Seal;

/// 1: the preview had no complete arguments, and the digest covered no `_meta`. Such a record is still read, denied and
/// settled, but covers no call any more.
const VERSION: u32 = 2;

/// The ledger's record of one approval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Approval {
    pub(crate) version: u32,
    /// The approval's id, `apr_` and 24 hexadecimal digits.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// SHA-256 over everything that is approved: the whole call, its expiry and what the person sees of it.
    pub digest: String,
    /// What the person sees.
    pub preview: Preview,
    pub(crate) call: Bound,
    /// When it was proposed.
    pub proposed_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
    /// When a person decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Millis>,
    /// Why it was denied, in the person's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who decided; where several must agree, the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<By>,
    /// Whether it was denied by taking back what was asked or agreed.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub withdrawn: bool,
    /// Who may answer, where the policy says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Approvers>,
    /// Who of them agreed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agreed: Vec<Agreement>,
    /// When the call was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatched_at: Option<Millis>,
    /// What let the call out without asking: a rule of the policy, or the id of a remembered answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// The backend's own question to its owner, where a send goes by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The read that tells whether the call took effect, should its answer be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<Check>,
    /// How it is known what became of a call whose answer was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<Witness>,
    /// How many dispatches were given back because nothing of them was written. It makes the record of each dispatch
    /// another one, so that whoever still holds an earlier record can move nothing.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) given_back: u32,
    /// The record of the round before, where this one is of a later round of the same call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<String>,
    /// What came back, where it was no result: a question of the tool's own, or a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Whether it ended before anything of the call was written, so that it certainly did not run.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub not_sent: bool,
    /// The person who looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<By>,
    /// Over everything else, so that a change of the stored record is seen.
    pub(crate) seal: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

record!(strict Approval { version, id, state, digest, preview, call, proposed_at, expires_at, seal; decided_at, reason, decided_by, withdrawn, approvers, agreed, dispatched_at, under, request, check, settled_by, witness, continues, result_type, not_sent, given_back });

/// What a newer version of the record still has, whatever else it holds.
struct Head {
    version: u32,
}

record!(open Head { version; });

/// The backend's question to its owner whether something may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The backend's name for it.
    pub id: String,
    /// How it stood when the backend was last asked, in the backend's own word.
    pub status: String,
    /// Whether the owner agreed and the agent's own send was let out: it never is a second time.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub(crate) sent: bool,
}

record!(strict Request { id, status; sent });

/// A read, ready to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, String>,
}

record!(strict Check { tool, arguments; });

/// Who said what became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// A person looked.
    Person,
    /// A read told.
    Read,
}

words!(Witness { Person = "person", Read = "read" });

/// `proposed → approved | denied`, `approved → denied` where a yes is taken back, `approved → dispatched → completed |
/// failed | unknown`; `dispatched → approved` where nothing of the call was written; a proposed or approved
/// record past its expiry counts as expired without being written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for a person.
    Proposed,
    /// May be used once.
    Approved,
    /// A person said no.
    Denied,
    /// The call is on its way, or its process died.
    Dispatched,
    /// The backend answered.
    Completed,
    /// The backend answered with an error, or nothing was sent and the approval is over.
    Failed,
    /// The answer was lost: the call may have run.
    Unknown,
}

words!(State { Proposed = "proposed", Approved = "approved", Denied = "denied", Dispatched = "dispatched", Completed = "completed", Failed = "failed", Unknown = "unknown" });

/// What an approval is bound to, without the arguments themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Bound {
    pub(crate) server: String,
    pub(crate) tool: String,
    /// Digest of the tool's definition.
    pub(crate) definition: String,
    /// Digest of the arguments.
    pub(crate) arguments: String,
    pub(crate) subject: String,
    /// Digest of the policy.
    pub(crate) policy: String,
    /// Digest of the call's `_meta`, where it has any but the guard's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<String>,
    /// Digest of what the server asked for in a later round of the call, and was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inputs: Option<String>,
}

record!(strict Bound { server, tool, definition, arguments, subject, policy; meta, inputs });

impl Bound {
    /// Tells calls apart: the same for the same call, whenever it is asked about.
    pub(crate) fn key(&self) -> String {
        digest_of(self)
    }

    /// Whether a second run of one would be a second run of the other, whatever the policy or the definition is by now.
    pub(crate) fn is_same_call(&self, other: &Bound) -> bool {
        (&self.server, &self.tool, &self.arguments, &self.subject, &self.inputs)
            == (&other.server, &other.tool, &other.arguments, &other.subject, &other.inputs)
    }
}

impl Approval {
    pub(crate) fn propose(
        entropy: &str,
        call: Bound,
        arguments: &str,
        preview: Preview,
        check: Option<Check>,
        times: (Millis, Millis),
    ) -> Self {
        let (now, expires_at) = times;
        let digest = call_digest(&call, arguments, &preview, expires_at);
        let id: String = sha256_hex(format!("{entropy}{digest}").as_bytes()).chars().take(24).collect();
        Approval {
            version: VERSION,
            id: format!("apr_{id}"),
            state: State::Proposed,
            digest,
            preview,
            call,
            proposed_at: now,
            expires_at,
            decided_at: None,
            reason: None,
            decided_by: None,
            withdrawn: false,
            approvers: None,
            agreed: Vec::new(),
            dispatched_at: None,
            under: None,
            request: None,
            check,
            settled_by: None,
            given_back: 0,
            continues: None,
            result_type: None,
            not_sent: false,
            witness: None,
            seal: String::new(),
        }
    }

    /// The record that the ledger gave out.
    pub(crate) fn read(text: &str, seal: &Seal) -> Result<Approval> {
        let invalid = |why: &str| Error::new(Code::InvalidRecord, format!("The ledger's record {why}."));
        let version = de::read::<Head>(text, json::OWN).map_err(|_| invalid("cannot be read"))?.version;
        if version > VERSION {
            return Err(Error::new(
                Code::UnsupportedRecord,
                format!("The ledger's record has version {version}; this toolgate knows up to {VERSION}."),
            )
            .with("version", version));
        }
        let approval: Approval = de::read(text, json::OWN).map_err(|_| invalid("cannot be read"))?;
        approval.check_seal(seal).map_err(invalid)?;
        Ok(approval)
    }

    /// Says what is wrong with the seal, if anything is.
    fn check_seal(&self, seal: &Seal) -> core::result::Result<(), &'static str> {
        let unsealed = Approval { seal: String::new(), ..self.clone() };
        seal.check(&canonical_of(&unsealed), &self.seal)
    }

    #[must_use]
    pub(crate) fn sealed(self, seal: &Seal) -> Approval {
        let unsealed = Approval { seal: String::new(), ..self };
        Approval { seal: seal.of(&canonical_of(&unsealed)), ..unsealed }
    }

    /// Whether it covers exactly this call.
    pub(crate) fn covers(&self, call: &Bound, arguments: &str, preview: &Preview) -> bool {
        let preview = &*self.as_asked(preview);
        (self.version == VERSION && self.digest == call_digest(call, arguments, preview, self.expires_at))
            || (mutant::is(Mutant::Covers) && self.call.tool == call.tool)
    }

    /// What a person sees of a call, with what they were told of earlier ones when this was asked for: that follows from
    /// the call alone no more than its expiry does.
    fn as_asked<'p>(&self, preview: &'p Preview) -> Cow<'p, Preview> {
        if self.preview.earlier.is_empty() && preview.earlier.is_empty() {
            return Cow::Borrowed(preview);
        }
        let (earlier, notes) = (self.preview.earlier.clone(), self.preview.notes.clone());
        Cow::Owned(Preview { earlier, notes, ..preview.clone() })
    }

    /// Whether who said yes was told of all of these.
    pub(crate) fn tells_of(&self, earlier: &[Earlier]) -> bool {
        earlier.iter().all(|one| self.preview.earlier.iter().any(|told| told.approval == one.approval))
    }

    /// Whether its call certainly did not run: nothing of it was written, or a person looked. What the server says of
    /// it proves nothing.
    pub(crate) fn certainly_not_run(&self) -> bool {
        match self.state {
            State::Proposed | State::Approved | State::Denied => true,
            State::Failed => self.not_sent || self.settled_by == Some(Witness::Person),
            State::Dispatched | State::Completed | State::Unknown => false,
        }
    }

    /// Whether it is about calls of that server: guards of several may share a ledger.
    pub(crate) fn is_of(&self, server: &str) -> bool {
        self.call.server == server
    }

    /// Whether it binds all that an approval binds now.
    pub(crate) fn is_current(&self) -> bool {
        self.version == VERSION
    }

    /// Whether it waits for the backend's owner.
    pub(crate) fn is_with_owner(&self) -> bool {
        self.state == State::Dispatched && self.request.as_ref().is_some_and(|request| !request.sent)
    }

    /// What of the call differs from what was approved, for people.
    pub(crate) fn difference(&self, call: &Bound, preview: &Preview) -> Vec<&'static str> {
        let preview = &*self.as_asked(preview);
        let pairs = [
            ("server", self.call.server == call.server),
            ("tool", self.call.tool == call.tool),
            ("definition", self.call.definition == call.definition),
            ("arguments", self.call.arguments == call.arguments),
            ("subject", self.call.subject == call.subject),
            ("policy", self.call.policy == call.policy),
            ("meta", self.call.meta == call.meta),
            ("inputs", self.call.inputs == call.inputs),
            ("version", self.is_current()),
        ];
        let different: Vec<_> = pairs.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect();
        // What is seen follows from the rest, but for what was read of the record that the call is about.
        match different.is_empty() {
            true if self.preview.record != preview.record => vec!["record"],
            true if self.preview != *preview => vec!["preview"],
            true => vec!["expiry"],
            false => different,
        }
    }

    /// Past its end; or by a clock that stands further before the proposal than the approval lives: one that was set back
    /// must not make a yes last for ever, and clocks of several hosts may differ a little.
    pub(crate) fn is_expired(&self, now: Millis) -> bool {
        let lifetime = self.expires_at.saturating_sub(self.proposed_at);
        let expired = now >= self.expires_at || now.saturating_add(lifetime) < self.proposed_at;
        expired && !mutant::is(Mutant::Expiry)
    }

    /// The record in its next state, not sealed yet, or none if there is no such way.
    pub(crate) fn moved(&self, to: State) -> Option<Approval> {
        use State::{Approved, Completed, Denied, Dispatched, Failed, Proposed, Unknown};
        let allowed = matches!(
            (self.state, to),
            (Proposed, Approved | Denied)
                | (Approved, Dispatched | Denied)
                | (Dispatched, Completed | Failed | Unknown)
                | (Unknown, Completed | Failed)
        );
        let again = to == Dispatched
            && (mutant::is(Mutant::Spent) || (mutant::is(Mutant::Withdrawn) && self.state == Denied && self.withdrawn));
        (allowed || again).then(|| Approval { state: to, ..self.clone() })
    }

    /// Whether it is asked of those whom the policy names now, or it names nobody.
    pub(crate) fn is_for(&self, approvers: Option<&Approvers>) -> bool {
        approvers.is_none() || self.approvers.as_ref() == approvers
    }

    /// Whether all those agreed who must.
    pub(crate) fn is_agreed(&self) -> bool {
        let asked = self.approvers.as_ref();
        asked.is_none_or(|approvers| approvers.are_satisfied(&self.agreed)) || mutant::is(Mutant::Approvers)
    }

    /// The record of a send that is on its way by the backend's own question to its owner; not sealed yet.
    pub(crate) fn requested(&self, request: Request) -> Option<Approval> {
        (self.state == State::Dispatched).then(|| Approval { request: Some(request), ..self.clone() })
    }

    /// The record of a dispatch of which nothing was written, good for another one; not sealed yet. What was agreed with
    /// the backend's owner is not given back.
    pub(crate) fn returned(&self) -> Option<Approval> {
        let given_back = self.given_back.checked_add(1)?;
        // Nobody said yes to a call that nobody was asked about.
        let is_a_persons = self.under.is_none() && self.request.is_none();
        (self.state == State::Dispatched && is_a_persons).then(|| Approval {
            state: State::Approved,
            dispatched_at: None,
            given_back,
            ..self.clone()
        })
    }

    /// The record of a call that came back without being over; not sealed yet.
    pub(crate) fn came_back_as(&self, result_type: ResultType) -> Option<Approval> {
        let after = match result_type {
            // It runs on, and what becomes of it is asked as of a call whose answer was lost.
            ResultType::Task => (self.state == State::Dispatched).then(|| self.clone()),
            ResultType::InputRequired | ResultType::Complete => self.moved(State::Completed),
        };
        after.map(|after| Approval { result_type: Some(result_type), ..after })
    }

    /// The ledger's key.
    pub(crate) fn key(&self) -> String {
        key_of(&self.id)
    }

    /// The record as the ledger holds it.
    pub(crate) fn record(&self) -> String {
        canonical_of(self)
    }

    /// Why it cannot be used for a dispatch now, if it cannot.
    pub(crate) fn check_usable(&self, now: Millis) -> Result<()> {
        let refuse = |code: Code, message: &str| Err(Error::new(code, message).with("approval", self.id.as_str()));
        match self.state {
            State::Denied if self.withdrawn && mutant::is(Mutant::Withdrawn) => Ok(()),
            State::Denied => {
                let what = match (self.withdrawn, self.decided_at) {
                    (true, None) => {
                        return refuse(Code::ApprovalDenied, "The question about this call was called off.");
                    }
                    (true, _) => "A person took the yes to this call back.",
                    (false, _) => "A person denied this call.",
                };
                let reason = self.reason.as_ref().map(|reason| format!(" They said: {reason}")).unwrap_or_default();
                refuse(Code::ApprovalDenied, &[what, &reason].concat())
            }
            State::Dispatched | State::Completed | State::Failed | State::Unknown if mutant::is(Mutant::Spent) => {
                Ok(())
            }
            State::Dispatched | State::Completed | State::Failed | State::Unknown => {
                refuse(Code::ApprovalSpent, "The approval was used already.")
            }
            State::Proposed | State::Approved if self.is_expired(now) => {
                refuse(Code::ApprovalExpired, "The approval has expired.")
            }
            State::Proposed => Err(required(self)),
            State::Approved if !self.is_agreed() => refuse(
                Code::InvalidRecord,
                "The ledger's record says that the call is approved, and not enough of those who must agree did.",
            ),
            State::Approved => Ok(()),
        }
    }
}

/// Whether it has the form of an approval's id; nothing else is looked for, for it may be anything, a secret too.
pub(crate) fn is_id(text: &str) -> bool {
    text.strip_prefix("apr_")
        .is_some_and(|digits| digits.len() == 24 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The refusal where neither the guard nor its ledger knows the approval.
pub(crate) fn not_known(id: &str, shared: &Shared) -> Error {
    Error::new(Code::UnknownApproval, "No approval of that id is known here.")
        .with("approval", shared.redactor.shown(id, 64))
}

/// The ledger's key of an approval.
pub(crate) fn key_of(id: &str) -> String {
    format!("approval/{id}")
}

/// The refusal that names the approval a person must give.
pub(crate) fn required(approval: &Approval) -> Error {
    let who = approval.approvers.as_ref().map(|approvers| format!(" ({})", approvers.in_words())).unwrap_or_default();
    let message = format!("A person must approve this call of {} first{who}.", quoted_name(&approval.call.tool));
    let error = Error::new(Code::ApprovalRequired, message)
        .with("approval", approval.id.as_str())
        .with("digest", approval.digest.as_str())
        .with("expires_at", approval.expires_at)
        .with("preview", Json::of(&approval.preview));
    let Some(approvers) = &approval.approvers else { return error };
    let agreed: Vec<&str> = approval.agreed.iter().map(|agreement| agreement.by.who.as_str()).collect();
    error.with("approvers", Json::of(approvers)).with("agreed", agreed)
}

/// SHA-256 over the RFC 8785 form of everything that a yes covers; `arguments` are in that form already.
fn call_digest(call: &Bound, arguments: &str, preview: &Preview, expires_at: Millis) -> String {
    let preview = digest_of(preview);
    let mut text = String::from("{\"arguments\":");
    text.push_str(arguments);
    let mut member = |name: &str, value: &str| {
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":");
        text.push_str(value);
    };
    // In the order of their names, as the form has it.
    member("definition", &quoted(&call.definition));
    member("expires_at", &expires_at.to_string());
    if let Some(inputs) = &call.inputs {
        member("inputs", &quoted(inputs));
    }
    if let Some(meta) = &call.meta {
        member("meta", &quoted(meta));
    }
    member("policy", &quoted(&call.policy));
    member("preview", &quoted(&preview));
    member("server", &quoted(&call.server));
    member("subject", &quoted(&call.subject));
    member("tool", &quoted(&call.tool));
    member("version", &VERSION.to_string());
    text.push('}');
    sha256_hex(text.as_bytes())
}
