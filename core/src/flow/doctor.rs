//! Looks whether a workspace is usable: lists the tools, then asks the reads that the profile names. A reading
//! tool that is missing or fails is reported, never a failure of the flow.

use serde::Serialize;

use super::list::Lister;
use super::{Input, cancelled, failed, not_signed_in};
use crate::address;
use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::error::{Code, Result};
use crate::gate::result;
use crate::guard::Shared;
use crate::json::de::{FromNode, Source, record, words};
use crate::json::tape::{Kind, Node};
use crate::json::text;
use crate::json::{Document, Json};
use crate::profile::{Doctor as Reads, Trouble};
use crate::step::{Action, Failure, Happening, Outcome, no_arguments};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether the workspace is usable: reachable, authorised, tools listed, plan known.
    pub healthy: bool,
    /// Whether the endpoint answers.
    pub endpoint: EndpointStatus,
    /// Whether the backend accepts the credential.
    pub auth: AuthStatus,
    /// How many tools are listed.
    pub tool_count: usize,
    /// The organisation as the backend describes it; absent if it did not.
    pub organisation: Option<Json>,
    /// The plan as the backend describes it.
    pub plan: Option<Json>,
    /// The WhatsApp connection; its absence is no failure.
    pub whatsapp: Option<Json>,
    /// What keeps the workspace from being healthy, for people.
    pub problems: Vec<String>,
}

record!(open Report { healthy, endpoint, auth, tool_count, problems; organisation, plan, whatsapp });

/// Whether the endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointStatus {
    /// It answers `tools/list`.
    Active,
    /// It does not.
    Unreachable,
}

words!(EndpointStatus { Active = "active", Unreachable = "unreachable" });

/// Whether the backend accepts the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStatus {
    /// A protected read succeeded.
    Configured,
    /// The backend asks for a credential, or refuses the one it got.
    Missing,
    /// Nothing was asked that would tell.
    Unknown,
}

words!(AuthStatus { Configured = "configured", Missing = "missing", Unknown = "unknown" });

/// The flow `doctor`; also the last part of a sign-up.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Doctor {
    stage: Stage,
    report: Report,
    #[serde(skip)]
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Listing(Lister),
    Reading { part: Part, tool: String },
    Finished,
}

/// What a read tells about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Organisation,
    Plan,
    Whatsapp,
}

words!(Part { Whole = "whole", Organisation = "organisation", Plan = "plan", Whatsapp = "whatsapp" });

record!(open Doctor { stage, report; ; outcome });

impl FromNode for Stage {
    fn blank() -> Self {
        Stage::Finished
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = match &*from.variant() {
            "listing" => Stage::Listing(from.whole()),
            "reading" => Stage::Reading { part: from.member("part"), tool: from.member("tool") },
            "finished" => Stage::Finished,
            other => return from.unknown_variant(other, &["listing", "reading", "finished"]),
        };
    }
}

const PARTS: &[Part] = &[Part::Whole, Part::Organisation, Part::Plan, Part::Whatsapp];

impl Doctor {
    pub(crate) fn begin() -> Self {
        let report = Report {
            healthy: false,
            endpoint: EndpointStatus::Unreachable,
            auth: AuthStatus::Unknown,
            tool_count: 0,
            organisation: None,
            plan: None,
            whatsapp: None,
            problems: Vec::new(),
        };
        Doctor { stage: Stage::Listing(Lister::default()), report, outcome: None }
    }

    /// The report, once there is one.
    pub(crate) fn report(&self) -> Option<&Report> {
        matches!(self.stage, Stage::Finished).then_some(&self.report)
    }

    pub(crate) fn action(&self) -> Action {
        match (&self.outcome, &self.stage) {
            (Some(outcome), _) => Action::Done { outcome: Box::new(outcome.clone()) },
            (None, Stage::Listing(lister)) => lister.action(),
            (None, Stage::Reading { tool, .. }) => {
                Action::CallTool { name: tool.clone(), arguments: no_arguments(), meta: None, round: None }
            }
            (None, Stage::Finished) => {
                Action::Done { outcome: Box::new(Outcome::Report { report: self.report.clone() }) }
            }
        }
    }

