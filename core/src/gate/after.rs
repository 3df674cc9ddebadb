//! What a result brings into the session, for the rules of the gate `policy` that look back.

use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::guard::Shared;
use crate::marks::{Mark, Marks};
use crate::mutant::{self, Mutant};
use crate::step::{Failure, Happening};

/// What a result of the tool brings in: by the policy's or the profile's word, or because it reads the open world.
fn marks_of(tool: &Tool, shared: &Shared) -> Marks {
    let mut marks = Marks::default();
    let by_profile = shared.profile.iter().flat_map(|profile| &profile.marks);
    for mark in shared.policy.marks.iter().chain(by_profile).flat_map(|rule| rule.of(&tool.name)) {
        marks.add(*mark, &tool.name);
    }
    // A tool that only reads by its own word may count as more; what it brings in is the same.
    if tool.hints.open_world && (tool.effect == Effect::Read || tool.hints.read_only) {
        marks.add(Mark::Untrusted, &tool.name);
    }
    marks
}

/// What came of a call of that tool. Whatever says why it failed may hold the server's words, unless it was never sent.
/// Without rules that look back nothing is noted.
pub(crate) fn came(shared: &mut Shared, tool: &str, happening: &Happening) {
    let came = match happening {
        Happening::Result { .. } => true,
        Happening::Failed { kind, .. } => !matches!(kind, Failure::NotSent | Failure::CalledOff | Failure::Audit),
        _ => false,
    };
    if !came || !shared.policy.looks_back() || mutant::is(Mutant::After) {
        return;
    }
    let Some(marks) = shared.catalog.get(tool).map(|tool| marks_of(tool, shared)) else { return };
    shared.marks.restore(&marks);
}

/// Whether neither its result nor what was read before matters to a call of a tool that only reads.
pub(crate) fn is_free(tool: &Tool, shared: &Shared) -> bool {
    !shared.policy.looks_back() || (marks_of(tool, shared).is_empty() && !shared.policy.looks_back_for(tool))
}

/// Takes over what a snapshot noted. One that was written under rules which do not look back notes nothing, so that
/// everything may have been read.
pub(crate) fn restore(shared: &mut Shared, saved: Option<&Marks>) {
    if !shared.policy.looks_back() {
        return;
    }
    match saved {
        Some(saved) => shared.marks.restore(saved),
        None => {
            for mark in [Mark::Untrusted, Mark::Private] {
                shared.marks.add(mark, "an earlier process, which did not note its reads");
            }
        }
    }
}
