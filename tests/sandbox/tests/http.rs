//! The binary over HTTP: both eras, JSON and SSE, keys, the portal, and ending.

mod served;

use serde_json::{Value, json};
use served::Served;
use std::process::Command;

#[test]
fn an_agent_registers_without_initialize_and_uses_its_key() {
    let served = Served::start(&[]);
    let listed = served.rpc("", "tools/list", json!({})).message();
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 4);

    let (key, _) = served.register();
    let listed = served.rpc(&key, "tools/list", json!({})).message();
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 165);
    assert!(tools.iter().all(|tool| tool["annotations"]["destructiveHint"].is_boolean()));

    let reply = served.call(&key, "list_contacts", json!({}));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let result = &reply.message()["result"];
    assert_eq!(result["structuredContent"], json!({"data": {"items": [], "total": 0}}));
    assert_eq!(result["isError"], false);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
    // The vendor's other address.
    let bearer = format!("Bearer {key}");
    let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_plan_status"}});
    let reply = served.ask("POST", "/mcp/v1", &headers, &body.to_string()).unwrap();
    assert_eq!(reply.structured()["data"]["planCode"], "free");
}

#[test]
fn without_a_key_a_tool_says_so_and_a_wrong_key_is_refused() {
    let served = Served::start(&[]);
    let (key, organisation) = served.register();
    let reply = served.call("", "list_contacts", json!({}));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.message()["result"]["isError"], true);
    assert_eq!(reply.structured()["error"]["code"], "unauthorized");

    let refused = served.call("fav_mcp_wrong", "list_contacts", json!({}));
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));

    let keys = served.get(&format!("/portal/api/keys?organisationId={organisation}")).message();
    let id = keys["items"][0]["id"].clone();
    let headers = [("Content-Type", "application/json")];
    let body = json!({"id": id}).to_string();
    let revoked = served.ask("POST", "/portal/api/keys/revoke", &headers, &body).unwrap();
    assert_eq!(revoked.status, 200);
    assert_eq!(served.call(&key, "list_contacts", json!({})).status, 401);
}

#[test]
fn the_handshake_agrees_on_every_legacy_version() {
    let served = Served::start(&[]);
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let params = json!({
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        });
        let reply = served.rpc("", "initialize", params);
        assert_eq!(reply.message()["result"]["protocolVersion"], version);
    }
    let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    assert_eq!(served.ask("POST", "/mcp", &headers, &body).unwrap().status, 202);
}

/// A request of the stateless era.
fn stateless(served: &Served, key: &str, method: &str, name: Option<&str>, params: Value) -> served::Reply {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", method),
    ];
    headers.extend(name.map(|name| ("Mcp-Name", name)));
    if !key.is_empty() {
        headers.push(("Authorization", &bearer));
    }
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let body = json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params});
    served.ask("POST", "/mcp", &headers, &body.to_string()).unwrap()
}

#[test]
fn the_stateless_era_is_served_too() {
    let served = Served::start(&[]);
    let found = stateless(&served, "", "server/discover", None, json!({})).message();
    let versions = found["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2024-11-05")));
    let (key, _) = served.register();
    let listed = stateless(&served, &key, "tools/list", None, json!({})).message();
    assert_eq!(listed["result"]["resultType"], "complete");
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 165);
    let params = json!({"name": "list_contacts", "arguments": {}});
    let called = stateless(&served, &key, "tools/call", Some("list_contacts"), params).message();
    assert_eq!(called["result"]["resultType"], "complete");
    assert_eq!(called["result"]["structuredContent"]["data"]["total"], 0);
}

#[test]
fn answers_come_as_one_frame_where_that_is_asked_for() {
    let accepts = |served: &Served, accept: &str| {
        let headers = [("Content-Type", "application/json"), ("Accept", accept)];
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
        let reply = served.ask("POST", "/mcp", &headers, &body).unwrap();
        assert_eq!(reply.message()["result"]["tools"].as_array().unwrap().len(), 4);
        reply.header("content-type").unwrap().to_owned()
    };
    let (json, sse) = ("application/json", "text/event-stream");
    let auto = Served::start(&["--answers", "auto"]);
    assert_eq!(accepts(&auto, json), json);
    assert_eq!(accepts(&auto, sse), sse);
    assert_eq!(accepts(&auto, "application/json, text/event-stream"), json);
    assert_eq!(accepts(&auto, "text/event-stream, application/json"), sse);
    assert_eq!(accepts(&Served::start(&["--answers", "sse"]), json), sse);
    assert_eq!(accepts(&Served::start(&["--answers", "json"]), sse), json);
}

