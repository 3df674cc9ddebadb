//! The binary, running, and a plain HTTP client for it.

#![allow(dead_code, reason = "each test binary uses its part")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) outbox: PathBuf,
    pub(crate) card: Value,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The JSON-RPC message, from plain JSON or from the one SSE frame.
    pub(crate) fn message(&self) -> Value {
        let text = match self.header("content-type") {
            Some("text/event-stream") => {
                let frame = self.body.strip_suffix("\n\n").expect("a whole frame");
                frame.lines().find_map(|line| line.strip_prefix("data: ")).unwrap()
            }
            _ => &self.body,
        };
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub(crate) fn structured(&self) -> Value {
        self.message()["result"]["structuredContent"].clone()
    }
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_toolgate-sandbox"))
            .arg("--exit-with-stdin")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let card: Value = serde_json::from_str(&line).unwrap();
        let address = card["mcp"].as_str().unwrap();
        let address = address.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap();
        let outbox = PathBuf::from(card["outbox"].as_str().unwrap_or_default());
        Self { address: address.to_owned(), child, outbox, card }
    }

    /// One request on a connection of its own; nothing if it was closed without an answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        // A connection reset on purpose is an error here, and means the same as an empty answer.
        let _ = stream.read_to_string(&mut answer);
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some(Reply { status: head.split(' ').nth(1)?.parse().ok()?, head: head.to_owned(), body: body.to_owned() })
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "").unwrap()
    }

    pub(crate) fn put_faults(&self, rules: Value) {
        let reply = self.ask("PUT", "/sandbox/faults", &[], &rules.to_string()).unwrap();
        assert_eq!(reply.status, 204, "{}", reply.body);
    }

    /// A legacy request, with nothing before it and no session.
    pub(crate) fn try_rpc(&self, key: &str, method: &str, params: Value) -> Option<Reply> {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("Content-Type", "application/json"), ("Accept", "application/json")];
        if !key.is_empty() {
            headers.push(("Authorization", &bearer));
        }
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        self.ask("POST", "/mcp", &headers, &body.to_string())
    }

    pub(crate) fn rpc(&self, key: &str, method: &str, params: Value) -> Reply {
        self.try_rpc(key, method, params).expect("an answer")
    }

    pub(crate) fn call(&self, key: &str, tool: &str, arguments: Value) -> Reply {
        self.rpc(key, "tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// The line of an email that begins so, from any email in the outbox.
    pub(crate) fn mailed(&self, start: &str) -> String {
        for file in std::fs::read_dir(&self.outbox).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            if let Some(line) = text.lines().find(|line| line.starts_with(start)) {
                return line[start.len()..].trim().to_owned();
            }
        }
        panic!("no email with {start}");
    }

    /// Registers and answers the key and the organisation.
    pub(crate) fn register(&self) -> (String, String) {
        let arguments = json!({"email": "ann@example.com", "organisationName": "Tea House"});
        let request = self.call("", "register_organisation_request", arguments).structured();
        let id = &request["data"]["requestId"];
        let arguments = json!({"requestId": id, "code": self.mailed("Your code is ")});
        let welcome = self.call("", "register_organisation_verify", arguments).structured();
        let text = |field: &str| welcome["data"][field].as_str().unwrap().to_owned();
        (text("apiKey"), text("organisationId"))
    }

    /// How often a tool was received, and how often it ran.
    pub(crate) fn counted(&self, tool: &str) -> (usize, usize) {
        let log = self.get("/portal/api/log").message();
        let calls = log["calls"].as_array().unwrap();
        let of_tool: Vec<_> = calls.iter().filter(|call| call["tool"] == tool).collect();
        let ran = of_tool.iter().filter(|call| call["executed"] == true).count();
        (of_tool.len(), ran)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Closing its stdin is enough to end it; the wait only collects it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
