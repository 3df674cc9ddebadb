//! Registration by emailed code, and what a caller can learn about itself.

use crate::call::Call;
use crate::codes;
use crate::error::{Code, ToolError};
use crate::field::{
    Field, choice, country, date_time, email, flag, list, object, objects, reference, six_digits, text, timezone, url,
};
use crate::mail::masked;
use crate::organisations::{self, ensure_user, issue_key, join, profile};
use crate::random::sha256_hex;
use crate::tool::{Scope, Tool, tool};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};

const INDUSTRIES: &[&str] = &["beauty", "fitness", "tutoring", "retail", "hospitality", "services", "tech", "other"];

pub(crate) fn tools() -> Vec<Tool> {
    let scope = Scope::Account;
    vec![
        tool(
            scope,
            "register_organisation_request",
            "Starts the registration of a new organisation: a six-digit code goes to the given address. Ask the person for the code, then call register_organisation_verify.",
            vec![
                email("email").req().about("Where the code is sent; the owner's address"),
                text("organisationName").req().at_least(2),
                choice("industry", INDUSTRIES),
                country("country"),
                timezone("timezone"),
            ],
            register_request,
        )
        .gives(code_sent(true))
        .public(),
        tool(
            scope,
            "register_organisation_verify",
            "Finishes a registration with the emailed code and gives the API key, which is shown only once.",
            vec![
                text("requestId").req().about("From register_organisation_request"),
                six_digits("code").req().about("The code from the email"),
            ],
            register_verify,
        )
        .gives(welcome())
        .public(),
        tool(
            scope,
            "accept_team_invite_request",
            "Starts joining a team with an invite's token: a six-digit code goes to the invited address.",
            vec![text("token").req().about("From the invitation")],
            invite_request,
        )
        .gives(code_sent(false))
        .public(),
        tool(
            scope,
            "accept_team_invite_verify",
            "Joins the team with the emailed code and gives an API key, which is shown only once.",
            vec![
                text("token").req().about("From the invitation"),
                six_digits("code").req().about("The code from the email"),
                text("name").about("How the new member wants to be called"),
            ],
            invite_verify,
        )
        .gives(welcome())
        .public(),
        tool(
            scope,
            "list_my_companies",
            "Lists the companies that the key's owner belongs to, with the role in each.",
            vec![],
            my_companies,
        )
        .gives(vec![
            objects(
                "items",
                vec![
                    text("organisationId").req(),
                    text("companyId").req(),
                    text("name").req(),
                    text("role").req(),
                    flag("current").req(),
                ],
            )
            .req(),
        ]),
        tool(
            scope,
            "get_current_user",
            "Gets the user that the key was issued to.",
            vec![],
            current_user,
        )
        .gives(vec![
            reference("userId", "user").req(),
            email("email").req(),
            text("name").req(),
            text("role").req(),
            text("organisationId").req(),
        ]),
        tool(
            scope,
            "get_company_profile",
            "Gets the company's name, industry, country, time zone and plan.",
            vec![],
            |call| profile(call.db, call.org()),
        )
        .gives(company()),
        tool(
            scope,
            "update_company_profile",
            "Changes the given parts of the company's profile.",
            vec![
                text("name").at_least(2),
                choice("industry", INDUSTRIES),
                country("country"),
                timezone("timezone"),
                url("website"),
            ],
            update_profile,
        )
        .gives(company()),
        tool(
            scope,
            "list_mcp_keys",
            "Lists the organisation's MCP keys, masked. Keys are created and revoked in the portal.",
            vec![],
            |call| {
                let keys = organisations::keys(call.db, call.org())?;
                Ok(json!({"total": keys.len(), "items": keys}))
            },
        )
        .gives(crate::entity::page_of(vec![
            reference("id", "key").req(),
            text("label").req(),
            text("masked").req(),
            date_time("createdAt").req(),
            flag("revoked").req(),
        ])),
        tool(
            scope,
            "report_agent_issue",
            "Tells the vendor about a problem that an agent met, without customer data.",
            vec![
                text("summary").req(),
                choice("severity", &["low", "medium", "high"]),
                text("toolName"),
                list("steps", text("")),
            ],
            |call| {
                let issue = call.insert("issue", Value::Object(call.arguments.clone()))?;
                Ok(json!({"issueId": issue["id"], "status": "received"}))
            },
        )
        .gives(vec![reference("issueId", "issue").req(), text("status").req()]),
    ]
}

