//! Ways to answer wrongly on purpose, to try what a client makes of them.
//!
//! The file is a JSON array of rules. The first rule that matches a request, and has let its share of
//! requests through, decides; a rule that is used up is passed over.
//!
//! ```json
//! [{"tool": "send_message", "method": "tools/call", "after": 1, "times": 2, "fault": {"status": 503}}]
//! ```
//!
//! | field | meaning |
//! |---|---|
//! | `tool` | the tool's name; `*` for any tool; without it any request |
//! | `method` | `tools/call` or `tools/list`; without it both, and every other method |
//! | `after` | how many matching requests are let through first (0) |
//! | `times` | how many are then answered wrongly (all) |
//! | `fault` | one of those below |
//!
//! | fault | what happens |
//! |---|---|
//! | `{"delay_ms": n}` | the answer comes that much later |
//! | `{"drop": "before"}` | the connection is closed without an answer, before the work is done |
//! | `{"drop": "after"}` | the same after the work was done |
//! | `{"status": 429, "retry_after": 30}` | this HTTP status instead of the work; 429, 500, 502 or 503 |
//! | `{"malformed_json": true}` | the work is done, the answer is cut in the middle |
//! | `{"html": true}` | a page of HTML with status 200 instead of the work |
//! | `{"shape": {…}}` | a merge patch on the tool's result: wrong values, missing fields (`null`), a past expiry |
//! | `{"clock_skew_s": n}` | all times of the answer, and the `Date` header, are shifted |
//! | `{"definition": {"tool": "…", "patch": {…}}}` | from then on `tools/list` shows the merge-patched definition |
//! | `{"rpc_error": {"code": -32602, "message": "…"}}` | a JSON-RPC error instead of the work |

use crate::time::Time;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One rule of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    tool: Option<String>,
    method: Option<Method>,
    #[serde(default)]
    after: u64,
    times: Option<u64>,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Method {
    #[serde(rename = "tools/call")]
    Call,
    #[serde(rename = "tools/list")]
    List,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Call => "tools/call",
            Self::List => "tools/list",
        }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The answer comes this many milliseconds later.
    Delay(u64),
    /// No answer, and no work.
    DropBefore,
    /// No answer, although the work is done.
    DropAfter,
    /// An HTTP status instead of the work.
    Status {
        /// 429, 500, 502 or 503.
        status: u16,
        /// Seconds for the `Retry-After` header.
        retry_after: Option<u64>,
    },
    /// An answer that is cut in the middle.
    MalformedJson,
    /// A page instead of an answer.
    Html,
    /// A merge patch on the result.
    Shape(Value),
    /// A clock that is wrong by this many seconds.
    ClockSkew(i64),
    /// A definition that changes.
    Definition {
        /// Whose.
        tool: String,
        /// How.
        patch: Value,
    },
    /// A JSON-RPC error instead of the work.
    RpcError {
        /// Its code.
        code: i32,
        /// Its message.
        message: String,
    },
}

/// A fault as it is written: an object whose first key says which one it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    delay_ms: Option<u64>,
    drop: Option<When>,
    status: Option<u16>,
    retry_after: Option<u64>,
    malformed_json: Option<bool>,
    html: Option<bool>,
    shape: Option<Map<String, Value>>,
    clock_skew_s: Option<i64>,
    definition: Option<WrittenDefinition>,
    rpc_error: Option<WrittenRpcError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum When {
    Before,
    After,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDefinition {
    tool: String,
    patch: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRpcError {
    code: i32,
    message: String,
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let written = Written::deserialize(deserializer)?;
        if written.retry_after.is_some() && written.status.is_none() {
            return Err(D::Error::custom("retry_after belongs to status"));
        }
        if let Some(status) = written.status
            && !matches!(status, 429 | 500 | 502 | 503)
        {
            return Err(D::Error::custom("status must be 429, 500, 502 or 503"));
        }
        if written.malformed_json == Some(false) || written.html == Some(false) {
            return Err(D::Error::custom("malformed_json and html can only be true"));
        }
        let mut faults: Vec<Self> = [
            written.delay_ms.map(Self::Delay),
            written.drop.map(|when| match when {
                When::Before => Self::DropBefore,
                When::After => Self::DropAfter,
            }),
            written.status.map(|status| Self::Status { status, retry_after: written.retry_after }),
            written.malformed_json.map(|_| Self::MalformedJson),
            written.html.map(|_| Self::Html),
            written.shape.map(|patch| Self::Shape(Value::Object(patch))),
            written.clock_skew_s.map(Self::ClockSkew),
            written
                .definition
                .map(|definition| Self::Definition { tool: definition.tool, patch: Value::Object(definition.patch) }),
            written.rpc_error.map(|error| Self::RpcError { code: error.code, message: error.message }),
        ]
        .into_iter()
        .flatten()
        .collect();
        match (faults.pop(), faults.is_empty()) {
            (Some(fault), true) => Ok(fault),
            _ => Err(D::Error::custom("a fault has exactly one kind")),
        }
    }
}

/// The rules in force, with how often each has matched.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<(Rule, u64)>,
    /// Merge patches of definitions, in force from the moment their rule first matched.
    definitions: BTreeMap<String, Vec<Value>>,
}

impl Faults {
    /// Reads the rules; the error says where they are wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rules: Vec<Rule> = serde_json::from_str(text).map_err(|error| format!("fault rules: {error}"))?;
        Ok(Self { rules: rules.into_iter().map(|rule| (rule, 0)).collect(), definitions: BTreeMap::new() })
    }

    /// What goes wrong with this request, if anything.
    pub fn strike(&mut self, method: &str, tool: Option<&str>) -> Option<Fault> {
        for (rule, seen) in &mut self.rules {
            let method_fits = rule.method.is_none_or(|wanted| wanted.name() == method);
            let tool_fits = match rule.tool.as_deref() {
                None => true,
                Some("*") => tool.is_some(),
                Some(name) => tool == Some(name),
            };
            if !method_fits || !tool_fits {
                continue;
            }
            *seen += 1;
            let past = seen.saturating_sub(rule.after);
            if past == 0 || rule.times.is_some_and(|times| past > times) {
                continue;
            }
            if let Fault::Definition { tool, patch } = &rule.fault {
                // From now on, so once is enough; and the request itself goes its normal way.
                if past == 1 {
                    self.definitions.entry(tool.clone()).or_default().push(patch.clone());
                }
                continue;
            }
            return Some(rule.fault.clone());
        }
        None
    }

    /// A definition as it is to be shown.
    pub fn definition(&self, mut definition: Value) -> Value {
        let name = definition["name"].as_str().unwrap_or_default();
        let patches = self.definitions.get(name).cloned().unwrap_or_default();
        for patch in &patches {
            merge(&mut definition, patch);
        }
        definition
    }
}

/// Applies an RFC 7396 merge patch.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (key, change) in changes {
            if change.is_null() {
                target.remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

/// Shifts every RFC 3339 time in a value.
pub fn shift_times(value: &mut Value, seconds: i64) {
    match value {
        Value::String(text) => {
            if let Some(time) = Time::parse(text) {
                *text = time.plus_seconds(seconds).rfc3339();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift_times(item, seconds)),
        Value::Object(object) => object.values_mut().for_each(|value| shift_times(value, seconds)),
        _ => {}
    }
}
