//! What people were asked and what they do not want to be asked: a no holds for a while, an agent's questions in a row
//! are bounded, and a person may silence a tool or the agent.

use serde::Serialize;

use crate::approval::By;
use crate::error::{Code, Error};
use crate::json::de::{record, words};
use crate::policy::questions::Bounds;
use crate::step::{FlowId, Millis};
use crate::text::{quoted_name, shorten};

/// More than a person says no to in one session; the oldest refusals of single calls give way.
const MAX_SILENCES: usize = 1_024;

/// One guard's memory of its questions.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Questions {
    /// When questions came to nothing since somebody said yes the last time, oldest first.
    vain: Vec<Millis>,
    silences: Vec<Silence>,
    /// Those that somebody looks at now; a flow that goes on in another process puts its question again there.
    #[serde(skip)]
    open: Vec<Open>,
    /// What the last question was about that was put off.
    #[serde(skip)]
    put_off: Option<(String, Millis)>,
    /// Whether a silence came since the guard looked at its open questions.
    #[serde(skip)]
    pub(crate) is_quieter: bool,
    /// Requests of the server since a call began, while none is running.
    #[serde(skip)]
    uncalled: u32,
}

record!(open Questions { ; vain, silences; open, put_off, is_quieter, uncalled });

#[derive(Debug, Clone)]
struct Open {
    flow: FlowId,
    at: Millis,
    /// What it is about; empty where equal questions stand beside one another.
    key: String,
}

/// A question that was put off holds for equal ones that waited for its answer.
const PUT_OFF_HOLDS: Millis = 1_000;

/// What a person does not want to be asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Silence {
    /// What lifts it: the denied approval's id, `tool:` and a name, or `agent`.
    pub id: String,
    /// What it is about.
    pub scope: SilenceScope,
    /// The tool that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Digest of the call that was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Since when.
    pub since: Millis,
    /// Until when; absent: until the session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// Why, in the person's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
}

record!(open Silence { id, scope, since; tool, key, until, reason, by });

/// What a silence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SilenceScope {
    /// One call that was denied.
    #[default]
    Call,
    /// Every question about the calls of a tool.
    Tool,
    /// Every question.
    Agent,
}

words!(SilenceScope { Call = "call", Tool = "tool", Agent = "agent" });

impl Silence {
    fn holds(&self, now: Millis) -> bool {
        // A clock that was set back by more than it lasts does not make it last longer.
        self.until.is_none_or(|until| now < until && now.saturating_add(until.saturating_sub(self.since)) >= self.since)
    }

    fn concerns(&self, tool: &str, key: &str) -> bool {
        match self.scope {
            SilenceScope::Agent => true,
            SilenceScope::Tool => self.tool.as_deref() == Some(tool),
            SilenceScope::Call => self.key.as_deref() == Some(key),
        }
    }
}

impl Questions {
    pub(crate) fn is_empty(&self) -> bool {
        self.vain.is_empty() && self.silences.is_empty()
    }

    /// Takes over what a snapshot holds; what is known here stays.
    pub(crate) fn restore(&mut self, saved: Questions) {
        for silence in saved.silences {
            self.silence(silence);
        }
        for at in saved.vain {
            if !self.vain.contains(&at) {
                self.vain.push(at);
            }
        }
        self.vain.sort_unstable();
    }

    /// Why nobody is asked about that, if nobody is.
    pub(crate) fn refusal(&self, tool: &str, key: &str, bounds: &Bounds, now: Millis) -> Option<Error> {
        self.silenced(tool, key, now).or_else(|| self.too_many(bounds, now))
    }

    /// The no that holds for it.
    pub(crate) fn silenced(&self, tool: &str, key: &str, now: Millis) -> Option<Error> {
        let silence = self.silences.iter().filter(|silence| silence.holds(now) && silence.concerns(tool, key));
        // The longest counts; one without an end is longer than any.
        let silence = silence.max_by_key(|silence| silence.until.unwrap_or(Millis::MAX));
        silence.map(|silence| silenced(silence, tool, now))
    }

    fn too_many(&self, bounds: &Bounds, now: Millis) -> Option<Error> {
        let since = now.saturating_sub(bounds.within_ms);
        let asked = self.vain.iter().copied().filter(|at| *at > since && *at <= now);
        let asked: Vec<Millis> = asked.chain(self.open.iter().map(|open| open.at)).collect();
        if asked.len() < bounds.in_a_row {
            return None;
        }
        let oldest = asked.iter().copied().min().unwrap_or(now);
        let retry_at = oldest.saturating_add(bounds.within_ms).max(now.saturating_add(1));
        let message =
            format!("{} questions in a row got no yes; nobody is asked another one for a while.", asked.len());
        Some(Error::new(Code::TooManyQuestions, message).with("retry_at", retry_at))
    }

    /// A question is about to be put; one of the flow's that is open still came to nothing.
    pub(crate) fn put(&mut self, flow: FlowId, key: String, now: Millis) {
        self.ended(&flow, now);
        self.open.push(Open { flow, at: now, key });
    }

    /// Whether that is asked already.
    pub(crate) fn is_open(&self, key: &str) -> bool {
        self.open.iter().any(|open| open.key == key)
    }

    /// Whether the question was put off just now.
    pub(crate) fn is_put_off(&self, key: &str, now: Millis) -> bool {
        self.put_off.as_ref().is_some_and(|(known, at)| known == key && now.abs_diff(*at) <= PUT_OFF_HOLDS)
    }

