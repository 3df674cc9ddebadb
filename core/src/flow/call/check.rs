//! What the gates would say of a call: nothing is sent, nobody is asked, and nothing is spent.

use serde::Serialize;

use super::{Arguments, Asked, Call, State, examine, meta};
use crate::approval::{self, Approval, Approvers, Preview, State as Standing};
use crate::catalog::effect::Effect;
use crate::error::{Code, Detail, Error, Result};
use crate::flow::signup::Role;
use crate::flow::unlisted;
use crate::gate::pace::Paced;
use crate::gate::{self, Decision, Gate, GateVerdict, Passage};
use crate::guard::Shared;
use crate::json::Json;
use crate::json::de::{FromNode, record, words};
use crate::policy::Verdict;
use crate::step::Millis;

/// Which call is asked about; the arguments' JSON text comes beside it.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// The host's clock.
    pub now: Millis,
    /// The tool's name.
    pub name: String,
    /// The id of an approval that the call would quote.
    pub approval: Option<String>,
    /// The call's `_meta`.
    pub meta: Option<Json>,
}

record!(strict CheckRequest { now, name; approval, meta });

/// What would become of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckVerdict {
    /// It would be sent.
    Allow,
    /// A person would be asked.
    Ask,
    /// It would be refused.
    Deny,
    /// It cannot be made as it is: no such tool, or arguments that do not fit.
    Invalid,
    /// It could be made later, from `retry_at` on.
    Wait,
}

words!(CheckVerdict { Allow = "allow", Ask = "ask", Deny = "deny", Invalid = "invalid", Wait = "wait" });

/// What the gates would say of a call.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// What would become of it.
    pub verdict: CheckVerdict,
    /// The tool's name.
    pub tool: String,
    /// What the call does to the world; absent for an unknown tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// How the effect was come by.
    pub reasons: Vec<String>,
    /// The gates that were reached, in order. A note that begins with `would` names what only the call itself finds out,
    /// because the backend or the ledger has to be asked for it.
    pub gates: Vec<Passage>,
    /// What is wrong with the arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violations: Option<Detail>,
    /// What a person would see, where one is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
    /// When the call could be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Detail>,
    /// The error that the call would end with, or for which a person would be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// `is_broken`: the audit cannot be written, so that no call is made.
pub(crate) fn check(request: CheckRequest, document: Option<&str>, is_broken: bool, shared: &Shared) -> CheckReport {
    let CheckRequest { now, name, approval, meta } = request;
    let mut call = Call::unexamined(&name, approval, shared);
    let asked = Asked { name, quoted: None, meta, arguments: document };
    let standing = match is_broken {
        true => Err(crate::audit::failed("", &shared.redactor)),
        false => call.preview_of_gates(asked, now, shared),
    };
    let mut report = CheckReport {
        verdict: CheckVerdict::Allow,
        tool: call.decision.tool,
        effect: call.decision.effect,
        reasons: call.decision.reasons,
        gates: call.decision.gates,
        violations: None,
        preview: None,
        retry_at: None,
        error: None,
    };
    match standing {
        Ok(Forecast::Allow) => {}
        Ok(Forecast::Ask(preview)) => {
            report.verdict = CheckVerdict::Ask;
            report.preview = Some(*preview);
        }
        Ok(Forecast::Wait(until)) => {
            report.verdict = CheckVerdict::Wait;
            report.retry_at = Some(until.into());
        }
        Err(error) => {
            // A call looks the tool up once more before it says that nobody is signed in.
            report.verdict = verdict_of(&error);
            let error = unlisted(error, shared);
            report.violations = error.detail("violations").cloned();
            report.retry_at = error.detail("retry_at").cloned();
            report.error = Some(error);
        }
    }
    report
}

enum Forecast {
    Allow,
    Ask(Box<Preview>),
    Wait(Millis),
}

fn verdict_of(error: &Error) -> CheckVerdict {
    match error.code() {
        Code::InvalidArguments
        | Code::SecretInArguments
        | Code::UnknownTool
        | Code::InvalidDefinition
        | Code::InvalidInput
        | Code::ConsequenceUnclear => CheckVerdict::Invalid,
        Code::DefinitionChanged | Code::DefinitionUnconfirmed | Code::ApprovalRequired => CheckVerdict::Ask,
        Code::RateLimited => CheckVerdict::Wait,
        _ => CheckVerdict::Deny,
    }
}

impl Call {
    pub(super) fn unexamined(name: &str, quoted: Option<String>, shared: &Shared) -> Call {
        Call {
            name: name.to_owned(),
            arguments: Arguments::blank(),
            entropy: String::new(),
            meta: None,
            quoted,
            role: Role::of(name, shared),
            decision: Decision::new(&shared.redactor.shown(name, 256)),
            passed: 0,
            record: None,
            drafted: false,
            vault: None,
            recalled: false,
            recalls: 0,
            elsewhere: None,
            round: None,
            rule: String::new(),
            claims: None,
            remember: None,
            recounts: 0,
            rereads: 0,
            snapshotted: false,
            resumed: false,
            claimed: false,
            looked_up: false,
            asked_meanwhile: 0,
            state: State::Dispatching(None),
        }
    }

