//! The surface that both bindings wrap: JSON text in, JSON text out, errors as JSON text.
//!
//! Nothing is decided here; a binding adds only its language's way to pass text.

use serde::Serialize;

use crate::audit;
use crate::config;
use crate::error::{Code, Error};
use crate::guard::Guard;
use crate::json::canonical::{canonical, sha256_hex};
use crate::json::de::{self, FromNode};
use crate::json::{self, Document};
use crate::policy::Policy;
use crate::redact::Redactor;
use crate::schema::{Options, Schema, SchemaError, Violation, unreadable};
use crate::step::{Action, Millis, Outcome, Step};

/// One guard behind text.
#[derive(Debug, Clone)]
pub struct Core(Guard);

impl Core {
    /// From the JSON text of [`crate::guard::Options`].
    pub fn new(options: &str) -> Result<Core, String> {
        read(options, Code::InvalidOptions, "The options").and_then(Guard::new).map(Core).map_err(|error| text(&error))
    }

    /// Begins a flow from the JSON text of [`crate::step::Start`]; answers a [`crate::step::Step`].
    pub fn start(&mut self, start: &str, document: Option<&str>) -> Result<String, String> {
        let step = read(start, Code::InvalidEvent, "The start").and_then(|start| self.0.start(start, document));
        step.map(|step| self.step(step)).map_err(|error| self.shown(&error))
    }

    /// Goes on with the JSON text of [`crate::step::Event`]; answers a [`crate::step::Step`].
    pub fn handle(&mut self, event: &str, document: Option<&str>) -> Result<String, String> {
        let step = read(event, Code::InvalidEvent, "The event").and_then(|event| self.0.handle(event, document));
        step.map(|step| self.step(step)).map_err(|error| self.shown(&error))
    }

    /// Whether a call only reads, and its flow would do nothing but send it at once: a host may then make it without one.
    /// `tokens` is memory that is used again.
    #[inline]
    pub fn is_plain_read(&self, name: &str, arguments: &str, now: Millis, tokens: &mut Tokens) -> bool {
        self.0.is_plain_read(name, arguments, now, &mut tokens.0)
    }

    /// Whether the answer to such a call may be given as it came. If not, begin the call's flow and answer its first step
    /// with what came; do the same with a failure.
    pub fn is_plain_result(&self, name: &str, result: &str) -> bool {
        self.0.is_plain_result(name, result)
    }

    /// An array of the open steps.
    pub fn open_steps(&self) -> String {
        let steps: Vec<String> = self.0.open_steps().into_iter().map(|step| self.step(step)).collect();
        ["[", &steps.join(","), "]"].concat()
    }

    /// The step as text. What is for people and agents is looked through as a whole, so that no member of it shows a
    /// credential that came with something else; what the host performs is as it must be performed.
    fn step(&self, mut step: Step) -> String {
        let is_shown = match &step.action {
            Action::Ask { .. } => true,
            Action::Done { outcome } => !matches!(**outcome, Outcome::Result { .. }),
            _ => false,
        };
        if !is_shown {
            return text(&step);
        }
        // The lines hold each other's hashes, and were looked through when they were written.
        let lines = core::mem::take(&mut step.audit);
        let mut shown = self.shown(&step);
        if let Some(at) = shown.find(",\"type\":").filter(|_| !lines.is_empty()) {
            shown.insert_str(at, &[",\"audit\":", &text(&lines)].concat());
        }
        shown
    }

    fn shown<T: Serialize>(&self, value: &T) -> String {
        self.0.masked_json(text(value))
    }

    /// A text with every credential in it masked, as results are.
    pub fn masked(&self, text: &str) -> String {
        self.0.masked(text)
    }

    /// A JSON text with every credential in its strings and names masked.
    pub fn masked_json(&self, text: &str) -> String {
        self.0.masked_json(text.to_owned())
    }

    /// Masks a secret from now on, and refuses it in arguments. False where it is shorter than 8 bytes, or one too many.
    pub fn hide(&mut self, secret: &str) -> bool {
        self.0.hide(secret)
    }

    /// Guard and open flows, without secrets and without the catalogue.
    pub fn snapshot(&mut self) -> String {
        self.0.snapshot()
    }

    /// The same for guards of which a snapshot would say the same; see [`Guard::fingerprint`].
    pub fn fingerprint(&self) -> u64 {
        self.0.fingerprint()
    }

