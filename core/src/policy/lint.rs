//! What looks safe in a policy and is not. Decides nothing; it is shown.

use serde::Serialize;

use super::when::Predicate;
use super::{Policy, Rule, Verdict, fold, numbered};
use crate::approval::Approvers;
use crate::catalog::{Catalog, wording};
use crate::glob;
use crate::json::de::words;
use crate::near;
use crate::schema::pattern;
use crate::text::name_within;

/// More findings than a person would read.
const MAX_FINDINGS: usize = 500;
/// Tools that a finding names.
const MAX_TOOLS: usize = 5;

/// What is questionable in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What permits has a pattern that fits a part of the value.
    UnanchoredPattern,
    /// What permits has a pattern in which nearly anything may stand beside a letter, or for an alternative.
    OpenPattern,
    /// What permits has a pattern in which a `.` between letters fits any character.
    UnescapedDot,
    /// What permits has a range without a lower bound: negative numbers pass.
    OpenRange,
    /// What refuses names single values, and all others pass.
    ValueDeny,
    /// What refuses names tools, and others that do the same pass.
    NameDeny,
    /// A lowered effect follows the name to whatever definition has it next.
    UnboundEffect,
    /// An earlier rule decides about everything that this one is about.
    Shadowed,
    /// The server lists no tool of that name.
    UnknownTool,
    /// What happens once is known by its tools' names: other names, and everything may happen again.
    UnnamedOnce,
    /// Several people must agree, and two of the names look like one person's.
    AlikeApprovers,
    /// Tools are listed that do what the rule refuses, under names that it does not fit.
    MissedTool,
}

words!(Kind { UnanchoredPattern = "unanchored_pattern", OpenPattern = "open_pattern", UnescapedDot = "unescaped_dot", OpenRange = "open_range", ValueDeny = "value_deny", NameDeny = "name_deny", UnboundEffect = "unbound_effect", Shadowed = "shadowed", UnknownTool = "unknown_tool", MissedTool = "missed_tool", UnnamedOnce = "unnamed_once", AlikeApprovers = "alike_approvers" });

/// Something that looks safe in a policy and is not.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyFinding {
    /// The place in `rules`, or in `once` where `path` leads there, counted from one.
    pub(crate) rule: usize,
    pub(crate) kind: Kind,
    /// JSON Pointer into the policy.
    pub(crate) path: String,
    /// What it means and what would be better, for people.
    pub(crate) message: String,
}

/// What is known of the server; nothing where a policy is looked at alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'c> {
    pub(crate) catalog: &'c Catalog,
    /// Definitions are pinned by a lock file.
    pub(crate) is_locked: bool,
}

impl Policy {
    /// What looks safe in the rules and is not, in their order.
    pub(crate) fn findings(&self, known: Option<Known<'_>>) -> Vec<PolicyFinding> {
        let mut found = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let mut tell = |kind: Kind, place: &str, message: String| {
                let path = ["/rules/", &index.to_string(), place].concat();
                found.push(PolicyFinding { rule: index.saturating_add(1), kind, path, message });
            };
            rule.permission(&mut tell, known.is_some_and(|known| known.is_locked));
            rule.refusal(&mut tell);
            rule.people(&mut tell);
            let earlier = self.rules.iter().take(index).enumerate();
            if let Some((number, _)) = earlier.into_iter().find(|(_, earlier)| earlier.hides(rule)) {
                let by = numbered("rule", number, "");
                tell(Kind::Shadowed, "", format!("it decides nothing: {by} decides about all of its calls before it"));
            }
            if let Some(known) = known {
                rule.listed(&mut tell, known.catalog);
            }
        }
        for (index, _) in self.once.iter().enumerate().filter(|(_, rule)| rule.is_unnamed()) {
            found.push(PolicyFinding {
                rule: index.saturating_add(1),
                kind: Kind::UnnamedOnce,
                path: ["/once/", &index.to_string()].concat(),
                message:
                    "what was done is known by the `tools` and `once_per` as they are written: once they are edited, \
                    everything may happen again; give it a `name`"
                        .to_owned(),
            });
        }
        found.truncate(MAX_FINDINGS);
        found
    }
}

impl Rule {
    /// Findings on a rule that allows, or sets another effect.
    fn permission(&self, tell: &mut impl FnMut(Kind, &str, String), is_locked: bool) {
        if self.effect.0.is_some() && self.digest.0.is_none() && !is_locked {
            let message = "without a lock file the effect follows the name to whatever definition the server lists under \
                it in the next process: give the guard a lock, or the rule the definition's `digest`";
            tell(Kind::UnboundEffect, "/effect", message.to_owned());
        }
        if self.then.0 != Some(Verdict::Allow) && self.effect.0.is_none() {
            return;
        }
        for (number, predicate) in self.when.0.iter().enumerate() {
            let place = predicate.place(number);
            if predicate.has_no_minimum() {
                let message = "negative numbers pass too: give the range a `min`";
                tell(Kind::OpenRange, &place, message.to_owned());
            }
            let Some(shape) = predicate.pattern().and_then(pattern::shape) else { continue };
            if !shape.is_anchored {
                let message = "the pattern fits a part of the value, so that anything may stand before or behind it: \
                    begin it with `^` and end it with `$`, and put alternatives into a group";
                tell(Kind::UnanchoredPattern, &place, message.to_owned());
            }
            if shape.is_open {
                let message = "`.*` or the like stands beside a letter, or for an alternative, so that other hosts, \
                    addresses and names pass too: write what ends the name before it (`/`, `@`), or what may stand there";
                tell(Kind::OpenPattern, &place, message.to_owned());
            }
            if shape.has_loose_dot {
                let message = "a `.` between letters fits any character: write it as `\\.`";
                tell(Kind::UnescapedDot, &place, message.to_owned());
            }
        }
    }

