//! Runs `tests/vectors` through the text surface, as TypeScript and Python do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test reads files and the environment")]

use std::path::{Path, PathBuf};

mod carry;

use carry::Carried;
use serde_json::{Value, json};
use toolgate_core::ffi::{self, Core};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn updating() -> bool {
    std::env::var_os("UPDATE_VECTORS").is_some()
}

fn write(path: &Path, value: &Value) {
    std::fs::write(path, serde_json::to_string_pretty(value).unwrap() + "\n").unwrap();
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn list(core: &mut Core, tools: &Value) {
    relist(core, tools, "0");
}

fn relist(core: &mut Core, tools: &Value, digit: &str) {
    let start = json!({ "now": 0, "entropy": digit.repeat(32), "flow": { "type": "list" } });
    let step = parsed(&core.start(&start.to_string(), None).unwrap());
    let event = json!({ "step": step["id"], "now": 0, "event": { "type": "tools" } });
    let step = parsed(&core.handle(&event.to_string(), Some(&json!({ "tools": tools }).to_string())).unwrap());
    assert_eq!(step["outcome"]["type"], "listed", "{step}");
}

fn guard(case: &Value) -> Core {
    let mut core = Core::new(&case["options"].to_string()).unwrap();
    if let Some(tools) = case.get("tools") {
        list(&mut core, tools);
    }
    core
}

fn transcripts() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for name in ["attacks", "transcripts"] {
        let before = paths.len();
        paths.extend(std::fs::read_dir(folder().join(name)).unwrap().map(|entry| entry.unwrap().path()));
        assert!(paths.len() > before, "{name} is empty");
    }
    paths.sort();
    paths
}

#[test]
fn the_files_fit_their_schema() {
    if updating() {
        return;
    }
    let schema = jsonschema::validator_for(&read(&folder().join("schema.json"))).unwrap();
    let named = [
        "audit.json",
        "config.json",
        "digests.json",
        "drift.json",
        "effects.json",
        "errors.json",
        "failures.json",
        "findings.json",
        "http-answers.json",
        "policies.json",
        "policy-findings.json",
        "tool-names.json",
        "validation.json",
    ];
    let files = named.into_iter().map(|name| folder().join(name)).chain(transcripts());
    for path in files {
        let file = read(&path);
        let problems: Vec<String> =
            schema.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "{}: {problems:#?}", path.display());
    }
}

#[test]
fn digests() {
    for case in read(&folder().join("digests.json"))["digests"].as_array().unwrap() {
        let (name, text) = (&case["name"], case["text"].as_str().unwrap());
        if let Some(keyword) = case.get("refused") {
            let error = parsed(&ffi::canonicalize(text).unwrap_err());
            assert_eq!(&error["details"]["keyword"], keyword, "{name}");
        } else {
            assert_eq!(ffi::canonicalize(text).unwrap(), case["canonical"].as_str().unwrap(), "{name}");
            assert_eq!(ffi::digest(text).unwrap(), case["digest"].as_str().unwrap(), "{name}");
        }
    }
}

#[test]
fn effects() {
    reports("effects.json", "effects", |case| {
        let mut core = Core::new(&case["options"].to_string()).unwrap();
        list(&mut core, &json!([case["tool"]]));
        parsed(&core.tools())[0].to_string()
    });
}

