//! How often people are asked.

use crate::json::de::{FromNode, Source};
use crate::step::Millis;

const DENIAL_HOLDS: Millis = 10 * 60 * 1_000;
const IN_A_ROW: usize = 20;
const WITHIN: Millis = 10 * 60 * 1_000;
const MAX_IN_A_ROW: usize = 1_000;
const MAX_MILLIS: Millis = 30 * 24 * 60 * 60 * 1_000;

/// The policy's `questions`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How long a no holds for the same call.
    pub(crate) denial_holds_ms: Millis,
    /// So many questions in a row may get no yes
    pub(crate) in_a_row: usize,
    /// within so long.
    pub(crate) within_ms: Millis,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { denial_holds_ms: DENIAL_HOLDS, in_a_row: IN_A_ROW, within_ms: WITHIN }
    }
}

impl FromNode for Bounds {
    fn blank() -> Self {
        Self::default()
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        from.object(Some(&["denial_holds_ms", "in_a_row", "within_ms"]));
        from.may("denial_holds_ms", &mut self.denial_holds_ms);
        from.may("in_a_row", &mut self.in_a_row);
        from.may("within_ms", &mut self.within_ms);
        if self.denial_holds_ms > MAX_MILLIS {
            from.unfit("denial_holds_ms", "at most 30 days");
        }
        if !(1..=MAX_IN_A_ROW).contains(&self.in_a_row) {
            from.unfit("in_a_row", "1 to 1000");
        }
        if !(1..=MAX_MILLIS).contains(&self.within_ms) {
            from.unfit("within_ms", "1 ms to 30 days");
        }
    }
}
