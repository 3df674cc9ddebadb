//! The short way of a plain read: every gate's word on it as yes or no, without a flow and without a record of what was
//! said.
//!
//! A call is plain if a flow would do nothing but send it: it only reads, its definition is the pinned one, no limit
//! counts it, nothing that happens once comes of it, no rule looks back on it, no plan includes it, nobody is asked, and no audit wants to know. Whatever is not plain is no error; a
//! flow tells what it is.

use super::{after, arguments, once, plan, result};
use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::flow::signup::Role;
use crate::guard::Shared;
use crate::json::tape::Token;
use crate::policy::Verdict;
use crate::step::Millis;

/// Whether a flow would send exactly this call at once. `tokens` is memory that is used again.
pub(crate) fn is_read(name: &str, text: &str, now: Millis, shared: &Shared, tokens: &mut Vec<Token>) -> bool {
    let Some(tool) = named(name, shared) else { return false };
    *tool.plain.get_or_init(|| needs_nothing(tool, shared))
        && shared.pace.held_until(now).is_none()
        && tool.definition().is_ok_and(|definition| arguments::are_plain(definition, text, &shared.redactor, tokens))
}

/// Whether a flow would give exactly this answer to a plain read, unmasked and with nothing to learn from it.
pub(crate) fn is_result(name: &str, text: &str, shared: &Shared) -> bool {
    let definition = named(name, shared).and_then(|tool| tool.definition().ok());
    definition.is_some_and(|definition| result::is_plain(text, definition, &shared.redactor))
}

/// Hosts count a name in units of their own: in ASCII all of them count bytes.
fn named<'s>(name: &str, shared: &'s Shared) -> Option<&'s Tool> {
    shared.catalog.get(name).filter(|_| name.is_ascii())
}

/// What holds for all calls of a tool for as long as its definition and its pin are the same.
fn needs_nothing(tool: &Tool, shared: &Shared) -> bool {
    let policy = &shared.policy;
    // A predicate looks at the arguments, so that the rules have no one word for all calls.
    let permitted = || {
        let ruling = policy.rule(tool, &[], &shared.marks);
        !policy.has_predicates() && ruling.verdict == Verdict::Allow && ruling.effect == Effect::Read
    };
    tool.effect == Effect::Read
        && !tool.is_unconfirmed()
        && matches!(tool.drift(&shared.redactor), Ok(None))
        && permitted()
        && !policy.pace.concerns(&tool.name, tool.effect)
        && plan::is_free(tool, shared)
        && after::is_free(tool, shared)
        && once::is_free(&tool.name, shared)
        && Role::of(&tool.name, shared).is_none()
}
