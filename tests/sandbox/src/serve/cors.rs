//! Pages served from this machine may call the sandbox; pages from elsewhere may not.

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Whether a host, with or without a port, is this machine's own name for itself.
pub(super) fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a page was served from this machine.
pub(super) fn is_local_origin(origin: &HeaderValue) -> bool {
    origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_some_and(|(_, host)| is_this_machine(host))
}

pub(super) async fn allow_this_machine(request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).filter(|origin| is_local_origin(origin)).cloned();
    let Some(origin) = origin else {
        return next.run(request).await;
    };
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, accept, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id",
        ),
        (ACCESS_CONTROL_EXPOSE_HEADERS, "date, retry-after, www-authenticate, mcp-session-id"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
