//! The audit: which lines travel with which steps, what they show, and that any change of a chain is found.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test may panic"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use toolgate_core::ffi::{self, Core};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

struct Host {
    core: Core,
    lines: Vec<String>,
    flows: u32,
}

impl Host {
    fn new(options: Value, tools: Value) -> Host {
        let mut host = Host { core: Core::new(&options.to_string()).unwrap(), lines: Vec::new(), flows: 0 };
        let step = host.start(json!({ "type": "list" }), None);
        host.answer(&step, json!({ "type": "tools" }), Some(json!({ "tools": tools })));
        host
    }

    fn start(&mut self, flow: Value, document: Option<Value>) -> Value {
        self.flows += 1;
        let start =
            json!({ "now": 1_000 + self.flows, "entropy": format!("{:016x}{:016x}", self.flows, 1), "flow": flow });
        let step = self.core.start(&start.to_string(), document.map(|document| document.to_string()).as_deref());
        self.take(step.unwrap())
    }

    fn answer(&mut self, step: &Value, event: Value, document: Option<Value>) -> Value {
        let event = json!({ "step": step["id"], "now": 2_000, "event": event });
        let step = self.core.handle(&event.to_string(), document.map(|document| document.to_string()).as_deref());
        self.take(step.unwrap())
    }

