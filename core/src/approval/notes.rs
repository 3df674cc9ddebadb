//! What is easily overlooked in a call's arguments: letters that look like others, and characters that are not seen.

use crate::catalog::findings::in_plain_letters;
use crate::json::tape::{Kind, Node};
use crate::json::{is_pointed_at, push_pointer_token};
use crate::text::{is_invisible, shorten, visible};

const MAX_NOTES: usize = 10;
const MAX_SHOWN: usize = 80;
/// Characters of a text that are looked at.
const MAX_TEXT: usize = 20_000;

/// One sentence a suspicious text, at most ten. `hidden` holds JSON Pointers to values that are not for reading.
pub(super) fn of(arguments: Node<'_>, hidden: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    walk(arguments, &mut String::new(), hidden, &mut notes);
    notes
}

fn walk(value: Node<'_>, pointer: &mut String, hidden: &[&str], notes: &mut Vec<String>) {
    if notes.len() >= MAX_NOTES || is_pointed_at(hidden, pointer) {
        return;
    }
    let length = pointer.len();
    if value.kind() == Kind::String {
        look(&value.text(), pointer, notes);
    }
    for (index, item) in value.items().enumerate() {
        pointer.push('/');
        pointer.push_str(&index.to_string());
        walk(item, pointer, hidden, notes);
        pointer.truncate(length);
    }
    for member in value.members() {
        let name = member.name();
        look(&name, pointer, notes);
        pointer.push('/');
        push_pointer_token(&name, pointer);
        walk(member.value, pointer, hidden, notes);
        pointer.truncate(length);
    }
}

fn look(text: &str, pointer: &str, notes: &mut Vec<String>) {
    if text.is_ascii() || notes.len() >= MAX_NOTES {
        return;
    }
    let place = if pointer.is_empty() { "/" } else { pointer };
    let mut note = |what: &str, about: &str| {
        let about = visible(&shorten(about, MAX_SHOWN));
        notes.push([&visible(&shorten(place, MAX_SHOWN)), ": `", &about, "` ", what].concat());
    };
    let within: String = text.chars().take(MAX_TEXT).collect();
    if let Some(word) = within.split(char::is_whitespace).find(|word| is_address(word) && !word.is_ascii()) {
        note(&["is an address with letters beyond a to z: ", &named(word)].concat(), word);
    } else if let Some(word) = words(&within).find(|word| mixes(word)) {
        note(&["mixes letters that look alike: ", &named(word)].concat(), word);
    }
    if within.chars().any(hides) {
        note("holds characters that are not seen; they are written out", &within);
    }
}

/// What a message or a payment could be sent to, or fetched from.
fn is_address(word: &str) -> bool {
    let has_dot = word.trim_matches(['.', ',', ';', ':', '!', '?']).contains('.');
    word.contains("://") || word.contains('@') && has_dot || has_dot && word.chars().all(is_of_a_host)
}

fn is_of_a_host(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '.' | '-' | '/' | ':' | '_')
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_ascii())
}

/// Whether a word has letters of the Latin alphabet beside others that look like them.
fn mixes(word: &str) -> bool {
    let alike = word.chars().any(looks_latin);
    let others = word.chars().any(|character| character.is_ascii_alphabetic());
    alike && (others || word.chars().all(|character| looks_latin(character) && is_a_form(character)))
}

/// A full-width or mathematical letter is a form of a Latin one, and never a letter of another script.
fn is_a_form(character: char) -> bool {
    matches!(character, '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}')
}

fn looks_latin(character: char) -> bool {
    let mut buffer = [0; 4];
    !character.is_ascii() && in_plain_letters(character.encode_utf8(&mut buffer)).bytes().any(|byte| byte < 128)
}

/// The characters beyond ASCII, each by its number: `а (U+0430)`.
fn named(word: &str) -> String {
    let mut seen: Vec<char> = Vec::new();
    for character in word.chars().filter(|character| !character.is_ascii()) {
        if !seen.contains(&character) && seen.len() < 4 {
            seen.push(character);
        }
    }
    let named: Vec<String> = seen
        .iter()
        .map(|character| format!("{} (U+{:04X})", visible(&character.to_string()), u32::from(*character)))
        .collect();
    named.join(", ")
}

/// Joiners and variation selectors are part of emoji and of some scripts' words, and common there.
fn hides(character: char) -> bool {
    is_invisible(character) && !matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}
