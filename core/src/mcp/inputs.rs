//! What a tool asks for in the middle of a call (`inputRequests` of an `input_required` result), and what it is given.

use std::sync::Arc;

use serde::Serialize;

use super::sensitive;
use crate::address;
use crate::approval::{Line, notes, preview::Short};
use crate::error::{Code, Error, Result};
use crate::json::canonical::{canonical, hex};
use crate::json::de::{FromNode, Source, record, words};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document, Json, Limits};
use crate::redact::Redactor;
use crate::schema::{self, Schema};
use crate::step::RunningCall;
use crate::text::{is_invisible, name_within, quoted_name, shorten, visible};

/// Rounds of one call after its first request.
pub(crate) const MAX_ROUNDS: u32 = 10;
const MAX_REQUESTS: usize = 16;
const MAX_REQUESTS_BYTES: usize = 128 << 10;
const MAX_STATE: usize = 64 << 10;
const MAX_KEY: usize = 128;
const MAX_FIELDS: usize = 32;
const MAX_OPTIONS: usize = 200;
const MAX_MESSAGE: usize = 2_000;
const MAX_LABEL: usize = 200;
/// Local references within one another that a field is looked for behind.
const MAX_REFERENCES: usize = 4;
const MAX_CONTENT: usize = 64 << 10;
const MAX_RESPONSES: usize = 256 << 10;

const RESPONSE: Limits = Limits { bytes: MAX_RESPONSES, values: 10_000, ..json::ARGUMENTS };

/// Where a call's result leaves the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultType {
    /// The call is over.
    Complete,
    /// The tool asks for more before it goes on.
    InputRequired,
    /// The call goes on as a task, and its result comes by other means.
    Task,
}

words!(ResultType { Complete = "complete", InputRequired = "input_required", Task = "task" });

/// `resultType` of a result; none if it is a word that is not known.
pub(crate) fn result_type(result: Node<'_>) -> Option<ResultType> {
    let Some(word) = result.get("resultType").filter(|word| word.kind() != Kind::Null) else {
        // 2025-11-25 had no `resultType`: the answer to a call that was made as a task is `{"task": …}`.
        let is_task = result.get("task").is_some_and(|task| task.kind() == Kind::Object)
            // Some clients put an empty one there where none came.
            && result.get("content").is_none_or(|content| content.kind() == Kind::Array && content.items().next().is_none())
            && result.get("structuredContent").is_none();
        return Some(if is_task { ResultType::Task } else { ResultType::Complete });
    };
    match &*word.as_text()? {
        "complete" => Some(ResultType::Complete),
        "input_required" => Some(ResultType::InputRequired),
        "task" => Some(ResultType::Task),
        _ => None,
    }
}

/// One thing that a tool asks for.
#[derive(Debug, Clone, Serialize)]
pub struct InputRequest {
    /// The server's name for it; the answer is given under the same.
    pub key: String,
    /// What is asked.
    #[serde(flatten)]
    pub asks: InputKind,
    /// What a person should know, in the guard's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the guard declines it by itself; such a request takes no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<String>,
}

/// The kinds of request.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InputKind {
    /// A form; answered by `action` and, with `accept`, `content`.
    Form {
        /// The server's own words on one line: show them in quotes.
        message: String,
        /// The form's fields, in the server's order.
        fields: Vec<InputField>,
    },
    /// An address to be opened in a browser; answered by `action`, where `accept` says that the person agreed to it.
    Url {
        /// The server's own words on one line: show them in quotes.
        message: String,
        /// The whole address; it is never fetched. Absent where it is not fit to be shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// A model's completion; answered by a host's handler with `result`.
    Sampling {
        /// The request's parameters.
        params: Json,
    },
    /// The folders that the server may know of; answered by a host's handler with `result`.
    Roots,
}

/// A field of a form.
#[derive(Debug, Clone, Serialize)]
pub struct InputField {
    /// The member of `content` that it fills.
    pub name: String,
    /// `string`, `number`, `integer`, `boolean`, `choice` (one of `options`) or `choices` (some of them).
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Whether an accepted form must have it.
    pub required: bool,
    /// The server's own words on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The server's own words on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `email`, `uri`, `date`, `date-time` or another format of JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// What may be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<InputOption>,
    /// What the server proposes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Json>,
    /// The largest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Json>,
}

/// The kinds of field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// One of the options.
    Choice,
    /// Any of the options.
    Choices,
}

