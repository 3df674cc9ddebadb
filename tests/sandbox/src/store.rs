//! The SQLite side: a few tables for who may do what, and one table of records for all that a tool can make.

use crate::error::ToolError;
use crate::random::Random;
use crate::time::Time;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use serde_json::{Map, Value, json};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS organisations (
    id TEXT PRIMARY KEY, company_id TEXT NOT NULL, profile TEXT NOT NULL, plan TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (
    org TEXT NOT NULL, user TEXT NOT NULL, role TEXT NOT NULL, joined INTEGER NOT NULL, PRIMARY KEY (org, user));
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, org TEXT NOT NULL, user TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, label TEXT NOT NULL,
    masked TEXT NOT NULL, created INTEGER NOT NULL, revoked INTEGER);
CREATE TABLE IF NOT EXISTS codes (
    request TEXT PRIMARY KEY, email TEXT NOT NULL, payload TEXT NOT NULL, hash TEXT NOT NULL,
    expires INTEGER NOT NULL, attempts INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS code_requests (address TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS invites (
    id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, org TEXT NOT NULL, email TEXT NOT NULL, name TEXT,
    role TEXT NOT NULL, status TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS calls_per_month (
    org TEXT NOT NULL, month TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (org, month));
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, org TEXT NOT NULL, kind TEXT NOT NULL, doc TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS records_by_kind ON records (org, kind);
CREATE VIRTUAL TABLE IF NOT EXISTS article_text USING fts5 (id UNINDEXED, org UNINDEXED, title, body);
CREATE TABLE IF NOT EXISTS call_log (
    sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, tool TEXT NOT NULL, org TEXT, arguments TEXT NOT NULL,
    executed INTEGER NOT NULL, outcome TEXT NOT NULL);
";

/// The kinds of record and what their ids begin with.
const PREFIXES: &[(&str, &str)] = &[
    ("account", "acc"),
    ("article", "art"),
    ("booking", "bkg"),
    ("campaign", "cmp"),
    ("contact", "con"),
    ("contact_note", "note"),
    ("coupon", "cpn"),
    ("form", "frm"),
    ("form_submission", "sub"),
    ("invoice", "inv"),
    ("issue", "iss"),
    ("key", "key"),
    ("loyalty_entry", "pts"),
    ("media", "med"),
    ("membership", "mem"),
    ("membership_tier", "tier"),
    ("message", "msg"),
    ("message_template", "tpl"),
    ("order", "ord"),
    ("payment_link", "pay"),
    ("post", "post"),
    ("product", "prd"),
    ("reward", "rwd"),
    ("segment", "seg"),
    ("send_approval", "apr"),
    ("service", "svc"),
    ("settings", "set"),
    ("tag", "tag"),
    ("team_invite", "tinv"),
    ("upgrade", "upg"),
    ("user", "usr"),
    ("webhook", "whk"),
    ("whatsapp_link", "wal"),
    ("whatsapp_template", "wat"),
];

/// What the ids of this kind of record begin with.
pub(crate) fn prefix(kind: &str) -> &'static str {
    PREFIXES.iter().find(|(name, _)| *name == kind).map_or("rec", |(_, prefix)| prefix)
}

/// Opens a data file, or a database in memory, and counts how often it was opened.
pub(crate) fn open(path: Option<&std::path::Path>) -> Result<(Connection, u64), rusqlite::Error> {
    let db = match path {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    // A test tool: losing the last writes in a power cut is fine, waiting for the disk is not.
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")?;
    db.execute_batch(SCHEMA)?;
    let openings: i64 = db.query_row(
        "INSERT INTO meta VALUES ('openings', 1)
         ON CONFLICT (name) DO UPDATE SET number = number + 1 RETURNING number",
        [],
        |row| row.get(0),
    )?;
    Ok((db, openings.unsigned_abs()))
}

/// The records of one organisation.
pub(crate) struct Records<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) org: &'a str,
    pub(crate) now: Time,
}

/// Which records a list shows.
#[derive(Default)]
pub(crate) struct Select<'a> {
    /// Fields that must have exactly this value.
    pub(crate) equal: Vec<(&'a str, Value)>,
    /// A text that one of these fields must contain.
    pub(crate) containing: Option<(&'a [&'a str], &'a str)>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

/// A list of records and how many there are in all.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) total: usize,
}

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<Value> {
    let doc: String = row.get("doc")?;
    let mut record: Map<String, Value> = serde_json::from_str(&doc).unwrap_or_default();
    record.insert("id".into(), json!(row.get::<_, String>("id")?));
    for (name, column) in [("createdAt", "created"), ("updatedAt", "updated")] {
        let time = Time::from_millis(row.get(column)?);
        record.insert(name.into(), json!(time.rfc3339()));
    }
    Ok(Value::Object(record))
}

/// A JSON value as SQLite's `json_extract` would give it.
fn bound(value: &Value) -> rusqlite::types::Value {
    use rusqlite::types::Value as Sql;
    match value {
        Value::Null => Sql::Null,
        Value::Bool(flag) => Sql::Integer(i64::from(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Sql::Integer(whole),
            None => Sql::Real(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Sql::Text(text.clone()),
        other => Sql::Text(other.to_string()),
    }
}

impl Records<'_> {
    /// Stores a new record and answers it with its id and times.
    pub(crate) fn insert(&self, random: &mut Random, kind: &str, doc: Value) -> Result<Value, ToolError> {
        let id = random.id(prefix(kind));
        self.insert_as(&id, kind, &doc)?;
        self.get(kind, &id)
    }

    /// Stores a new record under an id chosen by the caller.
    pub(crate) fn insert_as(&self, id: &str, kind: &str, doc: &Value) -> Result<(), ToolError> {
        self.db.execute(
            "INSERT INTO records (id, org, kind, doc, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
            params![id, self.org, kind, doc.to_string(), self.now.millis(), self.now.millis()],
        )?;
        Ok(())
    }

    pub(crate) fn find(&self, kind: &str, id: &str) -> Result<Option<Value>, ToolError> {
        let found = self
            .db
            .query_row(
                "SELECT * FROM records WHERE id = ? AND org = ? AND kind = ?",
                params![id, self.org, kind],
                record,
            )
            .optional()?;
        Ok(found)
    }

    pub(crate) fn get(&self, kind: &str, id: &str) -> Result<Value, ToolError> {
        self.find(kind, id)?.ok_or_else(|| ToolError::not_found(&kind.replace('_', " ")).with("id", id))
    }

    /// Merges changes into a record (null removes) and answers the whole.
    pub(crate) fn patch(&self, kind: &str, id: &str, changes: Value) -> Result<Value, ToolError> {
        self.get(kind, id)?;
        self.db.execute(
            "UPDATE records SET doc = json_patch(doc, ?), updated = ? WHERE id = ? AND org = ?",
            params![changes.to_string(), self.now.millis(), id, self.org],
        )?;
        self.get(kind, id)
    }

    pub(crate) fn remove(&self, kind: &str, id: &str) -> Result<(), ToolError> {
        self.get(kind, id)?;
        self.db.execute("DELETE FROM records WHERE id = ? AND org = ?", params![id, self.org])?;
        Ok(())
    }

    pub(crate) fn list(&self, kind: &str, select: &Select<'_>) -> Result<Page, ToolError> {
        use rusqlite::types::Value as Sql;
        let mut condition = String::from("org = ? AND kind = ?");
        let mut bounds = vec![Sql::Text(self.org.to_owned()), Sql::Text(kind.to_owned())];
        for (field, value) in &select.equal {
            // Field names come from the catalogue, never from a caller.
            condition += &format!(" AND json_extract(doc, '$.{field}') = ?");
            bounds.push(bound(value));
        }
        if let Some((fields, text)) = select.containing {
            let any: Vec<_> = fields
                .iter()
                .map(|field| {
                    bounds.push(Sql::Text(text.to_lowercase()));
                    format!("instr(lower(ifnull(json_extract(doc, '$.{field}'), '')), ?) > 0")
                })
                .collect();
            condition += &format!(" AND ({})", any.join(" OR "));
        }
        let total: i64 = self.db.query_row(
            &format!("SELECT count(*) FROM records WHERE {condition}"),
            params_from_iter(&bounds),
            |row| row.get(0),
        )?;
        let limit = select.limit.map_or(-1, |limit| limit as i64);
        bounds.push(Sql::Integer(limit));
        bounds.push(Sql::Integer(select.offset as i64));
        let mut statement =
            self.db.prepare(&format!("SELECT * FROM records WHERE {condition} ORDER BY number LIMIT ? OFFSET ?"))?;
        let items = statement.query_map(params_from_iter(&bounds), record)?.collect::<Result<_, _>>()?;
        Ok(Page { items, total: usize::try_from(total).unwrap_or_default() })
    }

    /// All records of a kind with these field values.
    pub(crate) fn all(&self, kind: &str, equal: &[(&str, Value)]) -> Result<Vec<Value>, ToolError> {
        let select = Select { equal: equal.to_vec(), ..Select::default() };
        Ok(self.list(kind, &select)?.items)
    }

    /// The first record of a kind with this field value.
    pub(crate) fn first(&self, kind: &str, field: &str, value: &str) -> Result<Option<Value>, ToolError> {
        let select = Select { equal: vec![(field, json!(value))], limit: Some(1), ..Select::default() };
        Ok(self.list(kind, &select)?.items.pop())
    }

    /// How many records of a kind were made at or after a time.
    pub(crate) fn count_since(&self, kind: &str, since: Time) -> Result<i64, ToolError> {
        Ok(self.db.query_row(
            "SELECT count(*) FROM records WHERE org = ? AND kind = ? AND created >= ?",
            params![self.org, kind, since.millis()],
            |row| row.get(0),
        )?)
    }

    /// One number computed over this organisation's records; `?1` is the organisation.
    pub(crate) fn number(&self, sql: &str) -> Result<f64, ToolError> {
        let number: Option<f64> = self.db.query_row(sql, [self.org], |row| row.get(0))?;
        Ok(number.unwrap_or_default())
    }
}

/// The text of a field, or nothing.
pub(crate) fn text_of<'a>(record: &'a Value, field: &str) -> &'a str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}
