//! Any order of starts and events, sensible or not: nothing panics, nothing dangerous is dispatched without an
//! approval of exactly its arguments, no approval is used twice, and secrets leave only by `keep`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use toolgate_core::ffi::{self, Core};

const KEY: &str = "fav_mcp_Zx81KqPm29LdTvBn47WsRyCe63HgJfAu";
const CODE: &str = "493817";

/// Whether one of the secrets stands in the text. Digests do not count: six given digits come up in one of them by
/// chance, sooner or later.
fn reveals(text: &str) -> bool {
    let is_digest = |word: &&str| word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    text.contains(KEY) || words.filter(|word| !is_digest(word)).any(|word| word.contains(CODE))
}
const DANGEROUS: &[&str] = &["cancel_booking", "send_message", "register_organisation_request"];

#[derive(Debug, Clone)]
enum Move {
    Start(u8),
    /// Answers one of the open steps as a host would.
    Proper {
        step: usize,
        choice: u8,
    },
    /// Answers an open, an old or an invented step with anything.
    Any {
        step: usize,
        event: u8,
    },
    Resume,
    /// The list is read again, perhaps with another definition.
    Relist {
        changed: bool,
    },
    Wait(u32),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => any::<u8>().prop_map(Move::Start),
        12 => (any::<usize>(), any::<u8>()).prop_map(|(step, choice)| Move::Proper { step, choice }),
        3 => (any::<usize>(), any::<u8>()).prop_map(|(step, event)| Move::Any { step, event }),
        1 => Just(Move::Resume),
        1 => any::<bool>().prop_map(|changed| Move::Relist { changed }),
        1 => (0_u32..900_000).prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 1..60)
}

fn tools(changed: bool) -> Value {
    let tool = |name: &str, read_only: bool, destructive: bool, open_world: bool, properties: Value| {
        json!({
            "name": name,
            "description": if changed { "Another text." } else { "A text." },
            "inputSchema": { "type": "object", "properties": properties },
            "annotations": { "readOnlyHint": read_only, "destructiveHint": destructive, "openWorldHint": open_world, "idempotentHint": read_only }
        })
    };
    json!({ "tools": [
        tool("list_bookings", true, false, false, json!({})),
        tool("create_booking", false, false, false, json!({})),
        tool("cancel_booking", false, true, false, json!({ "bookingId": { "type": "string" } })),
        tool("send_message", false, false, false, json!({ "text": { "type": "string" } })),
        tool("register_organisation_request", false, false, true, json!({})),
        tool("register_organisation_verify", false, false, false, json!({})),
        tool("get_plan_status", true, false, false, json!({})),
    ] })
}

struct World {
    core: Core,
    now: u64,
    starts: u64,
    ledger: BTreeMap<String, String>,
    /// Open steps by flow, and every step ever given.
    open: BTreeMap<String, Value>,
    seen: Vec<Value>,
    /// Approvals that the person said yes to.
    granted: BTreeSet<String>,
    /// Flow → the record that the ledger took as `dispatched` for it.
    claimed: BTreeMap<String, Value>,
    dispatched: BTreeSet<String>,
    /// Flow → the approval under which its call went out.
    sent: BTreeMap<String, String>,
    /// Flows that the host itself started as sign-ups.
    signups: BTreeSet<String>,
}

impl World {
    fn new() -> Self {
        let mut world = World {
            core: guard(),
            now: 1_795_237_200_000,
            starts: 0,
            ledger: BTreeMap::new(),
            open: BTreeMap::new(),
            seen: Vec::new(),
            granted: BTreeSet::new(),
            claimed: BTreeMap::new(),
            dispatched: BTreeSet::new(),
            sent: BTreeMap::new(),
            signups: BTreeSet::new(),
        };
        world.relist(false);
        world
    }

    fn start(&mut self, flow: &Value, document: Option<&str>) {
        self.starts += 1;
        let id = format!("{:016x}", self.starts);
        let start = json!({ "now": self.now, "entropy": format!("{id}{:016x}", 7), "flow": flow });
        if flow["type"] == "signup" {
            self.signups.insert(id);
        }
        let said = self.core.start(&start.to_string(), document);
        self.hear(said);
    }