    /// Takes over a snapshot; answers an array of its open steps.
    pub fn restore(&mut self, snapshot: &str) -> Result<String, String> {
        let steps = self.0.restore(snapshot).map_err(|error| self.shown(&error))?;
        let steps: Vec<String> = steps.into_iter().map(|step| self.step(step)).collect();
        Ok(["[", &steps.join(","), "]"].concat())
    }

    /// An array of [`crate::catalog::ToolReport`].
    pub fn tools(&self) -> String {
        self.shown(&self.0.tools())
    }

    /// An array of [`crate::catalog::DriftReport`].
    pub fn drift(&self) -> String {
        self.shown(&self.0.drift())
    }

    /// A [`crate::catalog::Listing`]: how the list that a model sees differs from the server's.
    pub fn listing(&self) -> String {
        self.shown(&self.0.listing())
    }

    /// An array of [`crate::catalog::findings::Finding`].
    pub fn findings(&self) -> String {
        self.shown(&self.0.findings())
    }

    /// What looks safe in the policy and is not: `[{rule, kind, path, message}]`.
    pub fn policy_findings(&self) -> String {
        text(&self.0.policy_findings())
    }

    /// The lock file.
    pub fn lock(&self) -> String {
        self.0.lock()
    }

    /// An array of [`crate::approval::Approval`].
    pub fn approvals(&self) -> String {
        self.shown(&self.0.approvals())
    }

    /// Learns what the ledger holds under `remembered/`, a JSON array of records; answers an array of
    /// [`crate::approval::remembered::Remembered`].
    pub fn remembered(&mut self, records: &str) -> Result<String, String> {
        let records: Vec<String> = read(records, Code::InvalidEvent, "The records").map_err(|error| text(&error))?;
        Ok(text(&self.0.remembered(&records)))
    }

    /// What the gates would say of a call: from the JSON text of [`crate::flow::CheckRequest`], a
    /// [`crate::flow::CheckReport`].
    pub fn check(&self, request: &str, document: Option<&str>) -> Result<String, String> {
        let report = read(request, Code::InvalidEvent, "The request").map(|request| self.0.check(request, document));
        report.map(|report| text(&report)).map_err(|error| text(&error))
    }

    /// An array of [`crate::questions::Silence`] that hold at that time.
    pub fn silences(&self, now: Millis) -> String {
        text(&self.0.silences(now))
    }

    /// A [`crate::profile::ProfileReport`], or `null`.
    pub fn profile(&self) -> String {
        text(&self.0.profile())
    }
}

impl From<Core> for Guard {
    fn from(core: Core) -> Self {
        core.0
    }
}

/// One compiled schema behind text.
#[derive(Debug)]
pub struct Validator {
    schema: Schema,
}

impl Validator {
    /// Compiles a schema's JSON text; the options are those of [`Options::from_text`].
    pub fn compile(schema: &str, options: &str) -> Result<Validator, String> {
        let compiled = Options::from_text(options).and_then(|options| Schema::from_text(schema, &options));
        compiled.map(|schema| Validator { schema }).map_err(|error| text(&Error::from(error)))
    }

    /// Whether a JSON text is valid; one that cannot be read is not. `tokens` is memory that is used again.
    #[inline]
    pub fn is_valid(&self, document: &[u8], tokens: &mut Tokens) -> bool {
        json::tape::utf8(document).is_ok_and(|text| self.schema.is_valid_text(text, json::DOCUMENT, &mut tokens.0))
    }

    /// What is wrong with a JSON text; empty if nothing is. `tokens` is memory that is used again.
    pub fn validate(&self, document: &[u8], tokens: &mut Tokens) -> Vec<Violation> {
        json::tape::utf8(document)
            .and_then(|text| self.schema.explain_text(text, json::DOCUMENT, &mut tokens.0))
            .unwrap_or_else(|refusal| vec![unreadable(&refusal, document.len(), &Redactor::default())])
    }

    /// The schema, for values that are no text.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
}

/// Memory for reading documents, kept from one to the next.
#[derive(Debug, Default)]
pub struct Tokens(Vec<json::tape::Token>);

impl From<SchemaError> for Error {
    fn from(error: SchemaError) -> Self {
        Error::new(Code::InvalidSchema, format!("The schema cannot be used: {error}."))
            .with("problem", error.problem.as_str())
            .with("keyword", error.keyword.as_str())
            .with("path", error.path.as_str())
    }
}