#[test]
fn results_are_wrapped_as_chosen() {
    let bare = Served::start(&["--wrap", "structured"]);
    let reply = bare.call("", "list_contacts", json!({}));
    assert_eq!(reply.structured()["error"]["code"], "unauthorized");
    let arguments = json!({"email": "a@example.com", "organisationName": "Tea"});
    let reply = bare.call("", "register_organisation_request", arguments.clone());
    assert_eq!(reply.structured()["maskedEmail"], "a*@example.com");

    let text = Served::start(&["--wrap", "text"]);
    let listed = text.rpc("", "tools/list", json!({})).message();
    assert!(listed["result"]["tools"][0].get("outputSchema").is_none());
    let result = text.call("", "register_organisation_request", arguments).message();
    assert!(result["result"].get("structuredContent").is_none());
    let content = result["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(content).unwrap()["maskedEmail"], "a*@example.com");
    let refused = text.call("", "list_contacts", json!({})).message();
    let content = refused["result"]["content"][0]["text"].as_str().unwrap();
    assert!(content.starts_with("unauthorized: "));
}

#[test]
fn long_lists_of_tools_come_in_pages() {
    let served = Served::start(&["--page-size", "3"]);
    let first = served.rpc("", "tools/list", json!({})).message();
    assert_eq!(first["result"]["tools"].as_array().unwrap().len(), 3);
    let cursor = first["result"]["nextCursor"].clone();
    let last = served.rpc("", "tools/list", json!({"cursor": cursor})).message();
    assert_eq!(last["result"]["tools"].as_array().unwrap().len(), 1);
    assert!(last["result"].get("nextCursor").is_none());
}

#[test]
fn the_article_dialect_reaches_the_wire() {
    let served = Served::start(&["--dialect", "article"]);
    let (key, _) = served.register();
    let listed = served.rpc(&key, "tools/list", json!({})).message();
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 168);
    assert!(tools.iter().any(|tool| tool["annotations"].get("read_only").is_some()));
    let report = served.call(&key, "favcrm_doctor", json!({})).structured();
    assert_eq!(report["data"]["mcpEndpointStatus"], "active");
    assert_eq!(report["data"]["toolCount"], 168);
}

