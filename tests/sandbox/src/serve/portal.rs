//! The owner's portal: pages for a person, and the same as JSON for tests.

use super::{App, html, now};
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use toolgate_sandbox::error::{Code, ToolError};
use toolgate_sandbox::portal::Decision;

type Shared = State<Arc<App>>;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/portal", get(home))
        .route("/portal/keys/create", post(page_create_key))
        .route("/portal/keys/revoke", post(page_revoke_key))
        .route("/portal/approvals", post(page_decide))
        .route("/portal/upgrade/{token}", get(page_upgrade).post(page_open_upgrade))
        .route("/portal/whatsapp/{token}", get(page_whatsapp).post(page_connect_whatsapp))
        .route("/portal/api/organisations", get(organisations))
        .route("/portal/api/approvals", get(approvals))
        .route("/portal/api/approvals/{id}", post(decide))
        .route("/portal/api/keys", get(keys).post(create_key))
        .route("/portal/api/keys/revoke", post(revoke_key))
        .route("/portal/api/upgrade/{token}", post(open_upgrade))
        .route("/portal/api/whatsapp/{token}", post(connect_whatsapp))
        .route("/portal/api/log", get(log))
}

/// An error of the backend as HTTP.
struct Problem(ToolError);

impl From<ToolError> for Problem {
    fn from(error: ToolError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self.0.code {
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Conflict => StatusCode::CONFLICT,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({"error": self.0.to_json()}))).into_response()
    }
}

type Answer = Result<Json<Value>, Problem>;

#[derive(Deserialize)]
struct Who {
    email: Option<String>,
}

async fn home(State(app): Shared, Query(who): Query<Who>) -> Result<Html<String>, Problem> {
    let Some(email) = who.email else {
        return Ok(Html(html::sign_in()));
    };
    let mut body = String::new();
    for profile in app.backend.organisations_of(&email)? {
        let id = profile["organisationId"].as_str().unwrap_or_default();
        body += &html::organisation(
            &email,
            &profile,
            &app.backend.keys(id)?,
            &app.backend.approvals(id, now())?,
            &app.backend.upgrades(id, now())?,
        );
    }
    if body.is_empty() {
        body = "<p>No organisation belongs to this address.</p>".into();
    }
    Ok(Html(html::page("FavCRM sandbox portal", &body)))
}

/// A form of a page: what to do, and where to go back to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Act {
    email: String,
    organisation_id: String,
    id: Option<String>,
    label: Option<String>,
    decision: Option<Choice>,
}

fn back(email: &str) -> Redirect {
    // Only what has a meaning in a query needs escaping; an address has little of it.
    let email = email.replace('%', "%25").replace('+', "%2B").replace('&', "%26").replace('#', "%23");
    Redirect::to(&format!("/portal?email={email}"))
}

async fn page_create_key(State(app): Shared, Form(act): Form<Act>) -> Result<Html<String>, Problem> {
    let label = act.label.as_deref().unwrap_or("Portal");
    let key = app.backend.create_key(&act.organisation_id, &act.email, label, now())?;
    let key = key["apiKey"].as_str().unwrap_or_default();
    let body = format!("<p>Copy the key now: it is not shown again.</p><pre>{}</pre>", html::escape(key));
    Ok(Html(html::page("New key", &body)))
}

async fn page_revoke_key(State(app): Shared, Form(act): Form<Act>) -> Result<Redirect, Problem> {
    app.backend.revoke_key(act.id.as_deref().unwrap_or_default(), now())?;
    Ok(back(&act.email))
}

async fn page_decide(State(app): Shared, Form(act): Form<Act>) -> Result<Redirect, Problem> {
    let decision = act.decision.unwrap_or(Choice::Deny).into();
    let id = act.id.unwrap_or_default();
    run_decision(app, id, decision).await?;
    Ok(back(&act.email))
}

async fn page_upgrade(Path(token): Path<String>) -> Html<String> {
    let question = "No money moves in the sandbox.";
    Html(html::link("Upgrade your plan", question, &format!("/portal/upgrade/{token}")))
}

async fn page_whatsapp(Path(token): Path<String>) -> Html<String> {
    let question = "No number is called in the sandbox.";
    Html(html::link("Connect WhatsApp", question, &format!("/portal/whatsapp/{token}")))
}

async fn page_connect_whatsapp(State(app): Shared, Path(token): Path<String>) -> Result<Html<String>, Problem> {
    app.backend.connect_whatsapp(&token, now())?;
    Ok(Html(html::page("Thank you", "<p>A number is connected now.</p>")))
}

async fn page_open_upgrade(State(app): Shared, Path(token): Path<String>) -> Result<Html<String>, Problem> {
    let upgraded = app.backend.open_upgrade(&token, now())?;
    let plan = upgraded["planCode"].as_str().unwrap_or_default();
    let body = format!("<p>You are on the {} plan now.</p>", html::escape(plan));
    Ok(Html(html::page("Thank you", &body)))
}

async fn organisations(State(app): Shared, Query(who): Query<Who>) -> Answer {
    let email = who.email.unwrap_or_default();
    Ok(Json(json!({"items": app.backend.organisations_of(&email)?})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Where {
    organisation_id: String,
}

async fn approvals(State(app): Shared, Query(place): Query<Where>) -> Answer {
    let items = app.backend.approvals(&place.organisation_id, now())?;
    Ok(Json(json!({"items": items})))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    Approve,
    Deny,
}

impl From<Choice> for Decision {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Approve => Self::Approve,
            Choice::Deny => Self::Deny,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    decision: Choice,
}

async fn decide(State(app): Shared, Path(id): Path<String>, Json(decided): Json<Decided>) -> Answer {
    Ok(Json(run_decision(app, id, decided.decision.into()).await?))
}

/// Off the async threads, since an approved send goes out before this ends.
async fn run_decision(app: Arc<App>, id: String, decision: Decision) -> Result<Value, ToolError> {
    tokio::task::spawn_blocking(move || app.backend.decide(&id, decision, now()))
        .await
        .map_err(|_| ToolError::new(Code::Internal, "The decision failed"))?
}

async fn keys(State(app): Shared, Query(place): Query<Where>) -> Answer {
    Ok(Json(json!({"items": app.backend.keys(&place.organisation_id)?})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewKey {
    organisation_id: String,
    email: String,
    label: Option<String>,
}

async fn create_key(State(app): Shared, Json(new): Json<NewKey>) -> Answer {
    let label = new.label.as_deref().unwrap_or("Portal");
    let key = app.backend.create_key(&new.organisation_id, &new.email, label, now())?;
    Ok(Json(key))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Revoked {
    id: Option<String>,
    api_key: Option<String>,
}

async fn revoke_key(State(app): Shared, Json(revoked): Json<Revoked>) -> Answer {
    let key = revoked.id.or(revoked.api_key).unwrap_or_default();
    app.backend.revoke_key(&key, now())?;
    Ok(Json(json!({"revoked": true})))
}

async fn open_upgrade(State(app): Shared, Path(token): Path<String>) -> Answer {
    Ok(Json(app.backend.open_upgrade(&token, now())?))
}

async fn connect_whatsapp(State(app): Shared, Path(token): Path<String>) -> Answer {
    Ok(Json(app.backend.connect_whatsapp(&token, now())?))
}

async fn log(State(app): Shared) -> Answer {
    Ok(Json(json!({"calls": app.backend.call_log()?})))
}
