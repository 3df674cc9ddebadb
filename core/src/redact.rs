//! Finds and masks what looks like a credential, wherever it stands in a text.

use crate::error::{Code, Error, Result};
use crate::json::canonical::quoted;
use crate::json::tape::{Kind, Node};
use crate::json::{Json, copy_with, pointer_token};
use crate::secret::{Secret, mask};

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

/// Shorter texts stand in too many innocent ones.
const LEAST_DECLARED: usize = 8;
const MAX_DECLARED: usize = 512;

/// What stands in the place of a declared secret: a fingerprint would let a weak one be guessed.
pub(crate) const HIDDEN: &str = "[secret]";

/// Masks credentials of the known shapes and of the profile's prefixes, and the secrets that were declared.
#[derive(Debug, Clone)]
pub(crate) struct Redactor {
    prefixes: Vec<String>,
    /// How many bytes the shortest credential of a known shape has.
    shortest: usize,
    /// What the prefixes begin with: nearly every word begins otherwise.
    begins: Vec<u8>,
    /// Longest first, so that one which holds another is masked as a whole.
    declared: Vec<Secret>,
}

struct Found {
    start: usize,
    end: usize,
    /// None: a declared secret, of which nothing is shown.
    prefix_end: Option<usize>,
}

impl Default for Redactor {
    fn default() -> Self {
        Redactor::new(Vec::new())
    }
}

impl Redactor {
    pub(crate) fn new(prefixes: Vec<String>) -> Self {
        let known = SHAPES.iter().map(|shape| shape.prefix.len().saturating_add(shape.least));
        let own = prefixes.iter().map(|prefix| prefix.len().saturating_add(LEAST_OF_PROFILE));
        let shortest = known.chain(own).min().unwrap_or_default();
        let all = SHAPES.iter().map(|shape| shape.prefix).chain(prefixes.iter().map(String::as_str));
        let begins: Vec<u8> = all.filter_map(|prefix| prefix.bytes().next()).collect();
        Redactor { prefixes, shortest, begins, declared: Vec::new() }
    }

    /// The user's own secrets, to be masked wherever they stand.
    pub(crate) fn declare_all(&mut self, secrets: &[Secret]) -> Result<()> {
        if secrets.len() > MAX_DECLARED / 4 || secrets.iter().any(|secret| secret.expose().len() < LEAST_DECLARED) {
            return Err(Error::new(
                Code::InvalidOptions,
                "`secrets` takes at most 128 texts of at least 8 bytes each; shorter ones stand in innocent texts too.",
            ));
        }
        secrets.iter().for_each(|secret| self.declare(secret));
        Ok(())
    }

    /// Masks a secret from now on: as it is, as a JSON string writes it, and as an address does.
    pub(crate) fn declare(&mut self, secret: &Secret) {
        let text = secret.expose();
        let escaped = quoted(text);
        let escaped = escaped.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
        for spelling in [text, escaped, &percent_encoded(text)] {
            let known = self.declared.iter().any(|other| other.expose() == spelling);
            if !known && spelling.len() >= LEAST_DECLARED && self.declared.len() < MAX_DECLARED {
                let longer = self.declared.iter().take_while(|other| other.expose().len() > spelling.len()).count();
                self.declared.insert(longer, Secret::new(spelling));
            }
        }
    }

    /// The text with every credential masked; none if there was nothing to mask.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        let mut masked = String::new();
        let mut rest = text;
        while let Some(found) = self.find(rest) {
            let (Some(before), Some(secret), Some(after)) =
                (rest.get(..found.start), rest.get(found.start..found.end), rest.get(found.end..))
            else {
                break;
            };
            masked.push_str(before);
            match found.prefix_end.and_then(|end| rest.get(found.start..end)) {
                Some(prefix) => masked.push_str(&mask(secret, prefix)),
                None => masked.push_str(HIDDEN),
            }
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

    /// Whether a text holds a credential. Where a JSON text has no backslash, none of its strings holds one that this
    /// does not find.
    pub(crate) fn finds(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The first of either kind; where both overlap, all of it.
    fn find(&self, text: &str) -> Option<Found> {
        let mut first = self.find_shape(text);
        for secret in &self.declared {
            let Some(start) = text.find(secret.expose()) else { continue };
            let end = start.saturating_add(secret.expose().len());
            first = Some(match first {
                Some(found) if found.end <= start || (found.start <= start && end <= found.end) => found,
                Some(found) if found.start < end => {
                    Found { start: start.min(found.start), end: end.max(found.end), prefix_end: None }
                }
                _ => Found { start, end, prefix_end: None },
            });
        }
        first
    }

    fn find_shape(&self, text: &str) -> Option<Found> {
        let known = SHAPES.iter().map(|shape| (shape.prefix, shape.least));
        let own = self.prefixes.iter().map(|prefix| (prefix.as_str(), LEAST_OF_PROFILE));
        let bytes = text.as_bytes();
        // Most texts are too short to hold any; so is the end of each.
        let last = bytes.len().checked_sub(self.shortest)?;
        let mut before = b' ';
        for (start, byte) in bytes.iter().enumerate().take(last.saturating_add(1)) {
            // In the middle of a word (`risk-assessment…`) a prefix means nothing.
            let begins = !before.is_ascii_alphanumeric();
            before = *byte;
            if !begins || !self.begins.contains(byte) {
                continue;
            }
            let rest = bytes.get(start..).unwrap_or_default();
            for (prefix, least) in known.clone().chain(own.clone()) {
                if let Some(secret) = rest.strip_prefix(prefix.as_bytes()) {
                    let length = secret.iter().position(|byte| !is_key_byte(*byte)).unwrap_or(secret.len());
                    if length >= least {
                        let prefix_end = start.saturating_add(prefix.len());
                        return Some(Found {
                            start,
                            end: prefix_end.saturating_add(length),
                            prefix_end: Some(prefix_end),
                        });
                    }
                }
            }
        }
        None
    }
}

/// As a component of an address is written.
fn percent_encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(HEX.get(usize::from(nibble)).copied().map_or('0', char::from));
            }
        }
    }
    out
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=')
}
