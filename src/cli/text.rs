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

/// Breaks a text between words into lines of at most this many characters, each with a prefix and a line break.
pub(super) fn wrap(text: &str, width: usize, prefix: &str) -> String {
    let (mut wrapped, mut line) = (String::new(), prefix.to_owned());
    for word in text.split_whitespace() {
        let is_first = line.len() == prefix.len();
        if !is_first && line.chars().count() + 1 + word.chars().count() > width {
            wrapped.push_str(&line);
            wrapped.push('\n');
            line.truncate(prefix.len());
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(word);
    }
    wrapped.push_str(&line);
    wrapped.push('\n');
    wrapped
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn texts_are_broken_between_words() {
        assert_eq!(wrap("one two three", 9, "# "), "# one two\n# three\n");
        assert_eq!(wrap("a-word-that-is-too-long b", 9, "  "), "  a-word-that-is-too-long\n  b\n");
    }
}
