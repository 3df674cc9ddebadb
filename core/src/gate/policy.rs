//! Gate 4: the user's mode and rules permit the call.

use crate::catalog::Tool;
use crate::error::{Code, Error, Result};
use crate::policy::{Policy, Ruling, Verdict};

/// `Allow` or `Ask`, and where it comes from.
pub(crate) fn check(policy: &Policy, tool: &Tool) -> Result<Ruling> {
    let ruling = policy.rule(&tool.name, tool.effect);
    if ruling.verdict == Verdict::Deny {
        return Err(Error::new(
            Code::DeniedByPolicy,
            format!("The user's policy forbids `{}` ({}).", tool.name, ruling.source),
        )
        .with("rule", ruling.source.as_str())
        .with("effect", tool.effect.as_str()));
    }
    Ok(ruling)
}