    fn event(&mut self, step: &Value, event: &Value, document: Option<&str>) {
        let event = json!({ "step": step, "now": self.now, "event": event });
        let said = self.core.handle(&event.to_string(), document);
        self.hear(said);
    }

    fn relist(&mut self, changed: bool) {
        self.start(&json!({ "type": "list" }), None);
        let step = self.seen.last().unwrap()["id"].clone();
        self.event(&step, &json!({ "type": "tools" }), Some(&tools(changed).to_string()));
    }

    /// Checks whatever the core says, and remembers it.
    fn hear(&mut self, said: Result<String, String>) {
        let step: Value = match said {
            Err(error) => {
                assert!(!reveals(&error), "a secret in an error");
                return;
            }
            Ok(step) => serde_json::from_str(&step).unwrap(),
        };
        let mut shown = step.clone();
        match step["type"].as_str().unwrap() {
            "keep" => shown["secret"] = Value::Null,
            "call_tool" => {
                self.check_dispatch(&step);
                shown["arguments"] = Value::Null;
            }
            _ => {}
        }
        let shown = shown.to_string();
        assert!(!reveals(&shown), "a secret in a step: {shown}");
        let flow = step["flow"].as_str().unwrap().to_owned();
        if step["type"] == "done" {
            self.open.remove(&flow);
        } else {
            self.open.insert(flow, step.clone());
        }
        self.seen.push(step);
    }

    fn check_dispatch(&mut self, step: &Value) {
        let name = step["name"].as_str().unwrap();
        let flow = step["flow"].as_str().unwrap();
        // The sign-up flow makes its own request: the person filled in its form.
        if !DANGEROUS.contains(&name) || self.signups.contains(flow) {
            return;
        }
        let record = self.claimed.remove(flow).unwrap_or_else(|| panic!("`{name}` was dispatched without an approval"));
        let id = record["id"].as_str().unwrap().to_owned();
        assert!(self.granted.contains(&id), "nobody approved {id}");
        assert_eq!(record["call"]["tool"], name);
        assert_eq!(record["call"]["arguments"], ffi::digest(&step["arguments"].to_string()).unwrap());
        self.sent.insert(flow.to_owned(), id.clone());
        assert!(self.dispatched.insert(id), "an approval was used twice");
    }

    /// What was certainly not written may be sent under the same approval.
    fn not_sent(&mut self, step: &Value) {
        let flow = step.as_str().unwrap().split('/').next().unwrap().to_owned();
        if self.open.get(&flow).is_some_and(|open| open["id"] == *step)
            && let Some(id) = self.sent.remove(&flow)
        {
            self.dispatched.remove(&id);
        }
    }

    fn snapshot(&mut self) -> String {
        let snapshot = self.core.snapshot();
        assert!(!reveals(&snapshot), "a secret in a snapshot");
        snapshot
    }

    fn resume(&mut self) {
        let snapshot = self.snapshot();
        self.core = guard();
        self.relist(false);
        self.open.clear();
        let steps: Vec<Value> = serde_json::from_str(&self.core.restore(&snapshot).unwrap()).unwrap();
        for step in steps {
            // A dangerous call is never asked for again by a resumed flow.
            assert!(step["type"] != "call_tool" || !DANGEROUS[..2].contains(&step["name"].as_str().unwrap()), "{step}");
            if step["type"] != "done" {
                self.open.insert(step["flow"].as_str().unwrap().to_owned(), step.clone());
            }
            self.seen.push(step);
        }
    }

