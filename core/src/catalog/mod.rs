//! The tools as the server listed them. Reading a list is kept cheap: definitions are kept as text, and parsed,
//! digested and compiled when a call first needs them.
//!
//! A definition is pinned by what was first seen of it, or by a lock file. Lists that follow are held against the pins
//! as text; only where that differs, and only when it is asked for, is anything parsed.

pub mod drift;
pub mod effect;
pub mod findings;
pub mod hints;
pub(crate) mod lock;
pub(crate) mod wording;

use core::cell::OnceCell;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::json::canonical::{canonical_without, sha256_hex};
use crate::json::tape::{self, Kind, Node};
use crate::json::{self, Document, Json};
use crate::map::Map;
use crate::near;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::redact::Redactor;
use crate::schema::{Options, Schema};
use crate::sort::sort_by;
use crate::text::quoted_name;
use drift::{Change, Drift};
use effect::{Effect, Listed};
use findings::{Finding, finding};
use hints::{Hints, Said};

/// How the list that a model sees differs from the one that the server gave.
#[derive(Debug, Serialize)]
pub struct Listing<'c> {
    /// Tools that are left out: new ones that nobody accepted, unusable ones, and those that the policy always denies.
    pub(crate) hidden: Vec<&'c str>,
    /// What is shown instead of a definition that is not the pinned one to the letter, by the tools' names: the pinned
    /// one, or of one that only accepts less the listed one without its `_meta`, which nothing compares.
    pub(crate) pinned: Map<&'c str, Json>,
}

/// More tools than any person could review.
const MAX_TOOLS: usize = 50_000;
const MAX_NAME: usize = 256;

/// The tools of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    tools: Vec<Tool>,
    /// Where they are by their names: a tree of the one kind that the schemas need too.
    places: BTreeMap<String, u32>,
    /// Pinned definitions of tools that are not listed, in the order of their names.
    unlisted: Vec<(String, Pinned)>,
    /// Whether a tool that nothing pins is new reach instead of being pinned as it is.
    locked: bool,
}

/// A definition's text, and whether a person confirmed what its hints say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pinned {
    pub(crate) text: Box<str>,
    pub(crate) confirmed: bool,
}

/// What a tool's definition is held against.
#[derive(Debug, Clone, Default)]
enum Pin {
    /// It is pinned as it is listed.
    #[default]
    Listed,
    /// This text is.
    Other(Box<str>),
    /// Nothing is: the lock file does not name the tool.
    Nothing,
}

/// One tool as listed.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) effect: Effect,
    /// Nothing but its hints makes the effect so low.
    unconfirmed: bool,
    pub(crate) hints: Hints,
    pub(crate) reasons: Vec<String>,
    /// Whether the server is believed.
    trusted: bool,
    /// Whether its calls are a matter of the plan, if the server says so.
    pub(crate) plan_check: Option<bool>,
    text: Box<str>,
    flaw: Option<&'static str>,
    definition: OnceCell<Result<Arc<Definition>>>,
    pin: Pin,
    /// Whether a person confirmed the pinned definition.
    confirmed: bool,
    drift: OnceCell<Option<Drift>>,
    /// Whether its calls need nothing but good arguments: what [`crate::gate::plain`] found out.
    pub(crate) plain: OnceCell<bool>,
}

/// A tool whose listed definition is not the pinned one.
#[derive(Debug, Serialize)]
pub struct DriftReport<'c> {
    tool: &'c str,
    #[serde(flatten)]
    drift: Drift,
}

/// What a call needs of a tool's definition.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) digest: String,
    pub(crate) input: Schema,
    pub(crate) output: Option<Schema>,
}

/// A tool as reported to hosts.
#[derive(Debug, Serialize)]
pub struct ToolReport<'c> {
    name: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'c str>,
    effect: Effect,
    /// Nothing but the server's hints makes the effect so low: the first call asks a person to confirm it.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    unconfirmed: bool,
    hints: Hints,
    reasons: &'c [String],
}

impl Catalog {
    /// Nothing is listed yet, and only what is named here is pinned.
    pub(crate) fn locked(pins: Vec<(String, Pinned)>) -> Self {
        Catalog { unlisted: pins, locked: true, ..Catalog::default() }
    }

