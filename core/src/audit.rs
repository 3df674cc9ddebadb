//! The audit: every decision and outcome as a line of JSON, each holding the hash of the line before it.
//!
//! A line must be durable before the step that it came with is performed. Nothing is written here: lines travel beside
//! the step, and a host that could not store them says so.

use crate::approval::By;
use crate::catalog::effect::Effect;
use crate::error::{Code, Detail, Error, Result};
use crate::flow::inputs::Running;
use crate::flow::signup::{self, Role};
use crate::gate::Decision;
use crate::guard::Shared;
use crate::json::canonical::{canonical, canonical_without, quoted, sha256_hex, write_string};
use crate::json::de::{record, words};
use crate::json::tape::{Kind, Node, utf8};
use crate::json::{self, Document, Json, Limits};
use crate::mcp::inputs;
use crate::redact::Redactor;
use crate::seal::Key;
use crate::secret::Secret;
use crate::step::{About, Action, Answer, Millis, Outcome};
use crate::text::shorten;
use serde::Serialize;

/// Larger arguments and results stand in a line by their digest alone.
const MOST_SHOWN: usize = 8 << 10;
/// Far longer than any line that is written here.
const LINE: Limits = Limits { bytes: 256 << 10, values: 50_000, ..json::OWN };
/// What the first line has for the hash of the line before it.
const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const MAX_PATHS: usize = 256;
/// JSON within a string of JSON: servers repeat their structured content as text.
const MAX_EMBEDDED: usize = 2;
/// Shorter hidden texts are not looked for elsewhere: they stand in innocent texts too.
const LEAST_HIDDEN: usize = 4;
const REDACTED: &str = "[redacted]";

/// How the audit is kept.
#[derive(Debug, Clone, Default)]
pub struct AuditOptions {
    /// The last line that the sink holds; absent: it holds none.
    pub last: Option<String>,
    /// JSON Pointers to what no line may show, in arguments and in results, at whatever depth; `*` is any one part.
    pub redact: Vec<String>,
}

record!(strict AuditOptions { ; last, redact });

/// The end of the chain, and what the next line is made with.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    seq: u64,
    head: String,
    key: Option<Key>,
    hidden: Vec<Path>,
    /// The host's clock when it was heard last.
    pub(crate) now: Millis,
    /// Which server the lines are about, and who acts there.
    whose: (String, String),
    /// A line could not be stored, so the chain has ended here.
    pub(crate) broken: bool,
}

/// A JSON Pointer's parts, unescaped.
type Path = Vec<String>;

/// What a flow's lines have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trail {
    tool: Option<String>,
    approval: Option<String>,
    /// As lines show them.
    arguments: Option<String>,
    /// Whether a line shows them already.
    told: bool,
    /// What was hidden in them; an answer that repeats it is no reason to show it.
    hidden: Vec<Secret>,
}

/// What a line tells besides its place in the chain; `arguments`, `by`, `decided_by`, `gates` and `result` are canonical
/// JSON.
#[derive(Default)]
struct Line<'l> {
    event: &'static str,
    tool: Option<&'l str>,
    effect: Option<Effect>,
    /// Of what a person is asked about.
    digest: Option<&'l str>,
    approval: Option<&'l str>,
    /// What a person said; never a code.
    answer: Option<&'static str>,
    /// What a tool asked for in the middle of a call, or was given.
    inputs: Option<&'l str>,
    arguments: Option<&'l str>,
    /// Who said it.
    by: Option<&'l str>,
    /// Who said yes to what goes out, or the no that it ends with, wherever that was.
    decided_by: Option<&'l str>,
    gates: Option<&'l str>,
    outcome: Option<&'static str>,
    result: Option<&'l str>,
    error: Option<Code>,
}

/// Members of a canonical object, a comma after each; whoever adds them keeps their order.
#[derive(Default)]
struct Members(String);

impl Members {
    fn raw(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            write_string(name, &mut self.0);
            self.0.push(':');
            self.0.push_str(value);
            self.0.push(',');
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.raw(name, value.map(quoted).as_deref());
    }