words!(FieldKind { Text = "string", Number = "number", Integer = "integer", Boolean = "boolean", Choice = "choice", Choices = "choices" });

/// One of a field's options.
#[derive(Debug, Clone, Serialize)]
pub struct InputOption {
    /// What is sent.
    pub value: String,
    /// The server's own words on one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What became of a form or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputAction {
    /// It is filled in, or agreed to.
    Accept,
    /// The person said no to it.
    Decline,
    /// The person closed it without a word.
    Cancel,
}

words!(InputAction { Accept = "accept", Decline = "decline", Cancel = "cancel" });

/// Who gave an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputSource {
    /// The person to whom the guard's own question was put.
    Person,
    /// A handler of the host.
    Host,
}

words!(InputSource { Person = "person", Host = "host" });

/// The answer to one request.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct InputAnswer {
    /// What became of a form or an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<InputAction>,
    /// The form's content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Json>,
    /// What a handler gave for a completion or for roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// Who gave it; a person by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<InputSource>,
}

record!(strict InputAnswer { ; action, content, result, by });

impl InputRequest {
    /// Whether a person is asked: the rest is answered by handlers of the host, or declined.
    pub(crate) fn is_for_person(&self) -> bool {
        self.declined.is_none() && matches!(self.asks, InputKind::Form { .. } | InputKind::Url { .. })
    }

    /// What is asked for, as errors name it: a form by its fields.
    pub(crate) fn names(&self) -> Vec<String> {
        let key = visible(&self.key);
        match &self.asks {
            InputKind::Form { fields, .. } if !fields.is_empty() => {
                fields.iter().map(|field| [&key, ".", &visible(&field.name)].concat()).collect()
            }
            _ => vec![key],
        }
    }
}

/// What a result of the type `input_required` holds.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The `inputRequests`; absent where the tool only wants to be asked again.
    pub(crate) requests: Option<Json>,
    pub(crate) state: Option<RequestState>,
}

/// What a server wants back unchanged. It may hold anything, so it stands in nothing but the call and its snapshot.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestState(String);

/// As a step hands it over; a snapshot has it in hexadecimal, where nothing takes it for a credential and masks it.
pub(crate) fn hand_over<S: serde::Serializer>(
    state: &Option<RequestState>,
    to: S,
) -> core::result::Result<S::Ok, S::Error> {
    to.serialize_str(state.as_ref().map_or("", RequestState::get))
}

impl Serialize for RequestState {
    fn serialize<S: serde::Serializer>(&self, to: S) -> core::result::Result<S::Ok, S::Error> {
        to.serialize_str(&hex(self.0.as_bytes()))
    }
}

impl RequestState {
    pub(crate) fn get(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for RequestState {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("[request state]")
    }
}

impl FromNode for RequestState {
    fn blank() -> Self {
        RequestState(String::new())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        let text: String = from.whole();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)?.wrapping_mul(16) | digit(*low)?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(state) => self.0 = state,
            None => from.expected("hexadecimal"),
        }
    }
}

/// Reads what a tool asks for; what is malformed or too much is refused as a whole.
pub(crate) fn wanted(result: Node<'_>) -> Result<Wanted> {
    let state = match result.get("requestState").filter(|state| state.kind() != Kind::Null) {
        None => None,
        Some(state) => {
            let state = state.as_text().ok_or_else(|| refused("its `requestState` is no text"))?;
            if state.len() > MAX_STATE {
                return Err(refused("its `requestState` is larger than 64 KiB"));
            }
            Some(RequestState(state.into_owned()))
        }
    };
    let requests = match result.get("inputRequests").filter(|requests| requests.kind() != Kind::Null) {
        None => None,
        Some(requests) if requests.kind() != Kind::Object => return Err(refused("its `inputRequests` are no object")),
        Some(requests) if requests.len() == 0 => None,
        Some(requests) if requests.len() > MAX_REQUESTS => {
            return Err(refused("it asks for more than 16 things at once"));
        }
        Some(requests) => {
            let text = canonical(requests);
            if text.len() > MAX_REQUESTS_BYTES {
                return Err(refused("its `inputRequests` are larger than 128 KiB"));
            }
            for request in requests.members() {
                check_request(&request.name(), request.value)?;
            }
            // In the server's order, in which a person reads them.
            Some(Json::copied(requests))
        }
    };
    if requests.is_none() && state.is_none() {
        return Err(refused("it names neither `inputRequests` nor a `requestState`"));
    }
    Ok(Wanted { requests, state })
}

