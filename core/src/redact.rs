//! Finds and masks what looks like a credential, wherever it stands in a text.

use crate::json::tape::{Kind, Node};
use crate::json::{Json, copy_with, pointer_token};
use crate::secret::mask;

/// How a credential begins, and how long its secret part is at least.
struct Shape {
    prefix: &'static str,
    least: usize,
}

/// Prefixes that vendors chose so that leaks can be found. A profile adds its own.
const SHAPES: &[Shape] = &[
    Shape { prefix: "sk-", least: 20 },
    Shape { prefix: "sk_live_", least: 16 },
    Shape { prefix: "sk_test_", least: 16 },
    Shape { prefix: "rk_live_", least: 16 },
    Shape { prefix: "ghp_", least: 30 },
    Shape { prefix: "gho_", least: 30 },
    Shape { prefix: "ghs_", least: 30 },
    Shape { prefix: "github_pat_", least: 30 },
    Shape { prefix: "glpat-", least: 16 },
    Shape { prefix: "xoxb-", least: 20 },
    Shape { prefix: "xoxp-", least: 20 },
    Shape { prefix: "AKIA", least: 16 },
    Shape { prefix: "AIza", least: 30 },
    // A JWT: `{"` in base64url begins every header.
    Shape { prefix: "eyJ", least: 40 },
];

/// A profile's own prefixes need fewer characters: the prefix itself is telling enough.
const LEAST_OF_PROFILE: usize = 6;

/// Masks credentials of the known shapes and of the profile's prefixes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    prefixes: Vec<String>,
}

struct Found {
    start: usize,
    end: usize,
    prefix_end: usize,
}

impl Redactor {
    pub(crate) fn new(prefixes: Vec<String>) -> Self {
        Redactor { prefixes }
    }

    /// The text with every credential masked; none if there was nothing to mask.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        let mut masked = String::new();
        let mut rest = text;
        while let Some(found) = self.find(rest) {
            let (Some(before), Some(secret), Some(prefix), Some(after)) = (
                rest.get(..found.start),
                rest.get(found.start..found.end),
                rest.get(found.start..found.prefix_end),
                rest.get(found.end..),
            ) else {
                break;
            };
            masked.push_str(before);
            masked.push_str(&mask(secret, prefix));
            rest = after;
        }
        (rest.len() != text.len()).then(|| masked + rest)
    }

    /// What may be repeated of a text that came from outside: credentials masked, at most that many characters.
    pub(crate) fn shown(&self, text: &str, most: usize) -> String {
        crate::text::shorten(&self.text(text).unwrap_or_else(|| text.to_owned()), most)
    }

    /// The value as JSON text with every credential masked, in names too.
    pub(crate) fn json(&self, value: Node<'_>) -> Json {
        Json::verbatim(&copy_with(value, &|text| self.text(text)))
    }

    /// JSON Pointer to the first string that holds a credential.
    pub(crate) fn locate(&self, value: Node<'_>) -> Option<String> {
        match value.kind() {
            Kind::String => self.find(&value.text()).map(|_| String::new()),
            Kind::Array => value
                .items()
                .enumerate()
                .find_map(|(index, item)| self.locate(item).map(|rest| format!("/{index}{rest}"))),
            Kind::Object => value.members().find_map(|member| {
                let name = member.name();
                if self.find(&name).is_some() {
                    return Some(String::new());
                }
                self.locate(member.value).map(|rest| format!("/{}{rest}", pointer_token(&name)))
            }),
            _ => None,
        }
    }

    fn find(&self, text: &str) -> Option<Found> {
        let known = SHAPES.iter().map(|shape| (shape.prefix, shape.least));
        let own = self.prefixes.iter().map(|prefix| (prefix.as_str(), LEAST_OF_PROFILE));
        let bytes = text.as_bytes();
        let mut before = b' ';
        for (start, byte) in bytes.iter().enumerate() {
            // In the middle of a word (`risk-assessment…`) a prefix means nothing.
            let begins = !before.is_ascii_alphanumeric();
            before = *byte;
            if !begins {
                continue;
            }
            let rest = bytes.get(start..).unwrap_or_default();
            for (prefix, least) in known.clone().chain(own.clone()) {
                // Nearly every prefix differs here already, and to compare them whole takes a call each.
                if prefix.as_bytes().first() != Some(byte) {
                    continue;
                }
                if let Some(secret) = rest.strip_prefix(prefix.as_bytes()) {
                    let length = secret.iter().position(|byte| !is_key_byte(*byte)).unwrap_or(secret.len());
                    if length >= least {
                        let prefix_end = start.saturating_add(prefix.len());
                        return Some(Found { start, end: prefix_end.saturating_add(length), prefix_end });
                    }
                }
            }
        }
        None
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=')
}
