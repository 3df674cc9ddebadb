//! One stable sort for all: the standard library's is made anew, and large, for every kind of thing that it sorts.

use core::cmp::Ordering;

/// Sorts in place; equal items keep their order.
pub(crate) fn sort_by<T>(items: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = order(items.len(), &mut |one, other| match (items.get(one as usize), items.get(other as usize)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    let Some(order) = order else { return };
    let mut taken: Vec<Option<T>> = core::mem::take(items).into_iter().map(Some).collect();
    items.extend(order.into_iter().filter_map(|at| taken.get_mut(at as usize)?.take()));
}

/// The places of so many items in the order in which they should stand, none where they stand in it already: a merge
/// sort from the bottom up.
fn order(count: usize, compare: &mut dyn FnMut(u32, u32) -> Ordering) -> Option<Vec<u32>> {
    let is_ordered = |next: u32| compare(next.wrapping_sub(1), next) != Ordering::Greater;
    if (1..count as u32).all(is_ordered) {
        return None;
    }
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut merged: Vec<u32> = Vec::with_capacity(count);
    let mut width: usize = 1;
    while width < count {
        merged.clear();
        for pair in order.chunks(width.saturating_mul(2)) {
            let (mut left, mut right) = pair.split_at_checked(width).unwrap_or((pair, &[]));
            while let ([one, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
                if compare(*one, *other) == Ordering::Greater {
                    merged.push(*other);
                    right = right_rest;
                } else {
                    merged.push(*one);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        core::mem::swap(&mut order, &mut merged);
        width = width.saturating_mul(2);
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::sort_by;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut seed: u32 = 1;
        for count in 0..200 {
            let mut items: Vec<(u32, usize)> = (0..count)
                .map(|at| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 28, at)
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort_by(&mut items, |one, other| one.0.cmp(&other.0));
            assert_eq!(items, expected);
        }
    }
}