    /// Puts a new list in the place of the old one; the pins stay. An error changes nothing.
    pub(crate) fn replace(&mut self, mut listed: Catalog) -> Result<()> {
        let is_gone = |name: &str| !listed.places.contains_key(name);
        let gone = self.tools.iter().filter(|tool| is_gone(&tool.name)).count();
        if self.unlisted.iter().filter(|(name, _)| is_gone(name)).count().saturating_add(gone) > MAX_TOOLS {
            return Err(Error::new(
                Code::InvalidResult,
                format!("The server has stopped listing more than {MAX_TOOLS} tools."),
            )
            .with_next("Attach again, after looking at why the server's tools change so much."));
        }
        if self.locked {
            listed.tools.iter_mut().for_each(|tool| tool.pin = Pin::Nothing);
        }
        let mut vanished: Vec<(String, Pinned)> = Vec::with_capacity(gone);
        let mut earlier = core::mem::take(&mut self.tools);
        for tool in &mut earlier {
            let successor = listed.places.get(&tool.name).and_then(|place| listed.tools.get_mut(*place as usize));
            let is_same = |other: &Tool| other.text == tool.text && tool.flaw.or(other.flaw).is_none();
            let successor = match successor {
                Some(successor) if is_same(successor) => {
                    // What was parsed, compiled and compared of it is as good as new.
                    core::mem::swap(successor, tool);
                    continue;
                }
                other => other,
            };
            let text = match core::mem::take(&mut tool.pin) {
                Pin::Nothing => None,
                Pin::Listed => Some(core::mem::take(&mut tool.text)),
                Pin::Other(text) => Some(text),
            };
            let pinned = text.map(|text| Pinned { text, confirmed: tool.confirmed });
            match (successor, pinned) {
                (Some(successor), Some(pinned)) => successor.pin(pinned),
                (Some(successor), None) => successor.pin = Pin::Nothing,
                (None, Some(pinned)) => vanished.push((core::mem::take(&mut tool.name), pinned)),
                (None, None) => {}
            }
        }
        for (name, pinned) in core::mem::take(&mut self.unlisted) {
            match listed.places.get(&name).and_then(|place| listed.tools.get_mut(*place as usize)) {
                Some(tool) => tool.pin(pinned),
                None => vanished.push((name, pinned)),
            }
        }
        sort_by(&mut vanished, |(one, _), (other, _)| one.cmp(other));
        listed.unlisted = vanished;
        listed.locked = self.locked;
        *self = listed;
        Ok(())
    }

    /// Whether a lock file names what is pinned.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }

