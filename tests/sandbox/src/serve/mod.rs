//! HTTP: what is shared by all routes, and the routes.

mod cors;
mod front;
mod html;
mod listen;
mod mcp;
mod portal;

use crate::cli::{Answers, Cli};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HOST, ORIGIN};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, put};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use toolgate_sandbox::Backend;
use toolgate_sandbox::catalog::{Dialect, Wrap};
use toolgate_sandbox::faults::Faults;
use toolgate_sandbox::time::Time;

pub(crate) use listen::{Ending, listen};

/// What every route can reach.
pub(crate) struct App {
    backend: Backend,
    faults: Mutex<Faults>,
    wrap: Wrap,
    dialect: Dialect,
    answers: Answers,
    page_size: usize,
    any_host: bool,
}

/// Where a request came from.
#[derive(Clone, Copy)]
struct PeerAddress(IpAddr);

impl App {
    pub(crate) fn new(backend: Backend, faults: Faults, cli: &Cli) -> Self {
        Self {
            backend,
            faults: Mutex::new(faults),
            wrap: cli.wrap(),
            dialect: cli.dialect(),
            answers: cli.answers,
            page_size: cli.page_size,
            any_host: cli.allow_non_loopback,
        }
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A definition as `tools/list` shows it now.
    fn definition(&self, name: &str) -> Option<Value> {
        let definition = self.backend.catalog().definition(name, self.dialect, self.wrap)?;
        Some(self.faults().definition(definition))
    }
}

/// The one place where the clock is read.
fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn router(app: Arc<App>) -> Router {
    let front = front::Front::new(Arc::clone(&app));
    let mcp = any(move |request| {
        let front = front.clone();
        async move { front.answer(request).await }
    });
    let owner = portal::routes()
        .route("/sandbox/faults", put(replace_faults))
        .layer(axum::middleware::from_fn(from_this_machine));
    Router::new()
        .route("/mcp", mcp.clone())
        .route("/mcp/v1", mcp)
        .route("/.well-known/mcp/server-card.json", get(server_card))
        .route("/healthz", get(async || "ok\n"))
        .merge(owner)
        .layer(axum::middleware::from_fn(cors::allow_this_machine))
        .with_state(app)
}

/// The portal trusts whoever opens it, so it answers only on the machine it runs on, and not to a
/// form on a page from elsewhere.
async fn from_this_machine(
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let named_here = request.headers().get(HOST).and_then(|host| host.to_str().ok()).is_some_and(cors::is_this_machine);
    let from_here = match request.headers().get(ORIGIN) {
        None => true,
        Some(origin) => cors::is_local_origin(origin),
    };
    if peer.is_loopback() && named_here && from_here {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "Only on this machine\n").into_response()
    }
}

/// The public catalogue: everything, for people who look around before they register.
async fn server_card(State(app): State<Arc<App>>) -> Json<Value> {
    let catalog = app.backend.catalog();
    let tools: Vec<_> = catalog
        .tools()
        .iter()
        .filter_map(|tool| {
            let mut definition = app.definition(&tool.name)?;
            definition["scope"] = json!(format!("{:?}", tool.scope).to_lowercase());
            Some(definition)
        })
        .collect();
    Json(json!({
        "name": mcp::NAME,
        "version": env!("CARGO_PKG_VERSION"),
        "description": mcp::INSTRUCTIONS,
        "transport": {"type": "streamable-http", "endpoint": "/mcp"},
        "authentication": {"type": "bearer", "required": false},
        "toolCount": tools.len(),
        "tools": tools,
    }))
}

async fn replace_faults(State(app): State<Arc<App>>, rules: String) -> Response {
    match Faults::parse(&rules) {
        Ok(faults) => {
            *app.faults() = faults;
            StatusCode::NO_CONTENT.into_response()
        }
        Err(problem) => (StatusCode::BAD_REQUEST, Json(json!({"error": problem}))).into_response(),
    }
}