#[test]
fn tool_names() {
    let file = read(&folder().join("tool-names.json"));
    let mut wrong = Vec::new();
    for case in file["tool_names"].as_array().unwrap() {
        let annotations = match case["says"].as_str().unwrap() {
            "read" => json!({ "readOnlyHint": true }),
            _ => json!({ "readOnlyHint": false, "destructiveHint": false, "openWorldHint": false }),
        };
        let mut tool = json!({ "name": case["tool"], "annotations": annotations, "inputSchema": { "type": "object" } });
        if let Some(description) = case.get("description") {
            tool["description"] = description.clone();
        }
        let mut core = Core::new(r#"{"server":"crm"}"#).unwrap();
        list(&mut core, &json!([tool]));
        let report = &parsed(&core.tools())[0];
        if report["effect"] != case["effect"] || report.get("unconfirmed") != case.get("unconfirmed") {
            wrong.push(format!("{case}: {} {:?}", report["effect"], report.get("unconfirmed")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What came over the wire is reported as it came; the core says what it means.
#[test]
fn failures() {
    let file = read(&folder().join("failures.json"));
    let hints = |read: bool| json!({ "readOnlyHint": read, "destructiveHint": false, "openWorldHint": false });
    let tools = json!([
        { "name": "get_note", "inputSchema": { "type": "object" }, "annotations": hints(true) },
        { "name": "create_note", "inputSchema": { "type": "object" }, "annotations": hints(false) },
    ]);
    for case in file["failures"].as_array().unwrap() {
        let mut event = json!({ "type": "failed" });
        match (case.get("rpc"), case.get("http")) {
            // Past that a host has no number to report.
            (Some(error), _) if error["code"].as_i64().unwrap().unsigned_abs() < 1 << 53 => {
                event["rpc_code"] = error["code"].clone();
            }
            (None, Some(status)) => event["http_status"] = status.clone(),
            _ => event["kind"] = case["kind"].clone(),
        }
        let (read, write) = match case["kind"].as_str().unwrap() {
            "not_sent" => ("unreachable", "unreachable"),
            "unauthorized" => ("unauthorized", "unauthorized"),
            "rate_limited" => ("rate_limited", "rate_limited"),
            "refused" => ("backend_refused", "backend_refused"),
            "malformed" => ("invalid_result", "outcome_unknown"),
            _ => ("unreachable", "outcome_unknown"),
        };
        for (tool, code) in [("get_note", read), ("create_note", write)] {
            let mut core = Core::new(r#"{"server":"notes","trusted":true}"#).unwrap();
            list(&mut core, &tools);
            let start = json!({ "now": 0, "entropy": "1".repeat(32), "flow": { "type": "call", "name": tool } });
            let step = parsed(&core.start(&start.to_string(), Some("{}")).unwrap());
            assert_eq!(step["type"], "call_tool", "{step}");
            let answer = json!({ "step": step["id"], "now": 0, "event": event });
            let step = parsed(&core.handle(&answer.to_string(), None).unwrap());
            assert_eq!(step["outcome"]["error"]["code"], code, "{case}: {step}");
        }
    }
}

#[test]
fn policy_findings() {
    reports("policy-findings.json", "policy_findings", |case| match case.get("tools") {
        None => ffi::policy_findings(&case["policy"].to_string()).unwrap(),
        Some(tools) => {
            let options = json!({ "server": "crm", "policy": case["policy"] });
            let mut core = Core::new(&options.to_string()).unwrap();
            list(&mut core, tools);
            core.policy_findings()
        }
    });
}

#[test]
fn policies() {
    let path = folder().join("policies.json");
    let schema = std::fs::read_to_string(folder().join("../../core/src/policy/policy.schema.json")).unwrap();
    let schema = ffi::Validator::compile(&schema, "{}").unwrap();
    let mut file = read(&path);
    for case in file["policies"].as_array_mut().unwrap() {
        let text = case["policy"].as_str().unwrap();
        let load = |policy: &Value| Core::new(&json!({ "server": "policies", "policy": policy }).to_string());
        let error = load(&case["policy"]).err().map(|error| parsed(&error));
        let fits = error.is_none() || case["beyond_schema"] == true;
        assert_eq!(schema.is_valid(text.as_bytes(), &mut ffi::Tokens::default()), fits, "{}", case["name"]);
        // As an object it is the same policy; only the places in its text are lost. A text that is given as a value is
        // one more of these strings, and a double name is not seen by whoever reads it to an object.
        if let Ok(value @ Value::Object(_)) = serde_json::from_str(text)
            && error.as_ref().is_none_or(|error| !error["message"].as_str().unwrap().contains("duplicate"))
        {
            let as_value = load(&value).err().map(|error| parsed(&error)["details"]["path"].clone());
            assert_eq!(as_value, error.as_ref().map(|error| error["details"]["path"].clone()), "{}", case["name"]);
        }
        assert_eq!(error.is_some(), case.get("error").is_some(), "{}: {error:?}", case["name"]);
        match error {
            Some(error) if updating() => case["error"] = error,
            error => assert_eq!(error.as_ref(), case.get("error"), "{}", case["name"]),
        }
    }
    if updating() {
        write(&path, &file);
    }
}

#[test]
fn drift() {
    reports("drift.json", "drift", |case| {
        let mut core = Core::new(r#"{"server":"crm"}"#).unwrap();
        list(&mut core, &json!([case["before"]]));
        relist(&mut core, &json!([case["after"]]), "1");
        core.drift()
    });
}

#[test]
fn findings() {
    reports("findings.json", "findings", |case| {
        let mut core = Core::new(r#"{"server":"crm"}"#).unwrap();
        list(&mut core, &case["tools"]);
        core.findings()
    });
}

fn reports(file: &str, cases: &str, report: impl Fn(&Value) -> String) {
    let path = folder().join(file);
    let mut file = read(&path);
    for case in file[cases].as_array_mut().unwrap() {
        let said = parsed(&report(case));
        if updating() {
            case["report"] = said;
        } else {
            assert_eq!(said, case["report"], "{}", case["name"]);
        }
    }
    if updating() {
        write(&path, &file);
    }
}

#[test]
fn errors() {
    reports("errors.json", "errors", |case| toolgate_core::ffi::error_result(&case["error"].to_string()).unwrap());
}

#[test]
fn validation() {
    // The frames of an unoptimised build are several times as large as those that the engine's bound on depth is for.
    std::thread::Builder::new().stack_size(16 << 20).spawn(validate).unwrap().join().unwrap();
}

fn validate() {
    let path = folder().join("validation.json");
    let mut file = read(&path);
    for case in file["validation"].as_array_mut().unwrap() {
        let options = case.get("options").unwrap_or(&json!({})).to_string();
        let validator = ffi::Validator::compile(&case["schema"].to_string(), &options).unwrap();
        let document = case["document"].as_str().unwrap().as_bytes();
        let violations = serde_json::to_value(validator.validate(document, &mut ffi::Tokens::default())).unwrap();
        let is_valid = validator.is_valid(document, &mut ffi::Tokens::default());
        assert_eq!(is_valid, violations.as_array().unwrap().is_empty(), "{}", case["name"]);
        if updating() {
            case["violations"] = violations;
        } else {
            assert_eq!(violations, case["violations"], "{}", case["name"]);
        }
    }
    if updating() {
        write(&path, &file);
    }
}

#[test]
fn conversations() {
    for path in transcripts() {
        let mut file = read(&path);
        for case in file["cases"].as_array_mut().unwrap() {
            let original = case.clone();
            let mut core = guard(&original);
            let mut carried = Carried::default();
            for (number, turn) in case["turns"].as_array_mut().unwrap().iter_mut().enumerate() {
                let place = format!("{}, {}, turn {number}", path.display(), original["name"]);
                if updating() {
                    for (kind, input) in turn.as_object_mut().unwrap() {
                        if !matches!(&**kind, "step" | "steps" | "error" | "value") {
                            carried.mend(input);
                        }
                    }
                }
                let (kind, said) = play(&mut core, &original, turn);
                search_secrets(&original, &said, &place);
                if updating() {
                    for kind in ["step", "steps", "error", "value"] {
                        if let Some(before) = turn.as_object_mut().unwrap().shift_remove(kind) {
                            carried.note(&before, &said);
                        }
                    }
                    turn[kind] = said;
                } else {
                    assert_eq!(Some(&said), turn.get(kind), "{place}");
                }
            }
        }
        if updating() {
            write(&path, &file);
        }
    }
}

/// One turn; what the guard said, and as what.
fn play(core: &mut Core, case: &Value, turn: &Value) -> (&'static str, Value) {
    let document = document_of(turn);
    let (kind, said) = if let Some(start) = turn.get("start") {
        let flow = &start["flow"];
        let is_plain = flow["type"] == "call"
            && flow.get("approval").is_none()
            && flow.get("meta").is_none()
            && is_plain_read(core, &flow["name"], &start["now"], document.as_deref());
        let foretold = foretold(core, start, document.as_deref());
        let said = core.start(&start.to_string(), document.as_deref());
        if let (Some(foretold), Ok(said)) = (foretold, &said) {
            assert_foretold(&foretold, &parsed(said));
        }
        if is_plain {
            let step = parsed(said.as_ref().unwrap());
            assert_eq!(step["type"], "call_tool", "{step}");
            assert_eq!(step["name"], flow["name"]);
            assert_eq!(step["arguments"].to_string(), parsed(document.as_deref().unwrap_or("{}")).to_string());
        }
        ("step", said)
    } else if let Some(event) = turn.get("event") {
        ("step", core.handle(&event.to_string(), document.as_deref()))
    } else if let Some(snapshot) = turn.get("restore") {
        ("steps", core.restore(snapshot.as_str().unwrap()))
    } else if turn.get("resume").is_some() {
        let snapshot = core.snapshot();
        search_secrets(case, &Value::String(snapshot.clone()), "the snapshot");
        let mut resumed = case.clone();
        if let Some(options) = turn.get("options") {
            resumed["options"] = options.clone();
        }
        *core = guard(&resumed);
        ("steps", core.restore(&snapshot))
    } else if let Some(options) = turn.get("attach") {
        let mut options = options.clone();
        if turn.get("keep_lock").is_some() {
            options["lock"] = Value::String(core.lock());
        }
        let attached = Core::new(&options.to_string()).map(|mut attached| {
            if let Some(tools) = turn.get("tools") {
                list(&mut attached, tools);
            }
            *core = attached;
            "null".to_owned()
        });
        ("value", attached)
    } else if let Some(read) = turn.get("plain_read") {
        ("value", Ok(is_plain_read(core, &read["tool"], &read["now"], document.as_deref()).to_string()))
    } else if let Some(result) = turn.get("plain_result") {
        let tool = result["tool"].as_str().unwrap();
        ("value", Ok(core.is_plain_result(tool, &document.unwrap()).to_string()))
    } else if let Some(check) = turn.get("check") {
        ("value", core.check(&check.to_string(), document.as_deref()))
    } else if let Some(records) = turn.get("remembered") {
        ("value", core.remembered(&records.to_string()))
    } else if let Some(verify) = turn.get("verify") {
        let lines = verify["lines"].as_str().unwrap().as_bytes();
        ("value", ffi::verify_audit(lines, &verify["options"].to_string()))
    } else {
        let report = match turn["report"].as_str().unwrap() {
            "tools" => core.tools(),
            "approvals" => core.approvals(),
            "drift" => core.drift(),
            "silences" => core.silences(turn["now"].as_u64().unwrap()),
            "findings" => core.findings(),
            "listing" => core.listing(),
            "lock" => serde_json::to_string(&core.lock()).unwrap(),
            _ => core.profile(),
        };
        ("value", Ok(report))
    };
    match said {
        Ok(said) => (kind, parsed(&said)),
        Err(error) => ("error", parsed(&error)),
    }
}

/// What a check says of a call that is about to begin.
fn foretold(core: &Core, start: &Value, document: Option<&str>) -> Option<Value> {
    let flow = &start["flow"];
    let name = flow["name"].as_str().filter(|_| flow["type"] == "call")?;
    let mut request = json!({ "now": start["now"], "name": name });
    for member in ["approval", "meta"] {
        if let Some(value) = flow.get(member) {
            request[member] = value.clone();
        }
    }
    let before = core.fingerprint();
    let report = parsed(&core.check(&request.to_string(), document).ok()?);
    assert_eq!(core.fingerprint(), before, "a check changes nothing");
    Some(report)
}

/// Whether a call's first step is one that its check foretold.
fn assert_foretold(report: &Value, step: &Value) {
    let error = &step["outcome"]["error"]["code"];
    let is_open = report["gates"]
        .as_array()
        .unwrap()
        .iter()
        .any(|passage| passage["note"].as_str().is_some_and(|note| note.starts_with("would ")));
    let fits = match report["verdict"].as_str().unwrap() {
        "invalid" | "deny" => {
            report["error"]["code"] == *error
                // The list is read once more before a name is refused, which a check does not do.
                || (report["verdict"] == "invalid" && step["type"] == "list_tools")
                || (report["gates"].to_string().contains("approval") && step["type"] == "read")
        }
        "wait" => step["type"] == "wait" || error == "rate_limited",
        "ask" => {
            matches!(step["type"].as_str().unwrap(), "ask" | "commit" | "read" | "wait")
                || is_open
                || report["error"]["code"] == *error
        }
        _ => matches!(step["type"].as_str().unwrap(), "call_tool" | "commit" | "wait" | "read") || is_open,
    };
    assert!(fits, "{report} and then {step}");
}

fn is_plain_read(core: &Core, tool: &Value, now: &Value, arguments: Option<&str>) -> bool {
    let (tool, now) = (tool.as_str().unwrap_or_default(), now.as_u64().unwrap_or_default());
    core.is_plain_read(tool, arguments.unwrap_or("{}"), now, &mut ffi::Tokens::default())
}

fn document_of(turn: &Value) -> Option<String> {
    if let Some(repeat) = turn.get("repeat") {
        let part = |name: &str| repeat[name].as_str().unwrap().to_owned();
        let times = usize::try_from(repeat["times"].as_u64().unwrap()).unwrap();
        return Some(part("before") + &part("text").repeat(times) + &part("after"));
    }
    turn.get("document")
        .map(|text| text.as_str().unwrap().to_owned())
        .or_else(|| turn.get("json").map(Value::to_string))
}

fn search_secrets(case: &Value, said: &Value, place: &str) {
    let mut said = said.clone();
    match said["type"].as_str() {
        Some("keep") => said["secret"] = Value::Null,
        Some("call_tool") => {
            said["arguments"] = Value::Null;
            said["request_state"] = Value::Null;
        }
        _ => {}
    }
    let text = said.to_string();
    for secret in case["secrets"].as_array().unwrap_or(&Vec::new()) {
        assert!(!text.contains(secret.as_str().unwrap()), "a secret stands in what the guard said: {place}");
    }
}

#[test]
fn audits() {
    reports("audit.json", "audit", |case| {
        let lines = case["lines"].as_str().unwrap().as_bytes();
        ffi::verify_audit(lines, &case["options"].to_string()).unwrap()
    });
}

#[test]
fn configurations() {
    let path = folder().join("config.json");
    let mut file = read(&path);
    for case in file["config"].as_array_mut().unwrap() {
        let text = case["config"].as_str().unwrap().to_owned();
        let references = ffi::config_references(&text).ok();
        let (kind, said) = match ffi::resolve_config(&text, &case["values"].to_string()) {
            Ok(resolved) => ("resolved", Value::String(resolved)),
            Err(error) => ("error", parsed(&error)),
        };
        let references = references.map(|references| parsed(&references));
        if updating() {
            for kind in ["references", "resolved", "error"] {
                case.as_object_mut().unwrap().shift_remove(kind);
            }
            if let Some(references) = references {
                case["references"] = references;
            }
            case[kind] = said;
        } else {
            assert_eq!(references.as_ref(), case.get("references"), "{}", case["name"]);
            assert_eq!(Some(&said), case.get(kind), "{}", case["name"]);
        }
    }
    if updating() {
        write(&path, &file);
    }
}