fn refused(why: &str) -> Error {
    Error::new(Code::InputsRefused, format!("The tool asks for further inputs in a way that is not passed on: {why}."))
}

/// While one call runs, so many requests of a server of an older protocol are passed on.
pub(crate) fn too_many_requests() -> Error {
    Error::new(
        Code::InputsRefused,
        format!("The server asked for inputs more than {MAX_ROUNDS} times during one call."),
    )
    .with("requests", MAX_ROUNDS)
}

/// After so many rounds no further one follows.
pub(crate) fn too_many_rounds() -> Error {
    Error::new(Code::InputsRefused, format!("The tool still asks for further inputs after {MAX_ROUNDS} rounds."))
        .with("rounds", MAX_ROUNDS)
}

fn check_request(key: &str, request: Node<'_>) -> Result<()> {
    let strange = |character: char| is_invisible(character) || character.is_control();
    if key.is_empty() || key.len() > MAX_KEY || key.chars().any(strange) {
        return Err(refused("a request's key is empty, longer than 128 bytes, or holds characters that are not seen"));
    }
    let method = request.get("method").and_then(Node::as_text);
    let params = request.get("params");
    let is_object = params.is_some_and(|params| params.kind() == Kind::Object);
    match method.as_deref() {
        Some("elicitation/create" | "sampling/createMessage") if is_object => Ok(()),
        Some("roots/list") => Ok(()),
        Some("elicitation/create" | "sampling/createMessage") => Err(refused("a request has no `params`")),
        _ => Err(refused("a request is none that MCP defines")),
    }
}

/// What is asked, as it is put to a person. `requests` was read before.
pub(crate) fn requests(requests: &Json, redactor: &Redactor) -> Vec<InputRequest> {
    let document = Document::read(requests.get(), json::OWN).unwrap_or_default();
    document.tape().root().members().map(|member| request(&member.name(), member.value, redactor)).collect()
}

fn request(key: &str, node: Node<'_>, redactor: &Redactor) -> InputRequest {
    let key = key.to_owned();
    let absent = Node::absent();
    let params = node.get("params").unwrap_or(absent);
    let simple = |asks: InputKind| InputRequest { key: key.clone(), asks, notes: Vec::new(), declined: None };
    match &*node.get("method").map(Node::text).unwrap_or_default() {
        "sampling/createMessage" => return simple(InputKind::Sampling { params: redactor.json(params) }),
        "roots/list" => return simple(InputKind::Roots),
        _ => {}
    }
    let message = shown(params.get("message"), MAX_MESSAGE, redactor).unwrap_or_default();
    match params.get("mode").and_then(Node::as_text).as_deref() {
        Some("url") => url(key, message, params, redactor),
        None | Some("form") => form(key, message, params, redactor),
        Some(_) => InputRequest {
            key,
            asks: InputKind::Form { message, fields: Vec::new() },
            notes: Vec::new(),
            declined: Some("it asks in a mode that is not known".to_owned()),
        },
    }
}

fn url(key: String, message: String, params: Node<'_>, redactor: &Redactor) -> InputRequest {
    let url = params.get("url").and_then(Node::as_text).unwrap_or_default();
    let judged = match address::check(&url) {
        Ok(_) if redactor.finds(&url) => Err("its address carries something that looks like a credential"),
        judged => judged,
    };
    let (url, notes, declined) = match judged {
        Ok(note) => (Some(url.into_owned()), note.map(str::to_owned).into_iter().collect(), None),
        Err(why) => (None, Vec::new(), Some(why.to_owned())),
    };
    InputRequest { key, asks: InputKind::Url { message, url }, notes, declined }
}

/// A text of the server's as it may be shown: on one line, shortened, without credentials.
fn shown(text: Option<Node<'_>>, most: usize, redactor: &Redactor) -> Option<String> {
    text.and_then(Node::as_text).filter(|text| !text.is_empty()).map(|text| visible(&redactor.shown(&text, most)))
}

