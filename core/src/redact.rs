//! Finds and masks what looks like a credential, wherever it is in a text. One pass for the known shapes and one or two
//! for the declared secrets, however many there are and however often they are repeated.

mod forms;

use forms::Forms;

use crate::error::{Code, Error, Result};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document, Json, copy_with, pointer_token};
use crate::secret::{Secret, mask};
use crate::sort::sort_by;

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
const MAX_DECLARED_AT_ONCE: usize = 128;
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
    declared: Forms,
    count: usize,
}

#[derive(Clone, Copy)]
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
        Redactor { prefixes, shortest, begins, declared: Forms::default(), count: 0 }
    }

    /// The user's own secrets, to be masked wherever they are.
    pub(crate) fn declare_all(&mut self, secrets: &[Secret]) -> Result<()> {
        let too_many = secrets.len() > MAX_DECLARED_AT_ONCE;
        let too_short = |secret: &Secret| secret.expose().len() < LEAST_DECLARED;
        if too_many || secrets.iter().any(too_short) || !secrets.iter().all(|secret| self.declare(secret)) {
            return Err(Error::new(
                Code::InvalidOptions,
                "`secrets` takes at most 128 texts of at least 8 bytes each; shorter ones stand in innocent texts too.",
            ));
        }
        Ok(())
    }

    /// Masks a secret from now on, in each of its [`Forms`]. False where it is too short, or one too many.
    pub(crate) fn declare(&mut self, secret: &Secret) -> bool {
        if self.count >= MAX_DECLARED {
            return false;
        }
        let (before, seen) = (self.declared.len(), self.declared.add(secret));
        self.count = self.count.saturating_add(usize::from(self.declared.len() > before));
        seen
    }

    /// The text with every credential masked; none if there was nothing to mask.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        let found = self.all(text);
        if found.is_empty() {
            return None;
        }
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for Found { start, end, prefix_end } in found {
            masked.push_str(text.get(from..start).unwrap_or_default());
            match prefix_end.and_then(|prefix_end| text.get(start..prefix_end)) {
                Some(prefix) => masked.push_str(&mask(text.get(start..end).unwrap_or_default(), prefix)),
                None => masked.push_str(HIDDEN),
            }
            from = end;
        }
        masked.push_str(text.get(from..).unwrap_or_default());
        Some(masked)
    }

    /// What may be repeated of a text that came from outside: credentials masked, at most that many characters.
    pub(crate) fn shown(&self, text: &str, most: usize) -> String {
        crate::text::shorten(&self.text(text).unwrap_or_else(|| text.to_owned()), most)
    }

    /// The value as JSON text with every credential masked, in names too.
    pub(crate) fn json(&self, value: Node<'_>) -> Json {
        Json::verbatim(&copy_with(value, &|text| self.text(text)))
    }

    /// A JSON text of our own with every credential masked; as it is where there is none, and where it is no JSON only
    /// where it can be masked as a text.
    pub(crate) fn json_text(&self, text: String) -> String {
        if !text.contains('\\') && !self.finds(&text) {
            return text;
        }
        match Document::read(&text, json::RESULT) {
            Ok(document) if self.locate(document.tape().root()).is_none() => text,
            Ok(document) => self.json(document.tape().root()).get().to_owned(),
            Err(_) => self.text(&text).unwrap_or(text),
        }
    }

    /// JSON Pointer to the first string or number that holds a credential.
    pub(crate) fn locate(&self, value: Node<'_>) -> Option<String> {
        match value.kind() {
            Kind::String => self.finds(&value.text()).then(String::new),
            Kind::Number => self.finds(value.number_text()).then(String::new),
            Kind::Array => value
                .items()
                .enumerate()
                .find_map(|(index, item)| self.locate(item).map(|rest| format!("/{index}{rest}"))),
            Kind::Object => value.members().find_map(|member| {
                let name = member.name();
                if self.finds(&name) {
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
        self.shape_from(text, 0).is_some() || self.holds_declared(text)
    }

    /// Whether a text holds a declared secret or a key of the profile's kind; the shapes of others are often examples.
    pub(crate) fn finds_own(&self, text: &str) -> bool {
        let is_own = |found: &Found| {
            let prefix = found.prefix_end.and_then(|end| text.get(found.start..end)).unwrap_or_default();
            found.prefix_end.is_none() || self.prefixes.iter().any(|own| own == prefix)
        };
        self.all(text).iter().any(is_own)
    }

    /// Whether a text of JSON holds a declared secret in any spelling.
    pub(crate) fn holds_declared(&self, text: &str) -> bool {
        let mut holds = false;
        self.declared.each(text, &mut |_, _| {
            holds = true;
            false
        });
        holds
    }

    /// All of them in their order, apart from one another; where two overlap, all of both.
    fn all(&self, text: &str) -> Vec<Found> {
        let mut found: Vec<Found> =
            core::iter::successors(self.shape_from(text, 0), |last| self.shape_from(text, last.end)).collect();
        let shapes = found.len();
        self.declared.each(text, &mut |start, end| {
            match found.last_mut().filter(|last| last.prefix_end.is_none() && start >= last.start && start < last.end) {
                Some(last) => last.end = last.end.max(end),
                None => found.push(Found { start, end, prefix_end: None }),
            }
            true
        });
        if found.len() == shapes {
            return found;
        }
        sort_by(&mut found, |one, other| one.start.cmp(&other.start).then(other.end.cmp(&one.end)));
        let mut apart: Vec<Found> = Vec::with_capacity(found.len());
        for next in found {
            match apart.last_mut().filter(|last| next.start < last.end) {
                // What a shape covers is told apart by the shape.
                Some(last) if next.end <= last.end && (last.prefix_end.is_some() || next.prefix_end.is_none()) => {}
                Some(last) if next.start == last.start && next.end == last.end => last.prefix_end = next.prefix_end,
                Some(last) => *last = Found { start: last.start, end: last.end.max(next.end), prefix_end: None },
                None => apart.push(next),
            }
        }
        apart
    }

    fn shape_from(&self, text: &str, from: usize) -> Option<Found> {
        let known = SHAPES.iter().map(|shape| (shape.prefix, shape.least, false));
        let own = self.prefixes.iter().map(|prefix| (prefix.as_str(), LEAST_OF_PROFILE, true));
        let bytes = text.as_bytes();
        // Most texts are too short to hold any; so is the end of each.
        let last = bytes.len().checked_sub(self.shortest)?;
        let mut before = b' ';
        for (start, byte) in bytes.iter().enumerate().take(last.saturating_add(1)).skip(from) {
            // In the middle of a word (`risk-assessment…`) a prefix means nothing.
            let begins = !before.is_ascii_alphanumeric();
            before = *byte;
            if !begins || !self.begins.contains(byte) {
                continue;
            }
            let rest = bytes.get(start..).unwrap_or_default();
            for (prefix, least, of_profile) in known.clone().chain(own.clone()) {
                if let Some(secret) = rest.strip_prefix(prefix.as_bytes()) {
                    let length = if of_profile { key_length(secret) } else { run_of(secret, is_key_byte) };
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

fn run_of(bytes: &[u8], is_part: fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is_part(*byte)).unwrap_or(bytes.len())
}

/// How long a key behind a profile's prefix is. A key may hold any printable character; quotes, angle brackets and
/// backslashes end it, because texts put them around keys, and what else is no usual part of a key does so at its end.
fn key_length(bytes: &[u8]) -> usize {
    let run = run_of(bytes, |byte| byte.is_ascii_graphic() && !b"\"'`<>\\".contains(&byte));
    let bytes = bytes.get(..run).unwrap_or_default();
    bytes.iter().rposition(|byte| is_key_byte(*byte) || b"!$:".contains(byte)).map_or(0, |last| last.saturating_add(1))
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::Redactor;
    use crate::json::Document;
    use crate::secret::Secret;

    const KEY: &str = "Zk3$pa!ss:w0rd/x+y=&\u{e9}\"q";

    fn with(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::new(vec!["fav_mcp_".to_owned()]);
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        assert!(redactor.declare_all(&secrets).is_ok());
        redactor
    }

    fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
        let letter = |value: u32| char::from(alphabet[(value & 63) as usize]);
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let mut three = [0; 3];
            three[..chunk.len()].copy_from_slice(chunk);
            let value = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            let letters = [18, 12, 6, 0].map(|shift| letter(value >> shift));
            out.extend(&letters[..=chunk.len()]);
        }
        out
    }

    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const FOR_URLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    fn forms() -> Vec<(&'static str, String)> {
        let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
        let json = serde_json::to_string(KEY).unwrap_or_default();
        let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
        let escaped: String = KEY.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let mut forms = vec![
            ("as it is", KEY.to_owned()),
            ("upper case", KEY.to_uppercase()),
            ("lower case", KEY.to_lowercase()),
            ("JSON", json.clone()),
            ("JSON twice", json.replace('\\', "\\\\").replace('"', "\\\"")),
            ("JSON by numbers", escaped),
            ("percent", percent(KEY)),
            ("percent, lower case", percent(KEY).to_lowercase()),
            ("percent of some", KEY.replace('$', "%24").replace('!', "%21").replace('/', "%2f").replace('"', "%22")),
            ("percent twice", percent(KEY).replace('%', "%25")),
            ("HTML", KEY.replace('&', "&amp;").replace('"', "&quot;").replace('$', "&#36;").replace(':', "&#x3A;")),
            ("hexadecimal", hex.clone()),
            ("hexadecimal, upper case", hex.to_uppercase()),
            ("zero-width inside", KEY.chars().flat_map(|character| [character, '\u{200b}']).collect()),
            ("soft hyphens", KEY.chars().flat_map(|character| [character, '\u{ad}']).collect()),
            ("line ends", KEY.chars().flat_map(|character| [character, '\n']).collect()),
            (
                "full width",
                KEY.chars()
                    .map(|character| match character {
                        '!'..='~' => char::from_u32(u32::from(character).wrapping_add(0xfee0)).unwrap_or_default(),
                        other => other,
                    })
                    .collect(),
            ),
        ];
        for before in ["", "i", "id", "id:", "a-long-user-name:"] {
            for alphabet in [STANDARD, FOR_URLS] {
                let whole = [before, KEY, "!"].concat();
                forms.push(("base64", base64(whole.as_bytes(), alphabet)));
            }
        }
        forms
    }

    #[test]
    fn every_form_of_a_declared_secret_is_masked_wherever_it_is() {
        let redactor = with(&[KEY]);
        for (name, form) in forms() {
            for (before, after) in
                [("", ""), ("key: ", ", keep it"), ("x9", "9x"), ("\"", "\""), ("\n", "\n"), ("\\", "")]
            {
                let text = [before, &form, after].concat();
                // Base64 runs on in what is before it.
                if name == "base64" && before == "x9" {
                    continue;
                }
                let masked = redactor.text(&text).unwrap_or_else(|| panic!("{name} in {text:?}"));
                assert!(masked.contains("[secret]"), "{name}: {masked}");
                assert!(masked.len() < text.len() + 8 && !masked.contains(&form), "{name}: {masked}");
                assert!(redactor.finds(&text), "{name}");
            }
        }
    }

    #[test]
    fn no_character_of_base64_is_left_that_holds_bits_of_a_secret() {
        for secret in ["correct horse", "correct horses", "correct horse 5"] {
            let redactor = with(&[secret]);
            for before in ["", "i", "id"] {
                let mut text = base64([before, secret].concat().as_bytes(), STANDARD);
                while !text.len().is_multiple_of(4) {
                    text.push('=');
                }
                let masked = redactor.text(&text).unwrap_or_default();
                assert!(masked.ends_with("[secret]"), "{before}{secret}: {text} {masked}");
                assert!(masked.len() <= "[secret]".len() + before.len(), "{before}{secret}: {text} {masked}");
                let percent = text.replace('=', "%3D");
                assert_eq!(redactor.text(&percent).as_deref(), Some(&*masked), "{percent}");
            }
            assert_eq!(redactor.text(&[secret, "Qx"].concat()).as_deref(), Some("[secret]Qx"));
        }
    }

    #[test]
    fn nothing_is_left_of_secrets_that_overlap() {
        let redactor = with(&["abcdefghij", "ghijklmnop", "cdefghij"]);
        assert_eq!(redactor.text("-abcdefghijklmnop-cdefghij-").as_deref(), Some("-[secret]-[secret]-"));
    }

    #[test]
    fn innocent_texts_stay_as_they_are() {
        let redactor = with(&["abcdefgh", "12345678", KEY, "correct horse battery"]);
        for text in [
            "abcdefg",
            "abc defgh",
            "1234567",
            "1234 5678",
            "12,345,678",
            "%",
            "\\",
            "&",
            "%4",
            "\\u12",
            "&amp",
            "&#;",
            "100%",
            "a&b&&c%%%\\\\",
            "correct horse",
            "battery correct horse",
            "Zk3$pa!ss",
            "\u{200b}\u{200b}",
            "",
        ] {
            assert_eq!(redactor.text(text), None, "{text:?}");
        }
        for text in ["correct+horse+battery", "CORRECT%20HORSE%20BATTERY", "correct\u{a0}horse battery"] {
            assert_eq!(redactor.text(text).as_deref(), Some("[secret]"), "{text:?}");
        }
    }

    #[test]
    fn a_secret_that_is_a_number_is_masked_where_it_is_one() {
        let redactor = with(&["4111111111111111"]);
        let document = Document::of(&serde_json::json!({"card": 4_111_111_111_111_111_u64, "count": 41}));
        let root = document.tape().root();
        assert_eq!(redactor.locate(root).as_deref(), Some("/card"));
        assert_eq!(redactor.json(root).get(), r#"{"card":"[secret]","count":41}"#);
    }

    #[test]
    fn a_key_of_the_profile_is_masked_as_a_whole() {
        let redactor = with(&[]);
        for (text, rest) in [
            ("fav_mcp_ab!cd$ef:gh", ""),
            ("fav_mcp_ab,cd;ef(gh)", ")"),
            ("fav_mcp_ab@cd#ef%gh^ij&kl*mn|op?qr!", ""),
            ("Your key is fav_mcp_abcdefgh, keep it.", ", keep it."),
            ("{\"key\":\"fav_mcp_abcdefgh\"}", "\"}"),
            ("<b>fav_mcp_abcdefgh</b>", "</b>"),
            ("[fav_mcp_abcdefgh] ", "] "),
        ] {
            let masked = redactor.text(text).unwrap_or_default();
            let (_, after) = masked.split_once("(sha256:").unwrap_or_default();
            assert_eq!(after.get(8..).and_then(|after| after.strip_prefix(')')), Some(rest), "{text}: {masked}");
        }
    }

    #[test]
    fn texts_full_of_beginnings_come_to_an_end() {
        let alike: Vec<String> = (0..100).map(|number| format!("company-secret-{number:03}-{number:09}")).collect();
        let alike: Vec<&str> = alike.iter().map(String::as_str).collect();
        let redactor = with(&alike);
        for unit in
            ["company-secret-001-000000001 ", "company-secret-", "company-", "%5C", "\\", "&", "%", "&#", "\\ud83d"]
        {
            let text = unit.repeat(100_000 / unit.len());
            redactor.text(&text);
        }
        let redactor = with(&["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"]);
        redactor.text(&"a".repeat(100_000));
    }
}
