//! What was called how often: the counters behind the gate `pace`, and how long the backend asked to be left alone.
//!
//! A rate is kept by the generic cell rate algorithm: a counter holds when the next call would arrive if all came
//! evenly, and a call may be early by as much as the burst allows. That time only ever grows, so that a clock which goes
//! backwards never lets more through than the rate does.

use serde::Serialize;

use crate::json::de::record;
use crate::policy::limits::Rate;
use crate::step::Millis;

/// More counters than tools that one session calls.
const MAX_COUNTERS: usize = 4_096;

/// The counters of one session.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Pace {
    /// Before that the backend is sent nothing, by its own word.
    until: Millis,
    counters: Vec<Counter>,
}

record!(open Pace { ; until, counters });

/// One counter.
#[derive(Debug, Clone, Default, Serialize)]
struct Counter {
    /// Which limit it is for, and of what.
    key: String,
    /// How many calls were sent.
    calls: u64,
    /// When the next call would arrive if all came evenly, in whole milliseconds,
    at: Millis,
    /// and what is left over, in parts of which the rate's `calls` make a millisecond.
    part: u64,
}

record!(open Counter { key, calls, at, part; });

impl Pace {
    pub(crate) fn is_empty(&self) -> bool {
        self.until == 0 && self.counters.is_empty()
    }

    /// Takes over what a snapshot counted; what counts more stays.
    pub(crate) fn restore(&mut self, saved: Pace) {
        self.told_to_wait(saved.until);
        for saved in saved.counters {
            let Some(known) = self.counters.iter_mut().find(|known| known.key == saved.key) else {
                self.counters.push(saved);
                continue;
            };
            known.calls = known.calls.max(saved.calls);
            (known.at, known.part) = (known.at, known.part).max((saved.at, saved.part));
        }
    }

    /// The backend wants to be sent nothing before that time.
    pub(crate) fn told_to_wait(&mut self, until: Millis) {
        self.until = self.until.max(until);
    }

    /// Until when the backend wants to be sent nothing, if that is still to come.
    pub(crate) fn held_until(&self, now: Millis) -> Option<Millis> {
        (now < self.until).then_some(self.until)
    }

    /// How many calls were counted.
    pub(crate) fn calls(&self, key: &str) -> u64 {
        self.counter(key).map_or(0, |counter| counter.calls)
    }

    /// From when on the rate lets one more call through.
    pub(crate) fn ready_at(&self, key: &str, rate: Rate) -> Millis {
        let Some(counter) = self.counter(key) else { return 0 };
        let early = steps(rate, rate.burst.saturating_sub(1));
        let ready_at = counter.at.saturating_sub(early.0);
        if counter.at >= early.0 && counter.part > early.1 { ready_at.saturating_add(1) } else { ready_at }
    }

    /// Counts a call; says whether there is room for its counter.
    pub(crate) fn count(&mut self, key: String, rate: Option<Rate>, now: Millis) -> bool {
        if !self.has_room(&key) {
            return false;
        }
        if self.counter(&key).is_none() {
            self.counters.push(Counter { key: key.clone(), ..Counter::default() });
        }
        let Some(counter) = self.counters.iter_mut().find(|known| known.key == key) else { return false };
        counter.calls = counter.calls.saturating_add(1);
        if let Some(rate) = rate {
            if counter.at < now {
                (counter.at, counter.part) = (now, 0);
            }
            let step = steps(rate, 1);
            counter.at = counter.at.saturating_add(step.0);
            counter.part = counter.part.saturating_add(step.1);
            if counter.part >= rate.calls {
                counter.at = counter.at.saturating_add(1);
                counter.part = counter.part.saturating_sub(rate.calls);
            }
        }
        true
    }

    pub(crate) fn has_room(&self, key: &str) -> bool {
        self.counters.len() < MAX_COUNTERS || self.counter(key).is_some()
    }

    fn counter(&self, key: &str) -> Option<&Counter> {
        self.counters.iter().find(|counter| counter.key == key)
    }
}

/// How long so many calls take at the rate's even pace, in milliseconds and parts of one.
fn steps(rate: Rate, count: u64) -> (Millis, u64) {
    let parts = rate.per.saturating_mul(count);
    (parts.checked_div(rate.calls).unwrap_or(Millis::MAX), parts.checked_rem(rate.calls).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::{Pace, Rate};

    /// Whether the call went.
    fn call(pace: &mut Pace, rate: Rate, now: u64) -> bool {
        pace.ready_at("k", rate) <= now && pace.count("k".to_owned(), Some(rate), now)
    }

    proptest! {
        /// In no stretch of time do more calls go than the burst and what the stretch brings, whatever the clock does.
        #[test]
        fn never_more_than_the_rate(
            (calls, per, burst) in (1u64..20, 1u64..5_000, 1u64..20),
            moves in prop::collection::vec(-2_000i64..3_000, 1..120),
        ) {
            let rate = Rate { calls, per, burst };
            let mut pace = Pace::default();
            let mut now = 1_000_000u64;
            let mut went = Vec::new();
            for step in moves {
                // Most steps are short, so that calls come close together too.
                now = now.saturating_add_signed(if step % 3 == 0 { step } else { step % 7 });
                if call(&mut pace, rate, now) {
                    went.push(now);
                }
            }
            for first in &went {
                for last in went.iter().filter(|last| *last >= first) {
                    let within = went.iter().filter(|at| (first..=last).contains(at)).count() as u64;
                    let most = burst + (last - first) * calls / per;
                    prop_assert!(within <= most, "{within} from {first} to {last}: {went:?}");
                }
            }
        }

        /// On a clock that goes forward, a call that waits until it is told to always goes, and never a moment earlier.
        #[test]
        fn ready_at_is_exact(
            (calls, per, burst) in (1u64..20, 1u64..5_000, 1u64..20),
            pauses in prop::collection::vec(0u64..500, 1..80),
        ) {
            let rate = Rate { calls, per, burst };
            let mut pace = Pace::default();
            let mut now = 1_000_000u64;
            for pause in pauses {
                now += pause;
                let ready_at = pace.ready_at("k", rate);
                if ready_at > now {
                    prop_assert!(!call(&mut pace, rate, ready_at - 1));
                    now = ready_at;
                }
                prop_assert!(call(&mut pace, rate, now));
            }
        }
    }

    #[test]
    fn sevenths_of_a_millisecond_add_up() {
        let rate = Rate { calls: 7, per: 10, burst: 1 };
        let mut pace = Pace::default();
        let went: Vec<u64> = (100..=120).filter(|now| call(&mut pace, rate, *now)).collect();
        // One each 10/7 ms; what is over is carried on from call to call as long as they come without a pause.
        assert_eq!(went, [100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120]);
        let rate = Rate { burst: 7, ..rate };
        let mut pace = Pace::default();
        let mut count = |now: u64| (0..20).filter(|_| call(&mut pace, rate, now)).count();
        assert_eq!((count(100), count(101), count(102), count(110)), (7, 0, 1, 6));
    }
}
