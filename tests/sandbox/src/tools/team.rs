//! The people of an organisation, and inviting more of them.

use crate::call::Call;
use crate::entity::{page_of, paging};
use crate::error::{Code, ToolError};
use crate::field::{Field, choice, date_time, email, flag, reference, text};
use crate::mail::Mail;
use crate::organisations::profile;
use crate::random::sha256_hex;
use crate::store::text_of;
use crate::time::Time;
use crate::tool::{Scope, Tool, tool};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};

const ROLES: &[&str] = &["staff", "manager"];

fn member() -> Vec<Field> {
    vec![
        reference("userId", "user").req(),
        email("email").req(),
        text("name").req(),
        choice("role", &["owner", "manager", "staff"]).req(),
        date_time("joinedAt").req(),
    ]
}

fn invite() -> Vec<Field> {
    vec![
        reference("inviteId", "team_invite").req(),
        email("email").req(),
        text("name"),
        choice("role", ROLES).req(),
        choice("status", &["pending", "accepted", "cancelled"]).req(),
        date_time("createdAt").req(),
    ]
}

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Team;
    let user = || reference("userId", "user").req();
    vec![
        tool(
            scope,
            "list_team_members",
            "Lists the people of the organisation with their roles.",
            paging().to_vec(),
            |call| {
                let members = members(call)?;
                call.slice(members)
            },
        )
        .gives(page_of(member())),
        tool(
            scope,
            "update_team_member",
            "Changes the role of a team member. Only the owner or a manager may do this.",
            vec![user(), choice("role", ROLES).req()],
            update_member,
        )
        .gives(member()),
        tool(
            scope,
            "delete_team_member",
            "Removes a person from the organisation and revokes their keys.",
            vec![user()],
            delete_member,
        )
        .gives(vec![user(), flag("deleted").req()]),
        tool(
            scope,
            "create_team_member_invite",
            "Invites a person to the team by email and gives the invite's token.",
            vec![email("email").req(), text("name"), choice("role", ROLES).about("staff if not given")],
            create_invite,
        )
        .open_world()
        .gives({
            let mut fields = invite();
            fields.push(text("token").req().about("Shown only this once"));
            fields
        }),
        tool(
            scope,
            "list_team_invites",
            "Lists the invites with their status, without their tokens.",
            paging().to_vec(),
            |call| {
                let invites = invites(call)?;
                call.slice(invites)
            },
        )
        .gives(page_of(invite())),
        tool(
            scope,
            "cancel_team_invite",
            "Cancels an invite that was not accepted; its token no longer works.",
            vec![reference("inviteId", "team_invite").req()],
            cancel_invite,
        )
        .gives(invite()),
    ]
}

fn members(call: &Call<'_>) -> Result<Vec<Value>, ToolError> {
    let mut statement = call.db.prepare(
        "SELECT users.id, email, name, role, joined FROM members JOIN users ON users.id = members.user
         WHERE org = ? ORDER BY joined, members.rowid",
    )?;
    let rows = statement.query_map([call.org()], |row| {
        Ok(json!({
            "userId": row.get::<_, String>(0)?, "email": row.get::<_, String>(1)?,
            "name": row.get::<_, String>(2)?, "role": row.get::<_, String>(3)?,
            "joinedAt": Time::from_millis(row.get(4)?).rfc3339(),
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn find_member(call: &Call<'_>) -> Result<Value, ToolError> {
    let id = call.need("userId")?;
    members(call)?.into_iter().find(|member| member["userId"] == id).ok_or_else(|| ToolError::not_found("team member"))
}

/// A member other than the owner, whom nobody may change.
fn changeable_member(call: &Call<'_>) -> Result<Value, ToolError> {
    call.owners_and_managers_only()?;
    let member = find_member(call)?;
    if member["role"] == "owner" {
        return Err(ToolError::new(Code::Forbidden, "The owner cannot be changed or removed"));
    }
    Ok(member)
}

fn update_member(call: &mut Call<'_>) -> Result<Value, ToolError> {
    changeable_member(call)?;
    call.db.execute(
        "UPDATE members SET role = ? WHERE org = ? AND user = ?",
        params![call.need("role")?, call.org(), call.need("userId")?],
    )?;
    find_member(call)
}

fn delete_member(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let member = changeable_member(call)?;
    let user = text_of(&member, "userId");
    call.db.execute(
        "UPDATE keys SET revoked = ? WHERE org = ? AND user = ? AND revoked IS NULL",
        params![call.now.millis(), call.org(), user],
    )?;
    call.db.execute("DELETE FROM members WHERE org = ? AND user = ?", [call.org(), user])?;
    Ok(json!({"userId": user, "deleted": true}))
}

fn invites(call: &Call<'_>) -> Result<Vec<Value>, ToolError> {
    let mut statement = call.db.prepare("SELECT * FROM invites WHERE org = ? ORDER BY created, rowid")?;
    let rows = statement.query_map([call.org()], |row| {
        let mut invite = json!({
            "inviteId": row.get::<_, String>("id")?, "email": row.get::<_, String>("email")?,
            "role": row.get::<_, String>("role")?, "status": row.get::<_, String>("status")?,
            "createdAt": Time::from_millis(row.get("created")?).rfc3339(),
        });
        if let Some(name) = row.get::<_, Option<String>>("name")? {
            invite["name"] = json!(name);
        }
        Ok(invite)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn find_invite(call: &Call<'_>, id: &str) -> Result<Value, ToolError> {
    invites(call)?
        .into_iter()
        .find(|invite| invite["inviteId"] == id)
        .ok_or_else(|| ToolError::not_found("team invite"))
}

fn create_invite(call: &mut Call<'_>) -> Result<Value, ToolError> {
    call.owners_and_managers_only()?;
    let address = call.need("email")?.to_lowercase();
    if members(call)?.iter().any(|member| member["email"] == address) {
        return Err(ToolError::conflict("This person is in the team already"));
    }
    let id = call.random.id(crate::store::prefix("team_invite"));
    let token = format!("inv_tok_{}", call.random.base62(32));
    let role = call.text("role").unwrap_or("staff");
    call.db.execute(
        "INSERT INTO invites VALUES (?, ?, ?, ?, ?, ?, 'pending', ?)",
        params![id, sha256_hex(&token), call.org(), address, call.text("name"), role, call.now.millis()],
    )?;
    let company = profile(call.db, call.org())?;
    let name = text_of(&company, "name");
    call.mail(Mail {
        to: address,
        subject: format!("You are invited to join {name}"),
        body: format!("Hello,\n\nYou are invited to join {name}.\n\nYour invite token is {token}\n"),
    })?;
    let mut invite = find_invite(call, &id)?;
    invite["token"] = json!(token);
    Ok(invite)
}

fn cancel_invite(call: &mut Call<'_>) -> Result<Value, ToolError> {
    call.owners_and_managers_only()?;
    let id = call.need("inviteId")?.to_owned();
    // Read back by its state, so that an invite accepted at the same moment stays accepted.
    let cancelled: Option<i64> = call
        .db
        .query_row(
            "UPDATE invites SET status = 'cancelled' WHERE id = ? AND org = ? AND status = 'pending' RETURNING 1",
            params![id, call.org()],
            |row| row.get(0),
        )
        .optional()?;
    let invite = find_invite(call, &id)?;
    match cancelled {
        Some(_) => Ok(invite),
        None => Err(ToolError::conflict(format!("This invite is {} already", text_of(&invite, "status")))),
    }
}
