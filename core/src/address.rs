//! Addresses that are shown to a person, never fetched: `https` with an ASCII host (plain `http` on this machine alone),
//! whole, or not at all.

use crate::json::tape::Node;
use crate::json::{Json, copy_named};

/// What is shown in the place of an address that nobody should open.
const UNSAFE: &str = "[unsafe address]";

const MAX_BYTES: usize = 2_048;
/// What a person should know of such an address.
pub(crate) const ON_THIS_MACHINE: &str = "the address is on this machine";

/// Schemes that run or show what their sender wrote, or read this machine.
const DANGEROUS: &[&str] = &[
    "javascript",
    "vbscript",
    "data",
    "file",
    "blob",
    "about",
    "filesystem",
    "view-source",
    "jar",
    "intent",
    "content",
    "chrome",
    "ms-settings",
    "search-ms",
    "shell",
    "livescript",
    "mocha",
    "jscript",
    "res",
    "wyciwyg",
    "smb",
];

/// Says what a person should know of an address, or why it is not shown at all.
pub(crate) fn check(address: &str) -> Result<Option<&'static str>, &'static str> {
    if address.len() > MAX_BYTES {
        return Err("its address is longer than 2048 bytes");
    }
    // Browsers drop tabs and line ends, and take a backslash for a slash.
    if address.bytes().any(|byte| !byte.is_ascii_graphic() || b"\\\"<>^`{|}".contains(&byte)) {
        return Err("its address holds characters that do not belong into one");
    }
    let Some((scheme, rest)) = address.split_once("://") else { return Err("its address is not https") };
    let secure = scheme.eq_ignore_ascii_case("https");
    if !secure && !scheme.eq_ignore_ascii_case("http") {
        return Err("its address is not https");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("its address names a user before the host");
    }
    let host = host_of(authority).ok_or("its address has no host that can be read")?;
    let loopback = is_loopback(&host);
    if !secure && !loopback {
        return Err("its address is not https");
    }
    Ok(match () {
        () if loopback => Some(ON_THIS_MACHINE),
        () if host.split('.').any(|label| label.starts_with("xn--")) => {
            Some("the host's name is written in another alphabet (`xn--`): it may look like a name that you know")
        }
        () if host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            Some("the host is a bare number, not a name")
        }
        () => None,
    })
}

/// The address without what may be good for one use only: for the audit.
pub(crate) fn without_query(address: &str) -> String {
    match address.find(['?', '#']) {
        Some(end) => [address.get(..end).unwrap_or_default(), "…"].concat(),
        None => address.to_owned(),
    }
}

fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inner, port) = rest.split_once(']')?;
            inner.parse::<core::net::Ipv6Addr>().ok()?;
            let port = if port.is_empty() { None } else { Some(port.strip_prefix(':')?) };
            (["[", inner, "]"].concat(), port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (authority.to_owned(), None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    if host.starts_with('[') {
        return Some(host);
    }
    let name = host.strip_suffix('.').unwrap_or(&host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    // `0x7f.1` and `2130706433` are addresses to a browser, and to nobody who reads them.
    let numeric = last.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let readable = !numeric || name.parse::<core::net::Ipv4Addr>().is_ok();
    (name.split('.').all(is_label) && readable).then(|| name.to_owned())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<core::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host == "[::1]"
}

/// The address in ASCII, a host beyond it in the spelling that starts with `xn--`; none if it must not be opened.
pub(crate) fn shown(address: &str) -> Option<String> {
    let (scheme, rest) = address.trim().split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    if authority.chars().any(crate::text::is_invisible) {
        return None;
    }
    let labels: Option<Vec<String>> = authority.split('.').map(label).collect();
    let mut out = [&scheme.to_ascii_lowercase(), "://", &labels?.join(".")].concat();
    let mut buffer = [0; 4];
    for character in rest.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            character.encode_utf8(&mut buffer).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
        }
    }
    check(&out).is_ok().then_some(out)
}

/// A backend's own words with every address in them as [`shown`]; one that must not be opened is replaced.
pub(crate) fn cleaned(value: Node<'_>) -> Json {
    Json::verbatim(&copy_named(value, &|name, text| {
        let text_is_address = name.is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            ["url", "uri", "link", "href"].iter().any(|end| name.ends_with(end))
        });
        in_text(text, text_is_address)
    }))
}

