//! Texts that several commands print.

use std::fmt::Display;

use chrono::{DateTime, Utc};

/// A number with its noun, in the singular for 1.
pub(super) fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

/// A timestamp in UTC, to the second.
pub(super) fn timestamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}
