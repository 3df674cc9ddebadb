//! Carries what changed in the guard's words on into the inputs that quote them: an approval's id, a digest, a record of
//! the ledger that comes back as it was or edited. Without it a new digest would strand every conversation that quotes one.

use serde_json::{Map, Value, json};
use toolgate_core::ffi;

/// What became of the words of one conversation.
#[derive(Default)]
pub(crate) struct Carried {
    /// Ids, digests and seals: before, and now.
    words: Vec<(String, String)>,
    /// Sealed objects: before, and now.
    records: Vec<(Map<String, Value>, Map<String, Value>)>,
}

impl Carried {
    /// Takes note of how an expectation changed.
    pub(crate) fn note(&mut self, before: &Value, now: &Value) {
        match (before, now) {
            (Value::String(before), Value::String(now)) if before != now => {
                if let (Some(before), Some(now)) = (object(before), object(now)) {
                    self.note(&Value::Object(before), &Value::Object(now));
                } else if is_word(before) && is_word(now) && self.words.iter().all(|(known, _)| known != before) {
                    self.words.push((before.clone(), now.clone()));
                }
            }
            (Value::Object(before), Value::Object(now)) => {
                for (name, value) in before {
                    self.note(value, now.get(name).unwrap_or(&Value::Null));
                }
                if before != now && before.contains_key("seal") && now.contains_key("seal") {
                    self.records.push((before.clone(), now.clone()));
                }
            }
            (Value::Array(before), Value::Array(now)) => {
                before.iter().zip(now).for_each(|(before, now)| self.note(before, now));
            }
            _ => {}
        }
    }

    /// Mends an input that may quote what changed.
    pub(crate) fn mend(&self, input: &mut Value) {
        if self.words.is_empty() && self.records.is_empty() {
            return;
        }
        match input {
            // A text that no strict reader takes is what its case is about.
            Value::String(text) => {
                match object(text).filter(|object| object.contains_key("seal") && ffi::digest(text).is_ok()) {
                    Some(object) => {
                        let mended = self.mended(&object).to_string();
                        let as_read = Value::Object(object).to_string();
                        if mended != as_read {
                            *text = ffi::canonicalize(&mended).unwrap_or(mended);
                        }
                    }
                    None => {
                        for (before, now) in &self.words {
                            if text.contains(before) {
                                *text = text.replace(before, now);
                            }
                        }
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mend(item)),
            Value::Object(members) => {
                if members.contains_key("seal") {
                    *input = self.mended(members);
                } else {
                    members.values_mut().for_each(|member| self.mend(member));
                }
            }
            _ => {}
        }
    }

    /// A sealed object as it would have been made of the new one: the same edits, and a good seal only if it had one.
    fn mended(&self, edited: &Map<String, Value>) -> Value {
        let alike = |before: &Map<String, Value>| {
            before.iter().filter(|(name, value)| edited.get(*name) == Some(value)).count()
        };
        let of_the_same =
            |(before, _): &&(Map<String, Value>, Map<String, Value>)| before.get("id") == edited.get("id");
        let origin = self.records.iter().filter(of_the_same).max_by_key(|(before, _)| alike(before));
        let mut mended = match origin {
            Some((before, now)) => self.merged(before, now, edited),
            None => {
                let mut members = edited.clone();
                members.values_mut().for_each(|member| self.mend(member));
                members
            }
        };
        if edited.get("seal") == Some(&sealed(edited)) {
            mended["seal"] = sealed(&mended);
        }
        Value::Object(mended)
    }

    fn merged(
        &self,
        before: &Map<String, Value>,
        now: &Map<String, Value>,
        edited: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut merged: Map<String, Value> = now
            .iter()
            .filter(|(name, _)| edited.contains_key(*name) || !before.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for (name, value) in edited {
            match (before.get(name), now.get(name), value) {
                (Some(old), Some(_), value) if old == value => {}
                (Some(Value::Object(old)), Some(Value::Object(new)), Value::Object(value)) => {
                    merged.insert(name.clone(), Value::Object(self.merged(old, new, value)));
                }
                _ => {
                    let mut value = value.clone();
                    self.mend(&mut value);
                    merged.insert(name.clone(), value);
                }
            }
        }
        merged
    }
}

fn sealed(object: &Map<String, Value>) -> Value {
    let mut unsealed = object.clone();
    if object.contains_key("toolgate") {
        unsealed.remove("seal");
    } else {
        unsealed.insert("seal".to_owned(), json!(""));
    }
    ffi::digest(&Value::Object(unsealed).to_string()).map_or(Value::Null, |digest| json!(format!("sha256:{digest}")))
}

fn object(text: &str) -> Option<Map<String, Value>> {
    if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
}

fn is_word(text: &str) -> bool {
    let digits =
        ["apr_", "sha256:", "hmac-sha256:"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    digits.len() >= 24 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