    /// The members as an object.
    fn close(mut self) -> String {
        self.0.pop();
        self.0.insert(0, '{');
        self.0.push('}');
        self.0
    }
}

/// The members of a line that chain it.
struct Link {
    version: u64,
    seq: u64,
    time: Millis,
    prev: String,
    hash: String,
    seal: Option<String>,
}

record!(open Link { version, seq, time, prev, hash; seal });

impl Trail {
    /// The lines are about what a server asks for while these calls run.
    pub(crate) fn runs_with(&mut self, running: &[Running]) {
        let names: Vec<&str> = running.iter().map(|running| running.call.tool.as_str()).collect();
        self.tool = (!names.is_empty()).then(|| names.join(", "));
        self.approval = running.iter().find_map(|running| running.call.approval.clone());
    }
}

impl Audit {
    /// `whose` are the server and the subject.
    pub(crate) fn load(options: &AuditOptions, whose: (String, String), key: Option<Key>) -> Result<Self> {
        if options.redact.len() > MAX_PATHS {
            return Err(Error::new(Code::InvalidOptions, "`audit.redact` takes at most 256 pointers."));
        }
        let mut hidden = Vec::new();
        for pointer in &options.redact {
            if !pointer.starts_with('/') {
                return Err(Error::new(
                    Code::InvalidOptions,
                    "`audit.redact` holds something that is no JSON Pointer.",
                )
                .with_next("Write each as a JSON Pointer, such as `/customer/phone`; `*` is any one part."));
            }
            hidden.push(path_of(pointer));
        }
        let mut audit = Audit { seq: 0, head: NOTHING_BEFORE.to_owned(), key, hidden, now: 0, whose, broken: false };
        if let Some(last) = options.last.as_deref().map(str::trim_ascii_end).filter(|last| !last.is_empty()) {
            let link = read_link(last.as_bytes(), audit.key.as_ref()).map_err(|why| {
                Error::new(
                    Code::InvalidAudit,
                    "The audit that was to be continued ends with a line that cannot be trusted.",
                )
                .with("why", why.as_str())
            })?;
            audit.seq = link.seq;
            audit.head = link.hash;
            audit.now = link.time;
        }
        Ok(audit)
    }

    /// What the lines of a call have in common; arguments that are no JSON are not shown.
    #[inline(never)]
    pub(crate) fn begin(&self, tool: &str, arguments: &str, shared: &Shared) -> Trail {
        let mut trail = Trail { tool: Some(shared.redactor.shown(tool, 256)), ..Trail::default() };
        trail.arguments = self.shown_arguments(tool, arguments, &mut trail.hidden, shared);
        trail
    }

    fn shown_arguments(&self, tool: &str, text: &str, texts: &mut Vec<Secret>, shared: &Shared) -> Option<String> {
        let mut hidden: Vec<Path> =
            signup::hidden_arguments(Role::of(tool, shared)).iter().map(|pointer| path_of(pointer)).collect();
        if let Some(definition) = shared.catalog.get(tool).and_then(|tool| tool.definition().ok()) {
            hidden.extend(definition.input.hidden().map(path_of));
        }
        self.shown(text, hidden, texts, &shared.redactor)
    }

    fn shown_result(&self, tool: &str, result: &str, trail: &mut Trail, shared: &Shared) -> Option<String> {
        let definition = shared.catalog.get(tool).and_then(|tool| tool.definition().ok());
        let mut hidden = Vec::new();
        if let Some(output) = definition.and_then(|definition| definition.output.as_ref()) {
            hidden.extend(output.hidden().map(path_of));
        }
        self.shown(result, hidden, &mut trail.hidden, &shared.redactor)
    }

