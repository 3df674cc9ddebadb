//! What is suspicious about tools as listed: texts that hide something or speak to the model instead of describing the
//! tool, names that look like one another, hints that the name contradicts. Nothing is decided by it; it is shown.

use std::borrow::Cow;

use serde::Serialize;

use crate::json::de::words;
use crate::json::push_pointer_token;
use crate::json::tape::{Kind as JsonKind, Node};
use crate::redact::Redactor;
use crate::text::{is_invisible, shorten, visible};

/// More findings than a person would read.
pub(crate) const MAX_FINDINGS: usize = 500;
/// Of one tool; the rest would say the same.
const MAX_OF_TOOL: usize = 10;
/// Characters of a text that are shown.
const MAX_EXCERPT: usize = 120;
/// Characters before what was found that are shown too.
const BEFORE: usize = 20;

/// What is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name or the description says otherwise than the hints, or the hints contradict each other.
    Contradiction,
    /// Characters that nobody sees.
    HiddenCharacters,
    /// Characters that turn the direction of reading.
    Bidirectional,
    /// A text that tells the model what to do.
    Instructions,
    /// Another tool's name looks the same.
    LookAlike,
}

words!(Kind { Contradiction = "contradiction", HiddenCharacters = "hidden_characters", Bidirectional = "bidirectional", Instructions = "instructions", LookAlike = "look_alike" });

impl Kind {
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Kind::Contradiction => "the hints say two things that cannot both be true",
            Kind::HiddenCharacters => "characters that a person does not see and a model reads",
            Kind::Bidirectional => "characters that make a person read another order than a model",
            Kind::Instructions => "a text that tells the model what to do instead of saying what the tool does",
            Kind::LookAlike => "another tool's name looks the same",
        }
    }
}

/// Something suspicious in one tool.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The tool's name.
    pub(crate) tool: String,
    pub(crate) kind: Kind,
    /// JSON Pointer into the definition.
    pub(crate) path: String,
    /// What it means, for people.
    pub(crate) message: String,
    /// Where it stands, shortened, with secrets masked and nothing hidden.
    pub(crate) excerpt: String,
}

/// Something suspicious in a text of a definition.
#[derive(Debug)]
pub(crate) struct Suspicion {
    pub(crate) kind: Kind,
    pub(crate) path: String,
    pub(crate) excerpt: String,
}

/// What is suspicious in a definition's texts and names.
pub(crate) fn in_texts(definition: Node<'_>, redactor: &Redactor) -> Vec<Suspicion> {
    let begins = |spoken: &'static str| {
        let (first, rest) = spoken.split_once(' ').unwrap_or((spoken, ""));
        first.split('|').map(move |word| (word, rest))
    };
    let spoken = SPOKEN.iter().copied().flat_map(begins).collect();
    let mut search = Search { redactor, spoken, path: String::new(), found: Vec::new() };
    for member in definition.members() {
        // No model reads `_meta`.
        if member.name() != "_meta" {
            search.member(&member.name(), member.value);
        }
    }
    search.found
}

struct Search<'r> {
    redactor: &'r Redactor,
    /// By their first words: nearly no word is one of those.
    spoken: Vec<(&'static str, &'static str)>,
    path: String,
    found: Vec<Suspicion>,
}

impl Search<'_> {
    fn member(&mut self, name: &str, value: Node<'_>) {
        let length = self.path.len();
        self.path.push('/');
        push_pointer_token(name, &mut self.path);
        self.text(name);
        self.value(value);
        self.path.truncate(length);
    }

    fn value(&mut self, value: Node<'_>) {
        if value.kind() == JsonKind::String {
            return self.text(&value.text());
        }
        for member in value.members() {
            self.member(&member.name(), member.value);
        }
        for (index, item) in value.items().enumerate() {
            let length = self.path.len();
            self.path.push('/');
            self.path.push_str(&index.to_string());
            self.value(item);
            self.path.truncate(length);
        }
    }

    fn text(&mut self, text: &str) {
        // Nearly all texts hide nothing, and that is quickly seen.
        let plain = text.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'));
        for (kind, at) in [
            (Kind::HiddenCharacters, if plain { None } else { hidden_in(text) }),
            (Kind::Bidirectional, if plain { None } else { text.chars().position(turns_direction) }),
            (Kind::Instructions, instructions_in(text, &self.spoken)),
        ] {
            let Some(at) = at.filter(|_| self.found.len() < MAX_OF_TOOL) else { continue };
            let path = visible(&self.redactor.shown(&self.path, 300));
            let excerpt = excerpt(text, at, self.redactor);
            self.found.push(Suspicion { kind, path, excerpt });
        }
    }
}