    fn take(&mut self, step: String) -> Value {
        let step = parsed(&step);
        let lines = step["audit"].as_array().cloned().unwrap_or_default();
        self.lines.extend(lines.iter().map(|line| line.as_str().unwrap().to_owned()));
        step
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn call(&mut self, name: &str, arguments: Value) -> Value {
        self.start(json!({ "type": "call", "name": name }), Some(arguments))
    }

    fn events(&self) -> Vec<String> {
        self.lines.iter().map(|line| parsed(line)["event"].as_str().unwrap().to_owned()).collect()
    }
}

fn tools() -> Value {
    json!([
        { "name": "list_notes", "annotations": { "readOnlyHint": true }, "inputSchema": { "type": "object" } },
        {
            "name": "drop_note",
            "annotations": { "readOnlyHint": false, "destructiveHint": true, "openWorldHint": false },
            "inputSchema": {
                "type": "object",
                "properties": { "pin": { "type": "string", "format": "password" },
                    "rows": { "type": "array", "items": { "properties": { "pin": { "writeOnly": true } } } } }
            },
            "outputSchema": { "type": "object", "properties": { "token": { "type": "string", "writeOnly": true } } }
        }
    ])
}

fn options(more: Value) -> Value {
    let mut options = json!({ "server": "notes", "audit": {} });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

fn verify(text: &str, options: Value) -> Value {
    parsed(&ffi::verify_audit(text.as_bytes(), &options.to_string()).unwrap())
}

/// A chain with every kind of line.
fn chain(more: Value) -> Host {
    let mut host = Host::new(options(more), tools());
    let step = host.call("list_notes", json!({}));
    host.answer(&step, json!({ "type": "result" }), Some(json!({ "content": [{ "type": "text", "text": "none" }] })));
    let step = host.call("drop_note", json!({ "id": 7, "pin": "hunter22" }));
    assert_eq!(step["type"], "commit");
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    assert_eq!(step["type"], "ask");
    let step = host.answer(&step, json!({ "type": "answer", "answer": { "type": "approve" } }), None);
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    assert_eq!(step["type"], "call_tool");
    let result = json!({ "content": [{ "type": "text", "text": "{\"token\":\"tok-5678\",\"to\":\"yo*@example.com\"}" }],
        "structuredContent": { "token": "tok-5678", "said": "the token is tok-5678" } });
    let step = host.answer(&step, json!({ "type": "result" }), Some(result));
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    assert_eq!(step["outcome"]["type"], "result", "{step}");
    let step = host.call("nothing", json!({ "note": "x" }));
    assert_eq!(step["type"], "list_tools");
    let step = host.answer(&step, json!({ "type": "tools" }), Some(json!({ "tools": tools() })));
    assert_eq!(step["outcome"]["error"]["code"], "unknown_tool");
    host
}

#[test]
fn every_decision_and_outcome_is_a_line() {
    let host = chain(json!({}));
    let expected = ["outcome", "dispatch", "outcome", "asked", "answered", "dispatch", "outcome", "outcome"];
    assert_eq!(host.events(), expected);
    let found = verify(&host.text(), json!({}));
    assert_eq!((&found["ok"], &found["lines"]), (&json!(true), &json!(8)), "{found}");
    assert_eq!(found["head"], parsed(host.lines.last().unwrap())["hash"]);
    let dispatch = parsed(&host.lines[5]);
    assert_eq!(dispatch["tool"], "drop_note");
    assert_eq!(dispatch["effect"], "destructive");
    assert!(dispatch["approval"].as_str().unwrap().starts_with("apr_"));
    let refused = parsed(&host.lines[7]);
    assert_eq!(refused["error"], "unknown_tool");
    assert_eq!(refused["arguments"]["value"], json!({ "note": "x" }));
}

#[test]
fn what_is_hidden_stands_in_no_line() {
    let host = chain(json!({ "audit": { "redact": ["/note"] } }));
    let text = host.text();
    for hidden in ["hunter22", "tok-5678", "yo*@", "example.com", "\"x\""] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    let result = &parsed(&host.lines[6])["result"]["value"];
    assert_eq!(result["structuredContent"]["said"], "the token is [redacted]");
}

#[test]
fn large_values_stand_by_their_digest() {
    let mut host = Host::new(options(json!({})), tools());
    let arguments = json!({ "text": "a".repeat(9_000) });
    host.call("list_notes", arguments.clone());
    let shown = &parsed(host.lines.last().unwrap())["arguments"];
    assert_eq!(shown["digest"].as_str().unwrap(), ffi::digest(&arguments.to_string()).unwrap());
    assert_eq!(shown["bytes"], 9_011);
    assert!(shown.get("value").is_none());
}

#[test]
fn a_chain_goes_on_from_its_last_line() {
    let mut host = chain(json!({}));
    let last = host.lines.last().unwrap().clone();
    let next = Host::new(options(json!({ "audit": { "last": format!("{last}\n") } })), tools());
    host.lines.extend(next.lines);
    assert_eq!(verify(&host.text(), json!({}))["lines"], 9);
    for broken in [&last[..last.len() / 2], &last.replace("nothing", "another"), "{}", "\u{0}"] {
        let error = Core::new(&options(json!({ "audit": { "last": broken } })).to_string()).unwrap_err();
        assert_eq!(parsed(&error)["code"], "invalid_audit", "{broken}");
    }
    // A key that the chain was not sealed with.
    let sealed = options(json!({ "audit": { "last": last }, "seal_key": KEY }));
    assert_eq!(parsed(&Core::new(&sealed.to_string()).unwrap_err())["details"]["why"], "not_sealed");
}

#[test]
fn whoever_lacks_the_key_cannot_rewrite_a_sealed_chain() {
    let host = chain(json!({ "seal_key": KEY }));
    let text = host.text();
    assert!(!text.contains(KEY));
    assert_eq!(verify(&text, json!({ "key": KEY }))["ok"], true);
    let why = |found: Value| found["first_bad"]["why"].as_str().unwrap().to_owned();
    assert_eq!(why(verify(&text, json!({}))), "wrong_key");
    assert_eq!(why(verify(&text, json!({ "key": KEY.replace("00", "ff") }))), "wrong_key");
    assert_eq!(why(verify(&chain(json!({})).text(), json!({ "key": KEY }))), "not_sealed");
    // Hashed anew without the key.
    let mut line = parsed(&host.lines[0]);
    line["time"] = json!(5);
    line.as_object_mut().unwrap().remove("hash");
    line["hash"] = json!(ffi::digest(&line.to_string()).unwrap());
    let forged = format!("{}\n", ffi::canonicalize(&line.to_string()).unwrap());
    assert_eq!(why(verify(&forged, json!({ "key": KEY }))), "edited");
}

#[test]
fn nothing_is_sent_that_could_not_be_written_down() {
    let failed = json!({ "type": "failed", "kind": "audit", "message": "no space left" });
    let mut host = Host::new(options(json!({})), tools());
    let step = host.call("list_notes", json!({}));
    assert_eq!(step["type"], "call_tool");
    let step = host.answer(&step, failed, None);
    assert_eq!(step["outcome"]["error"]["code"], "audit_failed", "{step}");
    assert!(step["outcome"]["error"]["message"].as_str().unwrap().contains("no space left"));
    assert!(step.get("audit").is_none());
    for work in [json!({ "type": "call", "name": "list_notes" }), json!({ "type": "doctor" })] {
        assert_eq!(host.start(work, None)["outcome"]["error"]["code"], "audit_failed");
    }
    assert_eq!(host.start(json!({ "type": "list" }), None)["type"], "list_tools");
}

#[test]
fn calls_in_flight_are_refused_and_what_ran_is_settled() {
    let mut host = Host::new(options(json!({})), tools());
    let ran = host.call("list_notes", json!({}));
    let asked = host.call("drop_note", json!({ "id": 1 }));
    let asked = host.answer(&asked, json!({ "type": "committed" }), None);
    let other = host.call("list_notes", json!({}));
    host.answer(&other, json!({ "type": "failed", "kind": "audit", "message": "" }), None);
    // The result of what was sent by then is not lost.
    let result = json!({ "content": [] });
    assert_eq!(host.answer(&ran, json!({ "type": "result" }), Some(result))["outcome"]["type"], "result");
    let step = host.answer(&asked, json!({ "type": "answer", "answer": { "type": "approve" } }), None);
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    assert_eq!(step["type"], "commit");
    // The approval is claimed, nothing is sent, and the record says so.
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    assert_eq!(step["type"], "commit");
    assert!(step["record"].as_str().unwrap().contains("\"state\":\"failed\""), "{step}");
    let step = host.answer(&step, json!({ "type": "committed" }), None);
    assert_eq!(step["outcome"]["error"]["code"], "audit_failed");
}

#[test]
fn declared_secrets_are_seen_nowhere() {
    let secret = "p\"ss w\\rd/1";
    let mut host = Host::new(options(json!({ "secrets": [secret] })), tools());
    let step = host.call("list_notes", json!({ "q": secret }));
    assert_eq!(step["outcome"]["error"]["code"], "secret_in_arguments");
    let step = host.call("list_notes", json!({}));
    let inner = json!({ "it": secret }).to_string();
    let text = format!("{secret} {inner} ?p=p%22ss%20w%5Crd%2F1");
    let step =
        host.answer(&step, json!({ "type": "result" }), Some(json!({ "content": [{ "type": "text", "text": text }] })));
    let text = step["outcome"]["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, "[secret] {\"it\":\"[secret]\"} ?p=[secret]");
    let error = Core::new(&options(json!({ "secrets": ["short"] })).to_string()).unwrap_err();
    assert_eq!(parsed(&error)["code"], "invalid_options");
}

fn bad(text: &[u8]) -> (u64, String) {
    let found = parsed(&ffi::verify_audit(text, "{}").unwrap());
    assert_eq!(found["ok"], false, "{}", String::from_utf8_lossy(text));
    let first = &found["first_bad"];
    (first["line"].as_u64().unwrap(), first["why"].as_str().unwrap().to_owned())
}

fn joined(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

#[test]
fn each_kind_of_change_is_named() {
    let lines = chain(json!({})).lines;
    let changed = |work: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        work(&mut lines);
        bad(&joined(&lines))
    };
    assert_eq!(changed(&|lines| drop(lines.remove(0))), (1, "removed".to_owned()));
    assert_eq!(changed(&|lines| drop(lines.remove(3))), (4, "removed".to_owned()));
    assert_eq!(changed(&|lines| lines.swap(2, 5)), (3, "reordered".to_owned()));
    assert_eq!(changed(&|lines| lines.insert(4, lines[1].clone())), (5, "duplicated".to_owned()));
    assert_eq!(changed(&|lines| lines.insert(1, lines[4].clone())), (2, "duplicated".to_owned()));
    assert_eq!(changed(&|lines| lines.insert(2, String::new())), (3, "unreadable".to_owned()));
    assert_eq!(changed(&|lines| lines[2] = lines[2].replace("list_notes", "list_codes")), (3, "edited".to_owned()));
    assert_eq!(changed(&|lines| lines[2] = lines[2].replace("\":", "\": ")), (3, "edited".to_owned()));
    assert_eq!(
        changed(&|lines| lines[6] = lines[6].replace("\"version\":2", "\"version\":3")),
        (7, "other_version".to_owned())
    );
    let mut cut = joined(&lines);
    cut.truncate(cut.len() - 20);
    assert_eq!(bad(&cut), (8, "cut".to_owned()));
    let head = parsed(&lines[7])["hash"].clone();
    let short = String::from_utf8(joined(&lines[..6])).unwrap();
    assert_eq!(verify(&short, json!({}))["ok"], true);
    let found = verify(&short, json!({ "head": head }));
    assert_eq!((&found["first_bad"]["line"], &found["first_bad"]["why"]), (&json!(7), &json!("truncated")));
    assert_eq!(verify("", json!({}))["ok"], true);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_byte_that_is_not_as_written_is_found(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let lines = chain(json!({})).lines;
        let mut text = joined(&lines);
        let at = at.index(text.len());
        prop_assume!(text[at] != byte);
        let line = text[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        text[at] = byte;
        prop_assert_eq!(bad(&text).0, line);
    }

    #[test]
    fn any_line_that_is_not_where_it_was_is_found(one in 0usize..8, other in 0usize..8, kind in 0..3) {
        let mut lines = chain(json!({})).lines;
        let expected = match kind {
            0 if one < 7 => { lines.remove(one); one }
            1 if one != other => { lines.swap(one, other); one.min(other) }
            2 if one != other => { let line = lines[one].clone(); lines.insert(other, line); other }
            _ => return Ok(()),
        };
        prop_assert_eq!(bad(&joined(&lines)).0, expected as u64 + 1);
    }
}
