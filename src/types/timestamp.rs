//! The text format of timestamps, and their range.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};

/// Formats a timestamp for all output of patron: RFC 3339, in UTC, with milliseconds (`2023-02-07T14:18:05.000Z`).
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Whether both databases can store a timestamp: they reject years with five digits.
pub(crate) fn is_storable(time: DateTime<Utc>) -> bool {
    (1..=9999).contains(&time.year())
}
