//! What a person sees before saying yes: the same for the same call, in every language.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::json::pointer_token;

const MAX_LINES: usize = 40;
const MAX_TEXT: usize = 2_000;
const ROWS: usize = 3;

/// A call in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// The tool's title, or its name.
    pub title: String,
    /// The tool's name.
    pub tool: String,
    /// What the call does to the world.
    pub effect: Effect,
    /// Why it counts as that.
    pub reasons: Vec<String>,
    /// The arguments, one line each.
    pub lines: Vec<Line>,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Where it stands: names joined by dots.
    pub label: String,
    /// Its value as text; the characters that could hide or reorder text are written out.
    pub value: String,
}

impl Preview {
    /// `hidden` holds JSON Pointers to arguments whose values are not for reading.
    pub(crate) fn of(tool: &Tool, arguments: &Value, hidden: &[&str]) -> Self {
        let mut lines = Vec::new();
        add_lines("", "", arguments, hidden, &mut lines);
        if lines.len() > MAX_LINES {
            let more = lines.len().saturating_sub(MAX_LINES);
            lines.truncate(MAX_LINES);
            lines.push(Line { label: "…".to_owned(), value: format!("{more} more lines") });
        }
        let title = visible(tool.title.as_deref().unwrap_or(&tool.name));
        Preview { title, tool: visible(&tool.name), effect: tool.effect, reasons: tool.reasons.clone(), lines }
    }
}

fn add_lines(label: &str, pointer: &str, value: &Value, hidden: &[&str], lines: &mut Vec<Line>) {
    if hidden.contains(&pointer) {
        return lines.push(Line { label: label.to_owned(), value: "(hidden)".to_owned() });
    }
    let within = |name: &str| if label.is_empty() { visible(name) } else { format!("{label}.{}", visible(name)) };
    let pointer_to = |name: &str| format!("{pointer}/{}", pointer_token(name));
    match value {
        Value::Object(members) if !members.is_empty() => {
            // In one order, whatever the caller's: the same call has the same preview.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, member) in members {
                add_lines(&within(name), &pointer_to(name), member, hidden, lines);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) || items.len() > ROWS => {
            lines.push(Line { label: label.to_owned(), value: format!("{} items", items.len()) });
            for (index, item) in items.iter().take(ROWS).enumerate() {
                add_lines(
                    &within(&index.saturating_add(1).to_string()),
                    &pointer_to(&index.to_string()),
                    item,
                    hidden,
                    lines,
                );
            }
        }
        Value::String(text) => lines.push(Line { label: label.to_owned(), value: text_line(text) }),
        other => lines.push(Line { label: label.to_owned(), value: text_line(&other.to_string()) }),
    }
}

fn text_line(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_TEXT {
        return visible(text);
    }
    let start: String = text.chars().take(MAX_TEXT).collect();
    format!("{}… ({length} characters in all)", visible(&start))
}

/// Writes out control, bidirectional and invisible characters, so that what is seen is what is there.
pub(crate) fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for character in text.chars() {
        let hides = matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
        if character == '\n' {
            seen.push('\n');
        } else if hides || character.is_control() {
            seen.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            seen.push(character);
        }
    }
    seen
}
