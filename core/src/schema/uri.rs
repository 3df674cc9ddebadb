//! Reference resolution by RFC 3986, section 5: as much of it as `$id` and `$ref` need.

/// A URI's parts; the fragment was taken off before.
struct Parts<'u> {
    scheme: Option<&'u str>,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
}

/// The URI without its fragment, and the fragment.
pub(super) fn split_fragment(uri: &str) -> (&str, Option<&str>) {
    match uri.split_once('#') {
        Some((uri, fragment)) => (uri, Some(fragment)),
        None => (uri, None),
    }
}

/// What a reference means where `base` is the base URI. Neither has a fragment.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    let (base, reference) = (parts(base), parts(reference));
    let (scheme, authority, path, query);
    if reference.scheme.is_some() {
        (scheme, authority, path, query) =
            (reference.scheme, reference.authority, without_dots(reference.path), reference.query);
    } else if reference.authority.is_some() {
        (scheme, authority, path, query) =
            (base.scheme, reference.authority, without_dots(reference.path), reference.query);
    } else if reference.path.is_empty() {
        (scheme, authority, path, query) =
            (base.scheme, base.authority, base.path.to_owned(), reference.query.or(base.query));
    } else {
        let merged = if reference.path.starts_with('/') {
            reference.path.to_owned()
        } else if base.authority.is_some() && base.path.is_empty() {
            ["/", reference.path].concat()
        } else {
            let folder = base.path.rfind('/').and_then(|at| base.path.get(..=at)).unwrap_or_default();
            [folder, reference.path].concat()
        };
        (scheme, authority, path, query) = (base.scheme, base.authority, without_dots(&merged), reference.query);
    }
    let mut uri = String::new();
    if let Some(scheme) = scheme {
        uri.push_str(scheme);
        uri.push(':');
    }
    if let Some(authority) = authority {
        uri.push_str("//");
        uri.push_str(authority);
    }
    uri.push_str(&path);
    if let Some(query) = query {
        uri.push('?');
        uri.push_str(query);
    }
    uri
}

fn parts(uri: &str) -> Parts<'_> {
    let is_scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let (scheme, rest) = match uri.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, uri),
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            Parts { scheme, authority: Some(authority), path, query }
        }
        None => Parts { scheme, authority: None, path: rest, query },
    }
}

fn without_dots(path: &str) -> String {
    if !path.contains("./") && !path.ends_with("/..") && !path.ends_with("/.") {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." if is_last => kept.push(""),
            "." => {}
            ".." => {
                if kept.len() > 1 || kept.first().is_some_and(|first| !first.is_empty()) {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    kept.join("/")
}

/// `%41` as `A`; what is no such escape, or would be no UTF-8, stays.
pub(super) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        match behind {
            [high, low, after @ ..] if *byte == b'%' => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high << 4 | low) as u8);
                    rest = after;
                    continue;
                }
                _ => bytes.push(*byte),
            },
            _ => bytes.push(*byte),
        }
        rest = behind;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