    /// A value as a line shows it: redacted, and without itself where it is large. The digest is of the canonical form
    /// after redaction: not even it tells of what is hidden.
    #[inline(never)]
    fn shown(&self, text: &str, mut hidden: Vec<Path>, texts: &mut Vec<Secret>, redactor: &Redactor) -> Option<String> {
        hidden.extend(self.hidden.iter().cloned());
        let document = Document::read(text, json::RESULT).ok()?;
        let root = document.tape().root();
        let (mut redacted, known) = (String::new(), texts.len());
        let mut redaction = Redaction { hidden: &hidden, redactor, path: Vec::new(), texts };
        redaction.write(root, 0, &mut redacted);
        if redaction.texts.len() > known {
            // Once more: what was found to be hidden may stand in a text before it.
            redacted.clear();
            redaction.write(root, 0, &mut redacted);
        }
        let redacted = Document::read(&redacted, json::RESULT).ok()?;
        let text = canonical(redacted.tape().root());
        let mut members = Members::default();
        members.raw("bytes", Some(&text.len().to_string()));
        members.text("digest", Some(&sha256_hex(text.as_bytes())));
        members.raw("value", (text.len() <= MOST_SHOWN).then_some(&text));
        Some(members.close())
    }

    /// The line for an answer that a person gave.
    #[inline(never)]
    pub(crate) fn answered(
        &mut self,
        flow: &str,
        trail: &mut Trail,
        answer: &Answer,
        shared: &Shared,
    ) -> Option<String> {
        let word = match answer {
            Answer::Code { .. } => "code",
            Answer::Resend => "resend",
            Answer::Approve { .. } => "approve",
            Answer::Remember(..) => "approve_remember",
            Answer::Deny { .. } => "deny",
            Answer::Defer | Answer::Unasked => "defer",
            Answer::Cancel => "cancel",
            Answer::Ran { .. } => "ran",
            Answer::NotRan { .. } => "not_ran",
            Answer::Withdraw { .. } => "withdraw",
            Answer::Unreadable { .. } => "unreadable",
            Answer::Inputs { .. } => "inputs",
        };
        let inputs = match answer {
            Answer::Inputs { responses } => {
                self.shown(inputs::answers_for_audit(responses).get(), Vec::new(), &mut trail.hidden, &shared.redactor)
            }
            _ => None,
        };
        let (tool, approval) = (trail.tool.as_deref(), trail.approval.as_deref());
        let by = answer.by().map(person);
        let line = Line {
            event: "answered",
            tool,
            approval,
            answer: Some(word),
            inputs: inputs.as_deref(),
            by: by.as_deref(),
            ..Line::default()
        };
        self.line(flow, &line)
    }

    /// The line for a step that is about to be given out, if it is one that is told.
    #[inline(never)]
    pub(crate) fn told(&mut self, flow: &str, trail: &mut Trail, action: &Action, shared: &Shared) -> Option<String> {
        match action {
            Action::CallTool { name, arguments, round, .. } => {
                let own = trail.tool.as_ref() == Some(name);
                let shown = match trail.arguments.clone().filter(|_| own) {
                    None => self.shown_arguments(name, arguments.get(), &mut trail.hidden, shared),
                    shown => shown,
                };
                trail.told |= own;
                let inputs = round
                    .as_ref()
                    .and_then(|round| round.input_responses.as_ref())
                    .and_then(|inputs| self.shown(inputs.get(), Vec::new(), &mut trail.hidden, &shared.redactor));
                let approval = trail.approval.as_deref().filter(|_| own);
                let decided_by = people(approval, shared);
                let line = Line {
                    event: "dispatch",
                    tool: Some(name),
                    effect: shared.catalog.get(name).map(|tool| tool.effect),
                    approval,
                    decided_by: decided_by.as_deref(),
                    arguments: shown.as_deref(),
                    inputs: inputs.as_deref(),
                    ..Line::default()
                };
                self.line(flow, &line)
            }
            Action::Ask { question } => {
                let (mut effect, mut digest) = (None, None);
                if let About::Definition { digest: listed, .. } = &question.about {
                    digest = Some(listed.as_str());
                }
                if let About::Approval { approval, preview, digest: approved, .. } = &question.about {
                    digest = Some(approved.as_str());
                    trail.approval = Some(approval.clone());
                    trail.told = true;
                    effect = Some(preview.effect);
                }
                let mut inputs = None;
                if let About::Inputs { requests, calls, .. } = &question.about {
                    let asked = inputs::for_audit(calls, requests);
                    inputs = self.shown(asked.get(), Vec::new(), &mut trail.hidden, &shared.redactor);
                    effect = calls.iter().filter_map(|call| call.effect).max();
                    trail.told = true;
                }
                let line = Line {
                    event: "asked",
                    inputs: inputs.as_deref(),
                    digest,
                    tool: trail.tool.as_deref(),
                    effect,
                    approval: trail.approval.as_deref(),
                    arguments: trail.arguments.as_deref(),
                    ..Line::default()
                };
                self.line(flow, &line)
            }
            Action::Commit { key, .. } => {
                if let Some(id) = key.strip_prefix("approval/") {
                    trail.approval = Some(id.to_owned());
                }
                None
            }
            Action::Done { outcome } => self.ended(flow, trail, outcome, shared),
            _ => None,
        }
    }

