//! What a backend's two registration tools mean: the one reading of them that the sign-up flow and an agent's
//! own calls of the tools go through.

use std::borrow::Cow;

use serde::Serialize;

use super::{Account, Form};
use crate::address;
use crate::error::{Code, Error, Result};
use crate::flow::rate_limited;
use crate::form;
use crate::gate::result;
use crate::guard::Shared;
use crate::json::canonical::sha256_hex;
use crate::json::de::{record, words};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document};
use crate::profile::{Field, Profile, Registration, Trouble, VerifyAnswer, error_object, error_of};
use crate::redact::Redactor;
use crate::secret::Secret;
use crate::sort::sort_by;
use crate::step::Millis;
use crate::text::shorten;
use crate::time::parse_rfc3339;

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;
/// A backend that asks for a longer wait is not believed.
const YEAR: Millis = 365 * DAY;
/// More open requests than any agent needs.
const MAX_PENDING: usize = 64;
const MAX_ADDRESSES: usize = 256;

/// A code that was emailed and not used yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Pending {
    pub(crate) request_id: String,
    pub(crate) masked_email: String,
    /// The name of the new organisation, where it was said in the request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) organisation: String,
    /// By the host's clock.
    pub(crate) expires_at: Millis,
    /// Which address it went to: the digest is enough to count requests by.
    pub(crate) address: String,
    pub(crate) requested_at: Millis,
    pub(crate) wrong_codes: u32,
    pub(crate) state: PendingState,
}

record!(open Pending { request_id, masked_email, expires_at, address, requested_at, wrong_codes, state; organisation });

/// Whether a code may still be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PendingState {
    Open,
    /// A verification is on its way; if its answer never comes, none may follow.
    Verifying,
    /// Used up, one way or another.
    Spent,
}

words!(PendingState { Open = "open", Verifying = "verifying", Spent = "spent" });

/// What the guard remembers of its sign-ups.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Registrations {
    pending: Vec<Pending>,
    /// Requests per address digest, as times.
    requests: Vec<(String, Vec<Millis>)>,
}

record!(open Registrations { pending, requests; });

/// A verification that gave a key: the key is kept even where the rest of the answer is unusable.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    pub(crate) account: Result<Account>,
    pub(crate) key: Secret,
}

impl Registrations {
    pub(crate) fn get(&self, request_id: &str) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.request_id == request_id)
    }

    pub(crate) fn get_mut(&mut self, request_id: &str) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.request_id == request_id)
    }

    pub(crate) fn add(&mut self, pending: Pending) {
        self.pending.retain(|other| other.request_id != pending.request_id);
        if self.pending.len() >= MAX_PENDING {
            self.pending.remove(0);
        }
        self.pending.push(pending);
    }

    /// Counts a request; called before it is sent, so that a lost answer counts as well.
    pub(crate) fn requested(&mut self, email: &str, now: Millis) {
        let address = address_of(email);
        let mut times = self.times(&address);
        times.retain(|time| now.saturating_sub(*time) < DAY);
        times.push(now);
        self.requests.retain(|(other, _)| *other != address);
        if self.requests.len() >= MAX_ADDRESSES {
            self.requests.remove(0);
        }
        self.requests.push((address, times));
    }

    fn times(&self, address: &str) -> Vec<Millis> {
        self.requests.iter().find(|(other, _)| other == address).map(|(_, times)| times.clone()).unwrap_or_default()
    }

    /// When the last request for the address was made.
    pub(crate) fn last_request(&self, email: &str) -> Option<Millis> {
        self.times(&address_of(email)).into_iter().max()
    }

    /// Refuses a request that the backend would refuse, with the time at which it would not.
    pub(crate) fn check_rate(&self, registration: &Registration, email: &str, now: Millis) -> Result<()> {
        let times = self.times(&address_of(email));
        let limits = [
            (HOUR, registration.limits.requests_per_hour, "an hour"),
            (DAY, registration.limits.requests_per_day, "a day"),
        ];
        for (window, most, name) in limits {
            let mut within: Vec<Millis> =
                times.iter().copied().filter(|time| now.saturating_sub(*time) < window).collect();
            sort_by(&mut within, Ord::cmp);
            let over = within.len().checked_sub(most).and_then(|index| within.get(index));
            if let Some(oldest) = over {
                let wait = oldest.saturating_add(window).saturating_sub(now);
                return Err(rate_limited(now, Some(wait), &format!(": {most} requests {name} for one address")));
            }
        }
        Ok(())
    }
}

