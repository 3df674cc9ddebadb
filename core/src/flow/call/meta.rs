//! The `_meta` that a caller gives with a call: sent, shown, approved and searched for credentials like the arguments.

use crate::error::{Code, Error, Result};
use crate::json::tape::{Kind, Node};
use crate::json::{self, Document, Json};
use crate::redact::Redactor;

/// Members that speak to the guard and are not sent.
const OWN: &[&str] = &["toolgate/", "dev.toolgate/"];
const MAX_BYTES: usize = 64 << 10;
const MAX_TOKEN: usize = 64;

/// Without the guard's own members; none if nothing is left.
pub(super) fn without_own(meta: Option<Json>) -> Result<Option<Json>> {
    let Some(meta) = meta else { return Ok(None) };
    let unusable = |why: &str| {
        Error::new(Code::InvalidArguments, format!("The call's `_meta` cannot be used: {why}."))
            .with_next("Leave `_meta` out, or give an object of plain JSON values.")
    };
    if meta.get().len() > MAX_BYTES {
        return Err(unusable("it is larger than 64 KiB"));
    }
    let document = Document::read(meta.get(), json::ARGUMENTS).map_err(|refusal| unusable(&refusal.expected()))?;
    let root = document.tape().root();
    match root.kind() {
        Kind::Null => return Ok(None),
        Kind::Object => {}
        _ => return Err(unusable("it is no object")),
    }
    let members: Vec<(String, Json)> = root
        .members()
        .filter(|member| !OWN.iter().any(|own| member.name().starts_with(own)))
        .map(|member| (member.name().into_owned(), Json::copied(member.value)))
        .collect();
    let members: Vec<(&str, &Json)> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    Ok(if members.is_empty() { None } else { Some(Json::object(&members)) })
}

/// Refuses a `_meta` that carries a credential.
pub(super) fn check(meta: &Json, redactor: &Redactor) -> Result<()> {
    let document = Document::read(meta.get(), json::ARGUMENTS).unwrap_or_default();
    match redactor.locate(document.tape().root()) {
        None => Ok(()),
        Some(path) => Err(Error::new(
            Code::SecretInArguments,
            "The call's `_meta` carries something that looks like a credential.",
        )
        .with("path", ["/_meta", &path].concat())),
    }
}

/// What of it an approval covers: all but what differs between two sendings of the same call, a token for progress and
/// the place in a trace, each only in its own short form, so that nothing can be carried in them.
pub(super) fn approved(meta: &Json) -> Option<Json> {
    let document = Document::read(meta.get(), json::ARGUMENTS).unwrap_or_default();
    let members: Vec<(String, Json)> = document
        .tape()
        .root()
        .members()
        .filter(|member| !is_of_one_sending(&member.name(), member.value))
        .map(|member| (member.name().into_owned(), Json::copied(member.value)))
        .collect();
    let members: Vec<(&str, &Json)> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    if members.is_empty() { None } else { Some(Json::object(&members)) }
}

fn is_of_one_sending(name: &str, value: Node<'_>) -> bool {
    match (name, value.kind()) {
        ("progressToken", Kind::Number) => true,
        ("progressToken", Kind::String) => {
            let token = value.text();
            token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        }
        ("traceparent", Kind::String) => is_traceparent(&value.text()),
        _ => false,
    }
}

/// As W3C's Trace Context has it: version, trace, parent and flags in lower-case hexadecimal.
fn is_traceparent(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_hex = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    [2, 32, 16, 2].into_iter().all(|length| is_hex(parts.next(), length)) && parts.next().is_none()
}