    fn ended(&mut self, flow: &str, trail: &mut Trail, outcome: &Outcome, shared: &Shared) -> Option<String> {
        let (mut error, mut denied) = (None, None);
        let (word, decision, result) = match outcome {
            Outcome::Result { result, decision } => {
                ("result", Some(decision), self.shown_result(&decision.tool, result.get(), trail, shared))
            }
            Outcome::Failed { error: why, decision } => {
                error = Some(why.code());
                if why.code() == Code::ApprovalDenied {
                    // A no that still holds is named by the approval that it was said to.
                    denied = ["approval", "silence"].into_iter().find_map(|name| match why.detail(name)? {
                        Detail::Text(id) => Some(id.as_str()).filter(|id| crate::approval::is_id(id)),
                        _ => None,
                    });
                }
                ("failed", decision.as_ref(), None)
            }
            Outcome::Ready { account, .. } => {
                ("ready", None, self.shown_result("", Json::of(account).get(), trail, shared))
            }
            Outcome::Report { report } => {
                ("report", None, self.shown_result("", Json::of(report).get(), trail, shared))
            }
            Outcome::Decided { .. } => ("decided", None, None),
            Outcome::Settled { approval } => (approval.state.as_str(), None, None),
            Outcome::Accepted { .. } => ("accepted", None, None),
            Outcome::Forgotten { .. } => ("forgotten", None, None),
            Outcome::Lifted { .. } => ("lifted", None, None),
            Outcome::Inputs { response } => ("inputs", None, self.shown_result("", response.get(), trail, shared)),
            Outcome::Listed { .. } => ("listed", None, None),
        };
        let gates = decision.map(|decision| gates(decision, &shared.redactor));
        let decided_by = people(denied, shared);
        let line = Line {
            event: "outcome",
            tool: decision.map_or(trail.tool.as_deref(), |decision| Some(&decision.tool)),
            effect: decision.and_then(|decision| decision.effect),
            approval: decision
                .and_then(|decision| decision.approval.as_deref())
                .or(trail.approval.as_deref())
                .or(denied),
            decided_by: decided_by.as_deref(),
            arguments: trail.arguments.as_deref().filter(|_| !trail.told),
            gates: gates.as_deref(),
            outcome: Some(word),
            result: result.as_deref(),
            error,
            ..Line::default()
        };
        self.line(flow, &line)
    }

    /// The next line of the chain; none once it is broken.
    #[inline(never)]
    fn line(&mut self, flow: &str, line: &Line<'_>) -> Option<String> {
        if self.broken {
            return None;
        }
        self.seq = self.seq.saturating_add(1);
        let mut text = Members("{".to_owned());
        text.text("answer", line.answer);
        text.text("approval", line.approval);
        text.raw("arguments", line.arguments);
        text.raw("by", line.by);
        text.raw("decided_by", line.decided_by);
        text.text("digest", line.digest);
        text.text("effect", line.effect.map(Effect::as_str));
        text.text("error", line.error.map(Code::as_str));
        text.text("event", Some(line.event));
        text.text("flow", Some(flow));
        text.raw("gates", line.gates);
        let before_hash = text.0.len();
        text.raw("inputs", line.inputs);
        text.text("outcome", line.outcome);
        text.text("prev", Some(&self.head));
        text.raw("result", line.result);
        text.text("seal", self.key.as_ref().map(name_of).as_deref());
        text.raw("seq", Some(&self.seq.to_string()));
        text.text("server", Some(&self.whose.0));
        text.text("subject", Some(&self.whose.1));
        text.raw("time", Some(&self.now.to_string()));
        text.text("tool", line.tool);
        let mut text = text.0;
        text.push_str("\"version\":2}");
        self.head = sealed(&text, self.key.as_ref());
        text.insert_str(before_hash, &["\"hash\":\"", &self.head, "\","].concat());
        Some(text)
    }
}

