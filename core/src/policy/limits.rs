//! How fast, how often, and after which reads tools may be called, as the policy says it.

use super::fold::Name;
use super::{Given, Matching, at_most};
use crate::catalog::effect::Effect;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::{FromNode, Source, words};
use crate::json::tape::Kind;
use crate::step::Millis;

const MAX_LIMITS: usize = 100;
const MAX_CALLS: u64 = 1_000_000;
const MAX_BUDGET: u64 = 1_000_000_000;
pub(super) const YEAR: Millis = 365 * 24 * 60 * 60 * 1_000;
const MAX_WAIT: Millis = 60 * 60 * 1_000;

/// The policy's `pace`.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    pub(crate) limits: Vec<Limit>,
    pub(crate) read_first: Vec<Group>,
    /// A call that may go so soon is not refused but waits.
    pub(crate) wait: Millis,
}

impl FromNode for Pace {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["limits", "read_first", "wait_ms"]));
        from.may("limits", &mut self.limits);
        from.may("read_first", &mut self.read_first);
        at_most(from, "limits", self.limits.len(), MAX_LIMITS);
        at_most(from, "read_first", self.read_first.len(), MAX_LIMITS);
        self.wait = whole(from, "wait_ms", 0, MAX_WAIT).unwrap_or_default();
        // Two that are the same would share one count and each take from it.
        if repeats(self.limits.iter().map(|limit| &limit.key)) {
            from.unfit("limits", "each limit once");
        }
        if repeats(self.read_first.iter().map(|group| &group.key)) {
            from.unfit("read_first", "each group once");
        }
    }
}

impl Pace {
    /// Whether any limit or group is about such calls.
    pub(crate) fn concerns(&self, tool: &str, effect: Effect) -> bool {
        let tool = &Name::new(tool);
        self.limits.iter().any(|limit| limit.matching.covers(tool, effect))
            || self.read_first.iter().any(|group| group.matching.covers(tool, effect))
    }
}

pub(super) fn repeats<'k>(keys: impl Iterator<Item = &'k String> + Clone) -> bool {
    keys.clone().enumerate().any(|(index, key)| keys.clone().take(index).any(|earlier| earlier == key))
}

/// At most so many of the matching calls.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    /// Names its counters: a limit that stays as it is keeps them, whatever else of the policy changes.
    pub(crate) key: String,
    pub(crate) matching: Matching,
    per: Given<Per>,
    pub(crate) rate: Given<Rate>,
    /// So many calls in one session.
    pub(crate) budget: Option<u64>,
    pub(crate) reason: String,
}

/// What is counted on its own; all matching calls together by default.
#[derive(Debug, Clone, Copy)]
enum Per {
    Tool,
    Effect,
}

words!(Per { Tool = "tool", Effect = "effect" });

impl FromNode for Limit {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["tools", "effects", "per", "rate", "budget", "reason"]));
        self.key = key(from);
        self.matching.fill(from);
        from.may("per", &mut self.per);
        from.may("rate", &mut self.rate);
        self.budget = whole(from, "budget", 0, MAX_BUDGET);
        from.may("reason", &mut self.reason);
        if self.rate.0.is_none() && self.budget.is_none() {
            from.missing("rate` or `budget");
        }
    }
}

impl Limit {
    /// The name of the counter for such a call.
    pub(crate) fn counter(&self, tool: &str, effect: Effect) -> String {
        match self.per.0 {
            None => self.key.clone(),
            Some(Per::Tool) => [&self.key, "/", tool].concat(),
            Some(Per::Effect) => [&self.key, "/", effect.as_str()].concat(),
        }
    }
}

/// So many calls in so many milliseconds, of which some may come at once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rate {
    pub(crate) calls: u64,
    pub(crate) per: Millis,
    pub(crate) burst: u64,
}

impl FromNode for Rate {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["calls", "per_ms", "burst"]));
        for (name, place, most) in [("calls", &mut self.calls, MAX_CALLS), ("per_ms", &mut self.per, YEAR)] {
            match whole(from, name, 1, most) {
                Some(number) => *place = number,
                None => from.missing(name),
            }
        }
        self.burst = whole(from, "burst", 1, MAX_CALLS).unwrap_or(self.calls);
    }
}

/// Tools of which one that reads must have been called before any other.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// As in [`Limit`].
    pub(crate) key: String,
    pub(crate) matching: Matching,
}

impl FromNode for Group {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["tools"]));
        self.key = key(from);
        from.must("tools", &mut self.matching.tools);
        self.matching.fold();
    }
}

fn key(from: &Source<'_>) -> String {
    sha256_hex(canonical(from.node()).as_bytes()).chars().take(16).collect()
}

/// A member that is a whole number within bounds, however it is written.
pub(super) fn whole(from: &mut Source<'_>, name: &str, least: u64, most: u64) -> Option<u64> {
    let node = from.node().get(name)?;
    // The canonical form of 5.0 and of 50e-1 is 5.
    let number = (node.kind() == Kind::Number).then(|| canonical(node).parse().ok()).flatten();
    let number = number.filter(|number| (least..=most).contains(number));
    if number.is_none() {
        from.unfit(name, &["a whole number from ", &least.to_string(), " to ", &most.to_string()].concat());
    }
    number
}
