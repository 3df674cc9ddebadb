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
    /// Where the server says two things that cannot both be true: the member's name, and the reason's place.
    pub(crate) contradictions: Vec<(&'static str, usize)>,
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
    let mut contradictions = Vec::new();
    if said.read_only == Some(true) && said.destructive == Some(true) {
        contradictions.push(("annotations", reasons.len()));
    }
    let mut effect = from_hints(said, hints, &mut reasons);

    for (reading, source) in [(from_name(name), "name"), (from_description(description), "description")] {
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
    if let Some(raised) = profile.and_then(|profile| profile.effect_of(name)).filter(|raised| *raised > effect) {
        reasons.push(format!("the profile raises it to {}", raised.as_str()));
        effect = raised;
    }
    if said.requires_approval == Some(true) && effect < Effect::External {
        reasons.push("the server asks for an approval".to_owned());
        effect = Effect::External;
    }
    Assessment { effect, hints, reasons, contradictions }
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
    let mut words = words_of(local);
    let reading = |word: String| reading_of(&word).map(|effect| (word, effect));
    // What other letters mean nobody knows here, so that the worst of a name that has any counts.
    if !local.is_ascii() {
        // Nor may a letter that is not seen, or looks like another, hide a verb.
        let plain = super::findings::in_plain_letters(local);
        return words.chain(words_of(&plain)).filter_map(reading).max_by_key(|(_, effect)| *effect);
    }
    let first = words.next()?;
    // `browser_delete_tab`, `git_reset`: the verb stands second behind a noun; a reading verb before it settles it.
    let second = if READING.contains(&first.as_str()) { None } else { words.next() };
    reading(first).or_else(|| second.and_then(reading))
}

const READING: &[&str] = &[
    "get", "list", "search", "read", "find", "query", "fetch", "describe", "check", "show", "count", "view", "lookup",
    "preview", "request", "draft", "is", "has",
];

/// Only the first word: `Deletes the booking` says what the tool does, a later word may say what it does not.
fn from_description(description: &str) -> Option<(String, Effect)> {
    let mut words = words_in(description).filter(|word| !word.is_empty());
    let mut first = words.next()?;
    if matches!(first.as_str(), "permanently" | "irreversibly" | "immediately") {
        first = words.next()?;
    }
    let verb = [first.as_str()]
        .into_iter()
        .chain(first.strip_suffix('s'))
        .chain(first.strip_suffix("es"))
        .find_map(|verb| reading_of(verb).map(|effect| (verb.to_owned(), effect)))?;
    // A description is prose: only what cannot be taken back is read out of it.
    (verb.1 >= Effect::Destructive).then_some(verb)
}

/// The lower-case ASCII words between all other characters; some may be empty.
fn words_in(text: &str) -> impl Iterator<Item = String> {
    text.split(|character| plain(character).is_none()).map(|word| word.chars().filter_map(plain).collect())
}

/// A letter or digit as verbs are written with; the Kelvin sign is a `k` in lower case.
fn plain(character: char) -> Option<char> {
    match character {
        '\u{212a}' => Some('k'),
        _ => character.is_ascii_alphanumeric().then(|| character.to_ascii_lowercase()),
    }
}

fn words_of(name: &str) -> impl Iterator<Item = String> {
    let mut apart = String::new();
    let mut after_lower = false;
    for character in name.chars() {
        if after_lower && character.is_ascii_uppercase() {
            apart.push('_');
        }
        apart.push(character);
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    let words: Vec<String> = words_in(&apart).filter(|word| !word.is_empty()).collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_hide_no_verb() {
        for (name, verb) in [
            ("delete_über", "delete"),
            ("éé_foo_delete", "delete"),
            ("getß_delete", "delete"),
            ("get–delete", "delete"),
            ("\u{212a}ill_job", "kill"),
            ("état_send_delete", "send"),
        ] {
            assert_eq!(from_name(name).map(|(word, _)| word).as_deref(), Some(verb), "{name}");
        }
        assert_eq!(from_name("get_delete"), None);
        assert_eq!(from_name("liste_für_alle"), None);
        let deletes = from_description("🗑 Deletes the customer’s data");
        assert_eq!(deletes, Some(("delete".to_owned(), Effect::Destructive)));
        assert_eq!(from_description("Lists what was deleted"), None);
    }
}
