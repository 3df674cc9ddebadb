//! Signs an organisation up: request, emailed code, verification, key into the vault, doctor.
//!
//! `requesting → asking → verifying → keeping → diagnosing → finished`, with `waiting` before a fresh request
//! that would come too soon. No state repeats a verification whose answer was lost.

pub(crate) mod registration;

use serde::Serialize;

use super::credential::{self, Vault};
use super::doctor::Doctor;
use super::{Errand, Input, cancelled, failed, failure_error, rate_limited};
use crate::error::{Code, Error, Result};
use crate::form;
use crate::gate::result;
use crate::guard::Shared;
use crate::json::Json;
use crate::json::de::{FromNode, Source, record, words};
use crate::json::tape::Node;
use crate::profile::{Profile, Registration};
use crate::secret::{Masked, Secret, mask};
use crate::step::{About, Action, Answer, Failure, Happening, Millis, Outcome};
use crate::text::visible;
use registration::{PendingState, Verified};

/// A vault that fails is asked again this often before the key is given up.
const KEEP_TRIES: u32 = 3;

/// What the backend wants to know of a new organisation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Form {
    /// Where the code goes.
    pub email: String,
    /// At least two characters.
    pub organisation_name: String,
    /// One of the backend's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// An IANA time zone name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

record!(strict Form { email, organisation_name; industry, country, timezone });

/// The new account.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// The organisation's id.
    pub organisation_id: String,
    /// The company's id.
    pub company_id: String,
    /// The user's id.
    pub user_id: String,
    /// Where the person signs in: `https` with a host in ASCII. Absent where the backend gave an address that nobody
    /// should open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_url: Option<String>,
    /// What the backend suggests to do next, as it says it but for credentials and unsafe addresses.
    pub next_steps: Json,
    /// What was left out or written otherwise, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

record!(open Account { organisation_id, company_id, user_id, next_steps; login_url, notes });

/// The flow `signup`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Signup {
    form: Form,
    /// A person agreed that the credential in the vault is replaced.
    replaces: bool,
    state: State,
}

record!(open Signup { form, state; replaces });

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Looks whether the vault holds a credential: before a code is emailed, and again before it is spent.
    Checking(Next),
    /// Asks the backend whose it is.
    Naming {
        errand: Errand,
        next: Next,
    },
    /// Asks a person whether it may be replaced.
    Confirming {
        unread: bool,
        held: Option<String>,
        next: Next,
    },
    /// A fresh request would come too soon.
    Waiting {
        until: Millis,
        problem: Option<Error>,
    },
    Requesting {
        problem: Option<Error>,
    },
    Asking {
        request_id: String,
        problem: Option<Error>,
    },
    Verifying {
        request_id: String,
        #[serde(skip)]
        code: Option<Secret>,
    },
    Keeping {
        account: Result<Box<Account>>,
        masked: Masked,
        tries: u32,
        #[serde(skip)]
        key: Option<Secret>,
    },
    Diagnosing {
        account: Box<Account>,
        masked: Masked,
        doctor: Box<Doctor>,
    },
    #[serde(skip)]
    Finished(Box<Outcome>),
}

/// What follows once the vault may take another credential.
#[derive(Debug, Clone, Serialize)]
struct Next {
    /// Absent: the request for a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip)]
    code: Option<Secret>,
}

record!(open Next { ; request_id; code });

impl FromNode for State {
    fn blank() -> Self {
        State::Requesting { problem: None }
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "checking" => State::Checking(from.whole()),
            "naming" => State::Naming { errand: from.member("errand"), next: from.member("next") },
            "confirming" => {
                let (unread, held) = (from.member("unread"), from.member_or_default("held"));
                State::Confirming { unread, held, next: from.member("next") }
            }
            "waiting" => State::Waiting { until: from.member("until"), problem: from.member_or_default("problem") },
            "requesting" => State::Requesting { problem: from.member_or_default("problem") },
            "asking" => {
                State::Asking { request_id: from.member("request_id"), problem: from.member_or_default("problem") }
            }
            "verifying" => State::Verifying { request_id: from.member("request_id"), code: None },
            "keeping" => {
                let (account, masked) = (from.member("account"), from.member("masked"));
                State::Keeping { account, masked, tries: from.member("tries"), key: None }
            }
            "diagnosing" => {
                let (account, masked) = (from.member("account"), from.member("masked"));
                State::Diagnosing { account, masked, doctor: from.member("doctor") }
            }
            other => {
                let known = &[
                    "checking",
                    "naming",
                    "confirming",
                    "waiting",
                    "requesting",
                    "asking",
                    "verifying",
                    "keeping",
                    "diagnosing",
                ];
                return from.unknown_variant(other, known);
            }
        };
    }
}

