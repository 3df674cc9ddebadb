//! A value on a tape as text again: the same members in the same order, without the space between them.

use super::canonical::write_string;
use super::tape::{Kind, Node};
use super::{is_pointed_at, push_pointer_token};

/// As it is written.
pub(crate) fn copy(node: Node<'_>) -> String {
    copy_with(node, &|_| None)
}

/// `other` may give another text for a string or a name, and for a number, which then becomes a string.
pub(crate) fn copy_with(node: Node<'_>, other: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    write(node, None, &|_, text| other(text), &mut out);
    out
}

/// Without the values at those JSON Pointers: `null` stands in their places.
pub(crate) fn copy_without(node: Node<'_>, pointers: &[&str]) -> String {
    if pointers.is_empty() {
        return copy(node);
    }
    let mut out = String::new();
    without(node, &mut String::new(), pointers, &mut out);
    out
}

fn without(node: Node<'_>, pointer: &mut String, pointers: &[&str], out: &mut String) {
    if is_pointed_at(pointers, pointer) {
        return out.push_str("null");
    }
    let length = pointer.len();
    pointer.push('/');
    let start = pointer.len();
    match node.kind() {
        Kind::Array if node.len() > 0 => {
            let mut before = '[';
            for (index, item) in node.items().enumerate() {
                out.push(core::mem::replace(&mut before, ','));
                pointer.push_str(&index.to_string());
                without(item, pointer, pointers, out);
                pointer.truncate(start);
            }
            out.push(']');
        }
        Kind::Object if node.len() > 0 => {
            let mut before = '{';
            for member in node.members() {
                let name = member.name();
                out.push(core::mem::replace(&mut before, ','));
                write_string(&name, out);
                out.push(':');
                push_pointer_token(&name, pointer);
                without(member.value, pointer, pointers, out);
                pointer.truncate(start);
            }
            out.push('}');
        }
        _ => out.push_str(&copy(node)),
    }
    pointer.truncate(length);
}

/// The same for strings alone, by the name of the member that each is the value of.
pub(crate) fn copy_named(node: Node<'_>, other: &Other<'_>) -> String {
    let mut out = String::new();
    write(node, Some(""), other, &mut out);
    out
}

type Other<'o> = dyn Fn(Option<&str>, &str) -> Option<String> + 'o;

/// `name` is none where names and numbers are given to `other` as well.
fn write(node: Node<'_>, name: Option<&str>, other: &Other<'_>, out: &mut String) {
    let string = |text: &str, out: &mut String| write_string(other(name, text).as_deref().unwrap_or(text), out);
    match node.kind() {
        Kind::Null | Kind::Foreign => out.push_str("null"),
        Kind::True => out.push_str("true"),
        Kind::False => out.push_str("false"),
        Kind::Number => match name.map_or_else(|| other(None, node.number_text()), |_| None) {
            Some(text) => write_string(&text, out),
            None => out.push_str(node.number_text()),
        },
        Kind::String => string(&node.text(), out),
        Kind::Array => {
            let mut before = '[';
            for item in node.items() {
                out.push(before);
                write(item, name, other, out);
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
                let member_name = member.name();
                match name {
                    None => string(&member_name, out),
                    Some(_) => write_string(&member_name, out),
                }
                out.push(':');
                write(member.value, name.map(|_| &*member_name), other, out);
                before = ',';
            }
            if before == '{' {
                out.push('{');
            }
            out.push('}');
        }
    }
}