fn code_sent(request: bool) -> Vec<Field> {
    let mut fields = vec![
        text("maskedEmail").req().about("For display only"),
        date_time("expiresAt").req(),
        text("instructions").req(),
        date_time("serverTime").req(),
    ];
    if request {
        fields.push(text("requestId").req());
    }
    fields
}

fn welcome() -> Vec<Field> {
    vec![
        text("organisationId").req(),
        text("companyId").req(),
        reference("userId", "user").req(),
        text("apiKey").req().about("Shown only this once"),
        url("loginUrl").req(),
        list("nextSteps", text("")).req(),
    ]
}

fn company() -> Vec<Field> {
    vec![
        text("organisationId").req(),
        text("companyId").req(),
        text("name").req(),
        text("industry"),
        country("country"),
        timezone("timezone"),
        url("website"),
        text("planCode").req(),
        date_time("createdAt").req(),
        object("owner", vec![email("email")]),
    ]
}

fn existing_account(call: &Call<'_>) -> ToolError {
    ToolError::new(
        Code::ExistingAccount,
        "This address has an account: sign in to the portal and create a key under Settings → MCP Keys, or join by invite",
    )
    .with("loginUrl", call.settings.portal.clone())
}

fn register_request(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let address = call.need("email")?.to_lowercase();
    if organisations::user_by_email(call.db, &address)?.is_some() {
        return Err(existing_account(call));
    }
    let request = call.random.id("signup_req");
    let payload = Value::Object(call.arguments.clone());
    let subject = "Your FavCRM registration code";
    let expires = codes::issue(call, &request, &address, &payload, subject)?;
    Ok(json!({
        "requestId": request,
        "maskedEmail": masked(&address),
        "expiresAt": expires.rfc3339(),
        "serverTime": call.now.rfc3339(),
        "instructions": "Ask the person for the six-digit code in the email, then call register_organisation_verify with the requestId and the code.",
    }))
}

fn register_verify(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let request = call.need("requestId")?.to_owned();
    if !request.starts_with("signup_req_") {
        return Err(ToolError::new(Code::UnknownRequest, "No code was asked for with this request"));
    }
    let code = call.need("code")?.to_owned();
    let (address, asked) = codes::redeem(call, &request, &code)?;
    // Another request for the same address may have been verified in the meantime.
    if organisations::user_by_email(call.db, &address)?.is_some() {
        return Err(existing_account(call));
    }
    let org = call.random.id("org");
    let company = call.random.id("co");
    let mut profile = json!({"name": asked["organisationName"], "owner": {"email": address}});
    for field in ["industry", "country", "timezone"] {
        if let Some(value) = asked.get(field) {
            profile[field] = value.clone();
        }
    }
    call.db.execute(
        "INSERT INTO organisations VALUES (?, ?, ?, 'free', ?)",
        params![org, company, profile.to_string(), call.now.millis()],
    )?;
    let name = address.split('@').next().unwrap_or_default().to_owned();
    let user = ensure_user(call, &address, &name)?;
    join(call, &org, &user, "owner")?;
    crate::tools::seed_services(call, &org)?;
    if call.settings.demo_data {
        crate::demo::seed(call, &org)?;
    }
    let key = issue_key(call.db, call.random, &org, &user, "Registration", call.now)?;
    Ok(welcome_answer(call, &org, &company, &user, &key.secret))
}

fn welcome_answer(call: &Call<'_>, org: &str, company: &str, user: &str, key: &str) -> Value {
    json!({
        "organisationId": org,
        "companyId": company,
        "userId": user,
        "apiKey": key,
        "loginUrl": call.settings.portal,
        "nextSteps": [
            "Keep the key in a vault: it is not shown again",
            "Send it as a bearer token and call list_my_companies",
            "Call get_plan_status to see the quotas",
        ],
    })
}