    /// Findings on a rule that denies.
    fn refusal(&self, tell: &mut impl FnMut(Kind, &str, String)) {
        if self.then.0 != Some(Verdict::Deny) {
            return;
        }
        for (number, predicate) in self.when.0.iter().enumerate().filter(|(_, predicate)| predicate.names_values()) {
            let message = "spellings of the same value count too (`5` and \"5\", case, letters that look alike), but every \
                other value passes: allow what is right, and deny the rest";
            tell(Kind::ValueDeny, &predicate.place(number), message.to_owned());
        }
        let others = |pattern: &str| pattern.starts_with("^(?!");
        let by_pattern = |predicate: &Predicate| predicate.pattern().is_some_and(|pattern| !others(pattern));
        for (number, predicate) in self.when.0.iter().enumerate().filter(|(_, predicate)| by_pattern(predicate)) {
            let message = "case, blanks around the value, letters that look alike and an address beside a name count too, but \
                what is written in yet another way passes (`//etc`, an encoded address): allow what is right, and deny the rest";
            tell(Kind::ValueDeny, &predicate.place(number), message.to_owned());
        }
        if self.when.0.is_empty() && self.matching.effects.0.is_empty() && !self.matching.tools.0.is_empty() {
            let message = "other spellings of the names count too (`Delete_x`, `deleteX`), but a tool that does the same \
                under another name passes: deny by `effects` where that is meant";
            tell(Kind::NameDeny, "/tools", message.to_owned());
        }
    }

    /// Findings on the people who must agree.
    fn people(&self, tell: &mut impl FnMut(Kind, &str, String)) {
        let Some(Approvers { from, count: 2.. }) = &self.approvers.0 else { return };
        for (at, who) in from.iter().enumerate() {
            let Some(other) = from.iter().take(at).find(|other| fold::is_same_name(who, other)) else { continue };
            let message = format!("`{who}` looks like `{other}`: one person under two names would be counted as two");
            tell(Kind::AlikeApprovers, &["/approvers/from/", &at.to_string()].concat(), message);
        }
    }

    /// Findings on the names, beside the tools that are listed.
    fn listed(&self, tell: &mut impl FnMut(Kind, &str, String), catalog: &Catalog) {
        for (number, pattern) in self.matching.tools.0.iter().enumerate() {
            let place = ["/tools/", &number.to_string()].concat();
            let covers = |name: &str| fold::Pattern::new(pattern).matches(&fold::Name::new(name));
            if !pattern.contains('*') && catalog.get(pattern).is_none() {
                let suggestion = near::suggestion(&catalog.near(pattern));
                let shown = name_within(pattern, 100);
                let message = format!("the server lists no tool {shown}{suggestion}");
                tell(Kind::UnknownTool, &place, message);
            }
            if !matches!(self.then.0, Some(Verdict::Deny | Verdict::Ask)) {
                continue;
            }
            let deed = wording::Deed::new(&pattern.replace('*', ""));
            let missed = catalog.tools().map(|tool| tool.name.as_str());
            let missed = missed.filter(|name| {
                let by_rule = self.matching.tools.0.iter().any(|other| {
                    glob::matches(other, name) || fold::Pattern::new(other).matches(&fold::Name::new(name))
                });
                !by_rule && !covers(name) && deed.as_ref().is_some_and(|deed| deed.is_done_by(name))
            });
            let missed: Vec<String> = missed.take(MAX_TOOLS).map(|name| name_within(name, 100)).collect();
            if !missed.is_empty() {
                let message = format!("it does not reach {}, which say that they do the same", missed.join(", "));
                tell(Kind::MissedTool, &place, message);
            }
        }
    }

    /// Whether it decides about every call that another rule is about.
    fn hides(&self, other: &Rule) -> bool {
        let decides = self.then.0.is_some() && self.when.0.is_empty() && self.digest.0.is_none();
        // Earlier rules may have set another effect, so that only rules for any effect are compared.
        let (ours, theirs) = (&self.matching.tools.0, &other.matching.tools.0);
        let covers = |name: &String| ours.iter().any(|pattern| glob::matches(pattern, name));
        decides
            && self.matching.effects.0.is_empty()
            && (ours.is_empty() || !theirs.is_empty() && theirs.iter().all(covers))
    }
}