/// Those who decided about the approval, as far as they gave their names.
fn people(approval: Option<&str>, shared: &Shared) -> Option<String> {
    let approval = shared.approvals.get(approval?)?;
    let agreed: Vec<&By> = approval.agreed.iter().map(|agreement| &agreement.by).collect();
    let last = approval.decided_by.as_ref().filter(|by| !agreed.contains(by));
    let people: Vec<String> = agreed.into_iter().chain(last).map(person).collect();
    (!people.is_empty()).then(|| ["[", &people.join(","), "]"].concat())
}

fn person(by: &By) -> String {
    let mut members = Members::default();
    members.text("means", by.means.as_deref());
    members.text("who", Some(&by.who));
    members.close()
}

fn gates(decision: &Decision, redactor: &Redactor) -> String {
    let mut out = String::from("[");
    for passage in &decision.gates {
        let mut members = Members::default();
        members.text("gate", Some(passage.gate.as_str()));
        members.text("note", Some(redactor.shown(&passage.note, 200)).filter(|note| !note.is_empty()).as_deref());
        members.text("verdict", Some(passage.verdict.as_str()));
        out.push_str(&members.close());
        out.push(',');
    }
    if out.len() > 1 {
        out.pop();
    }
    out.push(']');
    out
}

/// The hash of a line's text without it.
fn sealed(text: &str, key: Option<&Key>) -> String {
    key.map_or_else(|| sha256_hex(text.as_bytes()), |key| key.seal(text.as_bytes()))
}

impl Trail {
    /// The approval that the flow is about.
    pub(crate) fn concerns(&mut self, approval: &str) {
        self.approval = Some(approval.to_owned());
    }
}

/// Tells keys apart, and nothing about them.
fn name_of(key: &Key) -> String {
    key.seal(b"toolgate audit key").chars().take(8).collect()
}

fn path_of(pointer: &str) -> Path {
    pointer.split('/').skip(1).map(json::pointer_name).collect()
}

/// A value on its way into a line.
struct Redaction<'r> {
    hidden: &'r [Path],
    redactor: &'r Redactor,
    path: Vec<String>,
    /// What was hidden: it is not shown in other texts either.
    texts: &'r mut Vec<Secret>,
}

