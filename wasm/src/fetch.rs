//! A small MCP client over the browser's own `fetch`: Streamable HTTP of the legacy era, requests only. It exists so
//! that a page needs no other package; whoever wants more takes an official client.

use std::cell::{Cell, RefCell};

use gloo_net::http::{Request, Response};
use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, RequestRedirect};

use crate::sse::Events;

/// What is offered; any version that the server answers with is taken, because only `tools/*` is used.
const PROTOCOL: &str = "2025-06-18";

/// The client. Errors are `Error` objects with the members by which the official clients' errors are told apart.
#[wasm_bindgen]
#[derive(Debug)]
pub struct FetchClient {
    url: String,
    authorize: Function,
    observe: Function,
    session: RefCell<Option<String>>,
    version: RefCell<Option<String>>,
    last_id: Cell<u32>,
}

#[wasm_bindgen]
impl FetchClient {
    /// `authorize()` gives the `Authorization` header's value or nothing, now or later, and is asked at each request;
    /// `observe(status, date, retryAfter)` is told of each answer.
    #[wasm_bindgen(constructor)]
    pub fn new(url: String, authorize: Function, observe: Function) -> FetchClient {
        FetchClient {
            url,
            authorize,
            observe,
            session: RefCell::default(),
            version: RefCell::default(),
            last_id: Cell::new(0),
        }
    }

    /// The handshake; gives the server's `initialize` result.
    pub async fn connect(&self, info: JsValue, signal: Option<AbortSignal>) -> Result<JsValue, JsValue> {
        self.session.replace(None);
        self.version.replace(None);
        let params = members(&[
            ("protocolVersion", PROTOCOL.into()),
            ("capabilities", Object::new().into()),
            ("clientInfo", info),
        ]);
        let result = self.request("initialize", params, signal.clone()).await?;
        self.version.replace(get(&result, "protocolVersion").as_string());
        self.post(&message("notifications/initialized", JsValue::UNDEFINED), signal.as_ref()).await?;
        Ok(result)
    }

    /// Sends a request and gives its result.
    pub async fn request(
        &self,
        method: &str,
        params: JsValue,
        signal: Option<AbortSignal>,
    ) -> Result<JsValue, JsValue> {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        let request = message(method, params);
        set(&request, "id", id.into());
        let response = self.post(&request, signal.as_ref()).await?;
        let answer = answer(response, id).await?;
        let error = get(&answer, "error");
        if error.is_object() {
            let told = get(&error, "message").as_string().unwrap_or_default();
            return Err(failure("ProtocolError", &told, "code", get(&error, "code")));
        }
        let result = get(&answer, "result");
        if !result.is_object() {
            return Err(failure("FetchClientError", "The answer holds no result", "code", "INVALID_RESULT".into()));
        }
        Ok(result)
    }
}

impl FetchClient {
    async fn post(&self, message: &JsValue, signal: Option<&AbortSignal>) -> Result<Response, JsValue> {
        let authorization = self.authorize.call0(&JsValue::UNDEFINED)?;
        let authorization = JsFuture::from(Promise::resolve(&authorization)).await?.as_string();
        let mut request = Request::post(&self.url)
            // A redirect could take the header elsewhere, and would make the POST a GET.
            .redirect(RequestRedirect::Error)
            .abort_signal(signal)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let session = self.session.borrow().clone();
        let version = self.version.borrow().clone();
        let headers =
            [("authorization", authorization), ("mcp-session-id", session), ("mcp-protocol-version", version)];
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, &value);
            }
        }
        let body = JSON::stringify(message)?;
        let response = request.body(body).map_err(unsent)?.send().await.map_err(unanswered)?;
        let header = |name: &str| response.headers().get(name);
        self.observe.call3(
            &JsValue::UNDEFINED,
            &response.status().into(),
            &header("date").into(),
            &header("retry-after").into(),
        )?;
        if let Some(session) = header("mcp-session-id") {
            self.session.replace(Some(session));
        }
        if !response.ok() {
            let told = format!("The server answered with HTTP {}", response.status());
            return Err(failure("FetchClientError", &told, "status", response.status().into()));
        }
        Ok(response)
    }
}

/// The JSON-RPC answer to that request, from a JSON body or from a stream of events.
async fn answer(response: Response, id: u32) -> Result<JsValue, JsValue> {
    let kind = response.headers().get("content-type").unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => JSON::parse(&response.text().await.map_err(unanswered)?),
        "text/event-stream" => streamed(&response, id).await,
        _ => {
            let told = format!("Unexpected content type: {kind}");
            Err(failure("FetchClientError", &told, "code", "CLIENT_HTTP_UNEXPECTED_CONTENT".into()))
        }
    }
}

/// Reads until the answer is there; the server may leave the stream open after it.
async fn streamed(response: &Response, id: u32) -> Result<JsValue, JsValue> {
    let ended =
        || failure("FetchClientError", "The stream ended without an answer", "code", "CONNECTION_CLOSED".into());
    let stream = response.body().ok_or_else(ended)?;
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut events = Events::default();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if get(&chunk, "done").is_truthy() {
            return Err(ended());
        }
        events.add(&Uint8Array::new(&get(&chunk, "value")).to_vec());
        while let Some(data) = events.next() {
            let message = JSON::parse(&data)?;
            let answers = get(&message, "method").is_undefined() && get(&message, "id").as_f64() == Some(f64::from(id));
            if answers {
                // Whether the rest can be called off does not matter any more.
                let _ = reader.cancel();
                return Ok(message);
            }
        }
    }
}

fn message(method: &str, params: JsValue) -> JsValue {
    let message = members(&[("jsonrpc", "2.0".into()), ("method", method.into())]);
    if !params.is_undefined() {
        set(&message, "params", params);
    }
    message
}

fn members(members: &[(&str, JsValue)]) -> JsValue {
    let entries: Array = members.iter().map(|(name, value)| Array::of2(&(*name).into(), value)).collect();
    Object::from_entries(&entries).map_or(JsValue::UNDEFINED, JsValue::from)
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// On objects made here, which take every member.
fn set(object: &JsValue, name: &str, value: JsValue) {
    let _ = Reflect::set(object, &name.into(), &value);
}

fn failure(name: &str, message: &str, member: &str, value: JsValue) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name(name);
    set(&error, member, value);
    error.into()
}

/// A request that could not even be made.
fn unsent(error: gloo_net::Error) -> JsValue {
    failure("FetchClientError", &error.to_string(), "code", "NOT_CONNECTED".into())
}

/// A browser does not tell whether anything was sent.
fn unanswered(error: gloo_net::Error) -> JsValue {
    failure("FetchClientError", &error.to_string(), "code", "SEND_FAILED".into())
}
