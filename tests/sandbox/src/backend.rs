//! The backend: one store, one catalogue, and the way every call takes through them.

use crate::call::{Call, Caller};
use crate::catalog::Catalog;
use crate::error::{Code, ToolError};
use crate::mail::Mailer;
use crate::random::{Random, sha256_hex};
use crate::store;
use crate::time::Time;
use crate::tool::{Need, Run, Scope, Tool};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

/// What can be chosen about a backend.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an emailed code lives, in seconds.
    pub code_ttl: i64,
    /// How many codes an address may ask for in an hour.
    pub codes_per_hour: u32,
    /// How many codes an address may ask for in a day.
    pub codes_per_day: u32,
    /// Whether a new organisation starts with contacts, bookings and invoices.
    pub demo_data: bool,
    /// Whether a direct send is refused with `approval_required`.
    pub strict_sends: bool,
    /// Whether the agent sends once the owner agreed, instead of the backend; other direct sends are refused.
    pub agent_sends: bool,
    /// Where the portal is, for the links in answers and emails.
    pub portal: String,
    /// Whether the tools that only some articles mention are there too.
    pub article_tools: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            code_ttl: 600,
            codes_per_hour: 3,
            codes_per_day: 20,
            demo_data: false,
            strict_sends: false,
            agent_sends: false,
            portal: "http://127.0.0.1/portal".into(),
            article_tools: false,
        }
    }
}

/// One running backend.
pub struct Backend {
    state: Mutex<State>,
    catalog: Catalog,
    settings: Settings,
}

pub(crate) struct State {
    pub(crate) db: Connection,
    pub(crate) random: Random,
    mailer: Box<dyn Mailer>,
}

/// The prefix of every key.
pub(crate) const KEY_PREFIX: &str = "fav_mcp_";

impl Backend {
    /// Opens a backend over a data file, or over a database in memory.
    pub fn open(
        data: Option<&Path>,
        settings: Settings,
        mut random: Random,
        mailer: Box<dyn Mailer>,
    ) -> Result<Self, ToolError> {
        let (db, openings) = store::open(data)?;
        if openings > 1 {
            random.stir(openings);
        }
        Ok(Self {
            state: Mutex::new(State { db, random, mailer }),
            catalog: Catalog::new(settings.article_tools),
            settings,
        })
    }

    /// The tools.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What was chosen when it was opened.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A call that panicked leaves a rolled-back transaction behind, so its poison is no reason to stop.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whose key this is; nothing for a wrong or revoked one.
    pub fn authenticate(&self, key: &str) -> Result<Option<Caller>, ToolError> {
        let state = self.state();
        let caller = state
            .db
            .query_row(
                "SELECT keys.org, keys.user, members.role FROM keys
                 JOIN members ON members.org = keys.org AND members.user = keys.user
                 WHERE keys.hash = ? AND keys.revoked IS NULL",
                [sha256_hex(key)],
                |row| Ok(Caller { organisation: row.get(0)?, user: row.get(1)?, role: row.get(2)? }),
            )
            .optional()?;
        Ok(caller)
    }

    /// Notes that a call came in; the number it gets is quoted when it runs.
    pub fn receive(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
        caller: Option<&Caller>,
        now: Time,
    ) -> Result<i64, ToolError> {
        let state = self.state();
        state.db.execute(
            "INSERT INTO call_log (at, tool, org, arguments, executed, outcome) VALUES (?, ?, ?, ?, 0, 'not_run')",
            params![
                now.millis(),
                tool,
                caller.map(|caller| caller.organisation.as_str()),
                arguments_digest(arguments),
            ],
        )?;
        Ok(state.db.last_insert_rowid())
    }

    /// Runs a call that was received.
    pub fn run(
        &self,
        sequence: i64,
        name: &str,
        arguments: Map<String, Value>,
        caller: Option<Caller>,
        now: Time,
    ) -> Result<Value, ToolError> {
        let mut state = self.state();
        let result = self.in_transaction(&mut state, caller, arguments, now, |call| self.dispatch(name, call));
        let (executed, outcome) = match &result {
            Ok(_) => (1, "ok"),
            Err(error) => (0, error.code.as_str()),
        };
        state.db.execute(
            "UPDATE call_log SET executed = ?, outcome = ? WHERE sequence = ?",
            params![executed, outcome, sequence],
        )?;
        result
    }

    /// Receives and runs a call.
    pub fn call(
        &self,
        name: &str,
        arguments: Map<String, Value>,
        caller: Option<Caller>,
        now: Time,
    ) -> Result<Value, ToolError> {
        let sequence = self.receive(name, &arguments, caller.as_ref(), now)?;
        self.run(sequence, name, arguments, caller, now)
    }