    pub(crate) fn handle(&mut self, input: &Input<'_>, shared: &mut Shared) -> Result<()> {
        if matches!(input.happening, Happening::Cancelled) {
            self.outcome = Some(failed(cancelled()));
            return Ok(());
        }
        match &mut self.stage {
            Stage::Listing(lister) => match lister.handle(input, shared)? {
                None => {}
                Some(Ok(())) => {
                    self.report.endpoint = EndpointStatus::Active;
                    self.report.tool_count = shared.catalog.len();
                    self.next(None, shared);
                }
                Some(Err(error)) => {
                    if error.code() == Code::Unauthorized {
                        self.report.endpoint = EndpointStatus::Active;
                        self.report.auth = AuthStatus::Missing;
                    }
                    self.report.problems.push(error.message().to_owned());
                    self.finish(shared);
                }
            },
            Stage::Reading { part, .. } => {
                let part = *part;
                self.read(part, input, shared)?;
                match input.happening {
                    Happening::Failed { kind: Failure::RateLimited, .. } => self.finish(shared),
                    _ => self.next(Some(part), shared),
                }
            }
            Stage::Finished => return Err(input.wrong_event("nothing: it is done")),
        }
        Ok(())
    }

    fn read(&mut self, part: Part, input: &Input<'_>, shared: &Shared) -> Result<()> {
        let problem = match &input.happening {
            Happening::Result { .. } => match result::open(input.document()?) {
                Ok(document) => {
                    let result = document.tape().root();
                    if result::is_error(result) {
                        self.refused(part, result, shared)
                    } else {
                        self.told(part, result, shared);
                        None
                    }
                }
                Err(error) => Some(error.message().to_owned()),
            },
            Happening::Failed { kind: Failure::Unauthorized, .. } => {
                self.report.auth = AuthStatus::Missing;
                Some("the backend refuses the credential".to_owned())
            }
            Happening::Failed { kind, .. } => Some(match kind {
                Failure::RateLimited => "the backend asks to slow down".to_owned(),
                _ => "no answer came".to_owned(),
            }),
            _ => return Err(input.wrong_event("`result` or `failed`")),
        };
        if let Some(problem) = problem {
            // WhatsApp is optional; whatever keeps it from being read is no problem of the workspace.
            if part != Part::Whatsapp {
                self.report.problems.push(format!("{}: {problem}", part.in_words()));
            }
        }
        Ok(())
    }

    fn refused(&mut self, part: Part, value: Node<'_>, shared: &Shared) -> Option<String> {
        let trouble = shared.profile.as_ref().and_then(|profile| profile.trouble(value));
        if trouble == Some(Trouble::Unauthorized) && part != Part::Whatsapp {
            self.report.auth = AuthStatus::Missing;
        }
        let (_, message) = crate::profile::error_of(value);
        Some(shared.redactor.shown(&message, 200))
    }