    /// What a model should not read of the list as it came.
    pub(crate) fn listing<'c>(&'c self, policy: &Policy, redactor: &Redactor) -> Listing<'c> {
        let mut listing = Listing { hidden: Vec::new(), pinned: Map::default() };
        for tool in self.tools() {
            match &tool.pin {
                _ if tool.flaw.is_some() || policy.always_denies(tool) => listing.hidden.push(&tool.name),
                Pin::Other(text) => {
                    let narrowed = matches!(tool.drift(redactor), Ok(Some(drift)) if drift.change == Change::Narrowed);
                    let shown = if narrowed { tool.without_meta() } else { Json::verbatim(text) };
                    listing.pinned.insert(&tool.name, shown);
                }
                Pin::Nothing => listing.hidden.push(&tool.name),
                Pin::Listed => {}
            }
        }
        listing
    }

    /// Pins a tool's definition as it is listed.
    pub(crate) fn accept(&mut self, name: &str) {
        if let Some(tool) = self.places.get(name).and_then(|place| self.tools.get_mut(*place as usize)) {
            tool.pin = Pin::Listed;
            tool.confirmed = true;
            tool.drift = OnceCell::new();
            tool.plain = OnceCell::new();
        }
    }

    /// Every pinned definition's text and whether it is confirmed, in the order of the names.
    pub(crate) fn pinned(&self) -> Vec<(&str, &str, bool)> {
        let listed = self.tools.iter().filter_map(|tool| match &tool.pin {
            Pin::Listed if tool.flaw.is_none() => Some((tool.name.as_str(), &*tool.text, tool.confirmed)),
            Pin::Other(text) => Some((tool.name.as_str(), &**text, tool.confirmed)),
            Pin::Listed | Pin::Nothing => None,
        });
        let mut pinned: Vec<(&str, &str, bool)> = listed.collect();
        pinned.extend(self.unlisted.iter().map(|(name, pinned)| (name.as_str(), &*pinned.text, pinned.confirmed)));
        sort_by(&mut pinned, |(one, ..), (other, ..)| one.cmp(other));
        pinned
    }

    /// The tools whose listed definition is not the pinned one and can be used, and those that wait to be confirmed.
    pub(crate) fn drift(&self, redactor: &Redactor) -> Vec<DriftReport<'_>> {
        let tools = self.places.values().filter_map(|place| self.tools.get(*place as usize));
        let drift = |tool: &'_ Tool| match tool.drift(redactor).ok()? {
            Some(drift) => Some(drift.clone()),
            None => tool.waits_for_confirmation().ok().flatten(),
        };
        tools.filter_map(|tool| Some(DriftReport { tool: &tool.name, drift: drift(tool)? })).collect()
    }

    /// What is suspicious about the tools as they are listed, in the order of their names.
    pub(crate) fn findings(&self, redactor: &Redactor, trusted: bool, profile: Option<&Profile>) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        let mut looks: Vec<(String, &str)> = Vec::with_capacity(self.tools.len());
        for tool in self.places.values().filter_map(|place| self.tools.get(*place as usize)) {
            looks.push((findings::skeleton(&tool.name), &tool.name));
            // What is listed twice or cannot be read is refused whole.
            let Ok(document) = Document::read(&tool.text, json::DEFINITION) else { continue };
            let definition = document.tape().root();
            let assessed = effect::of_definition(&tool.name, definition, trusted, profile);
            for (member, reason) in assessed.contradictions {
                let Some(reason) = assessed.reasons.get(reason) else { continue };
                let text = match member {
                    "annotations" => redactor.json(definition.get(member).unwrap_or(Node::absent())).get().to_owned(),
                    _ => json::text(definition, &[member]).unwrap_or_default().into_owned(),
                };
                let excerpt = findings::excerpt(&text, 0, redactor);
                let path = ["/", member].concat();
                found.push(finding(&tool.name, findings::Kind::Contradiction, path, Cow::Borrowed(reason), excerpt));
            }
            for suspicion in findings::in_texts(definition, redactor) {
                let message = Cow::Borrowed(suspicion.kind.meaning());
                found.push(finding(&tool.name, suspicion.kind, suspicion.path, message, suspicion.excerpt));
            }
        }
        sort_by(&mut looks, Ord::cmp);
        let mut alike: Vec<Finding> = Vec::new();
        for pair in looks.windows(2) {
            if let [(one, first), (other, second)] = pair
                && one == other
            {
                let message = ["its name looks like ", &quoted_name(&redactor.shown(first, 100))].concat();
                let excerpt = findings::excerpt(second, 0, redactor);
                let kind = findings::Kind::LookAlike;
                alike.push(finding(second, kind, "/name".to_owned(), Cow::Owned(message), excerpt));
            }
        }
        found.extend(alike);
        sort_by(&mut found, |one, other| one.tool.cmp(&other.tool));
        found.truncate(findings::MAX_FINDINGS);
        found
    }

    /// Adds one page of a `tools/list` result; answers the next page's cursor.
    pub(crate) fn add_page(&mut self, text: &str, trusted: bool, profile: Option<&Profile>) -> Result<Option<String>> {
        let not_a_list = |(line, column): (usize, usize)| {
            Error::new(Code::InvalidResult, "The answer to tools/list is not a list of tools.")
                .with_next("Check that the endpoint is an MCP server, then attach again.")
                .with("line", line)
                .with("column", column)
        };
        let mut tokens = Vec::new();
        let page = tape::read(text, json::LISTING, &mut tokens)
            .map_err(|refusal| not_a_list((refusal.line, refusal.column)))?
            .root();
        let mut parts = [None; 2];
        let sole = pick(page, &["tools", "nextCursor"], &mut parts);
        let [Some(tools), next] = parts else { return Err(not_a_list(page.place())) };
        if !sole || tools.kind() != Kind::Array {
            return Err(not_a_list(tools.place()));
        }
        let next = text_of(next).map_err(|node| not_a_list(node.place()))?;
        for tool in tools.items() {
            if self.tools.len() >= MAX_TOOLS {
                return Err(Error::new(Code::InvalidResult, format!("The server lists more than {MAX_TOOLS} tools."))
                    .with_next("Attach to a server with fewer tools."));
            }
            self.add(tool, trusted, profile);
        }
        Ok(next.map(Cow::into_owned))
    }

    fn add(&mut self, listed: Node<'_>, trusted: bool, profile: Option<&Profile>) {
        // An entry without a usable name cannot be called, so leaving it out is safe.
        let mut parts = [None; 5];
        let sole = pick(listed, &["name", "title", "description", "annotations", "inputSchema"], &mut parts);
        let [name, title, description, annotations, input] = parts;
        let (Ok(Some(name)), Ok(title), Ok(description)) = (text_of(name), text_of(title), text_of(description)) else {
            return;
        };
        if !sole || name.is_empty() || name.len() > MAX_NAME {
            return;
        }
        // What cannot be read as annotations says nothing, so that MCP's worst-case defaults hold.
        let said = annotations.and_then(Said::read).unwrap_or_default();
        let title = title.map(Cow::into_owned).or_else(|| said.title.clone());
        let description = description.unwrap_or_default();
        let assessed =
            effect::assess(Listed { name: &name, description: &description, said: &said, input }, trusted, profile);
        let name = name.into_owned();
        let mut tool = Tool {
            name: name.clone(),
            title,
            effect: assessed.effect,
            unconfirmed: assessed.unconfirmed,
            hints: assessed.hints,
            reasons: assessed.reasons,
            trusted,
            // That no plan is concerned is believed only of a server that is.
            plan_check: said.requires_plan_check.filter(|concerned| *concerned || trusted),
            text: listed.source().into(),
            flaw: None,
            definition: OnceCell::new(),
            pin: Pin::Listed,
            confirmed: false,
            drift: OnceCell::new(),
            plain: OnceCell::new(),
        };
        match self.places.get(&name).and_then(|place| self.tools.get_mut(*place as usize)) {
            Some(earlier) => {
                tool.flaw = Some("it is listed twice");
                tool.effect = tool.effect.max(earlier.effect);
                tool.unconfirmed |= earlier.unconfirmed;
                *earlier = tool;
            }
            None => {
                self.places.insert(name, self.tools.len() as u32);
                self.tools.push(tool);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tools.len()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tool> {
        self.places.get(name).and_then(|place| self.tools.get(*place as usize))
    }

    pub(crate) fn near(&self, name: &str) -> Vec<&str> {
        near::nearest(name, self.places.keys().map(String::as_str))
    }

    /// In the order of their names.
    pub(crate) fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.places.values().filter_map(|place| self.tools.get(*place as usize))
    }

    pub(crate) fn report(&self) -> impl Iterator<Item = ToolReport<'_>> {
        self.tools().map(|tool| ToolReport {
            name: &tool.name,
            title: tool.title.as_deref(),
            effect: tool.effect,
            unconfirmed: tool.is_unconfirmed(),
            hints: tool.hints,
            reasons: &tool.reasons,
        })
    }
}

