//! The text format of timestamps.

use chrono::{DateTime, SecondsFormat, Utc};

/// Formats a timestamp for all output of patron: RFC 3339, in UTC, with milliseconds (`2023-02-07T14:18:05.000Z`).
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