fn address_of(email: &str) -> String {
    sha256_hex(email.trim().to_ascii_lowercase().as_bytes())
}

/// Checks a form against the lists that count; nothing was sent yet.
pub(crate) fn check_form(registration: &Registration, form: &Form, redactor: &Redactor) -> Result<()> {
    if let Some(field) = redactor.locate(Document::of(&request_arguments(form)).tape().root()) {
        return Err(Error::new(Code::SecretInArguments, "The form carries something that looks like a credential.")
            .with("path", field));
    }
    form::email("email", &form.email)?;
    form::name("organisation_name", &form.organisation_name, registration.request.organisation_name_least)?;
    if let Some(industry) = &form.industry {
        form::one_of("industry", industry, &registration.request.industries)?;
    }
    if let Some(country) = &form.country {
        form::country("country", country)?;
    }
    if let Some(timezone) = &form.timezone {
        form::timezone("timezone", timezone)?;
    }
    Ok(())
}

/// The form as the request tool's arguments.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestArguments<'f> {
    email: &'f str,
    organisation_name: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<&'f str>,
}

pub(crate) fn request_arguments(form: &Form) -> RequestArguments<'_> {
    RequestArguments {
        email: &form.email,
        organisation_name: &form.organisation_name,
        industry: form.industry.as_deref(),
        country: form.country.as_deref(),
        timezone: form.timezone.as_deref(),
    }
}

/// The verify tool's arguments.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifyArguments<'v> {
    request_id: &'v str,
    code: &'v str,
}

pub(crate) fn verify_arguments<'v>(request_id: &'v str, code: &'v Secret) -> VerifyArguments<'v> {
    VerifyArguments { request_id, code: code.expose() }
}

/// The same form, read back out of arguments that an agent wrote itself.
pub(crate) fn form_of(arguments: Node<'_>) -> Form {
    let text = |names: &[&str]| json::text(arguments, names).map(Cow::into_owned);
    Form {
        email: text(&["email"]).unwrap_or_default(),
        organisation_name: text(&["organisationName", "organisation_name"]).unwrap_or_default(),
        industry: text(&["industry"]),
        country: text(&["country"]),
        timezone: text(&["timezone"]),
    }
}

/// Reads the request's answer. The code's end is counted from the answer's own clock where it tells one, so that
/// a host whose clock is wrong neither drops a good code nor trusts an old one.
pub(crate) fn read_request(
    profile: &Profile,
    registration: &Registration,
    value: Node<'_>,
    form: &Form,
    server_time: Option<Millis>,
    now: Millis,
) -> Result<Pending> {
    if result::is_error(value) {
        return Err(trouble_error(profile, registration, value, now));
    }
    let answer = profile.answer(value);
    let shape = &registration.request.answer;
    let field = |names: &[String]| field(answer.node(), names);
    let time = |names: &[String]| field(names).and_then(|text| parse_rfc3339(&text));
    let malformed = |what: &str| {
        Error::new(Code::InvalidResult, format!("The backend's answer to the sign-up request is unusable: {what}."))
            .with_next("Tell the backend's owner; start the sign-up again later.")
    };
    let request_id = field(&shape.request_id)
        .filter(|id| is_id(id, &registration.request.request_id_prefix))
        .ok_or_else(|| malformed("the request's id is missing or of the wrong form"))?;
    let expires = time(&shape.expires_at).ok_or_else(|| malformed("the code's end is missing or no time"))?;
    let clock = time(&shape.server_time).or(server_time).unwrap_or(now);
    let lifetime = expires
        .checked_sub(clock)
        .filter(|lifetime| *lifetime > 0)
        .ok_or_else(|| malformed("the code's end is already past"))?;
    Ok(Pending {
        request_id: request_id.into_owned(),
        masked_email: field(&shape.masked_email).map(|text| shorten(&text, 254)).unwrap_or_default(),
        expires_at: now.saturating_add(lifetime),
        organisation: shorten(&form.organisation_name, 200),
        address: address_of(&form.email),
        requested_at: now,
        wrong_codes: 0,
        state: PendingState::Open,
    })
}