impl Redaction<'_> {
    fn write(&mut self, node: Node<'_>, embedded: usize, out: &mut String) {
        if !self.path.is_empty() && self.hidden.iter().any(|path| ends_with(&self.path, path)) {
            self.hide(node);
            return write_string(REDACTED, out);
        }
        match node.kind() {
            Kind::String => {
                let text = self.text(&node.text(), embedded);
                write_string(&text, out);
            }
            Kind::Array => {
                out.push('[');
                for (index, item) in node.items().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.path.push(index.to_string());
                    self.write(item, embedded, out);
                    self.path.pop();
                }
                out.push(']');
            }
            Kind::Object => {
                out.push('{');
                for (index, member) in node.members().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    let name = member.name();
                    write_string(&self.plain(&name), out);
                    out.push(':');
                    self.path.push(name.into_owned());
                    self.write(member.value, embedded, out);
                    self.path.pop();
                }
                out.push('}');
            }
            _ => out.push_str(node.source()),
        }
    }

    fn hide(&mut self, node: Node<'_>) {
        match node.kind() {
            Kind::String => {
                let text = Secret::new(node.text());
                if text.expose().len() >= LEAST_HIDDEN && self.texts.len() < MAX_PATHS && !self.texts.contains(&text) {
                    self.texts.push(text);
                }
            }
            Kind::Array => node.items().for_each(|item| self.hide(item)),
            Kind::Object => node.members().for_each(|member| self.hide(member.value)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, embedded: usize) -> String {
        let embeds = embedded < MAX_EMBEDDED && text.trim_ascii_start().starts_with(['{', '[']);
        if embeds && let Ok(document) = Document::read(text, json::RESULT) {
            let mut out = String::new();
            self.write(document.tape().root(), embedded.saturating_add(1), &mut out);
            return out;
        }
        self.plain(text)
    }

    fn plain(&self, text: &str) -> String {
        let mut shown = self.redactor.text(text).unwrap_or_else(|| text.to_owned());
        for hidden in &*self.texts {
            if shown.contains(hidden.expose()) {
                shown = shown.replace(hidden.expose(), REDACTED);
            }
        }
        without_masked_emails(shown)
    }
}

/// Whether a path ends as a pointer says: what is hidden is hidden wherever it stands.
fn ends_with(path: &[String], end: &[String]) -> bool {
    let Some(skipped) = path.len().checked_sub(end.len()) else { return false };
    path.iter().skip(skipped).zip(end).all(|(part, wanted)| wanted == "*" || part == wanted)
}

/// An address such as `yo*@example.com` is for display alone, and belongs in no record.
fn without_masked_emails(text: String) -> String {
    // Beyond ASCII anything may be part of a name, and `•` is a mask as well.
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"*._%+-".contains(byte);
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices('@') {
        // An address's end may be another one's beginning; what is left out already is not looked at again.
        let before = bytes.get(copied..at).unwrap_or_default();
        let start = before
            .iter()
            .rposition(|byte| !is_part(byte))
            .map_or(copied, |end| copied.saturating_add(end).saturating_add(1));
        let domain = at.saturating_add(1);
        let length = bytes.get(domain..).unwrap_or_default().iter().take_while(|byte| is_part(byte)).count();
        let local = text.get(start..at).unwrap_or_default();
        if length > 0 && (local.contains('*') || local.contains('•')) {
            out.push_str(text.get(copied..start).unwrap_or_default());
            out.push_str(REDACTED);
            copied = domain.saturating_add(length);
        }
    }
    if copied == 0 {
        return text;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Why a line breaks the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Cut off in its middle: it is the last one, and no line end follows.
    Cut,
    /// Not a line of an audit.
    Unreadable,
    /// Written by a version that this one does not know.
    OtherVersion,
    /// Sealed with another key, or sealed and no key was given.
    WrongKey,
    /// A key was given and the line is not sealed.
    NotSealed,
    /// Not what was written when it was hashed.
    Edited,
    /// Lines are missing before it.
    Removed,
    /// It stood at another place.
    Reordered,
    /// It stands twice.
    Duplicated,
    /// A whole line that does not follow the one before: either of the two was put there later.
    Inserted,
    /// Lines are missing at the end.
    Truncated,
}

words!(Break { Cut = "cut", Unreadable = "unreadable", OtherVersion = "other_version", WrongKey = "wrong_key", NotSealed = "not_sealed", Edited = "edited", Removed = "removed", Reordered = "reordered", Duplicated = "duplicated", Inserted = "inserted", Truncated = "truncated" });

/// What is asked of a verification.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The key that the lines were sealed with.
    pub key: Option<Secret>,
    /// The hash that the last line must have.
    pub head: Option<String>,
}

record!(strict VerifyOptions { ; key, head });

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// Whether the whole chain holds.
    pub ok: bool,
    /// How many lines hold, from the first on.
    pub lines: u64,
    /// The last of them's hash.
    pub head: String,
    /// The first line that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<FirstBad>,
}

/// The first line that does not hold.
#[derive(Debug, Clone, Serialize)]
pub struct FirstBad {
    /// Counted from 1.
    pub line: u64,
    /// What became of it.
    pub why: Break,
    /// The same as a sentence.
    pub message: &'static str,
}

