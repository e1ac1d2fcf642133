//! Entity tags of rows, and the precondition `If-Match` (RFC 9110 8.8.3, 13.1.1).

use std::fmt::Display;

use headers::{ETag, Header, HeaderValue};

use crate::error::{Error, Result};

/// The strong entity tag of a row in this version. Tags are compared within one URL only.
pub fn entity_tag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// The next version. After 2^31 - 1, the largest `Int` of GraphQL, it is 1 again, because versions are only compared
/// for equality.
pub fn next_version(version: i32) -> i32 {
    version.checked_add(1).unwrap_or(1)
}

/// The header `If-Match` of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum IfMatch {
    /// The header is absent: every version matches.
    #[default]
    Absent,
    /// `*`, which matches every version, or a list of entity tags.
    Present(headers::IfMatch),
}

impl IfMatch {
    /// Parses the lines of the header.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the value is neither `*` nor a list of entity tags.
    pub fn parse<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Result<Self> {
        let message = "If-Match must be * or entity tags in quotation marks (e.g., \"3\")";
        read_entity_tags(lines).map(Self::Present).ok_or_else(|| Error::invalid("If-Match", message))
    }

    /// Checks the precondition for a row in this version, by strong comparison: a weak tag never matches.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] if the version doesn't match.
    pub fn check(&self, version: impl Display) -> Result<()> {
        let passes = match self {
            Self::Absent => true,
            Self::Present(tags) => {
                entity_tag(version).parse::<ETag>().is_ok_and(|tag| tags.precondition_passes(&tag))
            }
        };
        if passes { Ok(()) } else { Err(Error::PreconditionFailed) }
    }
}

/// Parses the lines of `If-Match` or `If-None-Match`. `None` if the value is neither `*` nor a list of entity tags.
///
/// The syntax is checked here because the types of `headers` accept any text and ignore elements that are not entity
/// tags. In debug builds they panic if a tag contains a space.
pub fn read_entity_tags<'a, H: Header>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<H> {
    let lines: Vec<&HeaderValue> = lines.collect();
    let is_any = matches!(lines[..], [line] if line == "*");
    let count = || lines.iter().map(|line| count_tags(line.to_str().ok()?)).sum::<Option<usize>>();
    if is_any || count()? > 0 { H::decode(&mut lines.into_iter()).ok() } else { None }
}

/// The number of entity tags in a list, or `None` if it is invalid. Empty elements are ignored (RFC 9110 5.6.1.2).
fn count_tags(list: &str) -> Option<usize> {
    let mut count = 0;
    let mut remaining = list.trim_start();
    while !remaining.is_empty() {
        if !remaining.starts_with(',') {
            let quoted = remaining.strip_prefix("W/").unwrap_or(remaining);
            let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
            if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            count += 1;
            remaining = after.trim_start();
        }
        // A comma follows a tag, or stands for an empty element.
        remaining = if remaining.is_empty() { remaining } else { remaining.strip_prefix(',')?.trim_start() };
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use headers::{HeaderValue, IfNoneMatch};

    use super::{IfMatch, read_entity_tags};
    use crate::error::Result;

    fn parsed(lines: &[&'static str]) -> Result<IfMatch> {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_static(line)).collect();
        IfMatch::parse(lines.iter())
    }

    #[test]
    fn parses_lists_of_entity_tags() {
        for lines in [
            &["*"][..],
            &[" \"3\" "],
            &["\"3\",W/\"4\" , \"a,b\""],
            &["\"4\"", "\"3\""],
            &[", ,\"3\",,"],
            &["", "\"3\""],
            &["\"\",\"3\""],
        ] {
            assert!(parsed(lines).is_ok_and(|tags| tags.check(3).is_ok()), "{lines:?}");
        }
        for lines in [
            &[""][..],
            &[",", " , "],
            &["3"],
            &["\"3"],
            &["\"3\" \"4\""],
            &["\"3\"4"],
            &["\"3 4\""],
            &["w/\"3\""],
            &["\"3\", *"],
            &["*", "\"3\""],
        ] {
            assert!(parsed(lines).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn if_match_compares_strongly() {
        let passes = |text, version| parsed(&[text]).unwrap().check(version).is_ok();
        assert!(passes("\"3\"", 3) && passes("\"2\", \"3\"", 3) && passes("*", 3));
        assert!(!passes("\"2\"", 3) && !passes("W/\"3\"", 3) && !passes("\"2,\", \",3\"", 3));
        assert!(IfMatch::Absent.check(3).is_ok());
    }

    #[test]
    fn parses_if_none_match() {
        let passes = |text: &'static str| {
            let line = HeaderValue::from_static(text);
            let condition: IfNoneMatch = read_entity_tags([&line].into_iter())?;
            Some(condition.precondition_passes(&"W/\"a\"".parse().unwrap()))
        };
        assert_eq!(
            (passes("*"), passes(",, \"a\""), passes("W/\"a\",")),
            (Some(false), Some(false), Some(false))
        );
        assert_eq!(
            (passes("\"b\""), passes("a"), passes("\"a b\""), passes("")),
            (Some(true), None, None, None)
        );
    }
}