/// Refuses a verification that cannot succeed or must not be repeated; nothing was sent yet.
pub(crate) fn check_verify(
    shared: &Shared,
    registration: &Registration,
    request_id: &str,
    code: &str,
    now: Millis,
) -> Result<()> {
    if !is_id(request_id, &registration.request.request_id_prefix) {
        return Err(form::invalid(
            "requestId",
            &format!("a request id that begins with {}", registration.request.request_id_prefix),
            "Give the requestId from the answer to the sign-up request.",
        ));
    }
    check_code(registration, code)?;
    let Some(pending) = shared.registrations.get(request_id) else { return Ok(()) };
    match pending.state {
        PendingState::Verifying => Err(unknown()),
        PendingState::Spent => {
            Err(Error::new(Code::CodeExpired, "The code of this request was used up; it was not sent."))
        }
        PendingState::Open if now >= pending.expires_at => {
            Err(Error::new(Code::CodeExpired, "The code has expired; it was not sent."))
        }
        PendingState::Open => Ok(()),
    }
}

/// Refuses what cannot be an emailed code.
pub(crate) fn check_code(registration: &Registration, code: &str) -> Result<()> {
    if !form::is_code(code, registration.code.digits) {
        let digits = registration.code.digits;
        return Err(form::invalid(
            "code",
            &format!("a code of {digits} digits"),
            format!("Ask the person for the {digits} digits in the email."),
        ));
    }
    Ok(())
}

/// The error for a verification whose answer never came.
pub(crate) fn unknown() -> Error {
    Error::new(Code::SignupUnknown, "The verification was sent and its answer was lost: the account may exist.")
}

/// Reads the verification's answer.
pub(crate) fn read_verify(
    profile: &Profile,
    registration: &Registration,
    value: Node<'_>,
    now: Millis,
    redactor: &Redactor,
) -> Result<Verified> {
    if result::is_error(value) {
        return Err(trouble_error(profile, registration, value, now));
    }
    let answer = profile.answer(value);
    let shape = &registration.verify.answer;
    let prefix = profile.credential.as_ref().map_or("", |credential| credential.prefix.as_str());
    let answer = answer.node();
    let key = field(answer, &shape.key).filter(|key| is_key(key, prefix)).ok_or_else(|| {
        Error::new(
            Code::InvalidResult,
            "The backend's answer to the verification holds no key of the right form. The account may exist.",
        )
        .with_next(format!(
            "Do not verify again. Sign in to {}, and create a key under {}.",
            registration.portal, registration.portal_keys
        ))
    })?;
    let key = Secret::new(key);
    let mut redactor = redactor.clone();
    redactor.declare(&key);
    Ok(Verified { account: read_account(answer, shape, &redactor), key })
}

/// What the answer says besides the key, without the key wherever it repeats it.
fn read_account(answer: Node<'_>, shape: &VerifyAnswer, redactor: &Redactor) -> Result<Account> {
    let malformed = |what: &str| {
        Error::new(
            Code::InvalidResult,
            format!("The account exists and its key is in the vault, but the {what} in the backend's answer is missing or of the wrong form."),
        )
        .with_next("Do not verify again. Ask the doctor whether the workspace is usable, and tell the backend's owner.")
    };
    let id = |shape: &Field, what: &str| {
        field(answer, &shape.names)
            .filter(|id| is_id(id, &shape.prefix) && !redactor.finds(id))
            .map(Cow::into_owned)
            .ok_or_else(|| malformed(what))
    };
    let given = field(answer, &shape.login_url).ok_or_else(|| malformed("login URL"))?;
    let login_url = address::shown(&given).filter(|url| !redactor.finds(url));
    let mut notes = Vec::new();
    match &login_url {
        None => {
            notes.push("the backend's login URL is left out: it is no https address, or it holds the key".to_owned());
        }
        Some(url) => {
            if !given.is_ascii() {
                notes.push("the backend's login URL has letters beyond ASCII; it is spelled out".to_owned());
            }
            let note = address::check(url).ok().flatten().filter(|note| *note != address::ON_THIS_MACHINE);
            notes.extend(note.map(|note| ["the backend's login URL: ", note].concat()));
        }
    }
    let next_steps = shape.next_steps.iter().find_map(|name| answer.get(name)).unwrap_or(Node::absent());
    let next_steps = Document::of(&address::cleaned(next_steps));
    Ok(Account {
        organisation_id: id(&shape.organisation_id, "organisation's id")?,
        company_id: id(&shape.company_id, "company's id")?,
        user_id: id(&shape.user_id, "user's id")?,
        login_url,
        next_steps: redactor.json(next_steps.tape().root()),
        notes,
    })
}

