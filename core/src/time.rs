//! Times as text: RFC 3339 to milliseconds and back. The core has no clock; it only compares what it is told.

use crate::step::Millis;

/// Milliseconds since 1970 of an RFC 3339 timestamp; none if it is not one or lies before 1970.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Millis> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let (millis, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(fraction) => {
            let end = fraction.bytes().position(|byte| !byte.is_ascii_digit())?;
            let (fraction, zone) = fraction.split_at_checked(end)?;
            let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
            if fraction.is_empty() {
                return None;
            }
            (padded.parse().ok()?, zone)
        }
    };
    let offset_minutes = parse_zone(zone)?;
    let days = days_from_epoch(year, month, day)?;
    let minutes = days
        .checked_mul(1_440)?
        .checked_add(hour.checked_mul(60)?)?
        .checked_add(minute)?
        .checked_sub(offset_minutes)?;
    let seconds = minutes.checked_mul(60)?.checked_add(second)?;
    Millis::try_from(seconds.checked_mul(1_000)?.checked_add(millis)?).ok()
}

fn parse_zone(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, hours_minutes) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = hours_minutes.split_once(':')?;
    if hours.len() != 2
        || minutes.len() != 2
        || !hours_minutes.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(sign)
}

fn is_leap(year: i64) -> bool {
    let divisible = |by: i64| year.checked_rem(by) == Some(0);
    divisible(4) && (!divisible(100) || divisible(400))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_from_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let before = year.checked_sub(1)?;
    let leap_days =
        before.checked_div(4)?.checked_sub(before.checked_div(100)?)?.checked_add(before.checked_div(400)?)?;
    let whole_years = before.checked_mul(365)?.checked_add(leap_days)?;
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    whole_years.checked_add(months)?.checked_add(day)?.checked_sub(719_163)
}

#[cfg(test)]
mod tests {
    use super::parse_rfc3339;

    #[test]
    fn reads_what_rfc_3339_allows() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_rfc3339("2026-11-21T05:00:00.5Z"), Some(1_795_237_200_500));
        assert_eq!(parse_rfc3339("2026-11-21T13:00:00+08:00"), Some(1_795_237_200_000));
        assert_eq!(parse_rfc3339("2024-02-29t23:59:59.123456z"), Some(1_709_251_199_123));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-11-21T05:00:00",
            "2026-11-21T05:00:00.Z",
            "2026-11-21T05:00:00+8:00",
            "1969-12-31T23:59:59Z",
            "2026-11-2éT05:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
