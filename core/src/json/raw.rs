//! JSON text that goes out as it is.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::canonical::write_string;
use super::copy;
use super::de::{FromNode, Source};
use super::tape::Node;

/// A JSON value as text. Whoever makes one has read the text, or has written it.
///
/// Like `serde_json`'s `RawValue`, which cannot be made without reading the text once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Box<str>);

/// By this name `serde_json` knows that a text is to be written without quotes.
const RAW: &str = "$serde_json::private::RawValue";

impl Json {
    /// A text that was read, without the space around it.
    pub(crate) fn verbatim(text: &str) -> Self {
        Json(text.trim_ascii().into())
    }

    /// A value that was read, without the space between its parts.
    pub(crate) fn copied(node: Node<'_>) -> Self {
        Json(copy(node).into())
    }

    /// A value of our own; it cannot fail to be written, and `null` stands in for the impossible.
    pub(crate) fn of<T: Serialize>(value: &T) -> Self {
        Json(serde_json::to_string(value).map_or_else(|_| "null".into(), String::into))
    }

    /// An object of members whose values are there already.
    pub(crate) fn object(members: &[(&str, &Json)]) -> Self {
        let mut text = String::from("{");
        for (name, value) in members {
            if text.len() > 1 {
                text.push(',');
            }
            write_string(name, &mut text);
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        Json(text.into())
    }

    pub(crate) fn get(&self) -> &str {
        &self.0
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut raw = to.serialize_struct(RAW, 1)?;
        raw.serialize_field(RAW, &*self.0)?;
        raw.end()
    }
}

impl FromNode for Json {
    fn blank() -> Self {
        Json("null".into())
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        *self = Json::copied(from.node());
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn text_stays_as_it_is() {
        let text = r#"{"b":1.0,"a":[1e5, "ü"]}"#;
        assert_eq!(serde_json::to_string(&[Json::verbatim(&format!(" {text}\n"))]).unwrap(), format!("[{text}]"));
    }
}
