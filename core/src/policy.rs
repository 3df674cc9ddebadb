//! The user's own word: a mode and ordered rules. The first rule that matches decides.

use crate::catalog::effect::Effect;
use crate::error::{Code, Error, Result};
use crate::glob;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::{self, Misfit, record, words};
use crate::json::{self, Document};

const MAX_RULES: usize = 1_000;

/// What a user allows.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    mode: Mode,
    rules: Vec<Rule>,
    /// SHA-256 of the policy as given: part of every approval.
    pub(crate) digest: String,
}

#[derive(Debug, Clone)]
struct Written {
    mode: Mode,
    rules: Vec<Rule>,
}

record!(strict Written { ; mode, rules });

/// How far the policy is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// Says what would have been asked or denied, and lets it pass.
    Observe,
    /// As the rules and defaults say.
    #[default]
    Enforce,
    /// Nothing but reads.
    ReadOnly,
}

words!(Mode { Observe = "observe", Enforce = "enforce", ReadOnly = "read_only" });

#[derive(Debug, Clone)]
struct Rule {
    /// Tool name patterns with `*`; absent: any tool.
    tools: Option<Vec<String>>,
    /// Absent: any effect.
    effects: Option<Vec<Effect>>,
    then: Verdict,
    reason: Option<String>,
}

record!(strict Rule { then; tools, effects, reason });

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allow,
    Ask,
    Deny,
}

words!(Verdict { Allow = "allow", Ask = "ask", Deny = "deny" });

/// A verdict and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruling {
    pub(crate) verdict: Verdict,
    /// Such as `rule 2: only mornings` or `default for external`.
    pub(crate) source: String,
}

impl Policy {
    pub(crate) fn load(source: Option<&str>) -> Result<Policy> {
        let unusable =
            |misfit: Misfit| Error::new(Code::InvalidPolicy, format!("The policy cannot be used: {misfit}."));
        let source = source.unwrap_or(r#"{"mode":"enforce","rules":[]}"#);
        let document = Document::read(source, json::OWN).map_err(|refusal| unusable(refusal.into()))?;
        let written: Written = de::from_node(document.tape().root()).map_err(unusable)?;
        if written.rules.len() > MAX_RULES {
            return Err(Error::new(Code::InvalidPolicy, format!("The policy has more than {MAX_RULES} rules.")));
        }
        Ok(Policy {
            mode: written.mode,
            rules: written.rules,
            digest: sha256_hex(canonical(document.tape().root()).as_bytes()),
        })
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
