//! Names and values as what refuses reads them: letters' case, full-width forms, letters that look alike, invisible
//! characters and the separators of words do not matter. What permits reads them exactly.

use core::cell::OnceCell;

use super::spelling;
use crate::catalog::findings::{in_plain_letters, plain, skeleton};
use crate::glob;
use crate::json::canonical::canonical;
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document};
use crate::sort::sort_by;
use crate::text::is_invisible;

/// A tool's name, folded when a pattern first needs it.
#[derive(Debug)]
pub(crate) struct Name<'n> {
    pub(crate) as_written: &'n str,
    words: OnceCell<String>,
    skeleton: OnceCell<String>,
}

impl<'n> Name<'n> {
    pub(crate) fn new(as_written: &'n str) -> Self {
        Name { as_written, words: OnceCell::new(), skeleton: OnceCell::new() }
    }
}

/// A tool name pattern.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// Compared word by word, for `delete_*` means the word.
    Words(String),
    /// An exact name, compared by its looks.
    Exact(String),
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        if pattern.contains('*') { Pattern::Words(words(pattern)) } else { Pattern::Exact(skeleton(pattern)) }
    }

    pub(super) fn matches(&self, name: &Name<'_>) -> bool {
        match self {
            Pattern::Words(pattern) => glob::matches(pattern, name.words.get_or_init(|| words(name.as_written))),
            Pattern::Exact(pattern) => pattern == name.skeleton.get_or_init(|| skeleton(name.as_written)),
        }
    }
}

/// The words in plain lower-case letters with one `_` between them; `*` stays.
pub(super) fn words(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let (mut after_lower, mut apart) = (false, false);
    for character in name.chars().filter(|character| !is_invisible(*character)) {
        let letter = plain(character);
        if letter == '*' || !letter.is_alphanumeric() {
            if letter == '*' {
                if core::mem::take(&mut apart) {
                    folded.push('_');
                }
                folded.push('*');
            } else {
                apart = !folded.is_empty();
            }
            after_lower = false;
            continue;
        }
        if core::mem::take(&mut apart) || after_lower && character.is_uppercase() {
            folded.push('_');
        }
        folded.extend(letter.to_lowercase());
        after_lower = !character.is_uppercase();
    }
    folded
}

/// A value as text in which `5` and `"5"`, and texts that look alike, are the same.
pub(super) fn value(node: Node<'_>) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

/// Whether a folded value is what an operand, folded too, means: the same, the same truth, or a text that names the same
/// address among others, such as `Eve <eve@x.example>`.
pub(super) fn is_alike(operand: &str, folded: &str) -> bool {
    let truth = |text: &str| match text {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    };
    let is_truth = |text: &str| matches!(text, "true" | "false");
    let same_truth =
        (is_truth(operand) || is_truth(folded)) && truth(operand).is_some() && truth(operand) == truth(folded);
    operand == folded || same_truth || operand.contains('@') && names(folded, operand)
}

/// Whether the address stands in the text, and not as a part of a longer one.
fn names(text: &str, address: &str) -> bool {
    let is_part =
        |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '+' | '%' | '@');
    text.match_indices(address).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let mut after = text.get(at.saturating_add(found.len())..).unwrap_or_default().chars();
        let is_end = match after.next() {
            Some('.') => !after.next().is_some_and(char::is_alphanumeric),
            next => !next.is_some_and(is_part),
        };
        is_end && !before.is_some_and(is_part)
    })
}

fn write(node: Node<'_>, out: &mut String) {
    match node.kind() {
        Kind::String => {
            let text = letters(&node.text());
            out.push_str(&number(text.trim()).unwrap_or_else(|| text.trim().to_owned()));
        }
        Kind::Array => {
            out.push('[');
            for item in node.items() {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Kind::Object => {
            let mut members: Vec<_> = node.members().map(|member| (member.name(), member.value)).collect();
            sort_by(&mut members, |(one, _), (other, _)| one.cmp(other));
            out.push('{');
            for (name, value) in members {
                out.push_str(&name);
                out.push(':');
                write(value, out);
                out.push(',');
            }
            out.push('}');
        }
        _ => out.push_str(&canonical(node)),
    }
}

/// The canonical form of a text that is a number, also with a sign or zeros before it.
fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.len() > 64 || !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let trimmed = digits.trim_start_matches('0');
    let zero = if trimmed.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
    let written = [sign, zero, trimmed.trim_end_matches('.')].concat();
    let document = Document::read(&written, json::ARGUMENTS).ok()?;
    let root = document.tape().root();
    (root.kind() == Kind::Number).then(|| canonical(root))
}

/// A text in simple lower-case letters.
fn letters(text: &str) -> String {
    spelling::letters(&in_plain_letters(text))
}

/// Whether two names look like spellings of one.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    skeleton(&letters(one)) == skeleton(&letters(other))
}

/// What a text may be taken for, in lower case, without blanks around it: as it is written, in simple letters, and, where
/// it or the pattern is about addresses, each of them alone.
pub(super) fn forms(text: &str, pattern: &str) -> Vec<String> {
    let folded = letters(text);
    let mut forms = vec![text.to_lowercase().trim().to_owned(), folded.trim().to_owned()];
    let is_between = |letter: char| letter == ' ' || ",;:?<>()\"'".contains(letter);
    let parts = || folded.split(is_between).filter(|part| !part.is_empty());
    if pattern.contains('@') || folded.contains('<') || parts().all(|part| part.contains('@')) {
        let addresses = parts().filter(|part| part.contains('@'));
        forms.extend(addresses.map(|address| address.trim_matches(['.', '/']).to_owned()));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::{Name, Pattern, forms, number};

    #[test]
    fn names() {
        for (pattern, name, expected) in [
            ("delete_*", "Delete_x", true),
            ("delete_*", "deleteX", true),
            ("delete_*", "delete-x", true),
            ("delete_*", "_delete.x", true),
            ("delete_*", "d\u{435}lete_x", true),
            ("delete_*", "\u{ff44}elete_x", true),
            ("delete_*", "del\u{200b}ete_x", true),
            ("delete_*", "deleted_items_list", false),
            ("delete_*", "list_deleted", false),
            ("*Delete", "contactDelete", true),
            ("*_delete", "contactDelete", true),
            ("*delete*", "UNDELETED", true),
            ("deleteContact", "delete_contact", true),
            ("delete_contact", "DELETECONTACT", true),
            ("delete_contact", "delete_contacts", false),
            ("*", "\u{200b}", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(&Name::new(name)), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn texts_in_their_forms() {
        for (text, pattern, form) in [
            (" EVIL@x.example\n", "x", "evil@x.example"),
            ("Eve <EVIL@x.example.>", "x", "evil@x.example"),
            ("mailto:evil@x.example?subject=a", "@", "evil@x.example"),
            ("a@b.example; evil@x.example", "x", "evil@x.example"),
            ("\u{435}v\u{456}l\u{200b}", "x", "evil"),
            ("INV\u{2013}1", "x", "inv-1"),
        ] {
            assert!(forms(text, pattern).iter().any(|found| found == form), "{text}: {:?}", forms(text, pattern));
        }
        assert_eq!(forms("write to a@b.example", "x").len(), 2);
    }

    #[test]
    fn numbers() {
        for (text, expected) in
            [("5", Some("5")), ("+05.0", Some("5")), ("-5e0", Some("-5")), (".5", Some("0.5")), ("5.", Some("5"))]
        {
            assert_eq!(number(text).as_deref(), expected, "{text}");
        }
        assert_eq!(number("5x"), None);
        assert_eq!(number("e5"), None);
        assert_eq!(number(""), None);
    }
}
