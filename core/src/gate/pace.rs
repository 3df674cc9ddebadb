//! The gate `pace`: rate and budget remain, the reads that must come first were made, and the backend did not ask to
//! wait.
//!
//! A passage costs nothing: [`spend`] looks again and counts when the call is dispatched.

use super::{Decision, Gate, GateVerdict};
use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::flow::{kept_wait, signup::registration::retry_after};
use crate::gate::result;
use crate::guard::Shared;
use crate::json::tape::Node;
use crate::mutant::{self, Mutant};
use crate::policy::fold::Name;
use crate::policy::numbered;
use crate::profile::Trouble;
use crate::step::Millis;
use crate::text::quoted_name;

/// More reads help nobody to choose.
const MAX_READS: usize = 10;

/// What the gate says of a call that it does not refuse.
#[derive(Debug)]
pub(crate) enum Paced {
    Pass,
    /// The call may be made then; all gates are passed again first.
    Wait {
        until: Millis,
        why: String,
    },
}

/// Why a call may not go now, and when it may if it may later.
struct Obstacle {
    error: Error,
    until: Option<Millis>,
}

/// `effect` is the one that the policy left; `may_wait` is false for a call that has just waited. Writes down what was
/// said, where there was anything to look at.
pub(crate) fn check(
    shared: &Shared,
    tool: &str,
    effect: Effect,
    now: Millis,
    may_wait: bool,
    decision: &mut Decision,
) -> Result<Paced> {
    let pace = &shared.policy.pace;
    let Some(Obstacle { error, until }) = obstacle(shared, tool, effect, now) else {
        if pace.concerns(tool, effect) {
            let unmet = Some(shared).filter(|shared| shared.policy.observes());
            let unmet = unmet.and_then(|shared| users_obstacle(shared, tool, effect, now));
            let note = unmet.map(|unmet| ["mode observe; would refuse: ", unmet.error.message()].concat());
            decision.say(Gate::Pace, GateVerdict::Pass, note.unwrap_or_default());
        }
        return Ok(Paced::Pass);
    };
    match until {
        Some(until) if may_wait && until.saturating_sub(now) <= pace.wait => {
            let why = error.message().to_owned();
            decision.say(Gate::Pace, GateVerdict::Pass, ["waits: ", &why].concat());
            Ok(Paced::Wait { until, why })
        }
        _ => {
            decision.deny(Gate::Pace, &error);
            Err(error)
        }
    }
}

/// Counts a call that is about to be sent. Another flow may have been quicker since the gate was passed: then nothing
/// is counted, and the call must not be sent.
pub(crate) fn spend(
    shared: &mut Shared,
    tool: &str,
    effect: Effect,
    now: Millis,
    decision: &mut Decision,
) -> Result<()> {
    if let Some(Obstacle { error, .. }) = obstacle(shared, tool, effect, now) {
        decision.deny(Gate::Pace, &error);
        return Err(error);
    }
    let name = &Name::new(tool);
    for limit in shared.policy.pace.limits.iter().filter(|limit| limit.matching.covers(name, effect)) {
        shared.pace.count(limit.counter(tool, effect), limit.rate.0, now);
    }
    Ok(())
}

/// A call succeeded: one that reads opens the groups that it belongs to.
pub(crate) fn succeeded(shared: &mut Shared, tool: &str, effect: Effect) {
    if effect != Effect::Read {
        return;
    }
    let tool = &Name::new(tool);
    for group in shared.policy.pace.read_first.iter().filter(|group| group.matching.covers(tool, effect)) {
        shared.pace.count(group.key.clone(), None, 0);
    }
}

/// Listens for a backend that asks to slow down in its answer instead of by its transport.
pub(crate) fn heard(shared: &mut Shared, answer: Node<'_>, now: Millis) {
    let trouble = shared.profile.as_ref().filter(|_| result::is_error(answer)).and_then(|known| known.trouble(answer));
    if trouble == Some(Trouble::RateLimited) {
        shared.pace.told_to_wait(now.saturating_add(kept_wait(retry_after(answer, now))));
    }
}

/// Refuses what would be sent although the backend asked to wait.
pub(crate) fn check_hold(shared: &Shared, now: Millis) -> Result<()> {
    shared.pace.held_until(now).map_or(Ok(()), |until| {
        Err(Error::new(Code::RateLimited, "The backend asked to be sent nothing for a while.").with("retry_at", until))
    })
}

/// What stands in the way: what no time removes, else what takes longest.
fn obstacle(shared: &Shared, tool: &str, effect: Effect, now: Millis) -> Option<Obstacle> {
    if mutant::is(Mutant::Pace) {
        return None;
    }
    let by_user = users_obstacle(shared, tool, effect, now).filter(|_| !shared.policy.observes());
    let Err(error) = check_hold(shared, now) else { return by_user };
    let by_backend = Obstacle { error, until: shared.pace.held_until(now) };
    Some(by_user.filter(|other| other.until.is_none() || other.until >= by_backend.until).unwrap_or(by_backend))
}

fn users_obstacle(shared: &Shared, tool: &str, effect: Effect, now: Millis) -> Option<Obstacle> {
    let pace = &shared.policy.pace;
    let name = &Name::new(tool);
    let groups = pace.read_first.iter().filter(|group| effect > Effect::Read && group.matching.covers(name, effect));
    for group in groups {
        if shared.pace.calls(&group.key) == 0 {
            let reads =
                shared.catalog.tools().filter(|other| group.matching.covers(&Name::new(&other.name), other.effect));
            let reads = reads.filter(|other| other.effect == Effect::Read && !other.is_unconfirmed()).take(MAX_READS);
            let reads: Vec<&str> = reads.map(|read| read.name.as_str()).collect();
            return Some(Obstacle { error: read_required(tool, reads), until: None });
        }
    }
    let mut longest: Option<Obstacle> = None;
    for (index, limit) in pace.limits.iter().enumerate() {
        if !limit.matching.covers(name, effect) {
            continue;
        }
        let key = limit.counter(tool, effect);
        let source = || numbered("limit", index, &limit.reason);
        if limit.budget.is_some_and(|budget| shared.pace.calls(&key) >= budget) || !shared.pace.has_room(&key) {
            let error = refusal(Code::BudgetSpent, "The user's budget is spent for ", tool, source());
            return Some(Obstacle { error: error.with("budget", limit.budget.unwrap_or_default()), until: None });
        }
        let ready_at = limit.rate.0.map(|rate| shared.pace.ready_at(&key, rate)).filter(|ready_at| *ready_at > now);
        if ready_at.is_some() && longest.as_ref().is_none_or(|other| other.until < ready_at) {
            let error = refusal(Code::RateLimited, "The user's policy asks to wait before ", tool, source());
            let error = error.with("retry_at", ready_at.unwrap_or_default());
            longest = Some(Obstacle { error, until: ready_at });
        }
    }
    longest
}

fn refusal(code: Code, what: &str, tool: &str, source: String) -> Error {
    Error::new(code, [what, &quoted_name(tool), " (", &source, ")."].concat()).with("limit", source)
}

fn read_required(tool: &str, reads: Vec<&str>) -> Error {
    let error =
        Error::new(Code::ReadRequired, ["The user's policy wants a read before ", &quoted_name(tool), "."].concat());
    let next = match reads.first() {
        Some(read) => format!("Call {} to look at what is there, then make the call again.", quoted_name(read)),
        None => "Ask the user to change the policy: the server lists no read of this group.".to_owned(),
    };
    error.with_next(next).with("reads", reads)
}
