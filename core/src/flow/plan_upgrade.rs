//! A payment link for another plan. It is an ordinary call of the profile's tool, which a person must approve with the
//! plan's price before them; the word that turns the question into a link is the guard's own.

use crate::error::{Code, Error, Result};
use crate::guard::Shared;
use crate::json::Json;
use crate::json::de::record;

/// What is wanted. Without a plan, the one that the backend's last refusal proposed.
#[derive(Debug, Clone, Default)]
pub struct Upgrade {
    /// The plan's code.
    pub plan: Option<String>,
    /// How often is paid, in the backend's own words.
    pub billing_cycle: Option<String>,
    /// Where the person goes after they paid.
    pub return_url: Option<String>,
}

record!(strict Upgrade { ; plan, billing_cycle, return_url });

/// The tool to call, and its arguments.
pub(crate) fn call(wanted: Upgrade, shared: &Shared) -> Result<(String, Json)> {
    let plan = shared.profile.as_ref().and_then(|profile| profile.plan.as_ref());
    let upgrade = plan.map(|plan| &plan.upgrade).ok_or_else(|| {
        Error::new(Code::InvalidInput, "Nothing is known of how to change the plan of this backend.")
            .with_next("Change the plan in the backend's own portal.")
    })?;
    let code = wanted.plan.or_else(|| shared.plans.proposed.clone()).ok_or_else(|| {
        Error::new(Code::InvalidInput, "`plan` must name the plan: no refusal has proposed one.")
            .with_next(format!("Look at the plans with `{}` and name one.", plan.map_or("", |plan| &plan.options)))
    })?;
    let values = [("plan", Some(code)), ("billing_cycle", wanted.billing_cycle), ("return_url", wanted.return_url)];
    let members: Vec<(&str, Json)> = values
        .iter()
        .filter_map(|(meaning, value)| Some((upgrade.arguments.get(*meaning)?.as_str(), Json::of(value.as_ref()?))))
        .collect();
    let members: Vec<(&str, &Json)> = members.iter().map(|(name, value)| (*name, value)).collect();
    Ok((upgrade.tool.clone(), Json::object(&members)))
}