#[derive(Serialize)]
struct Listed {
    code: Code,
    retryable: bool,
    meaning: &'static str,
    next: &'static str,
}

/// The list of errors: `[{code, retryable, meaning, next}]`.
pub fn error_codes() -> String {
    let listed = |code: &Code| Listed {
        code: *code,
        retryable: code.retryable(),
        meaning: code.meaning().trim(),
        next: code.next(),
    };
    text(&Code::ALL.iter().map(listed).collect::<Vec<_>>())
}

/// An error's JSON text as a `tools/call` result that a model may read: see [`Error::for_model`].
pub fn error_result(error: &str) -> Result<String, String> {
    read::<Error>(error, Code::InvalidEvent, "The error")
        .map(|error| error.for_model().get().to_owned())
        .map_err(|error| text(&error))
}

/// The RFC 8785 form of a document as the guard would digest it.
pub fn canonicalize(document: &str) -> Result<String, String> {
    parse(document).map(|document| canonical(document.tape().root()))
}

/// SHA-256 of the RFC 8785 form, in hexadecimal.
pub fn digest(document: &str) -> Result<String, String> {
    canonicalize(document).map(|text| sha256_hex(text.as_bytes()))
}

/// Follows the audit's chain in a text (the lines, each with its line end): the JSON text of
/// [`crate::audit::Verified`]. The options are the JSON text of [`crate::audit::VerifyOptions`].
pub fn verify_audit(lines: &[u8], options: &str) -> Result<String, String> {
    let verified =
        read(options, Code::InvalidOptions, "The options").and_then(|options| audit::verify(lines, &options));
    verified.map(|verified| text(&verified)).map_err(|error| text(&error))
}

/// A text from outside as part of one line of a terminal: line breaks, control, bidirectional and invisible characters
/// are written out.
pub fn visible(text: &str) -> String {
    crate::text::visible(text)
}

/// What looks safe in a policy and is not: `[{rule, kind, path, message}]`. The policy is the JSON
/// text of one, or of a string that holds it.
pub fn policy_findings(policy: &str) -> Result<String, String> {
    Policy::load(Some(policy)).map(|policy| text(&policy.findings(None))).map_err(|error| text(&error))
}

/// Reads one record of a ledger, or makes of it what a person's answer makes of it: from the JSON text of
/// [`crate::approval::desk::Deskwork`] that of [`crate::approval::desk::Desk`]. Stores nothing.
pub fn deskwork(work: &str) -> Result<String, String> {
    let desk = read(work, Code::InvalidOptions, "The approver's work").and_then(crate::approval::desk::Deskwork::done);
    desk.map(|desk| text(&desk)).map_err(|error| text(&error))
}

/// The placeholders of a client's configuration: `[{path, line, kind, name, default?}]`.
pub fn config_references(config: &str) -> Result<String, String> {
    config::references(config).map(|references| text(&references)).map_err(|error| text(&error))
}

/// A client's configuration with the values in: the JSON text of [`crate::config::Values`].
pub fn resolve_config(config: &str, values: &str) -> Result<String, String> {
    let values = read(values, Code::InvalidOptions, "The values");
    values.and_then(|values| config::resolve(config, &values)).map_err(|error| text(&error))
}

fn parse(document: &str) -> Result<Document, String> {
    Document::read(document, json::RESULT).map_err(|refusal| {
        let message = format!("The document cannot be digested; wanted: {}.", refusal.expected());
        text(
            &Error::new(Code::InvalidInput, message)
                .with("keyword", refusal.fault.keyword())
                .with("path", refusal.path.as_str())
                .with_next(refusal.repair()),
        )
    })
}

/// An error as text, for what a binding refuses by itself.
pub fn error(error: &Error) -> String {
    text(error)
}

/// The text is never quoted: only the place and the missing or unknown field's name is told.
fn read<T: FromNode>(source: &str, code: Code, what: &str) -> Result<T, Error> {
    de::read(source, json::OWN).map_err(|misfit| {
        Error::new(code, format!("{what} cannot be read{}.", misfit.told()))
            .with("line", misfit.line())
            .with("column", misfit.column())
    })
}

/// Values of our own making cannot fail to be written.
fn text<T: Serialize>(value: &T) -> String {
    // Most steps fit in, and need not be moved while they are written.
    let mut text = Vec::with_capacity(1_024);
    serde_json::to_writer(&mut text, value).ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
}