/// Requests for invites and for registrations share a table, so they are named apart.
fn invite_request_name(token: &str) -> String {
    format!("invite:{}", sha256_hex(token))
}

struct Invite {
    id: String,
    org: String,
    email: String,
    name: Option<String>,
    role: String,
    status: String,
}

fn invite_by_token(call: &Call<'_>, token: &str) -> Result<Invite, ToolError> {
    let invite = call
        .db
        .query_row(
            "SELECT id, org, email, name, role, status FROM invites WHERE token_hash = ?",
            [sha256_hex(token)],
            |row| {
                Ok(Invite {
                    id: row.get(0)?,
                    org: row.get(1)?,
                    email: row.get(2)?,
                    name: row.get(3)?,
                    role: row.get(4)?,
                    status: row.get(5)?,
                })
            },
        )
        .optional()?
        .filter(|invite| invite.status != "cancelled")
        .ok_or_else(|| ToolError::new(Code::UnknownRequest, "There is no such invite"))?;
    if invite.status == "accepted" {
        return Err(ToolError::new(Code::RequestAlreadyUsed, "This invite was accepted before"));
    }
    Ok(invite)
}

fn invite_request(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let token = call.need("token")?.to_owned();
    let invite = invite_by_token(call, &token)?;
    let subject = "Your FavCRM team code";
    let request = invite_request_name(&token);
    let expires = codes::issue(call, &request, &invite.email, &Value::Null, subject)?;
    Ok(json!({
        "maskedEmail": masked(&invite.email),
        "expiresAt": expires.rfc3339(),
        "serverTime": call.now.rfc3339(),
        "instructions": "Ask the person for the six-digit code in the email, then call accept_team_invite_verify with the token and the code.",
    }))
}

fn invite_verify(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let token = call.need("token")?.to_owned();
    let invite = invite_by_token(call, &token)?;
    let code = call.need("code")?.to_owned();
    codes::redeem(call, &invite_request_name(&token), &code)?;
    let name = call
        .text("name")
        .map(str::to_owned)
        .or(invite.name)
        .unwrap_or_else(|| invite.email.split('@').next().unwrap_or_default().to_owned());
    let user = ensure_user(call, &invite.email, &name)?;
    join(call, &invite.org, &user, &invite.role)?;
    call.db.execute("UPDATE invites SET status = 'accepted' WHERE id = ?", [&invite.id])?;
    let key = issue_key(call.db, call.random, &invite.org, &user, "Team invite", call.now)?;
    let profile = profile(call.db, &invite.org)?;
    let company = crate::store::text_of(&profile, "companyId");
    Ok(welcome_answer(call, &invite.org, company, &user, &key.secret))
}

fn my_companies(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let mut statement = call.db.prepare("SELECT org, role FROM members WHERE user = ? ORDER BY joined, rowid")?;
    let memberships: Vec<(String, String)> =
        statement.query_map([call.user()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut items = Vec::new();
    for (org, role) in memberships {
        let profile = profile(call.db, &org)?;
        items.push(json!({
            "organisationId": org, "companyId": profile["companyId"], "name": profile["name"],
            "role": role, "current": org == call.org(),
        }));
    }
    Ok(json!({"items": items}))
}

fn current_user(call: &mut Call<'_>) -> Result<Value, ToolError> {
    let (email, name): (String, String) =
        call.db.query_row("SELECT email, name FROM users WHERE id = ?", [call.user()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let role = call.caller.as_ref().map(|caller| caller.role.clone());
    Ok(json!({
        "userId": call.user(), "email": email, "name": name, "role": role, "organisationId": call.org(),
    }))
}

fn update_profile(call: &mut Call<'_>) -> Result<Value, ToolError> {
    call.owners_and_managers_only()?;
    let changes = Value::Object(call.arguments.clone());
    call.db.execute(
        "UPDATE organisations SET profile = json_patch(profile, ?) WHERE id = ?",
        params![changes.to_string(), call.org()],
    )?;
    profile(call.db, call.org())
}
