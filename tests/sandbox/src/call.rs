//! What a tool's function is given: the caller, the arguments, the store, the time and the means to send.

use crate::backend::Settings;
use crate::error::{Code, ToolError};
use crate::mail::{Mail, Mailer};
use crate::random::Random;
use crate::store::{Records, Select};
use crate::time::Time;
use rusqlite::Connection;
use serde_json::{Map, Value, json};

/// Whose key a request came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The organisation the key belongs to.
    pub organisation: String,
    /// The user the key was issued to.
    pub user: String,
    pub(crate) role: String,
}

/// One call of one tool.
pub(crate) struct Call<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) random: &'a mut Random,
    pub(crate) mailer: &'a dyn Mailer,
    pub(crate) settings: &'a Settings,
    pub(crate) catalog: &'a crate::catalog::Catalog,
    pub(crate) now: Time,
    /// Nobody for the registration tools.
    pub(crate) caller: Option<Caller>,
    pub(crate) arguments: Map<String, Value>,
}

impl Call<'_> {
    /// The organisation it works in; empty, and so matching no record, without a caller.
    pub(crate) fn org(&self) -> &str {
        self.caller.as_ref().map_or("", |caller| &caller.organisation)
    }

    pub(crate) fn user(&self) -> &str {
        self.caller.as_ref().map_or("", |caller| &caller.user)
    }

    pub(crate) fn records(&self) -> Records<'_> {
        Records { db: self.db, org: self.org(), now: self.now }
    }

    pub(crate) fn insert(&mut self, kind: &str, doc: Value) -> Result<Value, ToolError> {
        let org = self.org().to_owned();
        let records = Records { db: self.db, org: &org, now: self.now };
        records.insert(self.random, kind, doc)
    }

    /// A text argument, if given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    /// A text argument that the schema requires.
    pub(crate) fn need(&self, name: &str) -> Result<&str, ToolError> {
        self.text(name).ok_or_else(|| ToolError::invalid(name, "this field is required"))
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        let value = self.arguments.get(name)?;
        value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.arguments.get(name) == Some(&Value::Bool(true))
    }

    pub(crate) fn items(&self, name: &str) -> &[Value] {
        self.arguments.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The record that an argument names.
    pub(crate) fn record(&self, kind: &str, argument: &str) -> Result<Value, ToolError> {
        self.records().get(kind, self.need(argument)?)
    }

    /// Sends an email now: the call succeeds only when it went out.
    pub(crate) fn mail(&self, mail: Mail) -> Result<(), ToolError> {
        self.mailer
            .send(&mail, self.now)
            .map_err(|problem| ToolError::internal(format!("the email was not sent: {problem}")))
    }

    /// Refuses callers who may only use the product, not run it.
    pub(crate) fn owners_and_managers_only(&self) -> Result<(), ToolError> {
        match self.caller.as_ref().map(|caller| caller.role.as_str()) {
            Some("owner" | "manager") => Ok(()),
            _ => Err(ToolError::new(Code::Forbidden, "Only the owner or a manager may do this")),
        }
    }

    /// Where the page begins that `limit` and `cursor` ask for, and how long it is.
    fn window(&self) -> Result<(usize, usize), ToolError> {
        let limit = self.integer("limit").unwrap_or(50).clamp(1, 100) as usize;
        let offset = match self.text("cursor") {
            None => 0,
            Some(cursor) => {
                cursor.parse().map_err(|_| ToolError::invalid("cursor", "expected a cursor given by this tool"))?
            }
        };
        Ok((offset, limit))
    }

    /// The asked page of records.
    pub(crate) fn page(&self, kind: &str, mut select: Select<'_>) -> Result<Value, ToolError> {
        let (offset, limit) = self.window()?;
        select.limit = Some(limit);
        select.offset = offset;
        let page = self.records().list(kind, &select)?;
        Ok(page_json(page.items, page.total, offset + limit))
    }

    /// The asked page of what is not kept as records.
    pub(crate) fn slice(&self, items: Vec<Value>) -> Result<Value, ToolError> {
        let (offset, limit) = self.window()?;
        let total = items.len();
        let items = items.into_iter().skip(offset).take(limit).collect();
        Ok(page_json(items, total, offset + limit))
    }
}

fn page_json(items: Vec<Value>, total: usize, end: usize) -> Value {
    let mut page = json!({"items": items, "total": total});
    if end < total {
        page["nextCursor"] = json!(end.to_string());
    }
    page
}
