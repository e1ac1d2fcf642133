//! The text format of timestamps, and their range.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};

/// Why a text is not a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimestamp {
    /// It is not RFC 3339.
    #[error("must be a time such as 2026-01-31T12:00:00Z")]
    Malformed,
    /// Its second is 60. Neither the databases nor JavaScript have leap seconds.
    #[error("must not be a leap second: write second 59 instead of 60")]
    LeapSecond,
}

/// Formats a timestamp for all output of patron: RFC 3339, in UTC, with milliseconds (`2023-02-07T14:18:05.000Z`).
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Parses a timestamp of RFC 3339.
///
/// # Errors
/// For another format, and for a leap second (`23:59:60Z`).
pub fn parse_rfc3339(text: &str) -> Result<DateTime<Utc>, InvalidTimestamp> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp::Malformed)?;
    if is_leap_second(&time) { Err(InvalidTimestamp::LeapSecond) } else { Ok(time.to_utc()) }
}

/// Whether a time is a leap second, which chrono parses and represents as a second of more than 10⁹ nanoseconds.
pub(crate) fn is_leap_second(time: &impl Timelike) -> bool {
    time.nanosecond() >= 1_000_000_000
}

/// Whether both databases can store a timestamp: they reject years with five digits.
pub(crate) fn is_storable(time: DateTime<Utc>) -> bool {
    (1..=9999).contains(&time.year())
}

#[cfg(test)]
mod tests {
    use super::{InvalidTimestamp, parse_rfc3339, timestamp};

    #[test]
    fn leap_seconds_are_refused() {
        for text in ["2016-12-31T23:59:60Z", "2017-01-01T00:59:60.5+01:00", "2024-02-29T12:30:60Z"] {
            assert_eq!(parse_rfc3339(text), Err(InvalidTimestamp::LeapSecond), "{text}");
        }
        for text in ["2016-12-31T23:59:61Z", "2016-12-31", ""] {
            assert_eq!(parse_rfc3339(text), Err(InvalidTimestamp::Malformed), "{text}");
        }
        let time = parse_rfc3339("2017-01-01T00:59:59.9996+01:00").unwrap();
        assert_eq!(timestamp(time), "2016-12-31T23:59:59.999Z");
    }
}