/// What a backend's error means to a sign-up.
pub(crate) fn trouble_error(profile: &Profile, registration: &Registration, value: Node<'_>, now: Millis) -> Error {
    let portal = format!("{}, {}", registration.portal, registration.portal_keys);
    match profile.trouble(value) {
        Some(Trouble::CodeExpired | Trouble::UnknownRequest) => {
            Error::new(Code::CodeExpired, "The backend says that the code is no longer valid.")
        }
        Some(Trouble::WrongCode) => Error::new(Code::WrongCode, "The code is not the one that was emailed."),
        Some(Trouble::TooManyAttempts) => Error::new(Code::TooManyAttempts, "Too many wrong codes were given."),
        Some(Trouble::ExistingAccount) => {
            let invite = profile
                .invites
                .as_ref()
                .map(|invites| {
                    format!(
                        " Or ask a team member for an invite ({}, accepted with {} and {}).",
                        invites.create, invites.request, invites.verify
                    )
                })
                .unwrap_or_default();
            Error::new(Code::ExistingAccount, "The backend knows this email address or organisation already.")
                .with_next(format!(
                    "Ask the person to sign in to {} and create a key under {}, then put it into the vault.{invite}",
                    registration.portal, registration.portal_keys
                ))
                .with("portal", portal)
        }
        Some(Trouble::RateLimited) => rate_limited(now, retry_after(value, now), ": too many sign-up requests"),
        Some(Trouble::Unauthorized) => {
            Error::new(Code::Unauthorized, "The backend asks for a credential before a sign-up.")
        }
        Some(Trouble::InvalidInput) => {
            let object = error_object(value);
            let what = object.as_ref().and_then(|object| json::text(object.node(), &["field"]));
            let what = what.filter(|field| is_word(field, registration));
            Error::new(
                Code::BackendRefused,
                format!(
                    "The backend does not accept the input{}.",
                    what.map(|field| format!(" in `{}`", shorten(&field, 60))).unwrap_or_default()
                ),
            )
        }
        // The message is not repeated: it is the backend's, and may quote what it was given.
        None => {
            let (code, _) = error_of(value);
            let told =
                if is_word(&code, registration) { ["with the code `", &code, "`"].concat() } else { String::new() };
            let told = if told.is_empty() { "without a code that can be repeated" } else { &told };
            Error::new(Code::BackendRefused, format!("The backend refused the sign-up {told}."))
        }
    }
}

/// Whether a word of the backend can be repeated: it is one, and holds neither the emailed code nor anything like it.
fn is_word(text: &str, registration: &Registration) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[] ".contains(&byte);
    (1..=60).contains(&text.len()) && text.bytes().all(is_part) && digits < registration.code.digits as usize
}

/// How long an answer asks to wait.
pub(crate) fn retry_after(value: Node<'_>, now: Millis) -> Option<Millis> {
    let object = error_object(value)?;
    let object = object.node();
    let seconds = ["retryAfter", "retry_after", "retryAfterSeconds"]
        .iter()
        .find_map(|name| object.get(name).filter(|node| node.kind() == Kind::Number));
    if let Some(wait) = seconds.and_then(|seconds| seconds.number().thousandfold(YEAR)) {
        return Some(wait);
    }
    json::text(object, &["retryAt", "retry_at"]).and_then(|text| parse_rfc3339(&text)).map(|at| at.saturating_sub(now))
}

fn field<'t>(answer: Node<'t>, names: &[String]) -> Option<Cow<'t, str>> {
    names.iter().find_map(|name| answer.get(name)?.as_text())
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        (1..=128).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    })
}

fn is_key(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| (8..=512).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}
