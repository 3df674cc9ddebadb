//! Digests: SHA-256 over the RFC 8785 form, so that spelling, key order and white space do not matter and
//! everything else does.

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hexadecimal SHA-256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(HEX.get(usize::from(nibble)).copied().map_or('0', char::from));
        }
    }
    hex
}

/// SHA-256 of the canonical form.
pub fn digest(value: &Value) -> String {
    sha256_hex(canonical(value).as_bytes())
}

/// The JSON Canonicalization Scheme of RFC 8785.
///
/// Integers beyond 2^53 that serde_json still holds exactly are written exactly: they occur in tools' schemas,
/// where rounding would make two definitions one. Arguments never hold them.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (key, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_value(member, out);
            }
            out.push('}');
        }
    }
}

fn write_number(number: &Number, out: &mut String) {
    if let Some(integer) = number.as_u64() {
        out.push_str(&integer.to_string());
    } else if let Some(integer) = number.as_i64() {
        out.push_str(&integer.to_string());
    } else {
        let double = number.as_f64().unwrap_or(0.0);
        out.push_str(ryu_js::Buffer::new().format(double));
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => {
                let code = control as usize;
                out.push_str("\\u00");
                out.push(HEX.get(code >> 4).copied().map_or('0', char::from));
                out.push(HEX.get(code & 15).copied().map_or('0', char::from));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
