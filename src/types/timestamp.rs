//! Moments as text.

use chrono::{DateTime, SecondsFormat, Utc};

/// A moment as everything that patron tells has it: RFC 3339, in UTC, with milliseconds
/// (`2023-02-07T14:18:05.000Z`).
pub fn timestamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}
