//! JSON Merge Patch (RFC 7396).

use super::canonical::write_string;
use super::copy;
use super::tape::{Kind, Node};

/// The value with the patch in it, as text; one member of the patch's own is left out.
pub(crate) fn merged(value: Node<'_>, patch: Node<'_>, except: &str) -> String {
    let mut out = String::new();
    write(Some(value), patch, Some(except), &mut out);
    out
}

fn write(value: Option<Node<'_>>, patch: Node<'_>, except: Option<&str>, out: &mut String) {
    if patch.kind() != Kind::Object {
        return out.push_str(&copy(patch));
    }
    let value = value.filter(|value| value.kind() == Kind::Object);
    let mut before = '{';
    let mut member = |name: &str, out: &mut String| {
        out.push(before);
        before = ',';
        write_string(name, out);
        out.push(':');
    };
    for old in value.iter().flat_map(|value| value.members()) {
        let name = old.name();
        match patch.get(&name) {
            None => {
                member(&name, out);
                out.push_str(&copy(old.value));
            }
            Some(new) if new.kind() != Kind::Null => {
                member(&name, out);
                write(Some(old.value), new, None, out);
            }
            Some(_) => {}
        }
    }
    for new in patch.members() {
        let name = new.name();
        let is_old = value.is_some_and(|value| value.get(&name).is_some());
        if !is_old && new.value.kind() != Kind::Null && except != Some(&*name) {
            member(&name, out);
            write(None, new.value, None, out);
        }
    }
    if before == '{' {
        out.push('{');
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::merged;
    use crate::json::{Document, OWN};

    #[test]
    fn the_examples_of_the_rfc() {
        for (value, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            (r#"{}"#, r#"{"a":{"bb":{"ccc":null}},"extends":"x"}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let (value, patch) = (Document::read(value, OWN).unwrap(), Document::read(patch, OWN).unwrap());
            assert_eq!(merged(value.tape().root(), patch.tape().root(), "extends"), expected);
        }
    }
}