impl Signup {
    pub(crate) fn begin(form: Form, now: Millis, shared: &mut Shared) -> Self {
        let form = Form { email: form.email.trim().to_owned(), ..form };
        let checked = shared
            .registration()
            .ok_or_else(|| Error::new(Code::NoRegistration, "Nothing is known of how to sign up at this backend."))
            .and_then(|registration| registration::check_form(registration, &form, &shared.redactor));
        let mut signup =
            Signup { form, replaces: false, state: State::Checking(Next { request_id: None, code: None }) };
        // What the backend's limits do not let through is refused before anyone is asked anything.
        let limited = |registration| shared.registrations.check_rate(registration, &signup.form.email, now);
        let checked = checked.and_then(|()| shared.registration().map_or(Ok(()), limited));
        if let Err(error) = checked {
            signup.finish(error);
        }
        signup
    }

    pub(crate) fn action(&self, shared: &Shared) -> Action {
        let Some((profile, registration)) = known(shared) else {
            return Action::Done {
                outcome: Box::new(failed(Error::new(
                    Code::NoRegistration,
                    "Nothing is known of how to sign up at this backend.",
                ))),
            };
        };
        match &self.state {
            State::Checking(_) => Action::CheckVault { name: credential::name(shared) },
            State::Naming { errand, .. } => errand.action(),
            State::Confirming { unread, held, .. } => {
                let vault = if *unread { Vault::Unread } else { Vault::Holds };
                let about = credential::question(vault, held.as_ref(), &self.form.organisation_name, shared);
                Action::Ask { question: about.into() }
            }
            State::Waiting { until, .. } => Action::Wait {
                until: *until,
                why: "The backend lets a fresh code be requested only after a while.".to_owned(),
            },
            State::Requesting { .. } => Action::CallTool {
                name: registration.request.tool.clone(),
                arguments: Json::of(&registration::request_arguments(&self.form)),
                meta: None,
                round: None,
            },
            State::Asking { request_id, problem } => {
                Action::Ask { question: question(registration, shared, request_id, problem.clone()).into() }
            }
            State::Verifying { request_id, code: Some(code) } => Action::CallTool {
                name: registration.verify.tool.clone(),
                arguments: Json::of(&registration::verify_arguments(request_id, code)),
                meta: None,
                round: None,
            },
            State::Verifying { code: None, .. } => done(failed(registration::unknown())),
            State::Keeping { key: Some(key), masked, .. } => {
                Action::Keep { name: masked.name.clone(), secret: key.clone() }
            }
            State::Keeping { key: None, .. } => done(failed(not_kept(profile))),
            State::Diagnosing { doctor, .. } => doctor.action(),
            State::Finished(outcome) => done((**outcome).clone()),
        }
    }

    /// A key that was not kept is lost with the process that had it. So is a code that was on its way, of which
    /// [`Signup::action`] tells.
    pub(crate) fn resume(&mut self) {
        match &self.state {
            State::Keeping { .. } => {
                self.finish(Error::new(Code::KeyNotKept, "The process ended before the key was in the vault."));
            }
            // The code was typed and is gone; it was not spent.
            State::Checking(next) | State::Naming { next, .. } | State::Confirming { next, .. } => {
                if let Some(request_id) = next.request_id.clone() {
                    self.state = State::Asking { request_id, problem: None };
                }
            }
            _ => {}
        }
    }

