//! Points in time, always handed in by the caller and never read from a clock here.

use chrono::{DateTime, SecondsFormat, Utc};

/// A point in time with millisecond precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// The time this many milliseconds after the Unix epoch.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds after the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// This time, some seconds later (or earlier when negative).
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Reads an RFC 3339 timestamp.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis()))
    }

    /// The RFC 3339 form in UTC, to the second.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// The form that HTTP's `Date` header takes.
    pub fn http_date(self) -> String {
        self.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The calendar month in UTC, like `2026-11`: the period that plan quotas count in.
    pub(crate) fn month(self) -> String {
        self.utc().format("%Y-%m").to_string()
    }

    pub(crate) fn utc(self) -> DateTime<Utc> {
        // Only times some 260,000 years away have no date; the epoch then stands in for them.
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}