impl Tool {
    /// The definition as it is listed, read anew.
    pub(crate) fn read_definition(&self) -> Document {
        Document::read(&self.text, json::DEFINITION).unwrap_or_default()
    }
}

/// The members of those names; says whether none of them stands twice.
fn pick<'t>(object: Node<'t>, names: &[&str], found: &mut [Option<Node<'t>>]) -> bool {
    let mut sole = true;
    for member in object.members() {
        let name = member.name();
        if let Some((_, place)) = names.iter().zip(&mut *found).find(|(wanted, _)| **wanted == name) {
            sole &= place.replace(member.value).is_none();
        }
    }
    sole
}

/// Text, or nothing where nothing or `null` stands.
fn text_of(node: Option<Node<'_>>) -> core::result::Result<Option<Cow<'_, str>>, Node<'_>> {
    match node.filter(|node| node.kind() != Kind::Null) {
        None => Ok(None),
        Some(node) => node.as_text().map(Some).ok_or(node),
    }
}

/// What a definition is known by. `_meta` is for programs, may change from answer to answer, and no model reads it.
fn digest_of(definition: Node<'_>) -> String {
    sha256_hex(canonical_without(definition, "_meta").as_bytes())
}

impl Tool {
    fn pin(&mut self, pinned: Pinned) {
        self.pin = if pinned.text == self.text { Pin::Listed } else { Pin::Other(pinned.text) };
        self.confirmed = pinned.confirmed;
    }

