//! Entity tags of what is changed over REST, and what a request says of them (RFC 9110 8.8.3, 13.1.1).

use crate::error::{Error, Result};

/// The strong entity tag of a row in this version; tags are compared within one URL only.
pub fn entity_tag(version: i32) -> String {
    format!("\"{version}\"")
}

/// The version after this one. After 2^31 - 1, the largest `Int` of GraphQL, it is 1 again: versions are only compared for
/// equality.
pub fn next_version(version: i32) -> i32 {
    version.checked_add(1).unwrap_or(1)
}

/// What a request says of the version it wants to change: the header `If-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing: whichever it is.
    #[default]
    Absent,
    /// `*`: whichever it is, as long as there is one.
    Any,
    /// One of these entity tags.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Reads the values of the header, which may come several times.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is neither `*` nor a list of entity tags.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let invalid = || {
            Error::invalid("If-Match", "If-Match must be * or entity tags in quotation marks (e.g., \"3\")")
        };
        let mut tags = Vec::new();
        let mut any = false;
        for value in values {
            let mut rest = value.trim();
            if rest == "*" {
                any = true;
                continue;
            }
            while !rest.is_empty() {
                let (weak, quoted) = match rest.strip_prefix("W/") {
                    Some(quoted) => ("W/", quoted),
                    None => ("", rest),
                };
                let (tag, behind) =
                    quoted.strip_prefix('"').and_then(|inner| inner.split_once('"')).ok_or_else(invalid)?;
                tags.push(format!("{weak}\"{tag}\""));
                rest = match behind.trim_start() {
                    "" => "",
                    list => list.strip_prefix(',').ok_or_else(invalid)?.trim_start(),
                };
            }
        }
        match (any, tags.is_empty()) {
            (true, true) => Ok(Self::Any),
            (false, false) => Ok(Self::Tags(tags)),
            _ => Err(invalid()),
        }
    }

    /// Lets a change of a row in this version pass. The comparison is the strong one: a weak tag matches nothing.
    ///
    /// # Errors
    /// [`Error::Precondition`].
    pub fn check(&self, version: i32) -> Result<()> {
        match self {
            Self::Absent | Self::Any => Ok(()),
            Self::Tags(tags) if tags.contains(&entity_tag(version)) => Ok(()),
            Self::Tags(_) => Err(Error::Precondition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IfMatch;

    #[test]
    fn reads_lists() {
        let tags = |tags: &[&str]| Some(IfMatch::Tags(tags.iter().map(|&tag| tag.to_owned()).collect()));
        for (values, expected) in [
            (&["*"][..], Some(IfMatch::Any)),
            (&[" \"3\" "], tags(&["\"3\""])),
            (&["\"3\",W/\"4\" , \"a,b\""], tags(&["\"3\"", "W/\"4\"", "\"a,b\""])),
            (&["\"3\"", "\"4\""], tags(&["\"3\"", "\"4\""])),
            (&[""], None),
            (&["3"], None),
            (&["\"3"], None),
            (&["\"3\" \"4\""], None),
            (&["*", "\"3\""], None),
        ] {
            assert_eq!(IfMatch::parse(values.iter().copied()).ok(), expected, "{values:?}");
        }
    }

    #[test]
    fn compares_strongly() {
        let parsed = |text| IfMatch::parse([text]).unwrap();
        assert!(parsed("\"3\"").check(3).is_ok() && parsed("\"2\", \"3\"").check(3).is_ok());
        assert!(parsed("*").check(3).is_ok() && IfMatch::Absent.check(3).is_ok());
        assert!(parsed("\"2\"").check(3).is_err() && parsed("W/\"3\"").check(3).is_err());
    }
}
