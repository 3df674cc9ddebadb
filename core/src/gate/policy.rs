//! Gate 4: the user's mode and rules permit the call.

use super::{Decision, Gate, GateVerdict};
use crate::catalog::Tool;
use crate::error::{Code, Error, Result};
use crate::json::canonical::canonical;
use crate::json::tape::Node;
use crate::json::{self, Document};
use crate::marks::Marks;
use crate::mutant::{self, Mutant};
use crate::policy::{Policy, Ruling, Verdict};
use crate::text::quoted_name;

/// `Allow` or `Ask`, where it comes from, and the effect as the user sees it; writes down what was said.
/// `marks` is what was read before.
pub(crate) fn check(
    policy: &Policy,
    tool: &Tool,
    arguments: Node<'_>,
    marks: &Marks,
    decision: &mut Decision,
) -> Result<Ruling> {
    // Most backends round 7.00000000000000001 to the 7 that a rule forbids, and some do not: both count.
    let mut ruling = if policy.has_predicates() {
        let rounded = Document::read(&canonical(arguments), json::ARGUMENTS).unwrap_or_default();
        policy.rule(tool, &[arguments, rounded.tape().root()], marks)
    } else {
        policy.rule(tool, &[], marks)
    };
    if (mutant::is(Mutant::PolicyDeny) && ruling.verdict == Verdict::Deny)
        || (mutant::is(Mutant::PolicyAsk) && ruling.verdict == Verdict::Ask)
    {
        ruling.verdict = Verdict::Allow;
    }
    decision.effect = Some(ruling.effect);
    decision.reasons.extend(ruling.reassessed.clone());
    let source = match &ruling.after {
        Some(after) => [&ruling.source, ", after ", after].concat(),
        None => ruling.source.clone(),
    };
    let verdict = match ruling.verdict {
        Verdict::Allow => GateVerdict::Pass,
        Verdict::Ask => GateVerdict::Ask,
        Verdict::Deny => {
            let error = Error::new(
                Code::DeniedByPolicy,
                format!("The user's policy forbids {} ({source}).", quoted_name(&tool.name)),
            )
            .with("rule", ruling.source)
            .with("effect", ruling.effect.as_str());
            decision.deny(Gate::Policy, &error);
            return Err(error);
        }
    };
    decision.say(Gate::Policy, verdict, source);
    Ok(ruling)
}
