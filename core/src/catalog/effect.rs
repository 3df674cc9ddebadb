//! From hints, name, description and profile to the one effect that the gates go by.

use super::hints::{Hints, Said};
use super::wording::{self, Wording, of_description, of_trusted_description, outright};
use crate::json;
use crate::json::de::words;
use crate::json::tape::{Kind, Node};
use crate::profile::Profile;

/// What a call does to the world, from harmless to costly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes the user's own data.
    Write,
    /// Reaches another system.
    External,
    /// Destroys or overwrites.
    Destructive,
    /// Reaches a customer.
    Send,
    /// Moves money or changes what the user pays.
    Billing,
}

words!(Effect { Read = "read", Write = "write", External = "external", Destructive = "destructive", Send = "send", Billing = "billing" });

/// An effect and how it was come by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assessment {
    pub(crate) effect: Effect,
    /// Nothing but the hints of a server that is not trusted makes the effect so low: until a person confirms the
    /// definition, its calls count as [`UNPROVED`].
    pub(crate) unconfirmed: bool,
    pub(crate) hints: Hints,
    pub(crate) reasons: Vec<String>,
    /// Where the server says two things that cannot both be true: the member's name, and the reason's place.
    pub(crate) contradictions: Vec<(&'static str, usize)>,
}

/// What a tool is taken for whose hints nobody confirmed: MCP's default.
pub(crate) const UNPROVED: Effect = Effect::Destructive;

/// Objects and lists of an `inputSchema` that are looked at for addresses.
const MAX_SCHEMAS: usize = 4_000;

/// What a server says of a tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'t> {
    pub(crate) name: &'t str,
    pub(crate) description: &'t str,
    pub(crate) said: &'t Said,
    /// Its `inputSchema`.
    pub(crate) input: Option<Node<'t>>,
}

/// The effect of a tool of that name with that definition.
pub(crate) fn of_definition(name: &str, definition: Node<'_>, trusted: bool, profile: Option<&Profile>) -> Assessment {
    let said = definition.get("annotations").and_then(Said::read).unwrap_or_default();
    let description = json::text(definition, &["description"]).unwrap_or_default();
    let input = definition.get("inputSchema");
    assess(Listed { name, description: &description, said: &said, input }, trusted, profile)
}

/// The effect of a tool. Hints of a server that is not trusted lower it only where the name agrees and neither name nor
/// description speaks against it; the rules stand in `core/docs/effects.md`.
pub(crate) fn assess(listed: Listed<'_>, trusted: bool, profile: Option<&Profile>) -> Assessment {
    let Listed { name, description, said, .. } = listed;
    let hints = said.hints();
    let mut reasons = said.notes.clone();
    let mut contradictions = Vec::new();
    let claimed = from_hints(said, hints, &mut reasons);
    let mut effect = claimed;
    // Nothing else in the name counts at a trusted server, and nearly no name has any of it.
    let words = if trusted && !wording::has_outright(name) { Wording::default() } else { wording::of_name(name) };
    // Only what cannot be taken back is read out of prose, but where the server says that the tool only reads.
    let least = if claimed == Effect::Read { Effect::Write } else { Effect::Destructive };
    let readings = if trusted {
        let leading = words.leading.filter(|(word, read)| *read >= Effect::Destructive && outright(word).is_some());
        [(leading, "name"), (of_trusted_description(description), "description")]
    } else {
        [(words.strongest, "name"), (of_description(description, least), "description")]
    };
    for (reading, source) in readings {
        let Some((word, read)) = reading else { continue };
        // A trusted server is believed in shades; an outright contradiction is believed of nobody.
        let contradicts = effect <= Effect::Write && read >= Effect::Destructive;
        if read > effect && (contradicts || !trusted) {
            if contradicts {
                contradictions.push((source, reasons.len()));
            }
            reasons.push(format!("the {source} says `{word}`: {} instead of {}", read.as_str(), effect.as_str()));
            effect = read;
        }
    }
    let profiled = profile.and_then(|profile| profile.effect_of(name));
    let believed = trusted || profiled.is_some();
    if let Some(raised) = profiled.filter(|raised| *raised > effect) {
        reasons.push(format!("the profile raises it to {}", raised.as_str()));
        effect = raised;
    }
    if effect == Effect::Read && !believed && reaches(listed, words.reaches) {
        reasons.push("it reads from other systems, and an address can carry data out".to_owned());
        effect = Effect::External;
    }
    if said.requires_approval == Some(true) && effect < Effect::External {
        reasons.push("the server asks for an approval".to_owned());
        effect = Effect::External;
    }
    let agrees = match effect {
        Effect::Read => words.reads,
        Effect::Write => claimed != Effect::Read && (words.reads || words.writes),
        _ => true,
    };
    let unconfirmed = !believed && !agrees;
    if unconfirmed {
        reasons.push("nothing but the server's hints says so: a person confirms it once".to_owned());
    }
    Assessment { effect, unconfirmed, hints, reasons, contradictions }
}

