//! Organisations, the people in them, and their keys.

use crate::backend::KEY_PREFIX;
use crate::call::Call;
use crate::error::ToolError;
use crate::random::{Random, sha256_hex};
use crate::time::Time;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

/// The id of the user with this address.
pub(crate) fn user_by_email(db: &Connection, email: &str) -> Result<Option<String>, ToolError> {
    Ok(db.query_row("SELECT id FROM users WHERE email = ?", [email], |row| row.get(0)).optional()?)
}

/// The user with this address, made if there is none.
pub(crate) fn ensure_user(call: &mut Call<'_>, email: &str, name: &str) -> Result<String, ToolError> {
    if let Some(id) = user_by_email(call.db, email)? {
        return Ok(id);
    }
    let id = call.random.id("usr");
    call.db.execute("INSERT INTO users VALUES (?, ?, ?)", params![id, email, name])?;
    Ok(id)
}

/// Puts a user into an organisation; someone who is there already keeps the role.
pub(crate) fn join(call: &Call<'_>, org: &str, user: &str, role: &str) -> Result<(), ToolError> {
    call.db
        .execute("INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)", params![org, user, role, call.now.millis()])?;
    Ok(())
}

/// A key just issued: the only moment at which it can be read.
pub(crate) struct NewKey {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) masked: String,
}

/// Issues a key; only its hash is stored.
pub(crate) fn issue_key(
    db: &Connection,
    random: &mut Random,
    org: &str,
    user: &str,
    label: &str,
    now: Time,
) -> Result<NewKey, ToolError> {
    let id = random.id("key");
    let secret = format!("{KEY_PREFIX}{}", random.base62(32));
    let masked = format!("{KEY_PREFIX}…{}", &secret[secret.len() - 4..]);
    db.execute(
        "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        params![id, org, user, sha256_hex(&secret), label, masked, now.millis()],
    )?;
    Ok(NewKey { id, secret, masked })
}

/// The keys of an organisation, masked.
pub(crate) fn keys(db: &Connection, org: &str) -> Result<Vec<Value>, ToolError> {
    let mut statement = db.prepare("SELECT * FROM keys WHERE org = ? ORDER BY created, rowid")?;
    let rows = statement.query_map([org], |row| {
        let mut key = json!({
            "id": row.get::<_, String>("id")?,
            "label": row.get::<_, String>("label")?,
            "masked": row.get::<_, String>("masked")?,
            "userId": row.get::<_, String>("user")?,
            "createdAt": Time::from_millis(row.get("created")?).rfc3339(),
            "revoked": false,
        });
        if let Some(at) = row.get::<_, Option<i64>>("revoked")? {
            key["revoked"] = json!(true);
            key["revokedAt"] = json!(Time::from_millis(at).rfc3339());
        }
        Ok(key)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The company as its people see it.
pub(crate) fn profile(db: &Connection, org: &str) -> Result<Value, ToolError> {
    let found = db
        .query_row("SELECT company_id, profile, plan, created FROM organisations WHERE id = ?", [org], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                Time::from_millis(row.get(3)?),
            ))
        })
        .optional()?;
    let (company, profile, plan, created) = found.ok_or_else(|| ToolError::not_found("organisation"))?;
    let mut profile: Value = serde_json::from_str(&profile).unwrap_or_else(|_| json!({}));
    profile["organisationId"] = json!(org);
    profile["companyId"] = json!(company);
    profile["planCode"] = json!(plan);
    profile["createdAt"] = json!(created.rfc3339());
    Ok(profile)
}
