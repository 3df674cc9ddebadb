//! From hints, name, description and profile to the one effect that the gates go by.

use super::hints::{Hints, Said};
use crate::json::de::words;
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
    pub(crate) hints: Hints,
    pub(crate) reasons: Vec<String>,
}

pub(crate) fn assess(
    name: &str,
    description: &str,
    said: &Said,
    trusted: bool,
    profile: Option<&Profile>,
) -> Assessment {
    let hints = said.hints();
    let mut reasons = said.notes.clone();
    let mut effect = from_hints(said, hints, &mut reasons);

    for (reading, source) in [(from_name(name), "name"), (from_description(description), "description")] {
        let Some((word, read)) = reading else { continue };
        // A trusted server is believed in shades; an outright contradiction is believed of nobody.
        let contradicts = effect <= Effect::Write && read >= Effect::Destructive;
        if read > effect && (contradicts || !trusted) {
            reasons.push(format!("the {source} says `{word}`: {} instead of {}", read.as_str(), effect.as_str()));
            effect = read;
        }
    }
    if let Some(raised) = profile.and_then(|profile| profile.effect_of(name)).filter(|raised| *raised > effect) {
        reasons.push(format!("the profile raises it to {}", raised.as_str()));
        effect = raised;
    }
    if said.requires_approval == Some(true) && effect < Effect::External {
        reasons.push("the server asks for an approval".to_owned());
        effect = Effect::External;
    }
    Assessment { effect, hints, reasons }
}

fn from_hints(said: &Said, hints: Hints, reasons: &mut Vec<String>) -> Effect {
    let explained = |what: Option<bool>, yes: &str, default: &str| {
        if what.is_some() { yes.to_owned() } else { default.to_owned() }
    };
    if said.read_only == Some(true) && said.destructive == Some(true) {
        reasons.push("the hints say both read-only and destructive: the more dangerous wins".to_owned());
        return Effect::Destructive;
    }
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

const BILLING: &[&str] =
    &["pay", "charge", "purchase", "refund", "subscribe", "unsubscribe", "checkout", "bill", "payout"];
const SEND: &[&str] = &["send", "broadcast", "email", "notify", "sms", "dispatch", "blast", "remind"];
const DESTRUCTIVE: &[&str] = &[
    "delete",
    "remove",
    "destroy",
    "drop",
    "purge",
    "wipe",
    "erase",
    "truncate",
    "cancel",
    "void",
    "revoke",
    "terminate",
    "uninstall",
    "kill",
    "reset",
    "overwrite",
    "clear",
];
const WRITE: &[&str] = &[
    "create", "add", "update", "set", "write", "edit", "insert", "upsert", "save", "move", "rename", "publish",
    "attach", "enrol", "enroll", "import", "upload", "mark", "merge", "assign", "execute", "run",
];

fn reading_of(verb: &str) -> Option<Effect> {
    [(BILLING, Effect::Billing), (SEND, Effect::Send), (DESTRUCTIVE, Effect::Destructive), (WRITE, Effect::Write)]
        .into_iter()
        .find_map(|(verbs, effect)| verbs.contains(&verb).then_some(effect))
}

/// The verb that a name begins with, after a namespace (`crm.delete_x`, `crm/delete-x`, `deleteX`).
fn from_name(name: &str) -> Option<(String, Effect)> {
    let local = name.rsplit(['.', '/', ':']).next().unwrap_or(name);
    let words = words_of(local);
    let first = words.first()?;
    if let Some(effect) = reading_of(first) {
        return Some((first.clone(), effect));
    }
    // `browser_delete_tab`, `git_reset`: the verb stands second behind a noun; a reading verb before it settles it.
    if READING.contains(&first.as_str()) {
        return None;
    }
    let second = words.get(1)?;
    reading_of(second).map(|effect| (second.clone(), effect))
}

const READING: &[&str] = &[
    "get", "list", "search", "read", "find", "query", "fetch", "describe", "check", "show", "count", "view", "lookup",
    "preview", "request", "draft", "is", "has",
];

/// Only the first word: `Deletes the booking` says what the tool does, a later word may say what it does not.
fn from_description(description: &str) -> Option<(String, Effect)> {
    let mut words = description.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut first = words.next()?.to_lowercase();
    if matches!(first.as_str(), "permanently" | "irreversibly" | "immediately") {
        first = words.next()?.to_lowercase();
    }
    let verb = [first.as_str()]
        .into_iter()
        .chain(first.strip_suffix('s'))
        .chain(first.strip_suffix("es"))
        .find_map(|verb| reading_of(verb).map(|effect| (verb.to_owned(), effect)))?;
    // A description is prose: only what cannot be taken back is read out of it.
    (verb.1 >= Effect::Destructive).then_some(verb)
}

fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for character in name.chars() {
        let boundary = !character.is_alphanumeric() || (character.is_uppercase() && after_lower);
        if boundary && !word.is_empty() {
            words.push(core::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        after_lower = character.is_lowercase() || character.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