    fn told(&mut self, part: Part, value: Node<'_>, shared: &Shared) {
        let Some(profile) = shared.profile.as_ref() else { return };
        let answer = profile.answer(value);
        let answer = answer.node();
        let shown = |node: Node<'_>| {
            let harmless = Document::of(&address::harmless(node));
            shared.redactor.json(harmless.tape().root())
        };
        self.report.auth = AuthStatus::Configured;
        match part {
            Part::Organisation => self.report.organisation = Some(shown(answer)),
            Part::Plan => self.report.plan = Some(shown(answer)),
            Part::Whatsapp => self.report.whatsapp = Some(shown(answer)),
            Part::Whole => {
                let take = |names: &[&str]| {
                    names.iter().find_map(|name| answer.get(name)).filter(|node| node.kind() != Kind::Null).map(shown)
                };
                self.report.organisation = take(&["organisationContext", "organisation_context", "organisation"]);
                self.report.plan = take(&["planStatus", "plan_status", "plan"]);
                self.report.whatsapp = take(&["whatsappStatus", "whatsapp_status", "whatsapp"]);
                if text(answer, &["authStatus", "auth_status"]).is_some_and(|status| status != "configured") {
                    self.report.auth = AuthStatus::Missing;
                }
            }
        }
    }

    /// Goes on to the next part that is not known yet and that a listed read tells.
    fn next(&mut self, after: Option<Part>, shared: &Shared) {
        let done = after
            .and_then(|after| PARTS.iter().position(|part| *part == after))
            .map_or(0, |index| index.saturating_add(1));
        let next = PARTS.iter().skip(done).find_map(|part| {
            let tool = self.tool_for(*part, shared)?;
            Some(Stage::Reading { part: *part, tool })
        });
        match next {
            Some(stage) => self.stage = stage,
            None => self.finish(shared),
        }
    }

    fn tool_for(&self, part: Part, shared: &Shared) -> Option<String> {
        let known = match part {
            Part::Whole => false,
            Part::Organisation => self.report.organisation.is_some(),
            Part::Plan => self.report.plan.is_some(),
            Part::Whatsapp => self.report.whatsapp.is_some(),
        };
        part.listed(shared).filter(|_| !known).map(|tool| tool.name.clone())
    }

    fn finish(&mut self, shared: &Shared) {
        let needs_credential = shared.profile.as_ref().is_some_and(|profile| profile.credential.is_some());
        let names_plan = shared
            .profile
            .as_ref()
            .is_some_and(|profile| profile.doctor.plan.is_some() || profile.doctor.whole.is_some());
        let report = &mut self.report;
        let is_reached = report.endpoint == EndpointStatus::Active;
        let sees_none = PARTS.iter().all(|part| part.listed(shared).is_none());
        if needs_credential && report.auth == AuthStatus::Unknown && is_reached && sees_none {
            // Whoever is let in sees the reads that the profile names.
            report.auth = AuthStatus::Missing;
            report.problems.push(not_signed_in(UNLISTED, shared).message().to_owned());
        }
        if report.auth == AuthStatus::Missing && report.problems.is_empty() {
            report.problems.push(not_signed_in("", shared).message().to_owned());
        }
        if is_reached && report.tool_count == 0 {
            report.problems.push("no tool is listed".to_owned());
        }
        let is_let_in = !needs_credential || report.auth == AuthStatus::Configured;
        if names_plan && report.plan.is_none() && is_reached && is_let_in {
            report.problems.push("the plan is not known".to_owned());
        }
        report.healthy = is_reached && report.tool_count > 0 && is_let_in && (!names_plan || report.plan.is_some());
        self.stage = Stage::Finished;
    }
}

/// What shows that nobody is signed in where nothing was refused.
pub(crate) const UNLISTED: &str = " (it lists no protected tool)";

/// Whether none of the reads is listed by which the profile knows a workspace: whoever is let in sees one.
pub(crate) fn is_signed_out(shared: &Shared) -> bool {
    let Some(profile) = shared.profile.as_ref().filter(|profile| profile.credential.is_some()) else { return false };
    let Reads { whole, organisation, plan, whatsapp } = &profile.doctor;
    let mut named = [whole, organisation, plan, whatsapp].into_iter().flatten().peekable();
    named.peek().is_some() && named.all(|name| shared.catalog.get(name).is_none())
}

impl Part {
    /// The read that tells of it. Nobody is asked here, so nothing else is called, whatever the profile says.
    fn listed(self, shared: &Shared) -> Option<&Tool> {
        let doctor = &shared.profile.as_ref()?.doctor;
        let name = match self {
            Part::Whole => &doctor.whole,
            Part::Organisation => &doctor.organisation,
            Part::Plan => &doctor.plan,
            Part::Whatsapp => &doctor.whatsapp,
        };
        shared.catalog.get(name.as_deref()?).filter(|tool| tool.effect == Effect::Read)
    }

    fn in_words(self) -> &'static str {
        match self {
            Part::Whole => "the backend's own report",
            Part::Organisation => "the organisation",
            Part::Plan => "the plan",
            Part::Whatsapp => "WhatsApp",
        }
    }
}
