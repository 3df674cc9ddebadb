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

/// Characters of a name that stand in a sentence.
const MAX_NAMED: usize = 200;

/// A name from outside in a sentence of ours: on one line, bounded, and in quotes that nothing in it can close.
pub(crate) fn quoted_name(name: &str) -> String {
    name_within(name, MAX_NAMED)
}

/// The same with at most that many characters.
pub(crate) fn name_within(name: &str, most: usize) -> String {
    let mut quoted = String::from('`');
    if name.len() <= most && name.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'`') {
        quoted.push_str(name);
    } else {
        for character in visible(&shorten(name, most)).chars() {
            match character {
                '`' | '\u{2cb}' | '\u{1fef}' | '\u{2035}' | '\u{ff40}' => quoted.push_str(&written_out(character)),
                _ => quoted.push(character),
            }
        }
    }
    quoted.push('`');
    quoted
}

fn written_out(character: char) -> String {
    format!("\\u{{{:x}}}", u32::from(character))
}

/// How many marks may stand on one character; more would paint over the lines above and below.
const MOST_MARKS: usize = 4;

/// Writes out ends of lines, control, bidirectional and invisible characters, and marks that pile up, so that what is seen
/// is what is there and stands on one line.
pub(crate) fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut marks: usize = 0;
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let left = core::mem::replace(&mut before, character);
        let is_mark = extends(character);
        marks = if is_mark { marks.saturating_add(1) } else { 0 };
        match character {
            '\n' => seen.push_str("\\n"),
            '\r' => seen.push_str("\\r"),
            '\t' => seen.push_str("\\t"),
            ' '..='~' | '\u{3000}' => seen.push(character),
            '\u{a0}' | '\u{202f}' if is_set(left, rest.peek()) => seen.push(character),
            _ if marks > MOST_MARKS || is_blank(character) || !(is_mark || has_picture(character)) => {
                seen.push_str(&written_out(character));
            }
            _ => seen.push(character),
        }
    }
    seen
}

/// Whether a blank that does not end a line stands where typesetting wants one; elsewhere it looks like any other.
fn is_set(before: char, after: Option<&char>) -> bool {
    after.is_some_and(|after| {
        ";:!?»›%€$£¥°".contains(*after)
            || matches!(before, '«' | '‹')
            || before.is_ascii_digit() && after.is_ascii_digit()
    })
}

/// Whether a blank stands there that is no usual one, and not where typesetting wants it.
pub(crate) fn has_odd_blank(text: &str) -> bool {
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if matches!(character, '\u{a0}' | '\u{202f}') && !is_set(before, rest.peek()) {
            return true;
        }
        before = character;
    }
    false
}

/// Stands on the character before it.
fn extends(character: char) -> bool {
    !character.is_ascii() && !has_picture(character) && has_picture_after(character)
}

/// The standard library's tables: a mark counts as without a picture where it stands alone, and as with one otherwise.
fn has_picture(character: char) -> bool {
    matches!(character, '\'' | '"' | '\\') || character.escape_debug().count() == 1
}

fn has_picture_after(character: char) -> bool {
    let text: String = [' ', character].iter().collect();
    text.escape_debug().count() == 2
}

/// Leaves nothing on the page.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_whitespace() || character.is_control() || is_blank(character)
}

/// Blank, though the tables call it a letter, a symbol or a mark.
fn is_blank(character: char) -> bool {
    is_invisible(character) || matches!(character, '\u{2800}' | '\u{1d159}' | '\u{16fe4}')
}

/// Takes no room on the page, or turns what stands beside it.
pub(crate) fn is_invisible(character: char) -> bool {
    character >= '\u{ad}'
        && matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod tests {
    use super::visible;

    #[test]
    fn nothing_ends_hides_or_turns_a_line() {
        for (text, seen) in [
            ("Ana's \"café\" \\ 東京 ελ д ไทย कि 👍", "Ana's \"café\" \\ 東京 ελ д ไทย कि 👍"),
            ("cafe\u{301} tie\u{302}\u{301}ng", "cafe\u{301} tie\u{302}\u{301}ng"),
            ("a\nb\r\n\tc", "a\\nb\\r\\n\\tc"),
            ("\u{1b}[2J\u{7}\u{9b}31m\u{7f}", "\\u{1b}[2J\\u{7}\\u{9b}31m\\u{7f}"),
            ("\u{85}\u{2028}\u{2029}\u{b}\u{c}", "\\u{85}\\u{2028}\\u{2029}\\u{b}\\u{c}"),
            ("\u{202e}\u{2066}\u{200f}\u{61c}", "\\u{202e}\\u{2066}\\u{200f}\\u{61c}"),
            ("\u{200b}\u{200d}\u{feff}\u{ad}\u{2060}", "\\u{200b}\\u{200d}\\u{feff}\\u{ad}\\u{2060}"),
            ("\u{fe0f}\u{e0041}\u{e0100}\u{180e}", "\\u{fe0f}\\u{e0041}\\u{e0100}\\u{180e}"),
            ("\u{2800}\u{3164}\u{115f}\u{ffa0}", "\\u{2800}\\u{3164}\\u{115f}\\u{ffa0}"),
            (
                "Ana\u{a0}b «\u{a0}x\u{202f}» 5\u{a0}000\u{202f}!\u{a0}",
                "Ana\\u{a0}b «\u{a0}x\u{202f}» 5\u{a0}000\u{202f}!\\u{a0}",
            ),
            ("5\u{a0}€ 東京\u{3000}都\u{2003}", "5\u{a0}€ 東京\u{3000}都\\u{2003}"),
            ("\u{e000}\u{f0000}\u{1d173}\u{13430}", "\\u{e000}\\u{f0000}\\u{1d173}\\u{13430}"),
        ] {
            assert_eq!(visible(text), seen, "{text:?}");
        }
        let piled = format!("a{}b", "\u{30d}".repeat(300));
        let seen = visible(&piled);
        assert!(seen.starts_with("a\u{30d}\u{30d}\u{30d}\u{30d}\\u{30d}\\u{30d}") && seen.ends_with("\\u{30d}b"));
    }

    #[test]
    fn what_is_written_out_once_stays_as_it_is() {
        for code in (0..=0x10_ffff).filter_map(char::from_u32) {
            let seen = visible(&format!("a{code}"));
            assert_eq!(visible(&seen), seen);
            assert!(!seen.chars().any(char::is_control), "{code:?}");
        }
    }
}
