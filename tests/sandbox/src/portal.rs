//! What the owner does outside MCP: looks at keys, revokes them, decides about sends, upgrades.

use crate::backend::{Backend, run_tool};
use crate::call::{Call, Caller};
use crate::error::{Code, ToolError};
use crate::organisations;
use crate::random::sha256_hex;
use crate::store::text_of;
use crate::time::Time;
use crate::tools::pending_approval;
use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value, json};

/// What the owner says about a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it.
    Approve,
    /// Do not.
    Deny,
}

impl Backend {
    /// The organisations that the user with this address belongs to.
    pub fn organisations_of(&self, email: &str) -> Result<Vec<Value>, ToolError> {
        let state = self.state();
        let mut statement = state.db.prepare(
            "SELECT members.org FROM members JOIN users ON users.id = members.user
             WHERE users.email = ? ORDER BY members.joined",
        )?;
        let orgs: Vec<String> =
            statement.query_map([email.to_lowercase()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        orgs.iter().map(|org| organisations::profile(&state.db, org)).collect()
    }

    /// The keys of an organisation, masked.
    pub fn keys(&self, organisation: &str) -> Result<Vec<Value>, ToolError> {
        organisations::keys(&self.state().db, organisation)
    }

    /// Issues a key for a member; the answer holds it, once.
    pub fn create_key(&self, organisation: &str, email: &str, label: &str, now: Time) -> Result<Value, ToolError> {
        self.as_owner(organisation, now, |call| {
            let user = organisations::user_by_email(call.db, &email.to_lowercase())?
                .ok_or_else(|| ToolError::not_found("user"))?;
            let member: Option<i64> = call
                .db
                .query_row("SELECT 1 FROM members WHERE org = ? AND user = ?", params![organisation, user], |row| {
                    row.get(0)
                })
                .optional()?;
            if member.is_none() {
                return Err(ToolError::not_found("user"));
            }
            let key = organisations::issue_key(call.db, call.random, organisation, &user, label, call.now)?;
            Ok(json!({"id": key.id, "apiKey": key.secret, "masked": key.masked}))
        })
    }

    /// Revokes a key by its id or by the key itself; from now on it is refused.
    pub fn revoke_key(&self, id_or_key: &str, now: Time) -> Result<(), ToolError> {
        let state = self.state();
        let changed = state.db.execute(
            "UPDATE keys SET revoked = ? WHERE (id = ? OR hash = ?) AND revoked IS NULL",
            params![now.millis(), id_or_key, sha256_hex(id_or_key)],
        )?;
        match changed {
            0 => Err(ToolError::not_found("key")),
            _ => Ok(()),
        }
    }

    /// The send approvals of an organisation, oldest first.
    pub fn approvals(&self, organisation: &str, now: Time) -> Result<Vec<Value>, ToolError> {
        self.as_owner(organisation, now, |call| call.records().all("send_approval", &[]))
    }

    /// Decides about a send. When it is approved the backend sends at once, and the approval becomes
    /// `completed`, or `failed` with the reason.
    pub fn decide(&self, approval: &str, decision: Decision, now: Time) -> Result<Value, ToolError> {
        let organisation = self.organisation_of_record(approval, "send_approval")?;
        self.as_owner(&organisation, now, |call| decide(call, approval, decision))
    }

    /// The upgrade links of an organisation that are still open, without their tokens.
    pub fn upgrades(&self, organisation: &str, now: Time) -> Result<Vec<Value>, ToolError> {
        self.as_owner(organisation, now, |call| {
            let mut upgrades = call.records().all("upgrade", &[("status", json!("open"))])?;
            for upgrade in &mut upgrades {
                if let Value::Object(upgrade) = upgrade {
                    upgrade.remove("token");
                }
            }
            Ok(upgrades)
        })
    }

    /// Pays an upgrade link: the organisation is on the new plan afterwards.
    pub fn open_upgrade(&self, token: &str, now: Time) -> Result<Value, ToolError> {
        self.with_link("upgrade", token, now, |call, upgrade| {
            let plan = text_of(upgrade, "planCode");
            call.db.execute("UPDATE organisations SET plan = ? WHERE id = ?", params![plan, call.org()])?;
            Ok(json!({"organisationId": call.org(), "planCode": plan, "status": "active"}))
        })
    }

    /// Opens a WhatsApp link: a number is connected afterwards.
    pub fn connect_whatsapp(&self, token: &str, now: Time) -> Result<Value, ToolError> {
        self.with_link("whatsapp_link", token, now, |call, _| {
            let settings = crate::tools::settings_of(call)?;
            let connected = json!({"whatsapp": "connected"});
            call.records().patch("settings", text_of(&settings, "id"), connected)?;
            Ok(json!({"organisationId": call.org(), "status": "connected"}))
        })
    }

    /// Uses a link that a tool made, once and before it is too old.
    fn with_link(
        &self,
        kind: &str,
        token: &str,
        now: Time,
        work: impl FnOnce(&mut Call<'_>, &Value) -> Result<Value, ToolError>,
    ) -> Result<Value, ToolError> {
        let found: Option<(String, String)> = self
            .state()
            .db
            .query_row(
                "SELECT org, id FROM records WHERE kind = ? AND json_extract(doc, '$.token') = ?",
                [kind, &sha256_hex(token)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let (organisation, id) = found.ok_or_else(|| ToolError::not_found("link"))?;
        self.as_owner(&organisation, now, |call| {
            let link = call.records().get(kind, &id)?;
            if text_of(&link, "status") != "open" {
                return Err(ToolError::conflict("This link was used before"));
            }
            if Time::parse(text_of(&link, "expiresAt")).is_none_or(|expires| expires <= call.now) {
                return Err(ToolError::conflict("This link is too old"));
            }
            call.records().patch(kind, &id, json!({"status": "used"}))?;
            work(call, &link)
        })
    }

    fn organisation_of_record(&self, id: &str, kind: &str) -> Result<String, ToolError> {
        let found: Option<String> = self
            .state()
            .db
            .query_row("SELECT org FROM records WHERE id = ? AND kind = ?", [id, kind], |row| row.get(0))
            .optional()?;
        found.ok_or_else(|| ToolError::not_found(&kind.replace('_', " ")))
    }

    fn as_owner<T>(
        &self,
        organisation: &str,
        now: Time,
        work: impl FnOnce(&mut Call<'_>) -> Result<T, ToolError>,
    ) -> Result<T, ToolError> {
        let owner = Caller { organisation: organisation.to_owned(), user: String::new(), role: "owner".into() };
        let mut state = self.state();
        self.in_transaction(&mut state, Some(owner), Map::new(), now, work)
    }
}

fn decide(call: &mut Call<'_>, id: &str, decision: Decision) -> Result<Value, ToolError> {
    let approval = pending_approval(call, id)?;
    let mut changes = json!({"decidedAt": call.now.rfc3339()});
    match decision {
        Decision::Deny => changes["status"] = json!("denied"),
        Decision::Approve if call.settings.agent_sends => changes["status"] = json!("approved"),
        Decision::Approve => match carry_out(call, &approval) {
            Ok(()) => {
                changes["status"] = json!("completed");
                changes["completedAt"] = json!(call.now.rfc3339());
            }
            Err(error) if error.code == Code::Internal => return Err(error),
            Err(error) => {
                changes["status"] = json!("failed");
                changes["failure"] = json!(error.to_string());
            }
        },
    }
    call.records().patch("send_approval", id, changes)
}

/// Does the send that was asked for, with exactly the payload that the owner saw.
fn carry_out(call: &mut Call<'_>, approval: &Value) -> Result<(), ToolError> {
    let tool = call.catalog.find(text_of(approval, "actionType")).ok_or_else(|| ToolError::not_found("send tool"))?;
    call.arguments = approval["payload"].as_object().cloned().unwrap_or_default();
    crate::field::check(&tool.input, &call.arguments)?;
    crate::backend::check_references(tool, call)?;
    if let Some(need) = tool.need {
        crate::plan::require(call, need)?;
    }
    run_tool(tool, call).map(drop)
}