fn form(key: String, message: String, params: Node<'_>, redactor: &Redactor) -> InputRequest {
    let mut fields = Vec::new();
    let declined = match read_form(params, redactor, &mut fields) {
        Ok(()) => asked_secret(params, &fields),
        Err(why) => Some(why.to_owned()),
    };
    let fields_shown = Document::read(Json::of(&fields).get(), json::OWN).unwrap_or_default();
    let notes = notes::of_texts("fields", fields_shown.tape().root());
    InputRequest { key, asks: InputKind::Form { message, fields }, notes, declined }
}

fn read_form(
    params: Node<'_>,
    redactor: &Redactor,
    fields: &mut Vec<InputField>,
) -> core::result::Result<(), &'static str> {
    let schema = params.get("requestedSchema").ok_or("its form has no schema")?;
    let properties = schema.get("properties").filter(|properties| properties.kind() == Kind::Object);
    let Some(properties) = properties.filter(|_| schema.get("type").is_none_or(|kind| kind.is_text("object"))) else {
        return Err("its form is not an object of fields");
    };
    if properties.len() > MAX_FIELDS {
        return Err("its form has more than 32 fields");
    }
    let is_required =
        |name: &str| schema.get("required").is_some_and(|required| required.items().any(|item| item.is_text(name)));
    for member in properties.members() {
        let name = member.name();
        if name.is_empty()
            || name.len() > MAX_KEY
            || name.chars().any(|letter| is_invisible(letter) || letter.is_control())
        {
            return Err("a field's name is empty, too long, or holds characters that are not seen");
        }
        let mut field =
            field(&name, schema, member.value, redactor).ok_or("a field of its form is not a plain value")?;
        field.required = is_required(&name);
        fields.push(field);
    }
    // Names that are required and not there could never be given.
    let known = |item: Node<'_>| fields.iter().any(|field| item.is_text(&field.name));
    if schema.get("required").is_some_and(|required| !required.items().all(known)) {
        return Err("its form requires a field that it does not have");
    }
    compile(schema).map(|_| ()).ok_or("its form's schema cannot be used")
}

fn compile(schema: Node<'_>) -> Option<Schema> {
    let document = Arc::new(Document::read(&json::copy(schema), json::SCHEMA).ok()?);
    Schema::compile(&document, 0, &schema::Options::default()).ok()
}

/// Follows local references, and takes the one kind of value out of an optional one.
fn behind<'t>(schema: Node<'t>, field: Node<'t>) -> Option<Node<'t>> {
    let mut field = field;
    for _ in 0..MAX_REFERENCES {
        if let Some(reference) = field.get("$ref").and_then(Node::as_text) {
            field = schema.pointer(reference.strip_prefix('#')?)?;
            continue;
        }
        let Some(alternatives) = field.get("anyOf").filter(|_| field.get("type").is_none()) else { return Some(field) };
        if alternatives.items().all(|item| item.get("const").is_some()) {
            return Some(field);
        }
        let mut others = alternatives.items().filter(|item| !item.get("type").is_some_and(|kind| kind.is_text("null")));
        match (others.next(), others.next()) {
            (Some(one), None) => field = one,
            _ => return None,
        }
    }
    None
}

fn field(name: &str, schema: Node<'_>, given: Node<'_>, redactor: &Redactor) -> Option<InputField> {
    let field = behind(schema, given)?;
    let (mut options, mut several) = (Vec::new(), false);
    let kind = match &*field.get("type").and_then(Node::as_text).unwrap_or_default() {
        "boolean" => FieldKind::Boolean,
        "integer" => FieldKind::Integer,
        "number" => FieldKind::Number,
        "array" => {
            several = true;
            let items = behind(schema, field.get("items")?)?;
            options = options_of(items, redactor)?;
            FieldKind::Choices
        }
        "string" | "" => {
            options = options_of(field, redactor)?;
            if field.get("type").is_none() && options.is_empty() {
                return None;
            }
            if options.is_empty() { FieldKind::Text } else { FieldKind::Choice }
        }
        _ => return None,
    };
    if several && options.is_empty() {
        return None;
    }
    let word =
        |of: &str, most: usize| shown(given.get(of), most, redactor).or_else(|| shown(field.get(of), most, redactor));
    let value = |of: &str| given.get(of).or_else(|| field.get(of)).filter(|node| node.kind() != Kind::Null);
    let number = |of: &str| value(of).filter(|node| node.kind() == Kind::Number).map(Json::copied);
    Some(InputField {
        name: name.to_owned(),
        kind,
        required: false,
        title: word("title", MAX_LABEL),
        description: word("description", MAX_MESSAGE),
        format: word("format", MAX_LABEL),
        options,
        default: value("default").map(|node| redactor.json(node)),
        minimum: number("minimum"),
        maximum: number("maximum"),
    })
}

