//! The thin layer in front of the SDK's transport. It does what the SDK cannot do by itself:
//!
//! - answers as JSON or as one SSE frame, as chosen (the SDK's choice is fixed when it starts, so it
//!   always answers JSON and this layer frames it);
//! - takes requests whose `Accept` names only one of the two types, as the vendor's own client sends them;
//! - looks at the key on every request, and refuses a wrong one with 401;
//! - puts the definitions into `tools/list`, whatever spelling or fault they have;
//! - goes wrong on purpose.
//!
//! Both eras of the protocol, with and without `initialize`, are the SDK's work: without sessions it
//! serves each request by itself.

use super::mcp::{Server, Visit};
use super::{App, now};
use crate::cli::Answers;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use toolgate_sandbox::faults::Fault;

/// The largest request that is read.
const LARGEST: usize = 4 << 20;

/// Marks an answer that must not be sent: the connection is closed instead.
#[derive(Clone, Copy)]
pub(super) struct Dropped;

#[derive(Clone)]
pub(super) struct Front {
    app: Arc<App>,
    sdk: StreamableHttpService<Server, NeverSessionManager>,
}

/// What a request is about.
#[derive(Default)]
struct Asked {
    id: Value,
    method: String,
    tool: Option<String>,
    arguments: Map<String, Value>,
}

impl Asked {
    /// Reads as much as there is: what is wrong with a request the SDK will say.
    fn read(body: &[u8]) -> Self {
        let Ok(message) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let method = text(&message["method"]).unwrap_or_default();
        let called = (method == "tools/call").then(|| &message["params"]);
        Self {
            id: message["id"].clone(),
            tool: called.and_then(|params| text(&params["name"])),
            arguments: called.and_then(|params| params["arguments"].as_object().cloned()).unwrap_or_default(),
            method,
        }
    }
}

impl Front {
    pub(super) fn new(app: Arc<App>) -> Self {
        let mut config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(LARGEST);
        if app.any_host {
            config = config.disable_allowed_hosts();
        }
        let server = Arc::clone(&app);
        let sdk = StreamableHttpService::new(
            move || Ok(Server { app: Arc::clone(&server) }),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Self { app, sdk }
    }

    pub(super) async fn answer(&self, request: Request) -> Response {
        if request.method() != Method::POST {
            return self.ask_sdk(request).await;
        }
        let (parts, body) = request.into_parts();
        let body = match axum::body::to_bytes(body, LARGEST).await {
            Ok(body) => body,
            Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        };
        let asked = Asked::read(&body);
        match self.respond(parts, body, &asked).await {
            Ok(response) => response,
            Err(problem) => {
                eprintln!("toolgate-sandbox: {problem}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    async fn respond(
        &self,
        mut parts: axum::http::request::Parts,
        body: Bytes,
        asked: &Asked,
    ) -> Result<Response, toolgate_sandbox::error::ToolError> {
        let key = bearer(&parts.headers);
        let caller = match &key {
            Key::Given(key) => self.app.backend.authenticate(key)?,
            Key::None | Key::Unreadable => None,
        };
        let mut visit = Visit { caller, ..Visit::default() };
        if let Some(tool) = &asked.tool {
            let backend = &self.app.backend;
            visit.sequence = backend.receive(tool, &asked.arguments, visit.caller.as_ref(), now())?;
        }
        visit.fault = self.app.faults().strike(&asked.method, asked.tool.as_deref());
        if let Some(response) = instead_of_work(visit.fault.as_ref(), asked) {
            return Ok(response);
        }
        if visit.caller.is_none() && !matches!(key, Key::None) {
            return Ok(unauthorized());
        }

        let as_stream = self.as_stream(&parts.headers);
        let fault = visit.fault.clone();
        parts.extensions.insert(visit);
        parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let response = self.ask_sdk(Request::from_parts(parts, Body::from(body))).await;
        let response = self.rewrite(response, asked, as_stream).await;
        Ok(after_work(fault.as_ref(), response).await)
    }

    async fn ask_sdk(&self, request: Request) -> Response {
        self.sdk.handle(request).await.map(Body::new)
    }

    fn as_stream(&self, headers: &HeaderMap) -> bool {
        match self.app.answers {
            Answers::Json => false,
            Answers::Sse => true,
            Answers::Auto => {
                let accept: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
                let accept = accept.join(",");
                match (accept.find("text/event-stream"), accept.find("application/json")) {
                    (Some(stream), Some(json)) => stream < json,
                    (stream, _) => stream.is_some(),
                }
            }
        }
    }

    /// Puts the definitions in, and frames the answer.
    async fn rewrite(&self, response: Response, asked: &Asked, as_stream: bool) -> Response {
        let is_json =
            response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !is_json || response.status() != StatusCode::OK {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let mut text = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        if asked.method == "tools/list"
            && let Ok(mut message) = serde_json::from_slice::<Value>(&text)
            && let Some(tools) = message["result"]["tools"].as_array_mut()
        {
            for tool in tools {
                let name = tool["name"].as_str().unwrap_or_default();
                if let Some(definition) = self.app.definition(name) {
                    *tool = definition;
                }
            }
            text = Bytes::from(message.to_string());
        }
        if as_stream {
            let mut frame = b"event: message\ndata: ".to_vec();
            frame.extend_from_slice(&text);
            frame.extend_from_slice(b"\n\n");
            text = Bytes::from(frame);
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        }
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(text))
    }
}

enum Key {
    None,
    Given(String),
    Unreadable,
}

fn bearer(headers: &HeaderMap) -> Key {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Key::None;
    };
    match value.to_str().ok().and_then(|value| value.split_once(' ')) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Key::Given(key.trim().to_owned()),
        _ => Key::Unreadable,
    }
}

fn unauthorized() -> Response {
    let body = json!({"error": {"code": "unauthorized", "message": "This key is wrong or was revoked"}});
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], axum::Json(body)).into_response()
}

/// The faults that keep the work from being done.
fn instead_of_work(fault: Option<&Fault>, asked: &Asked) -> Option<Response> {
    match fault? {
        Fault::DropBefore => Some(dropped()),
        Fault::Status { status, retry_after } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = status.into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Some(response)
        }
        Fault::Html => Some(
            axum::response::Html("<!doctype html><title>Maintenance</title><p>We will be back soon.</p>")
                .into_response(),
        ),
        Fault::RpcError { code, message } => Some(
            axum::Json(json!({
                "jsonrpc": "2.0", "id": asked.id, "error": {"code": code, "message": message},
            }))
            .into_response(),
        ),
        _ => None,
    }
}

/// The faults that spoil an answer whose work was done.
async fn after_work(fault: Option<&Fault>, mut response: Response) -> Response {
    match fault {
        Some(Fault::Delay(millis)) => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            response
        }
        Some(Fault::DropAfter) => dropped(),
        Some(Fault::MalformedJson) => {
            let (mut parts, body) = response.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes());
            let body = body.unwrap_or_default();
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(body.slice(..body.len() / 2)))
        }
        Some(Fault::ClockSkew(seconds)) => {
            let date = now().plus_seconds(*seconds).http_date();
            if let Ok(date) = HeaderValue::from_str(&date) {
                response.headers_mut().insert(DATE, date);
            }
            response
        }
        _ => response,
    }
}

fn dropped() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Dropped);
    response
}