    fn without_meta(&self) -> Json {
        match Document::read(&self.text, json::DEFINITION) {
            Ok(document) => Json::verbatim(&canonical_without(document.tape().root(), "_meta")),
            Err(_) => Json::verbatim(&self.text),
        }
    }

    /// Whether nothing but the server's hints makes its effect so low, and no person confirmed that.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.unconfirmed && !self.confirmed
    }

    /// What a person is shown of a definition that waits to be confirmed. An error if it cannot be used.
    pub(crate) fn waits_for_confirmation(&self) -> Result<Option<Drift>> {
        if !self.is_unconfirmed() {
            return Ok(None);
        }
        let path = if self.hints.read_only { "/annotations/readOnlyHint" } else { "/annotations/destructiveHint" };
        Ok(Some(Drift::unconfirmed(&self.definition()?.digest, path, self.hints.read_only)))
    }

    /// How the definition differs from the pinned one; none if it means the same. An error if it cannot be used.
    pub(crate) fn drift(&self, redactor: &Redactor) -> Result<Option<&Drift>> {
        if matches!(self.pin, Pin::Listed) {
            return Ok(None);
        }
        let digest = &self.definition()?.digest;
        Ok(self.drift.get_or_init(|| self.compare(digest, redactor)).as_ref())
    }

    fn compare(&self, digest: &str, redactor: &Redactor) -> Option<Drift> {
        let pinned = match &self.pin {
            Pin::Listed => return None,
            Pin::Nothing => return Some(Drift::added(digest, "the lock file does not name this tool")),
            Pin::Other(text) => Document::read(text, json::DEFINITION),
        };
        match (pinned, Document::read(&self.text, json::DEFINITION)) {
            (Ok(pinned), Ok(listed)) => {
                let (pinned, listed) = (pinned.tape().root(), listed.tape().root());
                if digest_of(pinned) == digest {
                    return None;
                }
                // A profile only raises, so that without one no lower effect is missed.
                let with_effect =
                    |definition| (definition, effect::of_definition(&self.name, definition, self.trusted, None).effect);
                Drift::between(with_effect(pinned), with_effect(listed), digest, redactor)
            }
            _ => Some(Drift::added(digest, "the definition that was pinned cannot be read")),
        }
    }

    /// The definition, parsed and compiled at the first call.
    pub(crate) fn definition(&self) -> Result<&Definition> {
        self.definition
            .get_or_init(|| self.define().map(Arc::new))
            .as_ref()
            .map(|definition| &**definition)
            .map_err(Error::clone)
    }

    fn define(&self) -> Result<Definition> {
        let invalid = |why: String| {
            Error::new(
                Code::InvalidDefinition,
                format!("The definition of {} cannot be used: {why}.", quoted_name(&self.name)),
            )
            .with("tool", self.name.as_str())
        };
        if let Some(flaw) = self.flaw {
            return Err(invalid(flaw.to_owned()));
        }
        let document = Document::read(&self.text, json::DEFINITION)
            .map_err(|refusal| invalid(format!("{} at {}", refusal.fault.keyword(), quoted_name(&refusal.path))))?;
        let document = Arc::new(document);
        let definition = document.tape().root();
        let digest = digest_of(definition);
        let input = definition.get("inputSchema").ok_or_else(|| invalid("it has no inputSchema".to_owned()))?;
        let compile = |name: &str, schema: Node<'_>| {
            Schema::compile(&document, schema.index(), &Options::default())
                .map_err(|error| invalid(format!("{name}: {error}")))
        };
        let input = compile("inputSchema", input)?;
        let output = match definition.get("outputSchema").filter(|schema| schema.kind() != Kind::Null) {
            None => None,
            Some(schema) => Some(compile("outputSchema", schema)?),
        };
        Ok(Definition { digest, input, output })
    }
}
