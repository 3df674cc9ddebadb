//! The skin in JavaScript engines: Node, and a headless browser with the feature `browser`.
//!
//! ```text
//! cargo test --package toolgate-wasm --target wasm32-unknown-unknown
//! cargo test --package toolgate-wasm --target wasm32-unknown-unknown --features browser
//! ```

#![cfg(target_arch = "wasm32")]

use js_sys::{Array, JSON, Object, Reflect};
use toolgate_wasm::{Core, canonicalize, digest, error_codes};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(feature = "browser")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const TOOLS: &str = r#"{"tools": [{
    "name": "cancel_booking",
    "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    "annotations": {"destructiveHint": true}
}]}"#;

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap()
}

fn start(core: &mut Core, flow: &str, document: Option<&str>) -> JsValue {
    let start = format!(r#"{{"now": 1, "entropy": "00112233445566778899aabbccddeeff", "flow": {flow}}}"#);
    JSON::parse(&core.start(&start, document.map(|text| text.as_bytes().to_vec())).unwrap()).unwrap()
}

fn listed() -> Core {
    let mut core = Core::new(r#"{"server": "https://example.test/mcp", "trusted": true}"#).unwrap();
    let step = start(&mut core, r#"{"type": "list"}"#, None);
    assert_eq!(text(&step, "type"), "list_tools");
    let event = format!(r#"{{"step": "{}", "now": 2, "event": {{"type": "tools"}}}}"#, text(&step, "id"));
    core.handle(&event, Some(TOOLS.into())).unwrap();
    core
}

#[wasm_bindgen_test]
fn a_flow_crosses_as_text_and_reports_as_plain_objects() {
    let mut core = listed();
    let tools: Array = JSON::parse(&core.tools()).unwrap().unchecked_into();
    assert_eq!(text(&tools.get(0), "effect"), "destructive");

    let call = r#"{"type": "call", "name": "cancel_booking"}"#;
    let step = start(&mut core, call, Some(r#"{"id": "b1"}"#));
    assert_eq!(text(&step, "type"), "commit");
    let committed = format!(r#"{{"step": "{}", "now": 3, "event": {{"type": "committed"}}}}"#, text(&step, "id"));
    core.handle(&committed, None).unwrap();

    let approvals: Array = core.approvals().unchecked_into();
    assert_eq!(approvals.length(), 1);
    let approval = approvals.get(0);
    assert_eq!(text(&approval, "state"), "proposed");
    // A plain object, not a `Map`.
    let preview = get(&approval, "preview");
    assert!(Object::keys(preview.unchecked_ref::<Object>()).includes(&"effect".into(), 0));
    assert!(core.profile().is_null());
}

#[wasm_bindgen_test]
fn errors_are_plain_objects_of_the_documented_shape() {
    let error = Core::new("{}").unwrap_err();
    assert_eq!(text(&error, "code"), "invalid_options");
    assert_eq!(get(&error, "retryable").as_bool(), Some(false));
    assert!(!text(&error, "next").is_empty());

    let mut core = listed();
    let late = core.handle(r#"{"step": "0000000000000000/1", "now": 3, "event": {"type": "tools"}}"#, None);
    assert_eq!(text(&late.unwrap_err(), "code"), "step_not_open");

    let flow = r#"{"now": 1, "entropy": "00112233445566778899aabbccddeeff", "flow": {"type": "list"}}"#;
    let cut = core.start(flow, Some(vec![0xff]));
    assert_eq!(text(&cut.unwrap_err(), "code"), "invalid_event");
}

#[wasm_bindgen_test]
fn a_snapshot_goes_on_in_another_core() {
    let mut core = listed();
    let step = start(&mut core, r#"{"type": "call", "name": "cancel_booking"}"#, Some(r#"{"id": "b1"}"#));
    let snapshot = core.snapshot();
    let mut other = listed();
    let steps: Array = JSON::parse(&other.restore(&snapshot).unwrap()).unwrap().unchecked_into();
    assert_eq!(text(&steps.get(0), "flow"), text(&step, "flow"));
    assert_eq!(text(&core.restore("{").unwrap_err(), "code"), "invalid_snapshot");
}

#[wasm_bindgen_test]
fn the_canonical_form_is_that_of_rfc_8785() {
    assert_eq!(canonicalize(r#"{"b": 1.0, "a": "\u00fc"}"#).unwrap(), r#"{"a":"ü","b":1}"#);
    assert_eq!(digest("{}").unwrap(), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert!(canonicalize(r#"{"a": 1, "a": 2}"#).is_err());
    assert!(Array::from(&error_codes()).length() > 30);
}
