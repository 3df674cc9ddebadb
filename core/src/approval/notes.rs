//! What is easily overlooked in a call's arguments: letters that look like others, and characters that are not seen.

use super::preview::{Weight, rank};
use crate::catalog::findings::plain;
use crate::json::tape::{Kind, Node};
use crate::json::{is_pointed_at, push_pointer_token};
use crate::sort::sort_by;
use crate::text::{is_invisible, name_within, shorten, visible};

const MAX_NOTES: usize = 10;
const MAX_SHOWN: usize = 80;
/// Bytes of a place up to which what stands at it is put together in one note.
const MAX_FOLDED: usize = 1_000;

const ADDRESS: &str = "is an address with letters beyond a to z: ";
const MIXED: &str = "mixes letters that look alike: ";
const UNSEEN: &str = "holds characters that are not seen; they are written out";

/// One sentence a place and kind; the items of a list are one place.
pub(super) struct Notes<'a> {
    /// JSON Pointers to values that are not for reading.
    pub(super) hidden: &'a [&'a str],
    order: &'a [String],
    pointer: String,
    /// The pointer with `*` for each place in a list.
    folded: String,
    weight: Weight,
    /// What matters most.
    found: Vec<Found>,
    omitted: usize,
}

struct Found {
    weight: Weight,
    folded: String,
    kind: &'static str,
    note: String,
    more: usize,
}

impl<'a> Notes<'a> {
    pub(super) fn new(hidden: &'a [&'a str], order: &'a [String]) -> Self {
        let (pointer, folded) = (String::new(), String::new());
        Notes { hidden, order, pointer, folded, weight: (0, 0), found: Vec::new(), omitted: 0 }
    }

    /// The notes, what matters most first, and how many more there would be.
    pub(super) fn counted(self) -> (Vec<String>, usize) {
        let with_count = |found: Found| match found.more {
            0 => found.note,
            more => [&found.note, " (and ", &more.to_string(), " more like it)"].concat(),
        };
        (self.found.into_iter().map(with_count).collect(), self.omitted)
    }

    /// Looks at a name of the tool, the server or the subject.
    pub(super) fn name(&mut self, place: &str, name: &str) {
        (self.pointer, self.folded) = (place.to_owned(), place.to_owned());
        self.weight = (0, 0);
        self.text(name);
        // In names each part counts: `delete_х` has no letter of another script beside a Latin one.
        for token in name.split(char::is_whitespace) {
            let has_latin = place == "tool" || token.bytes().any(|byte| byte.is_ascii_alphabetic());
            let is_alike = |word: &str| word.chars().all(|character| character.is_ascii() || looks_latin(character));
            if has_latin && let Some(word) = words(token).find(|word| !mixes(word) && is_alike(word)) {
                self.note(MIXED, token, word);
            }
        }
    }

    /// Looks at values; `place` is what their pointers begin with.
    pub(super) fn values(&mut self, place: &str, value: Node<'_>) {
        (self.pointer, self.folded) = (place.to_owned(), place.to_owned());
        self.weight = (usize::MAX, 0);
        self.walk(value);
    }

    fn walk(&mut self, value: Node<'_>) {
        if is_pointed_at(self.hidden, &self.pointer) {
            return;
        }
        if value.kind() == Kind::String {
            self.text(&value.text());
        }
        for (index, item) in value.items().enumerate() {
            self.within(&index.to_string(), "*", item, usize::MAX);
        }
        // In one order, whatever the caller's: the same call has the same notes.
        let mut members: Vec<_> = value.members().map(|member| (member.name(), member.value)).collect();
        sort_by(&mut members, |(one, _), (other, _)| one.cmp(other));
        for (name, member) in members {
            self.text(&name);
            self.within(&name, &name, member, rank(self.order, &name));
        }
    }

    fn within(&mut self, token: &str, folded: &str, value: Node<'_>, rank: usize) {
        let (lengths, weight) = ((self.pointer.len(), self.folded.len()), self.weight);
        for (token, path) in [(token, &mut self.pointer), (folded, &mut self.folded)] {
            path.push('/');
            push_pointer_token(token, path);
        }
        self.weight = (weight.0.min(rank), weight.1.saturating_add(1));
        self.walk(value);
        self.weight = weight;
        self.pointer.truncate(lengths.0);
        self.folded.truncate(lengths.1);
    }

    fn text(&mut self, text: &str) {
        if text.is_ascii() {
            return;
        }
        for token in text.split(char::is_whitespace).filter(|token| !token.is_ascii()) {
            if is_address(token) {
                self.note(ADDRESS, token, token);
                continue;
            }
            for word in words(token).filter(|word| mixes(word)) {
                self.note(MIXED, word, word);
            }
        }
        if text.chars().any(hides) {
            self.note(UNSEEN, text, "");
        }
    }

    fn note(&mut self, kind: &'static str, about: &str, letters: &str) {
        let folded = if self.folded.len() <= MAX_FOLDED { self.folded.as_str() } else { "" };
        let is_like = |found: &&mut Found| found.kind == kind && found.folded == folded;
        if let Some(like) = self.found.iter_mut().find(is_like) {
            like.more = like.more.saturating_add(1);
            return;
        }
        let weight = self.weight;
        let place = self.found.partition_point(|found| found.weight <= weight);
        if place < MAX_NOTES {
            let at = if self.pointer.is_empty() { "/" } else { &self.pointer };
            let about = name_within(about, MAX_SHOWN);
            let note = [&visible(&shorten(at, MAX_SHOWN)), ": ", &about, " ", kind, &numbered(letters)].concat();
            self.found.insert(place, Found { weight, folded: folded.to_owned(), kind, note, more: 0 });
        }
        let last = if place < MAX_NOTES { self.found.get(MAX_NOTES).map(|last| last.more) } else { Some(0) };
        self.found.truncate(MAX_NOTES);
        self.omitted = self.omitted.saturating_add(last.map_or(0, |more| more.saturating_add(1)));
    }
}

/// The notes on texts that a person is shown, under a name for all of them.
pub(crate) fn of_texts(place: &str, texts: Node<'_>) -> Vec<String> {
    let mut notes = Notes::new(&[], &[]);
    notes.values(place, texts);
    notes.counted().0
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
    !character.is_ascii() && plain(character).is_ascii()
}

/// The characters beyond ASCII, each by its number: `а (U+0430)`.
fn numbered(word: &str) -> String {
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