/// What may be chosen; empty: anything. None where it is not an enumeration of texts.
fn options_of(field: Node<'_>, redactor: &Redactor) -> Option<Vec<InputOption>> {
    let mut options = Vec::new();
    if let Some(values) = field.get("enum") {
        let titles = field.get("enumNames");
        for (index, value) in values.items().enumerate() {
            let title = titles.and_then(|titles| titles.items().nth(index));
            options
                .push(InputOption { value: value.as_text()?.into_owned(), title: shown(title, MAX_LABEL, redactor) });
        }
    } else if let Some(values) = field.get("oneOf").or_else(|| field.get("anyOf")) {
        for value in values.items() {
            let title = shown(value.get("title"), MAX_LABEL, redactor);
            options.push(InputOption { value: value.get("const")?.as_text()?.into_owned(), title });
        }
    } else if let Some(value) = field.get("const") {
        options.push(InputOption { value: value.as_text()?.into_owned(), title: None });
    }
    (options.len() <= MAX_OPTIONS).then_some(options)
}

/// Why a form is declined though it can be read: it asks for what is never typed into one. A choice tells nothing, so
/// only fields that take a text or a number are looked at, and the message where there are such.
fn asked_secret(params: Node<'_>, fields: &[InputField]) -> Option<String> {
    let open = |field: &&InputField| matches!(field.kind, FieldKind::Text | FieldKind::Number | FieldKind::Integer);
    let schema = params.get("requestedSchema")?;
    let properties = schema.get("properties")?;
    let message = params.get("message").and_then(Node::as_text).unwrap_or_default();
    let mut any = false;
    for field in fields.iter().filter(open) {
        any = true;
        let given = properties.get(&field.name)?;
        let read = behind(schema, given).unwrap_or(given);
        let text = |of: &str| given.get(of).or_else(|| read.get(of)).and_then(Node::as_text).unwrap_or_default();
        let marked = [given, read].into_iter().any(|node| {
            node.get("writeOnly").is_some_and(|flag| flag.kind() == Kind::True)
                || node.get("format").is_some_and(|format| format.is_text("password"))
        });
        if marked {
            return Some("its form asks for a secret".to_owned());
        }
        if sensitive::pattern(&text("pattern"), [&field.name, &text("title")]) {
            return Some(format!("its form asks for {}", sensitive::CODE_OR_KEY));
        }
        // A key beside a value is a name, and `code` alone is the one that the words around it name.
        let pair = field.name.eq_ignore_ascii_case("key")
            && fields.iter().any(|other| other.name.eq_ignore_ascii_case("value"));
        let title = text("title");
        let around = [&title, &text("description"), &message];
        let named = sensitive::is_alone(&field.name) && around.iter().any(|text| sensitive::names_harmless(text));
        let is_title_named = pair || named && (sensitive::is_alone(&title) || sensitive::names_harmless(&title));
        let found = sensitive::label(&field.name)
            .filter(|_| !pair && !named)
            .or_else(|| sensitive::label(&title).filter(|_| !is_title_named))
            .or_else(|| sensitive::prose(&text("description")))
            .or_else(|| sensitive::prose(&text("title")));
        // A number is a seed of another kind.
        if let Some(what) = found.filter(|what| *what != sensitive::PHRASE || field.kind == FieldKind::Text) {
            return Some(format!("its form asks for {what}"));
        }
    }
    let found = if any { sensitive::prose(&message) } else { None };
    found.map(|what| format!("its form asks for {what}"))
}

/// What a tool is given in answer to its requests.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Given {
    /// The `inputResponses`, canonical.
    pub(crate) responses: Json,
    /// What a person sees of them.
    pub(crate) lines: Vec<Line>,
    /// Whether all of it is the person's own word in the guard's question.
    pub(crate) by_person: bool,
}

record!(strict Given { responses, lines, by_person; });