    /// How many requests of the server's came before this one since a call began.
    pub(crate) fn asked_alone(&mut self) -> u32 {
        self.uncalled = self.uncalled.saturating_add(1);
        self.uncalled.saturating_sub(1)
    }

    /// The agent makes a call.
    pub(crate) fn called(&mut self) {
        self.uncalled = 0;
    }

    /// Somebody said yes.
    pub(crate) fn agreed(&mut self, flow: &FlowId) {
        self.unasked(flow);
        self.vain.clear();
    }

    /// Nobody was bothered.
    pub(crate) fn unasked(&mut self, flow: &FlowId) {
        self.open.retain(|open| open.flow != *flow);
    }

    /// The flow asks nobody any more; a question that was open got no yes.
    pub(crate) fn ended(&mut self, flow: &FlowId, now: Millis) {
        let before = self.open.len();
        self.unasked(flow);
        if self.open.len() < before {
            self.count(now);
        }
    }

    /// Nobody can answer now.
    pub(crate) fn deferred(&mut self, flow: &FlowId, now: Millis) {
        let key = self.open.iter().find(|open| open.flow == *flow).map(|open| open.key.clone());
        self.put_off = key.map(|key| (key, now)).or(self.put_off.take());
        self.ended(flow, now);
    }

    fn count(&mut self, now: Millis) {
        if self.vain.len() >= MAX_SILENCES {
            self.vain.remove(0);
        }
        self.vain.push(now);
        self.vain.sort_unstable();
    }

    /// Nobody is asked about that until it ends or is lifted. What is there already is never shortened.
    pub(crate) fn silence(&mut self, silence: Silence) {
        self.is_quieter = true;
        let same =
            |known: &Silence| known.scope == silence.scope && known.tool == silence.tool && known.key == silence.key;
        if let Some(known) = self.silences.iter_mut().find(|known| same(known)) {
            let until = known.until.zip(silence.until).map(|(one, other)| one.max(other));
            *known = Silence { until, ..silence };
            return;
        }
        if self.silences.len() >= MAX_SILENCES {
            let call = self.silences.iter().position(|known| known.scope == SilenceScope::Call).unwrap_or_default();
            self.silences.remove(call);
        }
        self.silences.push(silence);
    }

    /// Those that hold.
    pub(crate) fn silences(&self, now: Millis) -> Vec<&Silence> {
        self.silences.iter().filter(|silence| silence.holds(now)).collect()
    }

    /// Takes one back; says whether there was one.
    pub(crate) fn lift(&mut self, id: &str) -> bool {
        let before = self.silences.len();
        self.silences.retain(|silence| silence.id != id);
        self.silences.len() < before
    }
}

/// Where a call stands under a no that holds.
fn silenced(silence: &Silence, tool: &str, now: Millis) -> Error {
    let until = match silence.until {
        Some(until) => format!("for {} more", minutes(until.saturating_sub(now))),
        None => "until this session ends".to_owned(),
    };
    let reason = silence.reason.as_ref().map(|reason| format!(" They said: {reason}")).unwrap_or_default();
    let message = match silence.scope {
        SilenceScope::Call => {
            format!("A person denied this call, and the no holds {until}; nobody is asked again.{reason}")
        }
        SilenceScope::Tool => format!("A person wants no more questions about {} {until}.{reason}", quoted_name(tool)),
        SilenceScope::Agent => format!("A person wants no more questions {until}.{reason}"),
    };
    let next = "Do not repeat the call before `retry_at`, if there is one; ask the person what they want instead.";
    let error = Error::new(Code::ApprovalDenied, message).with_next(next).with("silence", silence.id.as_str());
    let error = error.with("scope", silence.scope.as_str());
    match silence.until {
        Some(until) => error.with("retry_at", until),
        None => error,
    }
}

fn minutes(millis: Millis) -> String {
    let seconds = millis.div_ceil(1_000);
    match seconds {
        0..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// A person's no to one call or definition, and what it silences besides.
pub(crate) struct Denial<'d> {
    pub(crate) id: &'d str,
    pub(crate) tool: &'d str,
    pub(crate) key: &'d str,
    pub(crate) reason: Option<&'d str>,
    pub(crate) by: Option<&'d By>,
    pub(crate) silence: Option<SilenceScope>,
    pub(crate) until: Option<Millis>,
}

impl Denial<'_> {
    pub(crate) fn record(&self, questions: &mut Questions, bounds: &Bounds, now: Millis) {
        let silence = |id: String, scope: SilenceScope| Silence {
            id,
            scope,
            tool: (scope != SilenceScope::Agent).then(|| self.tool.to_owned()),
            key: (scope == SilenceScope::Call).then(|| self.key.to_owned()),
            since: now,
            until: if scope == SilenceScope::Call {
                Some(now.saturating_add(bounds.denial_holds_ms))
            } else {
                self.until
            },
            reason: self.reason.map(|reason| shorten(reason, 500)),
            by: self.by.cloned(),
        };
        if bounds.denial_holds_ms > 0 {
            questions.silence(silence(self.id.to_owned(), SilenceScope::Call));
        }
        match self.silence {
            Some(SilenceScope::Tool) => questions.silence(silence(["tool:", self.tool].concat(), SilenceScope::Tool)),
            Some(SilenceScope::Agent) => questions.silence(silence("agent".to_owned(), SilenceScope::Agent)),
            _ => {}
        }
    }
}
