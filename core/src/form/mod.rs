//! The inputs of a sign-up, checked before anything is sent.

use std::borrow::Cow;

use crate::error::{Code, Error, Result};
use crate::near;

/// ISO 3166-1 alpha-2, one code a line, sorted.
const COUNTRIES: &str = include_str!("countries.txt");
/// The names of the IANA time zone database, links included, one a line, sorted.
const TIMEZONES: &str = include_str!("timezones.txt");

pub(crate) fn invalid(field: &str, expected: &str, repair: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidInput, format!("`{field}` is not acceptable: it must be {expected}."))
        .with("field", field)
        .with("expected", expected)
        .with_next(repair)
}

/// A mailbox as RFC 5321 lets it be sent to: no quoting, no address literals, a domain with a dot.
pub(crate) fn email(field: &str, text: &str) -> Result<()> {
    let local_ok = |local: &str| {
        (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.chars().all(|character| {
                character.is_ascii_alphanumeric()
                    || ".!#$%&'*+/=?^_`{|}~-".contains(character)
                    || is_foreign_letter(character)
            })
    };
    let ok = text.len() <= 254
        && text.rsplit_once('@').is_some_and(|(local, domain)| local_ok(local) && domain.contains('.') && host(domain));
    if ok {
        Ok(())
    } else {
        Err(invalid(
            field,
            "an email address such as ana@example.com",
            "Correct the email address and start again; nothing was sent.",
        ))
    }
}

/// Letters and digits beyond ASCII, and what else stands in no block of signs, spaces or pictures: an address is checked
/// for slips here, not for what a mail server makes of it.
fn is_foreign_letter(character: char) -> bool {
    !matches!(character,
        '\0'..='\u{a9}' | '\u{ab}'..='\u{b4}' | '\u{b6}'..='\u{b9}' | '\u{bb}'..='\u{bf}' | '×' | '÷'
        | '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{20ff}' | '\u{2190}'..='\u{2bff}' | '\u{2e00}'..='\u{2e7f}'
        | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{d7ff}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe1f}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{feff}' | '\u{ff00}'..='\u{ff0f}' | '\u{fff0}'..='\u{ffff}'
        | '\u{1f000}'..='\u{1faff}' | '\u{e0000}'..='\u{10ffff}')
}

fn host(name: &str) -> bool {
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|character| character == '-' || character.is_ascii_alphanumeric() || is_foreign_letter(character))
    };
    let all_digits = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= 253 && !all_digits && name.split('.').all(label_ok)
}

/// A name of at least `least` visible characters and at most 200, without control characters.
pub(crate) fn name(field: &str, text: &str, least: usize) -> Result<()> {
    let visible = text.trim().chars().count();
    if visible >= least && visible <= 200 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(invalid(
        field,
        &format!("a name of {least} to 200 characters"),
        "Ask the person for the organisation's name and start again; nothing was sent.",
    ))
}

/// An ISO 3166-1 alpha-2 code.
pub(crate) fn country(field: &str, text: &str) -> Result<()> {
    if COUNTRIES.lines().any(|code| code == text) {
        return Ok(());
    }
    let upper = text.to_ascii_uppercase();
    let repair = if COUNTRIES.lines().any(|code| code == upper) {
        format!("Write the country as `{upper}`.")
    } else if upper == "UK" {
        "Write the country as `GB`.".to_owned()
    } else {
        "Give the country's two-letter code, such as `HK` or `GB`.".to_owned()
    };
    Err(invalid(field, "an ISO 3166-1 alpha-2 country code", repair))
}

/// A name of the IANA time zone database.
pub(crate) fn timezone(field: &str, text: &str) -> Result<()> {
    if TIMEZONES.lines().any(|name| name == text) {
        return Ok(());
    }
    let near = near::nearest(text, TIMEZONES.lines());
    Err(invalid(
        field,
        "an IANA time zone name",
        format!(
            "Give the time zone's IANA name, such as `Asia/Hong_Kong`{}",
            if near.is_empty() { ".".to_owned() } else { near::suggestion(&near) }
        ),
    ))
}

/// One of a list.
pub(crate) fn one_of(field: &str, text: &str, options: &[String]) -> Result<()> {
    if options.iter().any(|option| option == text) {
        return Ok(());
    }
    let near = near::nearest(text, options.iter().map(String::as_str));
    let listed = options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ");
    Err(invalid(
        field,
        &format!("one of {listed}"),
        format!("Choose one of {listed}{}", if near.is_empty() { ".".to_owned() } else { near::suggestion(&near) }),
    ))
}

/// Exactly that many ASCII digits.
pub(crate) fn is_code(text: &str, digits: u32) -> bool {
    text.len() == digits as usize && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_what_it_says() {
        assert_eq!(COUNTRIES.lines().count(), 249);
        assert!(COUNTRIES.lines().is_sorted() && TIMEZONES.lines().is_sorted());
        for zone in ["Asia/Hong_Kong", "Europe/Kyiv", "America/Argentina/Buenos_Aires", "UTC", "US/Pacific"] {
            assert!(timezone("timezone", zone).is_ok(), "{zone}");
        }
    }

    #[test]
    fn emails() {
        for good in ["ana@example.com", "a.b+c@sub.example.co", "zoë@exämple.org"] {
            assert!(email("email", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "a..b@example.com",
            "ana@exa mple.com",
            "ana@-x.com",
            "ana@1.2.3.4",
            "a\n@example.com",
            "a@b@example.com",
        ] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
    }
}
