//! Gate 6: the backend's plan includes the operation. Asked by the tool that the profile names; a yes holds for a
//! while, and calls that come together share one question.

use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::flow::Errand;
use crate::glob;
use crate::guard::Shared;
use crate::json::tape::{Kind, Node};
use crate::json::{self, Json};
use crate::map::Map;
use crate::mutant::{self, Mutant};
use crate::profile::{self, Operation, Plan, Profile};
use crate::step::Millis;
use crate::text::quoted_name;

/// How long a no holds: long enough for the calls that wait for the same answer.
const NO_HOLDS: Millis = 2_000;
/// A question that has no answer after so long is asked again.
const ASKING_HOLDS: Millis = 30_000;
/// How long a call waits before it looks whether another's question was answered.
const LOOK_AGAIN: Millis = 20;
const MAX_SAID: usize = 1_024;

/// What the backend said of its plan lately.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plans {
    said: Map<String, Said>,
    /// Which flow asks about a tool, and since when.
    asking: Map<String, (String, Millis)>,
    /// The plan that the last refusal proposed.
    pub(crate) proposed: Option<String>,
}

#[derive(Debug, Clone)]
struct Said {
    at: Millis,
    until: Millis,
    refusal: Option<Error>,
}

/// Where a call stands with the plan.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// No plan has a say in it.
    Free,
    /// The plan includes it.
    Included,
    /// The backend has to be asked.
    Ask(Errand),
    /// Another call asks already.
    Wait(Millis),
}

pub(crate) fn check(shared: &mut Shared, name: &str, flow: &str, now: Millis) -> Result<Standing> {
    if mutant::is(Mutant::Plan) {
        return Ok(Standing::Free);
    }
    let Some(plan) = shared.profile.as_ref().and_then(|profile| profile.plan.as_ref()) else {
        return Ok(Standing::Free);
    };
    let Some(tool) = shared.catalog.get(name).filter(|tool| concerns(plan, tool)) else { return Ok(Standing::Free) };
    if let Some(said) = shared.plans.said.get(name) {
        // A clock that was set back must not make a yes last longer.
        if said.at <= now && now < said.until {
            return said.refusal.clone().map_or(Ok(Standing::Included), Err);
        }
    }
    let Some(check) = plan.checks.iter().find(|check| shared.catalog.get(&check.tool).is_some()) else {
        return Ok(Standing::Free);
    };
    let Some(errand) = question(check, tool, shared) else {
        return Err(unknown(&format!("`{}` does more than a question may", check.tool)));
    };
    match shared.plans.asking.get(name) {
        Some((other, since)) if other != flow && *since <= now && now < since.saturating_add(ASKING_HOLDS) => {
            Ok(Standing::Wait(now.saturating_add(LOOK_AGAIN)))
        }
        _ => {
            shared.plans.asking.insert(name.to_owned(), (flow.to_owned(), now));
            Ok(Standing::Ask(errand))
        }
    }
}

/// What [`check`] would do, as far as it is known without asking: a note, or the refusal that still holds.
pub(crate) fn peek(shared: &Shared, name: &str, now: Millis) -> Result<Option<&'static str>> {
    let Some(plan) = shared.profile.as_ref().and_then(|profile| profile.plan.as_ref()) else { return Ok(None) };
    if shared.catalog.get(name).is_none_or(|tool| !concerns(plan, tool)) {
        return Ok(None);
    }
    match shared.plans.said.get(name).filter(|said| said.at <= now && now < said.until) {
        Some(said) => said.refusal.clone().map_or(Ok(Some("the plan includes it")), Err),
        None if plan.checks.iter().any(|check| shared.catalog.get(&check.tool).is_some()) => {
            Ok(Some("would ask the backend whether its plan includes it"))
        }
        None => Ok(None),
    }
}

fn concerns(plan: &Plan, tool: &Tool) -> bool {
    tool.plan_check.unwrap_or(tool.effect > Effect::Read) && !glob::any(&plan.exempt, &tool.name)
}

