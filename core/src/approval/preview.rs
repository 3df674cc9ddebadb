//! What a person sees before saying yes: the same for the same call, in every language.

use serde::Serialize;

use crate::catalog::Tool;
use crate::catalog::effect::Effect;
use crate::json::canonical::canonical;
use crate::json::de::record;
use crate::json::pointer_token;
use crate::json::tape::{Kind, Node};
use crate::sort::sort_by;
use crate::text::visible;

const MAX_LINES: usize = 40;
const MAX_TEXT: usize = 2_000;
const ROWS: usize = 3;

/// A call in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// What the backend says of the thing that the call is about, such as the booking to be cancelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<Line>,
}

record!(strict Preview { title, tool, effect, reasons, lines; record });

/// One argument.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Where it stands: names joined by dots.
    pub label: String,
    /// Its value as text; the characters that could hide or reorder text are written out.
    pub value: String,
}

record!(strict Line { label, value; });

impl Preview {
    /// `hidden` holds JSON Pointers to arguments whose values are not for reading.
    pub(crate) fn of(tool: &Tool, arguments: Node<'_>, hidden: &[&str]) -> Self {
        let lines = lines_of(&[("", arguments)], hidden);
        let title = visible(tool.title.as_deref().unwrap_or(&tool.name));
        let (effect, reasons) = (tool.effect, tool.reasons.clone());
        Preview { title, tool: visible(&tool.name), effect, reasons, lines, record: Vec::new() }
    }
}

/// Values under their labels, a line for each part of them.
pub(crate) fn lines_of(values: &[(&str, Node<'_>)], hidden: &[&str]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (label, value) in values {
        add_lines(label, "", *value, hidden, &mut lines);
    }
    if lines.len() > MAX_LINES {
        let more = lines.len().saturating_sub(MAX_LINES);
        lines.truncate(MAX_LINES);
        lines.push(Line { label: "…".to_owned(), value: format!("{more} more lines") });
    }
    lines
}

fn add_lines(label: &str, pointer: &str, value: Node<'_>, hidden: &[&str], lines: &mut Vec<Line>) {
    if hidden.contains(&pointer) {
        return lines.push(Line { label: label.to_owned(), value: "(hidden)".to_owned() });
    }
    let within = |name: &str| if label.is_empty() { visible(name) } else { format!("{label}.{}", visible(name)) };
    let pointer_to = |name: &str| format!("{pointer}/{}", pointer_token(name));
    let is_container = |kind: Kind| matches!(kind, Kind::Array | Kind::Object);
    match value.kind() {
        Kind::Object if value.len() > 0 => {
            // In one order, whatever the caller's: the same call has the same preview.
            let mut members: Vec<_> = value.members().map(|member| (member.name(), member.value)).collect();
            sort_by(&mut members, |(one, _), (other, _)| one.cmp(other));
            for (name, member) in members {
                add_lines(&within(&name), &pointer_to(&name), member, hidden, lines);
            }
        }
        Kind::Array if value.len() > ROWS || value.items().any(|item| is_container(item.kind())) => {
            lines.push(Line { label: label.to_owned(), value: format!("{} items", value.len()) });
            for (index, item) in value.items().take(ROWS).enumerate() {
                add_lines(
                    &within(&index.saturating_add(1).to_string()),
                    &pointer_to(&index.to_string()),
                    item,
                    hidden,
                    lines,
                );
            }
        }
        Kind::String => lines.push(Line { label: label.to_owned(), value: text_line(&value.text()) }),
        _ => lines.push(Line { label: label.to_owned(), value: text_line(&canonical(value)) }),
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