#[test]
fn the_owner_approves_a_send_in_the_portal() {
    let served = Served::start(&["--strict-sends"]);
    let (key, organisation) = served.register();
    let arguments = json!({"name": "Cleo <b>", "email": "cleo@customers.example"});
    let contact = served.call(&key, "create_contact", arguments).structured();
    let payload = json!({"contactId": contact["data"]["id"], "channel": "email", "body": "Ready: <i>tea</i>"});
    let refused = served.call(&key, "send_message", payload.clone()).structured();
    assert_eq!(refused["error"]["code"], "approval_required");
    let arguments = json!({"actionType": "send_message", "summary": "<script>", "payload": payload});
    let approval = served.call(&key, "request_send_approval", arguments).structured();
    let id = approval["data"]["approvalId"].as_str().unwrap();

    let page = served.get("/portal?email=ann%40example.com");
    assert!(page.body.contains("Approve and send") && !page.body.contains("<script>"));
    let path = format!("/portal/api/approvals?organisationId={organisation}");
    assert_eq!(served.get(&path).message()["items"][0]["status"], "pending");
    let headers = [("Content-Type", "application/json")];
    let path = format!("/portal/api/approvals/{id}");
    let decided = served.ask("POST", &path, &headers, r#"{"decision":"approve"}"#).unwrap();
    assert_eq!(decided.message()["status"], "completed");
    assert_eq!(served.mailed("Ready: "), "<i>tea</i>");
    assert_eq!(served.counted("send_message"), (1, 0));

    // A page from elsewhere must not decide for the owner.
    let foreign = [("Content-Type", "application/json"), ("Origin", "https://evil.example")];
    let refused = served.ask("POST", &path, &foreign, r#"{"decision":"deny"}"#).unwrap();
    assert_eq!(refused.status, 403);
}

#[test]
fn an_upgrade_link_is_opened_in_the_portal() {
    let served = Served::start(&[]);
    let (key, _) = served.register();
    let arguments = json!({"planCode": "starter", "confirm": true});
    let link = served.call(&key, "create_plan_upgrade_link", arguments).structured();
    let token = link["data"]["url"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(served.get(&format!("/portal/upgrade/{token}")).status, 200);
    let path = format!("/portal/api/upgrade/{token}");
    let upgraded = served.ask("POST", &path, &[], "").unwrap().message();
    assert_eq!(upgraded["planCode"], "starter");
    assert_eq!(served.ask("POST", &path, &[], "").unwrap().status, 409);
}

#[test]
fn anyone_may_look_at_the_card() {
    let served = Served::start(&[]);
    let card = served.get("/.well-known/mcp/server-card.json").message();
    assert_eq!(card["toolCount"], 165);
    assert_eq!(served.get("/healthz").body, "ok\n");
    assert_eq!(served.get("/nothing").status, 404);
}

#[test]
fn a_page_on_this_machine_may_call_it() {
    let served = Served::start(&[]);
    let local = [("Origin", "http://localhost:5173"), ("Access-Control-Request-Method", "POST")];
    let reply = served.ask("OPTIONS", "/mcp", &local, "").unwrap();
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:5173"));
    let foreign = [("Origin", "https://evil.example")];
    let reply = served.ask("OPTIONS", "/mcp", &foreign, "").unwrap();
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[test]
fn nonsense_is_refused_without_harm() {
    let served = Served::start(&[]);
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json")];
    for body in ["", "{", "[]", "7", r#"{"jsonrpc":"2.0"}"#] {
        let reply = served.ask("POST", "/mcp", &headers, body).unwrap();
        assert!((400..500).contains(&reply.status), "{body}: {}", reply.status);
    }
    let unknown = served.rpc("", "tools/call", json!({"name": "no_such_tool"})).message();
    assert_eq!(unknown["error"]["code"], -32602);
    assert_eq!(served.get("/healthz").status, 200);
}

#[test]
fn data_survives_a_restart_and_the_seed_does_not_repeat_ids() {
    let directory = std::env::temp_dir().join(format!("sandbox-restart-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    let data = directory.join("data.sqlite");
    let arguments = ["--data", data.to_str().unwrap(), "--seed", "1"];
    let mut ids = Vec::new();
    let mut key = String::new();
    for name in ["a", "b"] {
        let served = Served::start(&arguments);
        if key.is_empty() {
            key = served.register().0;
        }
        let made = served.call(&key, "create_contact", json!({"name": name})).structured();
        ids.push(made["data"]["id"].clone());
        let listed = served.call(&key, "list_contacts", json!({})).structured();
        assert_eq!(listed["data"]["total"], ids.len());
    }
    assert_ne!(ids[0], ids[1]);
    // The key itself is nowhere on the disk.
    for file in std::fs::read_dir(&directory).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()));
    }
    let _ = std::fs::remove_dir_all(&directory);
}

#[test]
fn it_ends_with_its_stdin_and_takes_its_outbox_along() {
    let mut served = Served::start(&[]);
    assert!(served.outbox.is_dir());
    assert!(served.card["portal"].as_str().unwrap().ends_with("/portal"));
    drop(served.child.stdin.take());
    assert!(served.child.wait().unwrap().success());
    assert!(!served.outbox.exists());
}

#[cfg(unix)]
#[test]
fn it_ends_on_a_signal() {
    let mut served = Served::start(&[]);
    let pid = served.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(served.child.wait().unwrap().success());
}

/// Takes one message as a mail catcher would, and answers its text.
fn catch_mail(listener: std::net::TcpListener) -> String {
    use std::io::{BufRead, BufReader, Write};
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    stream.write_all(b"220 catcher\r\n").unwrap();
    let mut text = String::new();
    while let Some(Ok(line)) = lines.next() {
        let answer = match line.split(' ').next().unwrap() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").unwrap();
                for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                    text += &format!("{line}\n");
                }
                "250 kept\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).unwrap();
        if answer.starts_with("250 kept") {
            break;
        }
    }
    text
}

#[test]
fn emails_go_to_an_smtp_server() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let catcher = std::thread::spawn(move || catch_mail(listener));
    let served = Served::start(&["--smtp", &server]);
    assert!(served.card["outbox"].is_null());
    let arguments = json!({"email": "ann@example.com", "organisationName": "Tea House"});
    let request = served.call("", "register_organisation_request", arguments.clone()).structured();
    let text = catcher.join().unwrap();
    assert!(text.contains("To: ann@example.com"));
    let code = text.lines().find_map(|line| line.strip_prefix("Your code is ")).unwrap();
    // Nobody listens any more: a code that cannot be sent is an error, and counts for nothing.
    let arguments = json!({"email": "bob@example.com", "organisationName": "Tea House"});
    for _ in 0..4 {
        let failed = served.call("", "register_organisation_request", arguments.clone()).structured();
        assert_eq!(failed["error"]["code"], "internal");
    }
    let arguments = json!({"requestId": request["data"]["requestId"], "code": code});
    let welcome = served.call("", "register_organisation_verify", arguments).structured();
    assert!(welcome["data"]["apiKey"].is_string());
}

#[test]
fn a_wrong_command_line_is_refused() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_toolgate-sandbox")).args(arguments).output().unwrap();
        let problem = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), problem)
    };
    let (code, problem) = run(&["--addr", "0.0.0.0:0"]);
    assert_eq!(code, Some(2));
    assert!(problem.contains("loopback"));
    assert_eq!(run(&["--smtp", "nowhere"]).0, Some(2));
    assert_eq!(run(&["--wrap", "paper"]).0, Some(2));

    let file = std::env::temp_dir().join(format!("sandbox-faults-{}.json", std::process::id()));
    std::fs::write(&file, r#"[{"tool": "x", "tims": 1, "fault": {"html": true}}]"#).unwrap();
    let (code, problem) = run(&["--faults", file.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(problem.contains("unknown field `tims`"), "{problem}");
    let _ = std::fs::remove_file(&file);
}