/// Whether no plan has a say in a tool's calls and none of them says anything about a plan.
pub(crate) fn is_free(tool: &Tool, shared: &Shared) -> bool {
    shared.profile.as_ref().and_then(|profile| profile.plan.as_ref()).is_none_or(|plan| {
        let counts = plan.quotas.iter().any(|quota| glob::any(quota, &tool.name));
        !concerns(plan, tool) && !counts && plan.upgrade.tool != tool.name
    })
}

fn question(check: &Operation, tool: &Tool, shared: &Shared) -> Option<Errand> {
    let argument = check.arguments.get("tool")?;
    Errand::new(&check.tool, Json::object(&[(argument, &Json::of(&tool.name))]), shared)
}

impl Plans {
    /// Nobody asks about the tool any more.
    pub(crate) fn given_up(&mut self, name: &str) {
        self.asking.remove(&name.to_owned());
    }

    /// Takes the backend's answer.
    pub(crate) fn answered(&mut self, name: &str, result: Node<'_>, profile: &Profile, now: Millis) -> Result<()> {
        self.given_up(name);
        let Some(plan) = &profile.plan else { return Ok(()) };
        let answer = profile.answer(result);
        let answer = answer.node();
        let allowed = plan.answer.allowed.iter().find_map(|field| answer.get(field)).map(Node::kind);
        let (refusal, holds) = match allowed {
            Some(Kind::True) => (None, plan.ttl_ms),
            Some(Kind::False) => {
                let refusal = blocked(name, answer, plan);
                self.propose(answer, plan);
                (Some(refusal), NO_HOLDS.min(plan.ttl_ms))
            }
            _ => return Err(unknown("the plan check's answer does not say")),
        };
        if self.said.len() >= MAX_SAID {
            self.said = Map::default();
        }
        self.said.insert(name.to_owned(), Said { at: now, until: now.saturating_add(holds), refusal });
        Ok(())
    }

    /// A call came back: what it used up, or was refused for, is not known any longer.
    pub(crate) fn called(&mut self, name: &str, result: Node<'_>, succeeded: bool, profile: &Profile) {
        let Some(plan) = &profile.plan else { return };
        if succeeded {
            if let Some(quota) = plan.quotas.iter().find(|quota| glob::any(quota, name)) {
                self.said.retain(|tool| !glob::any(quota, tool));
            }
            if plan.upgrade.tool == name {
                self.said = Map::default();
            }
            return;
        }
        let (code, _) = profile::error_of(result);
        if plan.blocked.iter().any(|known| known.eq_ignore_ascii_case(&code)) {
            self.said.remove(&name.to_owned());
            if let Some(error) = profile::error_object(result) {
                self.propose(error.node(), plan);
            }
        }
    }

    fn propose(&mut self, answer: Node<'_>, plan: &Plan) {
        let action = plan.answer.upgrade_action.iter().find_map(|field| answer.get(field));
        if let Some(proposed) = action.and_then(|action| json::text(action, names(&plan.upgrade.plan).as_slice())) {
            self.proposed = Some(proposed.into_owned());
        }
    }
}

fn names(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn blocked(name: &str, answer: Node<'_>, plan: &Plan) -> Error {
    let reason = json::text(answer, names(&plan.answer.reason).as_slice()).unwrap_or_default();
    let reason = crate::text::shorten(&reason, 300);
    let told = reason.trim_end_matches('.');
    let error =
        Error::new(Code::PlanBlocked, format!("The plan does not include this call of {}: {told}.", quoted_name(name)))
            .with("reason", reason.as_str());
    let action = plan.answer.upgrade_action.iter().find_map(|field| answer.get(field));
    match action.filter(|action| action.kind() != Kind::Null) {
        Some(action) => error.with("upgrade_action", crate::address::cleaned(action)),
        None => error,
    }
}

/// The plan could not be asked, so that nothing is sent.
pub(crate) fn unknown(why: &str) -> Error {
    Error::new(Code::PlanUnknown, format!("Whether the plan includes the call is not known: {why}."))
}