    /// Every call received so far: what ran and what did not, without arguments or keys.
    pub fn call_log(&self) -> Result<Vec<Value>, ToolError> {
        let state = self.state();
        let mut statement = state.db.prepare("SELECT * FROM call_log ORDER BY sequence")?;
        let rows = statement.query_map([], |row| {
            Ok(json!({
                "sequence": row.get::<_, i64>("sequence")?,
                "at": Time::from_millis(row.get("at")?).rfc3339(),
                "tool": row.get::<_, String>("tool")?,
                "organisationId": row.get::<_, Option<String>>("org")?,
                "argumentsSha256": row.get::<_, String>("arguments")?,
                "executed": row.get::<_, i64>("executed")? == 1,
                "outcome": row.get::<_, String>("outcome")?,
            }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Does some work as one whole. A domain error keeps what was written before it (a wrong code
    /// counts, a spent request stays spent); a failure of the sandbox itself leaves no trace.
    pub(crate) fn in_transaction<T>(
        &self,
        state: &mut State,
        caller: Option<Caller>,
        arguments: Map<String, Value>,
        now: Time,
        work: impl FnOnce(&mut Call<'_>) -> Result<T, ToolError>,
    ) -> Result<T, ToolError> {
        let State { db, random, mailer } = state;
        let transaction = db.unchecked_transaction()?;
        let result = work(&mut Call {
            db,
            random,
            mailer: mailer.as_ref(),
            settings: &self.settings,
            catalog: &self.catalog,
            now,
            caller,
            arguments,
        });
        match &result {
            Err(error) if error.code == Code::Internal => transaction.rollback()?,
            _ => transaction.commit()?,
        }
        result
    }

    fn dispatch(&self, name: &str, call: &mut Call<'_>) -> Result<Value, ToolError> {
        let tool =
            self.catalog.find(name).ok_or_else(|| ToolError::new(Code::NotFound, "There is no tool with this name"))?;
        if call.caller.is_none() && !tool.public {
            return Err(ToolError::new(Code::Unauthorized, "This tool needs a key: send it as a bearer token"));
        }
        crate::field::check(&tool.input, &call.arguments)?;
        check_references(tool, call)?;
        if let Some(caller) = &call.caller {
            let organisation = caller.organisation.clone();
            crate::plan::count_call(call, &organisation)?;
            // The way out of a full quota must stay open.
            if tool.scope != Scope::Plan {
                crate::plan::require(call, Need::Quota("mcp_calls"))?;
            }
        }
        if let Some(need) = tool.need {
            crate::plan::require(call, need)?;
        }
        let agreed = self.settings.agent_sends && tool.sends && crate::tools::spend_approval(&tool.name, call)?;
        if tool.sends && !agreed && (self.settings.strict_sends || self.settings.agent_sends) {
            return Err(ToolError::new(
                Code::ApprovalRequired,
                "Sends need the owner's approval: use request_send_approval",
            )
            .with("actionType", tool.name.clone()));
        }
        run_tool(tool, call)
    }
}

/// Runs a tool whose arguments were checked.
pub(crate) fn run_tool(tool: &Tool, call: &mut Call<'_>) -> Result<Value, ToolError> {
    match &tool.run {
        Run::Entity(verb, entity) => entity.run(*verb, call),
        Run::Function(function) => function(call),
    }
}

/// Every id among the arguments must name something in the caller's own organisation.
pub(crate) fn check_references(tool: &Tool, call: &Call<'_>) -> Result<(), ToolError> {
    let mut ids = Vec::new();
    for field in &tool.input {
        if let Some(value) = call.arguments.get(field.name) {
            field.kind.references(value, &mut |kind, id| ids.push((kind, id.to_owned())));
        }
    }
    for (kind, id) in ids {
        // Users and invites are not records; their tools look them up.
        if !matches!(kind, "user" | "team_invite") {
            call.records().get(kind, &id)?;
        }
    }
    Ok(())
}

/// SHA-256 over the arguments as compact JSON with sorted keys.
pub fn arguments_digest(arguments: &Map<String, Value>) -> String {
    sha256_hex(&sorted(&Value::Object(arguments.clone())).to_string())
}

/// Sorted even where another crate of the build makes `serde_json` keep the order of insertion.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<_> = object.keys().collect();
            keys.sort();
            let pairs = keys.into_iter().filter_map(|key| Some((key.clone(), sorted(object.get(key)?))));
            Value::Object(pairs.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