/// The same where plain `http` may be somebody's own: only what is dangerous to open is replaced.
pub(crate) fn harmless(value: Node<'_>) -> Json {
    Json::verbatim(&copy_named(value, &|_, text| is_dangerous(text).then(|| UNSAFE.to_owned())))
}

/// None where nothing has to be another.
fn in_text(text: &str, is_address: bool) -> Option<String> {
    if is_dangerous(text) || (is_address && scheme_of(text).is_some_and(|scheme| !is_known(&scheme))) {
        return Some(UNSAFE.to_owned());
    }
    let is_part = |character: char| {
        !character.is_whitespace() && !character.is_control() && !"\"'`<>()[]{}|,".contains(character)
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let bare = word.trim_end_matches(['.', ';', '!', '?', ':']);
        let scheme = scheme_of(bare).unwrap_or_default();
        if is_dangerous(bare) {
            out.push_str(UNSAFE);
        } else if matches!(scheme.as_str(), "http" | "https") && bare.contains("//") {
            out.push_str(shown(bare).as_deref().unwrap_or(UNSAFE));
        } else {
            out.push_str(bare);
        }
        out.push_str(word.get(bare.len()..).unwrap_or_default());
        let mut characters = after.chars();
        out.extend(characters.next());
        rest = characters.as_str();
    }
    (out != text).then_some(out)
}

fn is_known(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "mailto" | "tel")
}

/// As a browser reads it: what is not seen, and space before it, does not count. Words before a colon that go on in prose
/// are no scheme.
fn is_dangerous(text: &str) -> bool {
    let Some(scheme) = scheme_of(text) else { return false };
    // `Data: three rows` is prose.
    let after = text.split_once(':').and_then(|(_, after)| after.chars().next());
    DANGEROUS.contains(&scheme.as_str()) && after.is_some_and(|next| next != ' ')
}

fn scheme_of(text: &str) -> Option<String> {
    let (before, _) = text.split_once(':')?;
    if before.len() > 256 {
        return None;
    }
    let scheme: String = before
        .trim()
        .chars()
        .filter(|character| !character.is_control() && !crate::text::is_invisible(*character))
        .map(|character| character.to_ascii_lowercase())
        .collect();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
    is_scheme.then_some(scheme)
}

/// One part of a host in ASCII.
fn label(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_ascii_lowercase());
    }
    let characters: Vec<u32> = label.chars().flat_map(char::to_lowercase).map(u32::from).collect();
    punycode(&characters).map(|encoded| ["xn--", &encoded].concat())
}

/// RFC 3492, section 6.3.
fn punycode(characters: &[u32]) -> Option<String> {
    let mut out: String = characters.iter().filter(|c| **c < 0x80).filter_map(|c| char::from_u32(*c)).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut next, mut delta, mut bias, mut handled) = (0x80_u32, 0_u32, 72_u32, basic);
    while (handled as usize) < characters.len() {
        let least = characters.iter().copied().filter(|c| *c >= next).min()?;
        let step = least.checked_sub(next)?.checked_mul(handled.checked_add(1)?)?;
        delta = delta.checked_add(step)?;
        next = least;
        for character in characters {
            if *character < next {
                delta = delta.checked_add(1)?;
            }
            if *character != next {
                continue;
            }
            let (mut quotient, mut k) = (delta, 36_u32);
            loop {
                let threshold = k.saturating_sub(bias).clamp(1, 26);
                let Some(over) = quotient.checked_sub(threshold) else { break };
                let base = 36_u32.saturating_sub(threshold);
                out.push(digit(threshold.saturating_add(over.checked_rem(base)?))?);
                quotient = over.checked_div(base)?;
                k = k.saturating_add(36);
            }
            out.push(digit(quotient)?);
            handled = handled.saturating_add(1);
            bias = adapted(delta, handled, handled == basic.saturating_add(1))?;
            delta = 0;
        }
        delta = delta.checked_add(1)?;
        next = next.checked_add(1)?;
    }
    Some(out)
}

fn adapted(delta: u32, count: u32, first: bool) -> Option<u32> {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta = delta.checked_add(delta.checked_div(count)?)?;
    let mut k = 0_u32;
    while delta > 455 {
        delta /= 35;
        k = k.saturating_add(36);
    }
    k.checked_add(36_u32.checked_mul(delta)?.checked_div(delta.checked_add(38)?)?)
}

