//! A small MCP client over the browser's own `fetch`: Streamable HTTP of the legacy era, requests only. It exists so
//! that a page needs no other package; whoever wants more takes an official client.

use std::cell::{Cell, RefCell};

use gloo_net::http::{Request, Response};
use js_sys::{Array, Function, JSON, Number, Object, Promise, Reflect, Uint8Array};
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
        let response = self.post(&message("notifications/initialized", JsValue::UNDEFINED), signal.as_ref()).await?;
        if response.ok() { Ok(result) } else { Err(refused(&response)) }
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
        let answer = answer(response, id, signal.as_ref()).await?;
        let error = get(&answer, "error");
        if error.is_object() {
            let code = get(&error, "code");
            if !Number::is_safe_integer(&code) {
                return Err(invalid("The answer's error has no code"));
            }
            let told = get(&error, "message").as_string().unwrap_or_default();
            return Err(failure("ProtocolError", &told, "code", code));
        }
        let result = get(&answer, "result");
        if !result.is_object() {
            return Err(invalid("The answer holds no result"));
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
        Ok(response)
    }
}

fn refused(response: &Response) -> JsValue {
    let told = format!("The server answered with HTTP {}", response.status());
    failure("FetchClientError", &told, "status", response.status().into())
}

/// How much of one answer is taken, in bytes, whatever its form: as much as the core reads of a result.
const MAX_ANSWER: usize = 16 << 20;

/// How long answers are read without letting the page do anything else, in milliseconds.
const TURN: f64 = 8.0;

/// Reads an answer's body piece by piece. Chunks that are there already come without a turn of the page's own loop, so
/// that neither its timers (the caller's time-out among them) nor its drawing would have one; so they are given one.
struct Body {
    reader: ReadableStreamDefaultReader,
    signal: Option<AbortSignal>,
    bytes: usize,
    turn: f64,
}

impl Body {
    fn of(response: &Response, signal: Option<&AbortSignal>) -> Option<Body> {
        let reader = response.body()?.get_reader().unchecked_into();
        Some(Body { reader, signal: signal.cloned(), bytes: 0, turn: js_sys::Date::now() })
    }

    /// None at the end.
    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, JsValue> {
        if js_sys::Date::now() - self.turn >= TURN {
            JsFuture::from(Promise::new(&mut |resolve, _| {
                let timer = get(&js_sys::global(), "setTimeout").dyn_into::<Function>();
                let _ = match timer {
                    Ok(timer) => timer.call2(&JsValue::UNDEFINED, &resolve, &0.into()),
                    Err(_) => resolve.call0(&JsValue::UNDEFINED),
                };
            }))
            .await?;
            self.turn = js_sys::Date::now();
        }
        if self.signal.as_ref().is_some_and(AbortSignal::aborted) {
            self.end();
            return Err(failure(
                "FetchClientError",
                "The answer did not come in time",
                "code",
                "REQUEST_TIMEOUT".into(),
            ));
        }
        let chunk = JsFuture::from(self.reader.read()).await?;
        if get(&chunk, "done").is_truthy() {
            return Ok(None);
        }
        let chunk = Uint8Array::new(&get(&chunk, "value")).to_vec();
        self.bytes = self.bytes.saturating_add(chunk.len());
        if self.bytes > MAX_ANSWER {
            self.end();
            let told = "The answer is larger than 16 MiB";
            return Err(failure("FetchClientError", told, "code", "RESULT_TOO_LARGE".into()));
        }
        Ok(Some(chunk))
    }

    /// Whether the rest can be called off does not matter any more; a refusal that nobody hears ends a Node process.
    fn end(&self) {
        let ended = JsFuture::from(self.reader.cancel());
        wasm_bindgen_futures::spawn_local(async move {
            let _ = ended.await;
        });
    }
}

/// The JSON-RPC answer to that request, from a JSON body or from a stream of events.
async fn answer(response: Response, id: u32, signal: Option<&AbortSignal>) -> Result<JsValue, JsValue> {
    let kind = response.headers().get("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !response.ok() {
        // A status may carry a JSON-RPC error, which says more, unless the status alone says what to do.
        let says_more = matches!(response.status(), 400 | 402 | 404..=407 | 409..=428 | 430..=499);
        if says_more
            && kind == "application/json"
            && let Ok(told) = whole(&response, id, signal).await
        {
            if get(&told, "error").is_object() {
                return Ok(told);
            }
            // The status says that it was refused, the body that it ran.
            if !get(&told, "result").is_undefined() {
                return Err(invalid("The answer holds a result that its status denies"));
            }
        }
        return Err(refused(&response));
    }
    if response.status() == 202 {
        return Err(ended());
    }
    match kind {
        "application/json" => whole(&response, id, signal).await,
        "text/event-stream" => streamed(&response, id, signal).await,
        _ => {
            let told = format!("Unexpected content type: {kind}");
            Err(failure("FetchClientError", &told, "code", "CLIENT_HTTP_UNEXPECTED_CONTENT".into()))
        }
    }
}

async fn whole(response: &Response, id: u32, signal: Option<&AbortSignal>) -> Result<JsValue, JsValue> {
    let mut text = Vec::new();
    if let Some(mut body) = Body::of(response, signal) {
        while let Some(chunk) = body.chunk().await? {
            text.extend_from_slice(&chunk);
        }
    }
    let message = JSON::parse(&String::from_utf8_lossy(&text))?;
    if answers(&message, id) {
        return Ok(message);
    }
    Err(invalid("The answer belongs to another request"))
}

/// An error that names no request came of one that could not be read.
fn answers(message: &JsValue, id: u32) -> bool {
    let named = get(message, "id");
    let is_unnamed = named.is_null() || named.is_undefined();
    let is_error = !get(message, "error").is_undefined();
    get(message, "jsonrpc").as_string().as_deref() == Some("2.0")
        && get(message, "result").is_undefined() == is_error
        && (named.as_f64() == Some(f64::from(id)) || (is_unnamed && is_error))
}

/// Reads until the answer is there; the server may leave the stream open after it.
async fn streamed(response: &Response, id: u32, signal: Option<&AbortSignal>) -> Result<JsValue, JsValue> {
    let mut body = Body::of(response, signal).ok_or_else(ended)?;
    let mut events = Events::default();
    loop {
        events.add(&body.chunk().await?.ok_or_else(ended)?);
        while let Some(data) = events.next() {
            let message = JSON::parse(&data)?;
            if answers(&message, id) {
                body.end();
                return Ok(message);
            }
            if get(&message, "method").is_undefined() {
                return Err(invalid("The answer belongs to another request"));
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

fn ended() -> JsValue {
    failure("FetchClientError", "The server ended without an answer", "code", "CONNECTION_CLOSED".into())
}

fn invalid(message: &str) -> JsValue {
    failure("FetchClientError", message, "code", "INVALID_RESULT".into())
}

/// A request that could not even be made.
fn unsent(error: gloo_net::Error) -> JsValue {
    failure("FetchClientError", &error.to_string(), "code", "NOT_CONNECTED".into())
}

/// A browser does not tell whether anything was sent.
fn unanswered(error: gloo_net::Error) -> JsValue {
    failure("FetchClientError", &error.to_string(), "code", "SEND_FAILED".into())
}