/// Follows a chain from its first line; needs memory for one line.
pub(crate) fn verify(text: &[u8], options: &VerifyOptions) -> Result<Verified> {
    let key = options.key.as_ref().map(Key::read).transpose()?;
    let key = key.as_ref();
    let mut lines: u64 = 0;
    let mut head = NOTHING_BEFORE.to_owned();
    let mut why = None;
    let mut rest = text;
    while !rest.is_empty() {
        let Some((line, after)) = split_line(rest) else {
            why = Some(Break::Cut);
            break;
        };
        match read_link(line, key) {
            Err(broken) => why = Some(broken),
            Ok(link) if link.seq == lines.saturating_add(1) && link.prev == head => {
                lines = link.seq;
                head = link.hash;
                rest = after;
                continue;
            }
            Ok(link) => why = Some(misplaced(&link, line, lines.saturating_add(1), text, after, key)),
        }
        break;
    }
    if why.is_none() && options.head.as_ref().is_some_and(|expected| *expected != head) {
        why = Some(Break::Truncated);
    }
    let first_bad = why.map(|why| FirstBad { line: lines.saturating_add(1), why, message: why.in_words() });
    Ok(Verified { ok: first_bad.is_none(), lines, head, first_bad })
}

/// A line that holds by itself and is not the next one.
fn misplaced(link: &Link, line: &[u8], expected: u64, text: &[u8], after: &[u8], key: Option<&Key>) -> Break {
    let all = |text| core::iter::successors(split_line(text), |(_, rest)| split_line(rest)).map(|(line, _)| line);
    if link.seq == expected {
        return Break::Inserted;
    }
    // One copy of it is the line itself.
    if all(text).filter(|other| *other == line).count() > 1 {
        return Break::Duplicated;
    }
    if link.seq < expected {
        return Break::Inserted;
    }
    let later = all(after).any(|other| read_link(other, key).is_ok_and(|other| other.seq == expected));
    if later { Break::Reordered } else { Break::Removed }
}

fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((text.get(..end)?, text.get(end.saturating_add(1)..)?))
}

/// Reads one line and looks whether it holds by itself.
fn read_link(line: &[u8], key: Option<&Key>) -> core::result::Result<Link, Break> {
    let text = utf8(line).map_err(|_| Break::Unreadable)?;
    let document = Document::read(text, LINE).map_err(|_| Break::Unreadable)?;
    let root = document.tape().root();
    let version = root.get("version").filter(|version| version.kind() == Kind::Number);
    let version = version.ok_or(Break::Unreadable)?.number_text();
    // Lines of version 1 name neither the server nor the subject.
    if !matches!(version, "1" | "2") {
        return Err(Break::OtherVersion);
    }
    let link: Link = json::de::from_node(root).map_err(|_| Break::Unreadable)?;
    match (&link.seal, key) {
        (Some(seal), Some(key)) if *seal == name_of(key) => {}
        (None, None) => {}
        (None, Some(_)) => return Err(Break::NotSealed),
        (Some(_), _) => return Err(Break::WrongKey),
    }
    if sealed(&canonical_without(root, "hash"), key) != link.hash || canonical(root) != text {
        return Err(Break::Edited);
    }
    Ok(link)
}

impl Break {
    fn in_words(self) -> &'static str {
        match self {
            Break::Cut => "The line is cut off: no line end follows it.",
            Break::Unreadable => "The line is not a line of an audit.",
            Break::OtherVersion => "The line was written by another version of toolgate.",
            Break::WrongKey => "The line is sealed with another key.",
            Break::NotSealed => "The line is not sealed with the key.",
            Break::Edited => "The line is not what was written.",
            Break::Removed => "Lines are missing before this one.",
            Break::Reordered => "The line stood at another place.",
            Break::Duplicated => "The line stands twice.",
            Break::Inserted => "The line does not follow the one before: one of the two was put there later.",
            Break::Truncated => "Lines are missing at the end.",
        }
    }
}

/// The error of a flow whose lines could not be stored.
pub(crate) fn failed(message: &str, redactor: &Redactor) -> Error {
    let told = shorten(&redactor.shown(message, 300), 300);
    let told = if told.is_empty() { String::new() } else { [" (", &told, ")"].concat() };
    Error::new(Code::AuditFailed, ["The audit could not be written", &told, "; nothing was sent."].concat())
}