    fn proper(&mut self, step: &Value, choice: u8) {
        let id = &step["id"];
        let failed = |kind: &str| json!({ "type": "failed", "kind": kind });
        match step["type"].as_str().unwrap() {
            "list_tools" => {
                self.event(id, &json!({ "type": "tools" }), Some(&tools(choice.is_multiple_of(5)).to_string()))
            }
            "call_tool" => match choice % 8 {
                0 => self.event(id, &failed("lost"), None),
                1 => {
                    self.not_sent(id);
                    self.event(id, &failed("not_sent"), None);
                }
                2 => self.event(id, &json!({ "type": "cancelled" }), None),
                _ => {
                    let result = answer_of(step["name"].as_str().unwrap(), choice, self.starts).to_string();
                    self.event(id, &json!({ "type": "result" }), Some(&result));
                }
            },
            "commit" => self.commit(step, choice),
            "ask" => {
                let answer = match (step["question"]["type"].as_str().unwrap(), choice % 6) {
                    ("code", 0) => json!({ "type": "resend" }),
                    ("code", 1) => json!({ "type": "code", "code": "000000" }),
                    ("code", 2) => json!({ "type": "defer" }),
                    ("code", _) => json!({ "type": "code", "code": CODE }),
                    (_, 0) => json!({ "type": "deny" }),
                    (_, 1) => json!({ "type": "defer" }),
                    ("definition" | "credential", _) => json!({ "type": "approve" }),
                    _ => {
                        self.granted.insert(step["question"]["approval"].as_str().unwrap().to_owned());
                        json!({ "type": "approve" })
                    }
                };
                self.event(id, &json!({ "type": "answer", "answer": answer }), None);
            }
            "check_vault" if choice.is_multiple_of(8) => self.event(id, &failed("host"), None),
            "check_vault" => self.event(id, &json!({ "type": "checked", "held": choice.is_multiple_of(2) }), None),
            "keep" if choice.is_multiple_of(4) => self.event(id, &failed("host"), None),
            "keep" => self.event(id, &json!({ "type": "kept" }), None),
            "wait" => {
                self.now = self.now.max(step["until"].as_u64().unwrap());
                self.event(id, &json!({ "type": "woke" }), None);
            }
            _ => {}
        }
    }

    /// A real compare-and-set; sometimes its answer is lost, whether or not the record was stored.
    fn commit(&mut self, step: &Value, choice: u8) {
        let key = step["key"].as_str().unwrap();
        let record = step["record"].as_str().unwrap();
        if choice.is_multiple_of(9) {
            return self.event(&step["id"], &json!({ "type": "failed", "kind": "host" }), None);
        }
        if self.ledger.get(key).map(String::as_str) != step.get("expected").and_then(Value::as_str) {
            return self.event(&step["id"], &json!({ "type": "conflict" }), None);
        }
        self.ledger.insert(key.to_owned(), record.to_owned());
        let record: Value = serde_json::from_str(record).unwrap();
        if record["state"] == "dispatched" {
            self.claimed.insert(step["flow"].as_str().unwrap().to_owned(), record);
        }
        let event =
            if choice % 9 == 1 { json!({ "type": "failed", "kind": "host" }) } else { json!({ "type": "committed" }) };
        self.event(&step["id"], &event, None);
    }

    fn play(&mut self, this: Move) {
        match this {
            Move::Start(choice) => self.begin(choice),
            Move::Proper { step, choice } => {
                let open: Vec<Value> = self.open.values().cloned().collect();
                if !open.is_empty() {
                    self.proper(&open[step % open.len()].clone(), choice);
                }
            }
            Move::Any { step, event } => {
                let old = self.seen[step % self.seen.len()]["id"].clone();
                let open = self.open.values().nth(step % 7).map(|step| step["id"].clone());
                let id = match event % 3 {
                    0 => old,
                    1 => json!("0000000000000000/1"),
                    _ => open.unwrap_or(Value::Null),
                };
                // Never `committed` for an open step without a ledger behind it: a host that lies is no host.
                let events = [
                    json!({ "type": "tools" }),
                    json!({ "type": "result" }),
                    json!({ "type": "failed", "kind": "malformed" }),
                    json!({ "type": "answer", "answer": { "type": "resend" } }),
                    json!({ "type": "woke" }),
                    json!({ "type": "cancelled" }),
                    json!({ "type": "conflict" }),
                    json!({ "type": "nonsense" }),
                ];
                self.event(&id, &events[usize::from(event / 3) % events.len()], Some("<html>"));
            }
            Move::Resume => self.resume(),
            Move::Relist { changed } => self.relist(changed),
            Move::Wait(millis) => self.now += u64::from(millis),
        }
        self.snapshot();
    }

