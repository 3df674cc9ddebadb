//! The user's own word: a mode and ordered rules. The first rule that matches decides.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::glob;
use crate::json::canonical::digest_of;

const MAX_RULES: usize = 1_000;

/// What a user allows.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    mode: Mode,
    rules: Vec<Rule>,
    /// SHA-256 of the policy as given: part of every approval.
    pub(crate) digest: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    rules: Vec<Rule>,
}

/// How far the policy is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Says what would have been asked or denied, and lets it pass.
    Observe,
    /// As the rules and defaults say.
    #[default]
    Enforce,
    /// Nothing but reads.
    ReadOnly,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Tool name patterns with `*`; absent: any tool.
    #[serde(default)]
    tools: Option<Vec<String>>,
    /// Absent: any effect.
    #[serde(default)]
    effects: Option<Vec<Effect>>,
    then: Verdict,
    #[serde(default)]
    reason: Option<String>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Allow,
    Ask,
    Deny,
}

/// A verdict and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruling {
    pub(crate) verdict: Verdict,
    /// Such as `rule 2: only mornings` or `default for external`.
    pub(crate) source: String,
}

impl Policy {
    pub(crate) fn load(source: Option<&Value>) -> Result<Policy> {
        let default = json!({ "mode": "enforce", "rules": [] });
        let source = source.unwrap_or(&default);
        let written: Written = serde_json::from_value(source.clone())
            .map_err(|error| Error::new(Code::InvalidPolicy, format!("The policy cannot be used: {error}.")))?;
        if written.rules.len() > MAX_RULES {
            return Err(Error::new(Code::InvalidPolicy, format!("The policy has more than {MAX_RULES} rules.")));
        }
        Ok(Policy { mode: written.mode, rules: written.rules, digest: digest_of(source) })
    }

    pub(crate) fn rule(&self, tool: &str, effect: Effect) -> Ruling {
        let ruling = self.ruling(tool, effect);
        match self.mode {
            Mode::Enforce => ruling,
            Mode::ReadOnly if effect > Effect::Read => {
                Ruling { verdict: Verdict::Deny, source: "mode read_only".to_owned() }
            }
            Mode::ReadOnly => ruling,
            Mode::Observe => match ruling.verdict {
                Verdict::Allow => ruling,
                Verdict::Ask => {
                    Ruling { verdict: Verdict::Allow, source: format!("mode observe; would ask by {}", ruling.source) }
                }
                Verdict::Deny => {
                    Ruling { verdict: Verdict::Allow, source: format!("mode observe; would deny by {}", ruling.source) }
                }
            },
        }
    }

    fn ruling(&self, tool: &str, effect: Effect) -> Ruling {
        let matching = self.rules.iter().enumerate().find(|(_, rule)| rule.matches(tool, effect));
        if let Some((index, rule)) = matching {
            let number = index.saturating_add(1);
            let reason = rule.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            return Ruling { verdict: rule.then, source: format!("rule {number}{reason}") };
        }
        let verdict = if effect <= Effect::Write { Verdict::Allow } else { Verdict::Ask };
        Ruling { verdict, source: format!("default for {}", effect.as_str()) }
    }
}

impl Rule {
    fn matches(&self, tool: &str, effect: Effect) -> bool {
        self.tools.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| glob::matches(pattern, tool)))
            && self.effects.as_ref().is_none_or(|effects| effects.contains(&effect))
    }
}