    pub(crate) fn handle(&mut self, input: Input<'_>, shared: &mut Shared) -> Result<()> {
        let Some((profile, registration)) =
            known(shared).map(|(profile, registration)| (profile.clone(), registration.clone()))
        else {
            self.finish(Error::new(Code::NoRegistration, "Nothing is known of how to sign up at this backend."));
            return Ok(());
        };
        match &self.state {
            State::Checking(next) => {
                let next = next.clone();
                match Vault::of(&input.happening) {
                    Some(Vault::Empty) => self.go_on(next, input.now, shared),
                    Some(_) if self.replaces => self.go_on(next, input.now, shared),
                    Some(Vault::Holds) => {
                        self.state = match credential::holder_read(shared) {
                            Some(errand) => State::Naming { errand, next },
                            None => State::Confirming { unread: false, held: None, next },
                        };
                    }
                    Some(Vault::Unread) => self.state = State::Confirming { unread: true, held: None, next },
                    None if matches!(input.happening, Happening::Cancelled) => self.finish(cancelled()),
                    None => return Err(input.wrong_event("`checked` or `failed`")),
                }
            }
            State::Naming { next, .. } => {
                let next = next.clone();
                match &input.happening {
                    Happening::Result { .. } | Happening::Failed { .. } => {
                        let held = credential::holder(&input, shared);
                        self.state = State::Confirming { unread: false, held, next };
                    }
                    Happening::Cancelled => self.finish(cancelled()),
                    _ => return Err(input.wrong_event("`result` or `failed`")),
                }
            }
            State::Confirming { unread, held, next } => {
                let (vault, next) = (if *unread { Vault::Unread } else { Vault::Holds }, next.clone());
                let answer = match &input.happening {
                    Happening::Answer { answer } => answer,
                    Happening::Cancelled => &Answer::Cancel,
                    _ => return Err(input.wrong_event("`answer`")),
                };
                match answer {
                    Answer::Approve { .. } => {
                        self.replaces = true;
                        self.go_on(next, input.now, shared);
                    }
                    Answer::Deny { .. } | Answer::Defer => {
                        self.finish(credential::refused(vault, held.as_ref(), shared));
                    }
                    Answer::Cancel => self.finish(cancelled()),
                    _ => {
                        return Err(Error::new(
                            Code::WrongAnswer,
                            "The question is about a credential in the vault: answer with `approve`, `deny`, `cancel` or `defer`.",
                        ));
                    }
                }
            }
            State::Waiting { problem, .. } => match input.happening {
                Happening::Woke => {
                    let problem = problem.clone();
                    self.request(problem, input.now, shared);
                }
                Happening::Cancelled => self.finish(cancelled()),
                _ => return Err(input.wrong_event("`woke`")),
            },
            State::Requesting { .. } => self.requested(&input, shared, &profile, &registration)?,
            State::Asking { request_id, .. } => {
                let request_id = request_id.clone();
                self.answered(&request_id, &input, shared, &registration)?;
            }
            State::Verifying { request_id, .. } => {
                let request_id = request_id.clone();
                self.verified(&request_id, &input, shared, &profile, &registration)?;
            }
            State::Keeping { .. } => self.kept(&input, &profile)?,
            State::Diagnosing { .. } => self.diagnosed(&input, shared)?,
            State::Finished(_) => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    /// Goes on to what the vault was looked at for.
    fn go_on(&mut self, next: Next, now: Millis, shared: &mut Shared) {
        let Some(request_id) = next.request_id else { return self.request(None, now, shared) };
        let Some(registration) = shared.registration().cloned() else { return };
        let code = next.code.as_ref().map(Secret::expose).unwrap_or_default();
        match registration::check_verify(shared, &registration, &request_id, code, now) {
            Ok(()) => {
                if let Some(pending) = shared.registrations.get_mut(&request_id) {
                    pending.state = PendingState::Verifying;
                }
                self.state = State::Verifying { request_id, code: next.code };
            }
            // The old code is never sent: a fresh one is requested instead.
            Err(error) if error.code() == Code::CodeExpired => self.request(Some(error), now, shared),
            Err(error) => self.state = State::Asking { request_id, problem: Some(error) },
        }
    }

    /// Goes on to a request, as soon as the backend's limits let it. `problem` says why a fresh code is needed.
    fn request(&mut self, problem: Option<Error>, now: Millis, shared: &mut Shared) {
        let Some(registration) = shared.registration().cloned() else { return };
        if let Err(limited) = shared.registrations.check_rate(&registration, &self.form.email, now) {
            return self.finish(match problem {
                Some(problem) if problem.code() == Code::TooManyAttempts => match limited.detail("retry_at") {
                    Some(at) => problem.with("retry_at", at.clone()),
                    None => problem,
                },
                _ => limited,
            });
        }
        let ready_at = shared
            .registrations
            .last_request(&self.form.email)
            .map(|last| last.saturating_add(registration.limits.resend_after));
        match ready_at {
            Some(until) if until > now => self.state = State::Waiting { until, problem },
            _ => {
                shared.registrations.requested(&self.form.email, now);
                self.state = State::Requesting { problem };
            }
        }
    }

    fn requested(
        &mut self,
        input: &Input<'_>,
        shared: &mut Shared,
        profile: &Profile,
        registration: &Registration,
    ) -> Result<()> {
        match &input.happening {
            Happening::Result { server_time } => {
                let read = result::open(input.document()?).and_then(|document| {
                    let result = document.tape().root();
                    registration::read_request(profile, registration, result, &self.form, *server_time, input.now)
                });
                match read {
                    Ok(pending) => {
                        let problem = match &mut self.state {
                            State::Requesting { problem } => problem.take(),
                            _ => None,
                        };
                        self.state = State::Asking { request_id: pending.request_id.clone(), problem };
                        shared.registrations.add(pending);
                    }
                    Err(error) => self.finish(error),
                }
            }
            Happening::Failed { kind, message, retry_after } => {
                let error = failure_error(*kind, message, *retry_after, input.now, true, shared);
                let wait = registration.limits.resend_after;
                // The email may be on its way: the next request must not come at once.
                self.finish(if kind.may_have_run() {
                    error
                        .with_next("Start the sign-up again after a minute; an email may have been sent already.")
                        .with("retry_at", input.now.saturating_add(wait))
                } else {
                    error
                });
            }
            Happening::Cancelled => {
                let what = "The sign-up was called off while its request was on its way: a code may still be emailed.";
                self.finish(Error::new(Code::Cancelled, what));
            }
            _ => return Err(input.wrong_event("`result` or `failed`")),
        }
        Ok(())
    }

    fn answered(
        &mut self,
        request_id: &str,
        input: &Input<'_>,
        shared: &mut Shared,
        registration: &Registration,
    ) -> Result<()> {
        let answer = match &input.happening {
            Happening::Answer { answer } => answer,
            Happening::Cancelled => &Answer::Cancel,
            _ => return Err(input.wrong_event("`answer`")),
        };
        match answer {
            Answer::Code { code } => {
                let code: String =
                    code.expose().chars().filter(|character| !character.is_whitespace() && *character != '-').collect();
                match registration::check_verify(shared, registration, request_id, &code, input.now) {
                    Ok(()) => {
                        let next = Next { request_id: Some(request_id.to_owned()), code: Some(Secret::new(code)) };
                        self.state = State::Checking(next);
                    }
                    // The old code is never sent: a fresh one is requested instead.
                    Err(error) if error.code() == Code::CodeExpired => self.request(Some(error), input.now, shared),
                    Err(error) => {
                        self.state = State::Asking { request_id: request_id.to_owned(), problem: Some(error) }
                    }
                }
            }
            Answer::Resend => self.request(None, input.now, shared),
            Answer::Cancel | Answer::Deny { .. } => self.finish(cancelled().with("request_id", request_id)),
            Answer::Defer => {
                let error =
                    Error::new(Code::CodeRequired, "The emailed code is needed and nobody was there to give it.")
                        .with("request_id", request_id);
                let next = format!(
                    "Ask the person for the emailed code, then call `{}` through the guard with this requestId and the code.",
                    registration.verify.tool
                );
                self.finish(error.with_next(next));
            }
            _ => {
                return Err(Error::new(
                    Code::WrongAnswer,
                    "The question is about the emailed code: answer with `code`, `resend`, `cancel` or `defer`.",
                ));
            }
        }
        Ok(())
    }

    fn verified(
        &mut self,
        request_id: &str,
        input: &Input<'_>,
        shared: &mut Shared,
        profile: &Profile,
        registration: &Registration,
    ) -> Result<()> {
        let code = match &self.state {
            State::Verifying { code: Some(code), .. } => code.clone(),
            _ => Secret::new(""),
        };
        let outcome = read_verification(input, shared, profile, registration, code.expose())?;
        settle(shared, request_id, &outcome);
        match outcome {
            Ok(Verified { account, key }) => {
                shared.redactor.declare(&key);
                let masked = masked(profile, &key);
                self.state = State::Keeping { account: account.map(Box::new), masked, tries: 0, key: Some(key) };
            }
            Err(error) => match error.code() {
                Code::WrongCode => {
                    let wrong = shared.registrations.get(request_id).map_or(0, |pending| pending.wrong_codes);
                    if wrong >= registration.limits.wrong_codes {
                        self.request(
                            Some(Error::new(Code::TooManyAttempts, "Too many wrong codes were given.")),
                            input.now,
                            shared,
                        );
                    } else {
                        self.state = State::Asking { request_id: request_id.to_owned(), problem: Some(error) };
                    }
                }
                Code::CodeExpired | Code::TooManyAttempts => self.request(Some(error), input.now, shared),
                _ => self.finish(error),
            },
        }
        Ok(())
    }

    fn kept(&mut self, input: &Input<'_>, profile: &Profile) -> Result<()> {
        let State::Keeping { account, masked, tries, .. } = &mut self.state else { return Ok(()) };
        match &input.happening {
            Happening::Kept => match account.clone() {
                Ok(account) => {
                    let doctor = Box::new(Doctor::begin());
                    self.state = State::Diagnosing { account, masked: masked.clone(), doctor };
                }
                Err(error) => self.finish(error),
            },
            Happening::Failed { .. } => {
                *tries = tries.saturating_add(1);
                if *tries >= KEEP_TRIES {
                    self.finish(not_kept(profile));
                }
            }
            Happening::Cancelled => self.finish(not_kept(profile)),
            _ => return Err(input.wrong_event("`kept` or `failed`")),
        }
        Ok(())
    }

    /// The account exists and its key is kept: whatever the doctor finds, the sign-up has succeeded.
    fn diagnosed(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        let State::Diagnosing { account, masked, doctor } = &mut self.state else { return Ok(()) };
        if matches!(input.happening, Happening::Cancelled) {
            let what = "The doctor was called off; the sign-up is complete and the key is in the vault.";
            self.finish(Error::new(Code::Cancelled, what).with_next("Ask the doctor again when wanted."));
            return Ok(());
        }
        doctor.handle(input, shared)?;
        if let Some(report) = doctor.report() {
            self.state = State::Finished(Box::new(Outcome::Ready {
                account: (**account).clone(),
                key: masked.clone(),
                report: report.clone(),
            }));
        }
        Ok(())
    }

    fn finish(&mut self, error: Error) {
        self.state = State::Finished(Box::new(failed(error)));
    }
}

/// What came of a verification that was sent; an error of the outer kind means that the event does not answer it.
pub(crate) fn read_verification(
    input: &Input<'_>,
    shared: &Shared,
    profile: &Profile,
    registration: &Registration,
    code: &str,
) -> Result<Result<Verified>> {
    Ok(match &input.happening {
        Happening::Result { .. } => match result::open(input.document()?) {
            Ok(document) => {
                registration::read_verify(profile, registration, document.tape().root(), input.now, &shared.redactor)
            }
            Err(_) => Err(registration::unknown()),
        },
        Happening::Failed { kind, .. } if kind.may_have_run() => Err(registration::unknown()),
        Happening::Failed { kind: Failure::RateLimited, retry_after, .. } => {
            Err(rate_limited(input.now, *retry_after, ": too many verifications"))
        }
        Happening::Failed { kind, message, retry_after } => {
            // Clients quote in their errors what they were to send.
            let message = if code.is_empty() { message.clone() } else { message.replace(code, "[code]") };
            Err(failure_error(*kind, &message, *retry_after, input.now, true, shared))
        }
        Happening::Cancelled => Err(registration::unknown()),
        _ => return Err(input.wrong_event("`result` or `failed`")),
    })
}

/// Remembers what a verification means for its request.
pub(crate) fn settle(shared: &mut Shared, request_id: &str, outcome: &Result<Verified>) {
    let Some(pending) = shared.registrations.get_mut(request_id) else { return };
    match outcome.as_ref().map_err(Error::code) {
        Ok(_) => pending.state = PendingState::Spent,
        Err(Code::WrongCode) => {
            pending.wrong_codes = pending.wrong_codes.saturating_add(1);
            pending.state = PendingState::Open;
        }
        // Nothing ran, so the same code may be tried again.
        Err(Code::Unreachable | Code::RateLimited | Code::Unauthorized | Code::AuditFailed) => {
            pending.state = PendingState::Open
        }
        // Stays `Verifying`: never verified again.
        Err(Code::SignupUnknown) => {}
        Err(_) => pending.state = PendingState::Spent,
    }
}

pub(crate) fn masked(profile: &Profile, key: &Secret) -> Masked {
    let (name, prefix) = profile
        .credential
        .as_ref()
        .map_or(("api_key", ""), |credential| (credential.name.as_str(), credential.prefix.as_str()));
    Masked { name: name.to_owned(), masked: mask(key.expose(), prefix) }
}

pub(crate) fn not_kept(profile: &Profile) -> Error {
    let portal = profile.registration.as_ref().map_or("the backend's portal".to_owned(), |registration| {
        format!("{} ({})", registration.portal, registration.portal_keys)
    });
    Error::new(
        Code::KeyNotKept,
        "The account exists, but its key could not be put into the vault and is not shown again.",
    )
    .with_next(format!(
        "Repair the vault. Then sign in to {portal}, revoke the key made just now and create a new one."
    ))
}

fn question(registration: &Registration, shared: &Shared, request_id: &str, problem: Option<Error>) -> About {
    let pending = shared.registrations.get(request_id);
    let masked_email = pending.map(|pending| visible(&pending.masked_email)).unwrap_or_default();
    let attempts = pending.map_or(0, |pending| pending.wrong_codes);
    let digits = registration.code.digits;
    let to = if masked_email.is_empty() { String::new() } else { format!(" sent to {masked_email}") };
    About::Code {
        message: format!("Type the {digits}-digit code{to}."),
        request_id: visible(request_id),
        masked_email,
        expires_at: pending.map_or(0, |pending| pending.expires_at),
        resend_at: pending.map_or(0, |pending| pending.requested_at.saturating_add(registration.limits.resend_after)),
        digits,
        attempts,
        attempts_left: registration.limits.wrong_codes.saturating_sub(attempts),
        problem,
    }
}

fn known(shared: &Shared) -> Option<(&Profile, &Registration)> {
    let profile = shared.profile.as_ref()?;
    Some((profile, profile.registration.as_ref()?))
}

fn done(outcome: Outcome) -> Action {
    Action::Done { outcome: Box::new(outcome) }
}

/// Whether a tool is one of the backend's registration tools, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Request,
    Verify,
    /// Accepting an invite with its emailed code: gives a key like a verification does.
    Join,
}

words!(Role { Request = "request", Verify = "verify", Join = "join" });

impl Role {
    pub(crate) fn of(tool: &str, shared: &Shared) -> Option<Role> {
        let (profile, registration) = known(shared)?;
        if registration.request.tool == tool {
            Some(Role::Request)
        } else if registration.verify.tool == tool {
            Some(Role::Verify)
        } else if profile.invites.as_ref().is_some_and(|invites| invites.verify == tool) {
            Some(Role::Join)
        } else {
            None
        }
    }

