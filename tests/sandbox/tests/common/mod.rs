//! A backend on a clock that stands still, with an outbox in memory.

#![allow(dead_code, reason = "each test binary uses its part")]

use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use toolgate_sandbox::error::ToolError;
use toolgate_sandbox::mail::{Mail, Mailer};
use toolgate_sandbox::random::Random;
use toolgate_sandbox::time::Time;
use toolgate_sandbox::{Backend, Caller, Settings};

#[derive(Clone, Default)]
pub(crate) struct Outbox(Arc<Mutex<Vec<Mail>>>);

impl Mailer for Outbox {
    fn send(&self, mail: &Mail, _now: Time) -> Result<(), String> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) backend: Backend,
    pub(crate) outbox: Outbox,
    pub(crate) now: Cell<Time>,
}

/// Someone who registered.
pub(crate) struct Owner {
    pub(crate) key: String,
    pub(crate) caller: Caller,
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let outbox = Outbox::default();
        let mailer = Box::new(outbox.clone());
        let backend = Backend::open(None, settings, Random::from_number(7), mailer).unwrap();
        // A Monday morning.
        let now = Time::parse("2026-11-16T01:00:00Z").unwrap();
        Self { backend, outbox, now: Cell::new(now) }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.now.set(self.now.get().plus_seconds(seconds));
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.outbox.0.lock().unwrap().clone()
    }

    /// The code in the newest email.
    pub(crate) fn code(&self) -> String {
        let mails = self.mails();
        let body = &mails.last().unwrap().body;
        let line = body.lines().find(|line| line.starts_with("Your code is "));
        line.unwrap()["Your code is ".len()..].to_owned()
    }

    pub(crate) fn anyone(&self, tool: &str, arguments: Value) -> Result<Value, ToolError> {
        let arguments = object(arguments);
        self.backend.call(tool, arguments, None, self.now.get())
    }

    pub(crate) fn call(&self, owner: &Owner, tool: &str, arguments: Value) -> Result<Value, ToolError> {
        let caller = Some(owner.caller.clone());
        let arguments = object(arguments);
        self.backend.call(tool, arguments, caller, self.now.get())
    }

    pub(crate) fn request(&self, email: &str) -> Result<Value, ToolError> {
        self.anyone(
            "register_organisation_request",
            json!({"email": email, "organisationName": "Tea House", "timezone": "Asia/Hong_Kong"}),
        )
    }

    pub(crate) fn verify(&self, request: &Value, code: &str) -> Result<Value, ToolError> {
        let arguments = json!({"requestId": request["requestId"], "code": code});
        self.anyone("register_organisation_verify", arguments)
    }

    pub(crate) fn sign_in(&self, welcome: &Value) -> Owner {
        let key = welcome["apiKey"].as_str().unwrap().to_owned();
        let caller = self.backend.authenticate(&key).unwrap().unwrap();
        Owner { key, caller }
    }

    pub(crate) fn owner(&self, email: &str) -> Owner {
        let request = self.request(email).unwrap();
        self.sign_in(&self.verify(&request, &self.code()).unwrap())
    }

    /// Upgrades through the portal, as the owner would.
    pub(crate) fn upgrade(&self, owner: &Owner, plan: &str) {
        let arguments = json!({"planCode": plan, "confirm": true});
        let link = self.call(owner, "create_plan_upgrade_link", arguments).unwrap();
        let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap();
        self.backend.open_upgrade(token, self.now.get()).unwrap();
    }

    pub(crate) fn contact(&self, owner: &Owner, name: &str) -> Value {
        let arguments = json!({
            "name": name, "email": format!("{name}@customers.example"), "phone": "+85291230000",
        });
        self.call(owner, "create_contact", arguments).unwrap()
    }
}

/// The code of the error that a call must end with.
pub(crate) fn code_of(result: Result<Value, ToolError>) -> &'static str {
    result.expect_err("an error was expected").code.as_str()
}