    fn begin(&mut self, choice: u8) {
        let call = |name: &str| json!({ "type": "call", "name": name });
        let approval =
            self.seen.iter().rev().find_map(|step| step["question"]["approval"].as_str()).unwrap_or("apr_x").to_owned();
        match choice % 10 {
            0 => self.start(
                &json!({ "type": "signup", "form": { "email": "ana@example.com", "organisation_name": "Ana" } }),
                None,
            ),
            1 => self.start(&json!({ "type": "doctor" }), None),
            2 => self.start(&call("list_bookings"), Some("{}")),
            3 => self.start(&call("cancel_booking"), Some("{\"bookingId\":\"a\"}")),
            4 => self.start(
                &json!({ "type": "call", "name": "cancel_booking", "approval": approval }),
                Some("{\"bookingId\":\"b\"}"),
            ),
            5 => self.start(
                &json!({ "type": "call", "name": "cancel_booking", "approval": approval }),
                Some("{\"bookingId\":\"a\"}"),
            ),
            6 => self.start(&call("send_message"), Some("{\"text\":\"hello\"}")),
            7 => {
                self.granted.insert(approval.clone());
                self.start(&json!({ "type": "decide", "approval": approval, "answer": { "type": "approve" } }), None);
            }
            8 => self.start(
                &call("register_organisation_request"),
                Some("{\"email\":\"ana@example.com\",\"organisationName\":\"Ana\"}"),
            ),
            _ => {
                let arguments = format!("{{\"requestId\":\"signup_req_{}\",\"code\":\"{CODE}\"}}", self.starts);
                self.start(&call("register_organisation_verify"), Some(&arguments));
            }
        }
    }
}

fn guard() -> Core {
    Core::new(&json!({ "server": "https://crm.example.test/mcp", "profile": "favcrm" }).to_string()).unwrap()
}

fn answer_of(tool: &str, choice: u8, number: u64) -> Value {
    let error = |code: &str| json!({ "isError": true, "content": [], "structuredContent": { "error": { "code": code, "message": "" } } });
    match (tool, choice % 5) {
        ("register_organisation_request", 0) => error("existing_account"),
        ("register_organisation_request", _) => json!({ "content": [], "structuredContent": { "data": {
            "requestId": format!("signup_req_{number}"), "maskedEmail": "a**@example.com", "expiresAt": "2099-01-01T00:00:00Z" } } }),
        ("register_organisation_verify", 0) => error("wrong_code"),
        ("register_organisation_verify", 1) => error("code_expired"),
        ("register_organisation_verify", 2) => {
            json!({ "content": [], "structuredContent": { "data": { "apiKey": KEY } } })
        }
        ("register_organisation_verify", _) => {
            json!({ "content": [{ "type": "text", "text": KEY }], "structuredContent": { "data": {
            "apiKey": KEY, "organisationId": "org_1", "companyId": "co_1", "userId": "usr_1", "loginUrl": "https://app.example.com" } } })
        }
        (_, 0) => error("conflict"),
        _ => json!({ "content": [{ "type": "text", "text": format!("leaked: {KEY}") }] }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_breaks_a_promise(moves in moves()) {
        let mut world = World::new();
        for this in moves {
            world.play(this);
        }
    }

    #[test]
    fn no_text_panics_the_surface(options in ".{0,80}", start in ".{0,80}", document in ".{0,80}", snapshot in ".{0,80}") {
        let _ = Core::new(&options);
        let mut core = guard();
        let _ = core.start(&start, Some(&document));
        let _ = core.handle(&start, Some(&document));
        let _ = core.restore(&snapshot);
        let _ = ffi::canonicalize(&document);
    }
}
