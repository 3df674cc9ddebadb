//! Gate 2: the tool's definition is the one that was first seen, locked or accepted.

use super::{Decision, Gate, GateVerdict};
use crate::catalog::Tool;
use crate::catalog::drift::{Change, Drift};
use crate::error::{Code, Error, Result};
use crate::json::Json;
use crate::mutant::{self, Mutant};
use crate::redact::Redactor;
use crate::text::quoted_name;

/// How a listed definition stands to the pinned one.
#[derive(Debug)]
pub(crate) enum Pinned<'c> {
    /// It means the same.
    Same,
    /// The tool accepts less than before.
    Narrowed(String),
    /// A person has to look at what differs.
    Asks(&'c Drift),
}

/// An error if the listed definition cannot be used at all.
pub(crate) fn check<'c>(tool: &'c Tool, redactor: &Redactor) -> Result<Pinned<'c>> {
    Ok(match tool.drift(redactor)? {
        _ if mutant::is(Mutant::Pinned) => Pinned::Same,
        None => Pinned::Same,
        Some(drift) if drift.change == Change::Narrowed => {
            Pinned::Narrowed(["the definition was narrowed: ", &drift.told()].concat())
        }
        Some(drift) => Pinned::Asks(drift),
    })
}

/// Until a person accepts exactly the listed definition.
pub(crate) fn refused(tool: &Tool, drift: &Drift) -> Error {
    Error::new(
        Code::DefinitionChanged,
        format!("The definition of {} is not the one that was pinned: {}.", quoted_name(&tool.name), drift.told()),
    )
    .with("tool", tool.name.as_str())
    .with("change", drift.change.as_str())
    .with("digest", drift.digest.as_str())
    .with("differences", Json::of(&drift.differences))
}

/// Until a person confirms what nothing but the server's hints says. An error of another kind if the definition cannot be
/// used.
pub(crate) fn unconfirmed(tool: &Tool) -> Error {
    let drift = match tool.waits_for_confirmation() {
        Ok(Some(drift)) => drift,
        Ok(None) => Drift::added("", "nobody confirmed it"),
        Err(error) => return error,
    };
    let what = if tool.hints.read_only { "only reads" } else { "destroys nothing" };
    Error::new(
        Code::DefinitionUnconfirmed,
        format!("The server says that {} {what}, and nothing else confirms it.", quoted_name(&tool.name)),
    )
    .with("tool", tool.name.as_str())
    .with("change", drift.change.as_str())
    .with("digest", drift.digest.as_str())
    .with("differences", Json::of(&drift.differences))
}

/// The gate as it stands before a call.
pub(crate) fn pass(tool: &Tool, redactor: &Redactor, decision: &mut Decision) -> Result<()> {
    let checked = check(tool, redactor).and_then(|pinned| match pinned {
        Pinned::Same => Ok(None),
        Pinned::Narrowed(note) => Ok(Some(note)),
        Pinned::Asks(drift) => Err(refused(tool, drift)),
    });
    if let Some(note) = checked.inspect_err(|error| decision.deny(Gate::Pinned, error))? {
        decision.say(Gate::Pinned, GateVerdict::Pass, note);
    }
    Ok(())
}