    fn preview_of_gates(&mut self, asked: Asked<'_>, now: Millis, shared: &Shared) -> Result<Forecast> {
        let arguments = examine::arguments(&self.name, asked.arguments.unwrap_or("{}"), self.role, shared);
        let arguments = arguments.and_then(|arguments| Ok((arguments, meta::without_own(asked.meta)?)));
        let (arguments, meta) = arguments.inspect_err(|error| self.decision.deny(Gate::Arguments, error))?;
        (self.arguments, self.meta) = (arguments, meta);
        let examined = self.examine(now, true, shared).map_err(|error| {
            let code = error.code();
            if let (Code::DefinitionChanged | Code::DefinitionUnconfirmed, Some(passage)) =
                (code, self.decision.gates.last_mut())
            {
                passage.verdict = GateVerdict::Ask;
            }
            self.reviewable(error, now, shared)
        })?;
        if let Paced::Wait { until, .. } = examined.paced {
            return Ok(Forecast::Wait(until));
        }
        let decision = &mut self.decision;
        if let Some(note) =
            gate::plan::peek(shared, &self.name, now).inspect_err(|error| decision.deny(Gate::Plan, error))?
        {
            decision.say(Gate::Plan, GateVerdict::Pass, note);
        }
        let document = &examined.document;
        if !gate::once::is_free(&self.name, shared) {
            if shared.policy.observes() {
                decision.say(Gate::Once, GateVerdict::Pass, "mode observe; would let it happen once");
            } else {
                gate::once::claims(&self.name, document.tape().root(), shared)
                    .inspect_err(|error| decision.deny(Gate::Once, error))?;
                decision.say(Gate::Once, GateVerdict::Pass, "would look in the ledger whether it happened already");
            }
        }
        let binding = self.bind(document, shared)?;
        if let Some(id) = self.quoted.clone() {
            return self.check_quoted(&id, &binding, examined.approvers.as_ref(), now, shared).inspect_err(|error| {
                self.decision.deny(Gate::Approval, error);
            });
        }
        // Whether the vault holds what would be replaced is not looked at here, so that a person may be asked.
        if examined.verdict == Verdict::Allow && !self.role.is_some_and(Role::gives_key) {
            self.decision.say(Gate::Approval, GateVerdict::Pass, "not needed");
            return Ok(Forecast::Allow);
        }
        let covers = |approval: &&Approval| {
            let mut seen = binding.preview.clone();
            seen.record.clone_from(&approval.preview.record);
            approval.state == Standing::Approved
                && !approval.is_expired(now)
                && approval.is_for(examined.approvers.as_ref())
                && approval.covers(&binding.call, &binding.arguments, &seen)
        };
        if let Some(approval) = shared.approvals.values().find(covers) {
            let note = ["a person approved exactly this call: ", &approval.id].concat();
            self.decision.say(Gate::Approval, GateVerdict::Pass, note);
            return Ok(Forecast::Allow);
        }
        if let Some(remembered) =
            self.find_remembered(document, &binding, now, shared).filter(|_| examined.approvers.is_none())
        {
            let note = ["would be counted by the remembered answer ", &remembered.id].concat();
            self.decision.say(Gate::Approval, GateVerdict::Pass, note);
            return Ok(Forecast::Allow);
        }
        if let Err(error) = self.check_silence(&binding.call, now, shared) {
            self.decision.deny(Gate::Approval, &error);
            return Err(error);
        }
        let note = match self.look(document, shared) {
            Some(_) => "would ask the backend what the call is about, and then a person",
            None => "a person must approve exactly this call",
        };
        self.decision.say(Gate::Approval, GateVerdict::Ask, note);
        Ok(Forecast::Ask(Box::new(binding.preview)))
    }

    fn check_quoted(
        &mut self,
        id: &str,
        binding: &examine::Binding,
        approvers: Option<&Approvers>,
        now: Millis,
        shared: &Shared,
    ) -> Result<Forecast> {
        let Some(approval) = shared.approvals.get(id) else {
            if !approval::is_id(id) {
                return Err(approval::not_known(id, shared));
            }
            self.decision.say(Gate::Approval, GateVerdict::Ask, "would look in the ledger for the approval");
            return Ok(Forecast::Ask(Box::new(binding.preview.clone())));
        };
        let mut seen = binding.preview.clone();
        seen.record.clone_from(&approval.preview.record);
        gate::approval::exactly(approval, &binding.call, &binding.arguments, &seen)?;
        gate::approval::for_people(approval, approvers)?;
        approval.check_usable(now)?;
        self.decision.say(Gate::Approval, GateVerdict::Pass, "a person approved exactly this call");
        Ok(Forecast::Allow)
    }
}