/// The text from a little before a character on.
pub(crate) fn excerpt(text: &str, at: usize, redactor: &Redactor) -> String {
    let start = at.saturating_sub(BEFORE);
    // Masked first: the piece of a credential that is left of the cut would not be known as one.
    let masked = redactor.text(text);
    let from = if masked.is_some() { 0 } else { start };
    let rest: String = masked.as_deref().unwrap_or(text).chars().skip(from).collect();
    let short = shorten(&rest, MAX_EXCERPT);
    visible(&if from > 0 { ["…", &short].concat() } else { short })
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first character that nobody sees, except where writing needs it: in emoji, and in scripts whose letters join.
fn hidden_in(text: &str) -> Option<usize> {
    let turned = text.chars().any(
        |character| matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'),
    );
    let mut before = ' ';
    for (at, character) in text.chars().enumerate() {
        let joins = before >= '\u{600}' && !is_invisible(before);
        let hides = match character {
            '\t' | '\n' | '\r' => false,
            '\u{200c}' | '\u{200d}' => !(joins || before == '\u{fe0f}'),
            '\u{fe0e}' | '\u{fe0f}' => !(joins || matches!(before, '0'..='9' | '#' | '*' | '©' | '®')),
            '\u{61c}' | '\u{200e}' | '\u{200f}' => !turned,
            _ if turns_direction(character) => false,
            _ => is_invisible(character) || character.is_control(),
        };
        if hides {
            return Some(at);
        }
        before = character;
    }
    None
}

/// The Latin letter or the digit that a character looks like, in lower case; others are themselves.
pub(crate) fn plain(character: char) -> char {
    const ALIKE: &[(&str, char)] = &[
        ("аαａɑ", 'a'),
        ("ЬВβ", 'b'),
        ("сϲС", 'c'),
        ("ԁ", 'd'),
        ("еεЕΕё", 'e'),
        ("ɡ", 'g'),
        ("һНΗ", 'h'),
        ("іιІΙı", 'i'),
        ("јЈ", 'j'),
        ("кκКΚ\u{212a}", 'k'),
        ("ӏⅼ", 'l'),
        ("мМΜ", 'm'),
        ("ηΝ", 'n'),
        ("оοОΟσ", 'o'),
        ("рρРΡ", 'p'),
        ("ԛ", 'q'),
        ("ѕЅ", 's'),
        ("тτТΤ", 't'),
        ("υս", 'u'),
        ("νѵ", 'v'),
        ("ѡԝω", 'w'),
        ("хχХΧ", 'x'),
        ("уγУΥ", 'y'),
        ("Ζ", 'z'),
        ("А", 'a'),
        ("Α", 'a'),
        ("Β", 'b'),
        // Roman numerals, and capitals of Cherokee and Lisu.
        ("ⅰⅠꓲ", 'i'),
        ("ⅴⅤᏙꓦ", 'v'),
        ("ⅹⅩꓫ", 'x'),
        ("ⅬᏞꓡ", 'l'),
        ("ⅽⅭᏟꓚ", 'c'),
        ("ⅾⅮᎠꓓ", 'd'),
        ("ⅿⅯᎷꓟ", 'm'),
        ("Ꭺꓮ", 'a'),
        ("Ᏼꓐ", 'b'),
        ("Ꭼꓰ", 'e'),
        ("Ᏻꓖ", 'g'),
        ("Ꮋꓧ", 'h'),
        ("Ꭻꓙ", 'j'),
        ("Ꮶꓗ", 'k'),
        ("Ꮲꓑ", 'p'),
        ("Ꮪꓢ", 's'),
        ("Ꭲꓔ", 't'),
        ("Ꮃꓪ", 'w'),
        ("Ꮓꓜ", 'z'),
        ("ꓝ", 'f'),
        ("ꓠ", 'n'),
        ("ꓳ", 'o'),
        ("Ꮢꓣ", 'r'),
        ("ꓴ", 'u'),
        ("ꓬ", 'y'),
    ];
    // Nearly all are.
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let character = match character {
        // Full-width forms.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character).wrapping_sub(0xfee0)).unwrap_or(character),
        // Mathematical letters: thirteen alphabets of 52; and their digits.
        '\u{1d400}'..='\u{1d6a3}' => {
            let letter = u32::from(character).wrapping_sub(0x1_d400).checked_rem(52).unwrap_or_default();
            let first = if letter < 26 { u32::from('A') } else { u32::from('a').wrapping_sub(26) };
            char::from_u32(first.wrapping_add(letter)).unwrap_or(character)
        }
        '\u{1d7ce}'..='\u{1d7ff}' => {
            let digit = u32::from(character).wrapping_sub(0x1_d7ce).checked_rem(10).unwrap_or_default();
            char::from_digit(digit, 10).unwrap_or(character)
        }
        _ => character,
    };
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    if !matches!(character, '\u{131}'..='\u{58f}' | '\u{13a0}'..='\u{217f}' | '\u{a4d0}'..='\u{a4ff}') {
        return character;
    }
    ALIKE.iter().find(|(looks, _)| looks.contains(character)).map_or(character, |(_, letter)| *letter)
}

/// The letters that a text seems to be written in, without what cannot be seen.
pub(crate) fn in_plain_letters(text: &str) -> String {
    text.chars().filter(|character| !is_invisible(*character)).map(plain).collect()
}

/// What a name looks like: the same for names that differ only by case, separators, invisible characters and letters
/// that look alike.
pub(crate) fn skeleton(name: &str) -> String {
    let letters = name.chars().filter(|character| {
        !is_invisible(*character) && !matches!(character, '_' | '-' | '.' | '/' | ':' | '‐'..='―' | '·')
    });
    let letters = letters.filter(|character| !character.is_whitespace() && !character.is_control()).map(plain);
    letters
        .map(|letter| {
            if matches!(letter, '1' | 'i' | '|') {
                'l'
            } else if letter == '0' {
                'o'
            } else {
                letter
            }
        })
        .collect()
}

/// What is said to a model rather than of a tool: words one after another, `|` between those that mean the same, `~n`
/// for up to so many others. Verbs stand in the imperative, for `ignores previous instructions` describes.
const SPOKEN: &[&str] = &[
    "ignore|disregard|forget ~2 previous|prior|earlier|above|preceding|other|system|your|all ~2 instructions|instruction|prompt|prompts|guidelines",
    "override|bypass ~2 previous|prior|earlier|above|preceding|your ~2 instructions|prompt|prompts|guidelines",
    "not|never|don|dont|without ~1 tell|mention|inform|reveal|disclose|telling|mentioning|informing ~4 user|human",
    "not|never|don|dont ~1 mention this|that|it",
    "before|until ~1 call|calling|use|using|invoke|invoking|run|running ~1 any ~1 tool|tools",
    "before any other tool|tools",
    "must|always ~2 call|use|run|invoke|send|include ~6 before|instead ~3 other tool|tools",
    "must|always|first ~2 call|send|include|attach|forward|copy|pass|add|read ~8 entire|full|whole|complete ~1 conversation|chat",
    "must|always|first ~2 call|send|include|attach|forward|copy|pass|add|read ~8 conversation|chat|message history",
    "must|always|first ~2 send|include|attach|forward|copy|pass|add|read|collect ~4 users|user|your|all|any|stored|saved ~2 password|passwords|credential|credentials|secrets|tokens",
    "must|always|first ~2 send|include|attach|forward|copy|pass|add|read|collect ~4 users|user|your|all|any|stored|saved ~2 private|secret|ssh|api|access key|keys|token|tokens",
    "send|include|reveal|print|output|repeat|pass|attach|forward|copy ~4 your ~1 system prompt",
    "read|open|cat|send|include|attach|copy|upload|pass ~6 id_rsa|ssh|aws|etc|cursor id_rsa|id_ed25519|authorized_keys|credentials|passwd|shadow|mcp",
    "read|open|cat|send|include|attach|copy|upload|pass ~6 id_rsa|id_ed25519",
];

/// What a chat is written in, where a description has no business with it.
const TAGS: &[&str] = &["important", "system", "assistant", "instructions", "sys", "inst", "im_start", "im_end"];

/// The first character of what is said to a model.
fn instructions_in(text: &str, spoken: &[(&str, &str)]) -> Option<usize> {
    // Nothing that is said takes fewer.
    if text.len() < 6 {
        return None;
    }
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut letters = text.chars().enumerate().filter(|(_, character)| !is_invisible(*character)).peekable();
    let (mut opened, mut within) = (None, false);
    while let Some((at, character)) = letters.next() {
        let letter = plain(character);
        if letter.is_alphanumeric() || letter == '_' {
            match words.last_mut().filter(|_| within) {
                Some((_, word)) => word.push(letter),
                None => words.push((at, String::from(letter))),
            }
            within = true;
            continue;
        }
        // `<important>`, `</system>`, `[INST]`, `<|im_start|>`
        let is_tag = |(from, place): (usize, usize)| match words.get(place..) {
            Some([(_, word)]) if TAGS.contains(&word.as_str()) => Some(from),
            _ => None,
        };
        if matches!(letter, '>' | ']')
            && let Some(tag) = opened.take().and_then(is_tag)
        {
            return Some(tag);
        }
        match letter {
            '<' | '[' => opened = Some((at, words.len())),
            '/' | '|' => {}
            // `don't` is one word.
            '\'' | '’' if letters.peek().is_some_and(|(_, next)| next.is_alphanumeric()) => continue,
            _ => opened = None,
        }
        within = false;
    }
    (0..words.len()).find_map(|start| {
        let ((at, word), rest) = words.get(start..)?.split_first()?;
        spoken.iter().any(|(first, pattern)| first == word && speaks(rest, pattern)).then_some(*at)
    })
}

/// Whether words begin as a pattern of [`SPOKEN`] says.
fn speaks(words: &[(usize, String)], pattern: &str) -> bool {
    let (part, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    if let Some(gap) = part.strip_prefix('~') {
        let most: usize = gap.parse().unwrap_or_default();
        return (0..=most).any(|skipped| words.get(skipped..).is_some_and(|words| speaks(words, rest)));
    }
    match words.split_first() {
        Some(((_, word), others)) if part.split('|').any(|wanted| wanted == word) => {
            rest.is_empty() || speaks(others, rest)
        }
        _ => false,
    }
}

/// A tool's finding.
pub(crate) fn finding(tool: &str, kind: Kind, path: String, message: Cow<'_, str>, excerpt: String) -> Finding {
    Finding { tool: tool.to_owned(), kind, path, message: message.into_owned(), excerpt }
}
