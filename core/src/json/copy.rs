//! A value on a tape as text again: the same members in the same order, without the space between them.

use super::canonical::write_string;
use super::tape::{Kind, Node};

/// As it is written.
pub(crate) fn copy(node: Node<'_>) -> String {
    copy_with(node, &|_| None)
}

/// `other` may give another text for a string or a name.
pub(crate) fn copy_with(node: Node<'_>, other: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    write(node, other, &mut out);
    out
}

fn write(node: Node<'_>, other: &dyn Fn(&str) -> Option<String>, out: &mut String) {
    let string = |text: &str, out: &mut String| write_string(other(text).as_deref().unwrap_or(text), out);
    match node.kind() {
        Kind::Null | Kind::Foreign => out.push_str("null"),
        Kind::True => out.push_str("true"),
        Kind::False => out.push_str("false"),
        Kind::Number => out.push_str(node.number_text()),
        Kind::String => string(&node.text(), out),
        Kind::Array => {
            let mut before = '[';
            for item in node.items() {
                out.push(before);
                write(item, other, out);
                before = ',';
            }
            if before == '[' {
                out.push('[');
            }
            out.push(']');
        }
        Kind::Object => {
            let mut before = '{';
            for member in node.members() {
                out.push(before);
                string(&member.name(), out);
                out.push(':');
                write(member.value, other, out);
                before = ',';
            }
            if before == '{' {
                out.push('{');
            }
            out.push('}');
        }
    }
}
