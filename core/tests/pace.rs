//! Whatever flows do side by side, no more calls go out than the user's pace allows, and none while the backend wants
//! rest.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use toolgate_core::ffi::Core;

const CALLS: u64 = 3;
const PER: u64 = 1_000;
const BURST: u64 = 2;
const BUDGET: usize = 12;

struct World {
    core: Core,
    now: u64,
    starts: u64,
    open: Vec<Value>,
    /// When calls went out.
    sent: Vec<u64>,
    rest_until: u64,
    ledger: BTreeMap<String, String>,
}

fn guard() -> Core {
    let policy = json!({ "pace": {
        "limits": [{ "rate": { "calls": CALLS, "per_ms": PER, "burst": BURST } }, { "budget": BUDGET }],
        "wait_ms": 400,
    } });
    let mut core = Core::new(&json!({ "server": "pace", "trusted": true, "policy": policy }).to_string()).unwrap();
    let tool = |name: &str, destructive: bool| {
        let hints = json!({ "readOnlyHint": false, "destructiveHint": destructive, "openWorldHint": false });
        json!({ "name": name, "inputSchema": { "type": "object" }, "annotations": hints })
    };
    let start = json!({ "now": 0, "entropy": "0".repeat(32), "flow": { "type": "list" } });
    let step: Value = serde_json::from_str(&core.start(&start.to_string(), None).unwrap()).unwrap();
    let event = json!({ "step": step["id"], "now": 0, "event": { "type": "tools" } });
    let tools = json!({ "tools": [tool("update_row", false), tool("drop_row", true)] });
    core.handle(&event.to_string(), Some(&tools.to_string())).unwrap();
    core
}

impl World {
    fn hear(&mut self, said: &str) {
        let step: Value = serde_json::from_str(said).unwrap();
        self.open.retain(|open| open["flow"] != step["flow"]);
        if step["type"] == "call_tool" {
            assert!(self.now >= self.rest_until, "sent at {} although the backend wants rest", self.now);
            self.sent.push(self.now);
        }
        if step["type"] != "done" {
            self.open.push(step);
        }
    }

    fn act(&mut self, choice: u8, which: usize, moves: i64) {
        self.now = self.now.saturating_add_signed(moves);
        if choice < 4 || self.open.is_empty() {
            self.starts += 1;
            let name = if choice.is_multiple_of(2) { "update_row" } else { "drop_row" };
            let entropy = format!("{:016x}{:016x}", self.starts, 1);
            let start = json!({ "now": self.now, "entropy": entropy, "flow": { "type": "call", "name": name } });
            let said = self.core.start(&start.to_string(), None).unwrap();
            return self.hear(&said);
        }
        if choice == 4 {
            let snapshot = self.core.snapshot();
            self.core = guard();
            let steps: Vec<Value> = serde_json::from_str(&self.core.restore(&snapshot).unwrap()).unwrap();
            // No call of these tools is sent again.
            assert!(steps.iter().all(|step| step["type"] != "call_tool"));
            self.open = steps.into_iter().filter(|step| step["type"] != "done").collect();
            return;
        }
        let step = self.open[which % self.open.len()].clone();
        let (event, document) = match (step["type"].as_str().unwrap(), choice) {
            ("commit", 5) => (json!({ "type": "conflict" }), None),
            ("commit", _) => {
                let [key, record] = ["key", "record"].map(|member| step[member].as_str().unwrap().to_owned());
                self.ledger.insert(key, record);
                (json!({ "type": "committed" }), None)
            }
            ("read", _) => {
                let record = self.ledger.get(step["key"].as_str().unwrap());
                (json!({ "type": "found", "record": record }), None)
            }
            ("ask", 5) => (json!({ "type": "answer", "answer": { "type": "deny" } }), None),
            ("ask", _) => (json!({ "type": "answer", "answer": { "type": "approve" } }), None),
            ("wait", _) => (json!({ "type": "woke" }), None),
            ("call_tool", 5) => {
                self.rest_until = self.rest_until.max(self.now + 700);
                (json!({ "type": "failed", "kind": "rate_limited", "message": "", "retry_after": 700 }), None)
            }
            _ => (json!({ "type": "result" }), Some(r#"{"content":[]}"#)),
        };
        let event = json!({ "step": step["id"], "now": self.now, "event": event });
        let said = self.core.handle(&event.to_string(), document).unwrap();
        self.hear(&said);
    }
}

proptest! {
    #[test]
    fn never_more_than_the_pace(acts in prop::collection::vec((0u8..12, any::<usize>(), -300i64..400), 1..150)) {
        let now = 1_000_000;
        let mut world =
            World { core: guard(), now, starts: 0, open: Vec::new(), sent: Vec::new(), rest_until: 0, ledger: BTreeMap::new() };
        for (choice, which, moves) in acts {
            world.act(choice, which, moves);
        }
        let sent = &world.sent;
        prop_assert!(sent.len() <= BUDGET, "{sent:?}");
        for first in sent {
            for last in sent.iter().filter(|last| *last >= first) {
                let within = sent.iter().filter(|at| (first..=last).contains(at)).count() as u64;
                let most = BURST + (last - first) * CALLS / PER;
                prop_assert!(within <= most, "{within} from {first} to {last}: {sent:?}");
            }
        }
    }
}