/// Holds answers against what was asked. What the guard declines by itself is declined whatever the answers say.
pub(crate) fn given(
    wanted: &Json,
    asked: &[InputRequest],
    answers: &[(String, InputAnswer)],
    redactor: &Redactor,
) -> Result<Given> {
    let wrong = |key: &str, why: &str| {
        Error::new(Code::WrongAnswer, format!("The answer to {} does not fit: {why}.", name_within(key, MAX_KEY)))
            .with("key", visible(&shorten(key, MAX_KEY)))
    };
    if let Some((key, _)) = answers.iter().find(|(key, _)| !asked.iter().any(|request| request.key == *key)) {
        return Err(wrong(key, "nothing of that name was asked"));
    }
    let document = Document::read(wanted.get(), json::OWN).unwrap_or_default();
    let (mut members, mut by_person) = (Vec::new(), asked.iter().any(|request| request.declined.is_none()));
    for request in asked {
        let answer = answers.iter().find(|(key, _)| *key == request.key).map(|(_, answer)| answer);
        // What the guard declines was shown beside what the person answered.
        by_person &= request.declined.is_some() || answer.is_some_and(|answer| answer.by != Some(InputSource::Host));
        let response = if request.declined.is_some() {
            decline()
        } else {
            let node = document.tape().root().get(&request.key).unwrap_or(Node::absent());
            response(request, node, answer, redactor).map_err(|problem| match problem {
                Unfit::Why(why) => wrong(&request.key, &why),
                Unfit::Error(error) => error,
            })?
        };
        members.push((request.key.as_str(), response));
    }
    let members: Vec<(&str, &Json)> = members.iter().map(|(key, response)| (*key, response)).collect();
    let responses = Json::object(&members);
    let read = Document::read(responses.get(), RESPONSE).map_err(|refusal| {
        Error::new(Code::WrongAnswer, format!("The answers cannot be sent; wanted: {}.", refusal.expected()))
    })?;
    let root = read.tape().root();
    if let Some(path) = redactor.locate(root) {
        return Err(Error::new(Code::SecretInArguments, "An answer carries something that looks like a credential.")
            .with("path", path));
    }
    Ok(Given { responses: Json::verbatim(&canonical(root)), lines: lines_of(asked, root), by_person })
}

