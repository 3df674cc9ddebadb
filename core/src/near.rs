//! "Did you mean": the candidates nearest to a word that was not found.

use crate::text::quoted_name;

/// Up to three candidates within a third of the word's length, nearest first. Short words may differ by two letters,
/// but not by most of them: `SG` is not near to `HJ`.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    const LONGEST: usize = 64;
    let wanted: Vec<char> = word.chars().map(|letter| letter.to_ascii_lowercase()).take(LONGEST).collect();
    let most = (wanted.len() / 3).max(2);
    let mut near: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        let length = candidate.chars().count();
        if length.abs_diff(wanted.len()) > most {
            continue;
        }
        let distance = distance(&wanted, candidate, most);
        if let Some(distance) =
            distance.filter(|distance| distance.saturating_mul(4) <= length.saturating_add(wanted.len()))
        {
            let nearer = near.iter().take_while(|known| **known < (distance, candidate)).count();
            near.insert(nearer, (distance, candidate));
            near.truncate(3);
        }
    }
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Levenshtein's distance, if it is at most `most`.
fn distance(wanted: &[char], candidate: &str, most: usize) -> Option<usize> {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (index, there) in candidate.chars().map(|letter| letter.to_ascii_lowercase()).enumerate() {
        let mut diagonal = index;
        let mut left = index.saturating_add(1);
        let mut next = vec![left];
        for (here, &above) in wanted.iter().zip(row.iter().skip(1)) {
            let substituted = diagonal.saturating_add(usize::from(*here != there));
            left = substituted.min(above.saturating_add(1)).min(left.saturating_add(1));
            next.push(left);
            diagonal = above;
        }
        if next.iter().min().is_none_or(|&least| least > most) {
            return None;
        }
        row = next;
    }
    row.last().copied().filter(|&distance| distance <= most)
}

/// `; did you mean …?`, or nothing.
pub(crate) fn suggestion(near: &[&str]) -> String {
    match near {
        [] => String::new(),
        _ => {
            format!("; did you mean {}?", near.iter().map(|name| quoted_name(name)).collect::<Vec<_>>().join(" or "))
        }
    }
}