/// Whether a read takes what it reads from the world outside the server: by its hint, or where the name, the description
/// or an address among the parameters says so. A hint that is absent decides nothing, for nearly no server gives it.
fn reaches(listed: Listed<'_>, named: bool) -> bool {
    listed.said.open_world == Some(true)
        || named
        || listed.input.is_some_and(takes_address)
        || wording::reaches_out(listed.description)
}

/// Whether arguments may hold an address, by the names, formats, patterns and examples anywhere in their schema. What a
/// `$ref` leads to is in it too, so that none has to be followed.
fn takes_address(schema: Node<'_>) -> bool {
    let is_address = |value: Node<'_>| {
        let text = value.text();
        value.kind() == Kind::String && (text.contains("://") || text.contains("http"))
    };
    // Nobody writes an address into a number, nor data into one of the values that the schema lists.
    let is_free = |property: Node<'_>| {
        let kind = property.get("type").map(Node::text).unwrap_or_default();
        !matches!(&*kind, "boolean" | "integer" | "number") && property.get("enum").or(property.get("const")).is_none()
    };
    let mut left = vec![schema];
    for _ in 0..MAX_SCHEMAS {
        let Some(node) = left.pop() else { return false };
        left.extend(node.items().filter(|item| matches!(item.kind(), Kind::Object | Kind::Array)));
        for member in node.members() {
            let (name, value) = (member.name(), member.value);
            let found = match &*name {
                "properties" | "patternProperties" => {
                    value.members().any(|one| is_free(one.value) && wording::takes_address(&one.name()))
                }
                "required" => value.items().any(|one| {
                    let is_told = node.get("properties").is_some_and(|told| told.get(&one.text()).is_some());
                    one.kind() == Kind::String && !is_told && wording::takes_address(&one.text())
                }),
                "format" => matches!(
                    &*value.text(),
                    "hostname"
                        | "idn-hostname"
                        | "iri"
                        | "iri-reference"
                        | "uri"
                        | "uri-reference"
                        | "uri-template"
                        | "url"
                ),
                "pattern" | "default" => is_address(value),
                "examples" => value.items().any(is_address),
                _ => false,
            };
            if found {
                return true;
            }
            if matches!(value.kind(), Kind::Object | Kind::Array)
                && !matches!(&*name, "default" | "examples" | "enum" | "const")
            {
                left.push(value);
            }
        }
    }
    // A schema larger than that hides what it likes.
    true
}

fn from_hints(said: &Said, hints: Hints, reasons: &mut Vec<String>) -> Effect {
    let explained = |what: Option<bool>, yes: &str, default: &str| {
        if what.is_some() { yes.to_owned() } else { default.to_owned() }
    };
    // Beside it the destructive and the idempotent hint mean nothing, so that they contradict nothing.
    if hints.read_only {
        reasons.push("the hints say read-only".to_owned());
        return Effect::Read;
    }
    if hints.destructive {
        reasons.push(explained(
            said.destructive,
            "the hints say destructive",
            "no hint says that it is not destructive: MCP's default",
        ));
        return Effect::Destructive;
    }
    if hints.open_world {
        reasons.push(explained(
            said.open_world,
            "the hints say that it reaches other systems",
            "no hint says that it stays inside: MCP's default",
        ));
        return Effect::External;
    }
    reasons.push("the hints say neither read-only nor destructive nor open world".to_owned());
    Effect::Write
}