/// Whether a server learns nothing from that response, which is canonical: what was asked is declined, or there is none.
pub(crate) fn tells_nothing(response: &str) -> bool {
    matches!(response, r#"{"action":"decline"}"# | r#"{"action":"cancel"}"# | r#"{"roots":[]}"#)
}

/// Nothing is asked, so nothing is given.
pub(crate) fn nothing() -> Given {
    Given { responses: Json::verbatim("{}"), lines: Vec::new(), by_person: true }
}

enum Unfit {
    Why(String),
    Error(Error),
}

fn decline() -> Json {
    Json::verbatim(r#"{"action":"decline"}"#)
}

fn response(
    request: &InputRequest,
    node: Node<'_>,
    answer: Option<&InputAnswer>,
    redactor: &Redactor,
) -> core::result::Result<Json, Unfit> {
    let why = |why: &str| Err(Unfit::Why(why.to_owned()));
    let result = answer.and_then(|answer| answer.result.as_ref());
    let action = answer.and_then(|answer| answer.action);
    let content = answer.and_then(|answer| answer.content.as_ref()).filter(|content| content.get() != "null");
    match &request.asks {
        _ if result.is_some_and(|result| !result.get().starts_with('{')) => why("`result` must be an object"),
        InputKind::Roots => Ok(result.cloned().unwrap_or_else(|| Json::verbatim(r#"{"roots":[]}"#))),
        InputKind::Sampling { .. } => result.cloned().ok_or_else(|| {
            Unfit::Error(required("it wants a model's completion, and no handler of the host gives one"))
        }),
        _ if result.is_some() => why("`result` is for completions and roots; give an `action`"),
        InputKind::Url { .. } | InputKind::Form { .. } => match action {
            None => why("it needs an `action`: `accept`, `decline` or `cancel`"),
            Some(InputAction::Accept) if matches!(request.asks, InputKind::Form { .. }) => {
                let Some(content) = content else { return why("an accepted form needs `content`") };
                let content = check_content(request, node, content, redactor).map_err(Unfit::Error)?;
                Ok(Json::object(&[("action", &Json::verbatim("\"accept\"")), ("content", &content)]))
            }
            Some(_) if content.is_some() => why("only an accepted form has `content`"),
            Some(action) => Ok(Json::object(&[("action", &Json::of(&action))])),
        },
    }
}

/// Nobody could give what the tool asks for.
pub(crate) fn required(why: &str) -> Error {
    Error::new(Code::InputsRequired, format!("The tool asks for further inputs: {why}. The call was not continued."))
}

fn check_content(request: &InputRequest, node: Node<'_>, content: &Json, redactor: &Redactor) -> Result<Json> {
    let key = visible(&request.key);
    let wrong = |why: &str| {
        Error::new(Code::WrongAnswer, format!("The form {} is not filled in as it asks: {why}", quoted_name(&key)))
            .with("key", key.as_str())
    };
    let limits = Limits { bytes: MAX_CONTENT, values: 1_000, ..json::ARGUMENTS };
    let document = Document::read(content.get(), limits).map_err(|refusal| wrong(&refusal.repair()))?;
    let root = document.tape().root();
    if root.kind() != Kind::Object {
        return Err(wrong("`content` must be an object with a member for each field."));
    }
    let InputKind::Form { fields, .. } = &request.asks else { return Err(wrong("it is no form.")) };
    if let Some(member) = root.members().find(|member| !fields.iter().any(|field| field.name == member.name())) {
        return Err(wrong(&["it has no field ", &name_within(&member.name(), MAX_KEY), "."].concat()));
    }
    let schema = node.pointer("/params/requestedSchema").and_then(compile);
    let schema = schema.ok_or_else(|| wrong("its schema cannot be used."))?;
    let violations = schema.violations(&root, &[], redactor);
    if violations.is_empty() {
        return Ok(Json::verbatim(&canonical(root)));
    }
    let repairs: Vec<&str> = violations.iter().map(|violation| violation.repair.as_str()).collect();
    Err(wrong(&repairs.join(" ")).with("violations", Json::of(&violations)))
}

/// A line for each value that is given, under the names of request and field, in the order of the requests.
fn lines_of(asked: &[InputRequest], responses: Node<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for request in asked {
        let Some(response) = responses.get(&request.key) else { continue };
        let action = response.get("action").map(Node::text);
        match (action.as_deref(), response.get("content")) {
            (Some("accept"), Some(content)) if content.len() > 0 => {
                lines.extend(Short::of(&[(&request.key, content)], &[], &[]).counted());
            }
            (Some(action), _) => {
                let label = Short::of(&[(&request.key, response)], &[], &[]).counted();
                let label = label.first().map(|line| line.label.trim_end_matches(".action").to_owned());
                let why = request.declined.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                let url = match &request.asks {
                    InputKind::Url { url: Some(url), .. } => [" ", url.as_str()].concat(),
                    _ => String::new(),
                };
                lines.push(Line { label: label.unwrap_or_default(), value: [action, &url, &why].concat() });
            }
            (None, _) => lines.extend(Short::of(&[(&request.key, response)], &[], &[]).counted()),
        }
    }
    lines
}

/// The requests as the audit shows them: an address without what may be good for one use only.
pub(crate) fn for_audit(calls: &[RunningCall], requests: &[InputRequest]) -> Json {
    let shown: Vec<InputRequest> = requests
        .iter()
        .cloned()
        .map(|mut request| {
            if let InputKind::Url { url: Some(url), .. } = &mut request.asks {
                *url = address::without_query(url);
            }
            request
        })
        .collect();
    Json::object(&[("calls", &Json::of(&calls)), ("requests", &Json::of(&shown))])
}

/// One request that came by itself, under the key that is given to it.
pub(crate) fn single(key: &str, request: &str) -> Result<Json> {
    let limits = Limits { bytes: MAX_REQUESTS_BYTES, values: 20_000, ..json::RESULT };
    let document = Document::read(request, limits).map_err(|refusal| refused(&refusal.expected()))?;
    check_request(key, document.tape().root())?;
    Ok(Json::object(&[(key, &Json::copied(document.tape().root()))]))
}

/// Answers as the audit shows them when they are given: without their values, which are not judged yet. What is sent
/// stands in the line of the dispatch.
pub(crate) fn answers_for_audit(answers: &[(String, InputAnswer)]) -> Json {
    let bare = |answer: &InputAnswer| InputAnswer { content: None, result: None, ..answer.clone() };
    let shown: Vec<(&str, Json)> =
        answers.iter().map(|(key, answer)| (key.as_str(), Json::of(&bare(answer)))).collect();
    let members: Vec<(&str, &Json)> = shown.iter().map(|(key, answer)| (*key, answer)).collect();
    Json::object(&members)
}
