//! The gates, one file each, in the order in which a call passes them: known, pinned, arguments, policy, pace, plan, once,
//! approval, dispatch, result. Cheap and certain ones first, people last. `plain` is what all of them say of a read that
//! needs nothing.

pub(crate) mod after;
pub(crate) mod approval;
pub(crate) mod arguments;
pub(crate) mod dispatch;
pub(crate) mod known;
pub(crate) mod once;
pub(crate) mod pace;
pub(crate) mod pinned;
pub(crate) mod plain;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod result;

use serde::Serialize;

use crate::catalog::effect::Effect;
use crate::json::de::{record, words};

/// How the gates decided on one call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The tool's name.
    pub tool: String,
    /// What the call does to the world; absent for an unknown tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// How the effect was come by.
    pub reasons: Vec<String>,
    /// The gates that were reached, in order; after a pause the earlier ones stand here again.
    pub gates: Vec<Passage>,
    /// The approval that the call needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

record!(open Decision { tool, reasons, gates; effect, approval });

/// What one gate said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Passage {
    /// The gate.
    pub gate: Gate,
    /// Whether it was passed.
    pub verdict: GateVerdict,
    /// Why, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

record!(open Passage { gate, verdict; note });

/// The gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The tool is listed.
    Known,
    /// Its definition is the one first seen or accepted.
    Pinned,
    /// The arguments are what it accepts.
    Arguments,
    /// The user's rules permit it.
    Policy,
    /// Rate and budget remain.
    Pace,
    /// The backend's plan includes it.
    Plan,
    /// What happens once did not happen yet.
    Once,
    /// A person agreed, where one must.
    Approval,
    /// The approval was spent on this call alone.
    Dispatch,
    /// The answer is what was promised.
    Result,
}

words!(Gate { Known = "known", Pinned = "pinned", Arguments = "arguments", Policy = "policy", Pace = "pace", Plan = "plan", Once = "once", Approval = "approval", Dispatch = "dispatch", Result = "result" });

/// What a gate can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateVerdict {
    /// Go on.
    Pass,
    /// A person decides.
    Ask,
    /// No.
    Deny,
}

words!(GateVerdict { Pass = "pass", Ask = "ask", Deny = "deny" });

impl Decision {
    pub(crate) fn new(tool: &str) -> Self {
        Decision { tool: tool.to_owned(), effect: None, reasons: Vec::new(), gates: Vec::new(), approval: None }
    }

    pub(crate) fn deny(&mut self, gate: Gate, error: &crate::error::Error) {
        self.say(gate, GateVerdict::Deny, error.message());
    }

    pub(crate) fn say(&mut self, gate: Gate, verdict: GateVerdict, note: impl Into<String>) {
        self.gates.push(Passage { gate, verdict, note: note.into() });
    }
}
