//! RFC 3339: points in time, and the durations of its appendix A.

use super::{after_digits, taken};

pub(super) fn date_time(text: &[u8]) -> bool {
    // The blank that section 5.6 tolerates between date and time is not of the grammar.
    matches!(after_date(text), Some([b'T' | b't', rest @ ..]) if time(rest))
}

pub(super) fn date(text: &[u8]) -> bool {
    matches!(after_date(text), Some([]))
}

pub(super) fn time(text: &[u8]) -> bool {
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = text else { return false };
    let Some(minute) = minute_of_day(*h1, *h2, *m1, *m2) else { return false };
    let second = two_digits(*s1, *s2);
    let zone = match rest {
        [b'.', b'0'..=b'9', rest @ ..] => after_digits(rest),
        _ => rest,
    };
    let offset = match zone {
        [b'Z' | b'z'] => Some(0),
        [b'+', h1, h2, b':', m1, m2] => minute_of_day(*h1, *h2, *m1, *m2),
        [b'-', h1, h2, b':', m1, m2] => minute_of_day(*h1, *h2, *m1, *m2).map(i32::wrapping_neg),
        _ => None,
    };
    match (second, offset) {
        (0..=59, Some(_)) => true,
        // Section 5.7: a leap second is inserted at the end of a day of UTC, whatever the clocks show elsewhere.
        (60, Some(offset)) => minute.wrapping_sub(offset).rem_euclid(1_440) == 1_439,
        _ => false,
    }
}

pub(super) fn duration(text: &[u8]) -> bool {
    let [b'P', rest @ ..] = text else { return false };
    let time = match rest {
        [b'T', ..] => rest,
        _ => match after_parts(rest, b"YMD") {
            Some([]) => return true,
            Some(time) => time,
            // Weeks stand alone.
            None => return matches!(after_parts(rest, b"W"), Some([])),
        },
    };
    matches!(time, [b'T', time @ ..] if matches!(after_parts(time, b"HMS"), Some([])))
}

/// What follows one or more counts with their units. The grammar lets a unit follow only its direct neighbour: one year
/// and two days need the months between them.
fn after_parts<'a>(mut text: &'a [u8], mut units: &[u8]) -> Option<&'a [u8]> {
    let mut nearest_only = false;
    loop {
        let after = after_digits(text);
        if taken(text, after) == 0 {
            return nearest_only.then_some(text);
        }
        let [unit, rest @ ..] = after else { return None };
        loop {
            let [next, others @ ..] = units else { return None };
            units = others;
            if next == unit {
                break;
            }
            if nearest_only {
                return None;
            }
        }
        nearest_only = true;
        text = rest;
    }
}

fn after_date(text: &[u8]) -> Option<&[u8]> {
    let [c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2, rest @ ..] = text else { return None };
    let (century, year) = (two_digits(*c1, *c2), two_digits(*y1, *y2));
    let last = match two_digits(*m1, *m2) {
        _ if century > 99 || year > 99 => return None,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        // Of the years that end a century only every fourth is leap.
        2 if (if year == 0 { century } else { year }) & 3 == 0 => 29,
        2 => 28,
        _ => return None,
    };
    let day = two_digits(*d1, *d2);
    (1 <= day && day <= last).then_some(rest)
}

fn minute_of_day(h1: u8, h2: u8, m1: u8, m2: u8) -> Option<i32> {
    match (two_digits(h1, h2), two_digits(m1, m2)) {
        (hour @ 0..=23, minute @ 0..=59) => Some(i32::from(hour).wrapping_mul(60).wrapping_add(i32::from(minute))),
        _ => None,
    }
}

/// What is not two digits becomes a number that none of the ranges has.
fn two_digits(tens: u8, ones: u8) -> u8 {
    match (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0')) {
        (tens @ 0..=9, ones @ 0..=9) => tens.wrapping_mul(10).wrapping_add(ones),
        _ => u8::MAX,
    }
}