fn digit(value: u32) -> Option<char> {
    char::from_digit(if value < 26 { value.saturating_add(10) } else { value.checked_sub(26)? }, 36)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn addresses_are_https_with_a_host_in_ascii() {
        for (address, expected) in [
            ("https://app.example.com/start?a=b#c", "https://app.example.com/start?a=b#c"),
            ("HTTPS://App.Example.com", "https://app.example.com"),
            ("http://localhost:8080/x", "http://localhost:8080/x"),
            ("http://127.0.0.1/", "http://127.0.0.1/"),
            ("http://[::1]:3000/", "http://[::1]:3000/"),
            ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
            ("https://аррӏе.example/", "https://xn--80ak6aa92e.example/"),
            ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ] {
            assert_eq!(shown(address).as_deref(), Some(expected), "{address}");
        }
        for address in [
            "http://app.example.com/",
            "javascript:alert(1)",
            "javascript://x.example/%0aalert(1)",
            "data:text/html,x",
            "https://app.example.com@evil.example/",
            "https://app.example.com\\@evil.example/",
            "https://app\u{200b}.example.com/",
            "https:///path",
            "//evil.example",
            "ftp://evil.example",
        ] {
            assert_eq!(shown(address), None, "{address}");
        }
    }

    #[test]
    fn words_of_a_backend_hold_no_address_that_must_not_be_opened() {
        for (text, expected) in [
            ("Open https://app.example.com/x.", "Open https://app.example.com/x."),
            ("Open https://аpp.example.com/x, then", "Open https://xn--pp-6kc.example.com/x, then"),
            ("[Start](javascript:alert(1))", "[Start]([unsafe address](1))"),
            ("java\nscript:alert(1)", UNSAFE),
            (" JavaScript:alert(1)", UNSAFE),
            ("java\u{200b}script:alert(1)", UNSAFE),
            ("see http://docs.example.com/", "see [unsafe address]"),
            ("Data: three rows, file: none", "Data: three rows, file: none"),
            ("Note: import contacts", "Note: import contacts"),
        ] {
            let value = Document::of(&[text]);
            let wanted = Json::of(&[expected]);
            assert_eq!(cleaned(value.tape().root()).get(), wanted.get(), "{text}");
        }
        let value =
            Document::of(&serde_json::json!({"url": "steam:run", "title": "steam:run", "site": "http://a.example"}));
        let root = value.tape().root();
        assert_eq!(cleaned(root).get(), r#"{"url":"[unsafe address]","title":"steam:run","site":"[unsafe address]"}"#);
        assert_eq!(harmless(root).get(), r#"{"url":"steam:run","title":"steam:run","site":"http://a.example"}"#);
    }

    #[test]
    fn only_https_and_this_machine_are_shown() {
        for address in [
            "https://crm.example/pay?id=1#x",
            "HTTPS://crm.example:8443/",
            "https://crm.example./x",
            "http://127.0.0.1:3000/x",
            "http://localhost/x",
            "http://[::1]:80/x",
            "https://xn--80ak6aa92e.com/",
            "https://203.0.113.7/",
        ] {
            assert!(check(address).is_ok(), "{address}");
        }
        for address in [
            "",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https:crm.example",
            "https:/crm.example",
            "http://crm.example/",
            "ftp://crm.example/",
            "https://crm.example@evil.example/",
            "https://user:word@crm.example/",
            "https://crm.example\\@evil.example/",
            "https://crm.example /x",
            "https://crm.example/\u{202e}gpj.exe",
            "https://аpple.com/",
            "https://crm.example%2f@evil.example/",
            "https://crm%2eexample/",
            "https:///x",
            "https://crm.example:99999/",
            "https://crm.example:+80/",
            "https://2130706433/",
            "https://0x7f.1/",
            "http://127.1/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "https://-x.example/",
            "https://a..b/",
            "https://[::1/",
            "vbscript:x://crm.example",
            "java\tscript://x",
        ] {
            assert!(check(address).is_err(), "{address}");
        }
        assert!(check(&format!("https://crm.example/{}", "a".repeat(2_100))).is_err());
        assert!(check("https://xn--80ak6aa92e.com/").is_ok_and(|note| note.is_some()));
        assert!(check("https://crm.example/").is_ok_and(|note| note.is_none()));
    }
}
