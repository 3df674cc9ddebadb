//! Text from outside as it may be shown: short, and with nothing hidden in it.

/// At most that many characters, and `…` where something was left out.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// Writes out control, bidirectional and invisible characters and ends of lines, so that what is seen is what is there and
/// stands on one line.
pub(crate) fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' {
            seen.push_str("\\n");
        } else if is_invisible(character) || character.is_control() {
            seen.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            seen.push(character);
        }
    }
    seen
}

/// Takes no room on the page, or turns what stands beside it.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
