//! Addresses that a server wants a person to open: shown whole, never fetched.

const MAX_BYTES: usize = 2_048;

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
        () if loopback => Some("the address is on this machine"),
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

#[cfg(test)]
mod tests {
    use super::check;

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