    /// Whether the answer holds a key that is shown once.
    pub(crate) fn gives_key(self) -> bool {
        matches!(self, Role::Verify | Role::Join)
    }
}

/// Pointers to arguments whose values are never shown.
pub(crate) fn hidden_arguments(role: Option<Role>) -> Vec<String> {
    if role.is_some_and(Role::gives_key) { vec!["/code".to_owned(), "/token".to_owned()] } else { Vec::new() }
}

/// The check that an agent's own call of a registration tool must pass besides the gates.
pub(crate) fn check_call(role: Role, arguments: Node<'_>, now: Millis, shared: &Shared) -> Result<()> {
    let Some(registration) = shared.registration() else { return Ok(()) };
    match role {
        Role::Request => {
            let form = registration::form_of(arguments);
            registration::check_form(registration, &form, &shared.redactor)?;
            shared.registrations.check_rate(registration, &form.email, now)?;
            let last = shared.registrations.last_request(&form.email);
            match last.map(|last| last.saturating_add(registration.limits.resend_after)) {
                Some(until) if until > now => Err(rate_limited(
                    now,
                    Some(until.saturating_sub(now)),
                    ": a fresh code may be requested after a minute",
                )),
                _ => Ok(()),
            }
        }
        Role::Join => {
            let code = crate::json::text(arguments, &["code"]).unwrap_or_default();
            registration::check_code(registration, &code)
        }
        Role::Verify => {
            let text = |names: &[&str]| crate::json::text(arguments, names).unwrap_or_default();
            registration::check_verify(shared, registration, &text(&["requestId", "request_id"]), &text(&["code"]), now)
        }
    }
}

/// The address of a form must look like one before it is counted or sent.
pub(crate) fn email_of(arguments: Node<'_>) -> Option<String> {
    let email = crate::json::text(arguments, &["email"])?;
    let email = email.trim();
    form::email("email", email).is_ok().then(|| email.to_owned())
}
