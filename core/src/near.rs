//! "Did you mean": the candidates nearest to a word that was not found.

/// Up to three candidates within a third of the word's length, nearest first. Short words may differ by two letters,
/// but not by most of them: `SG` is not near to `HJ`.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    const LONGEST: usize = 64;
    let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).take(LONGEST).collect();
    let most = (wanted.len() / 3).max(2);
    let mut near: Vec<(usize, &str)> = candidates
        .filter(|candidate| candidate.chars().count().abs_diff(wanted.len()) <= most)
        .filter_map(|candidate| distance(&wanted, candidate, most).map(|distance| (distance, candidate)))
        .filter(|(distance, candidate)| distance.saturating_mul(2) <= candidate.chars().count().max(wanted.len()))
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Levenshtein's distance, if it is at most `most`.
fn distance(wanted: &[char], candidate: &str, most: usize) -> Option<usize> {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (index, there) in candidate.chars().flat_map(char::to_lowercase).enumerate() {
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
            format!("; did you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "))
        }
    }
}
