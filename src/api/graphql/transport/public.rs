//! Answers that are the same for every caller, kept as they were written, with their entity tag: all countries with
//! their provinces take milliseconds to make. They change with a release only, and one with an error is never kept.

use std::num::NonZeroUsize;

use axum::body::Bytes;
use axum::http::HeaderValue;

use super::cache::{Bounds, Cache};
use crate::http::entity_tag;

const BOUNDS: Bounds = Bounds {
    entries: NonZeroUsize::new(1000).expect("it is not 0"),
    bytes: 8 * 1024 * 1024,
    bytes_each: 1024 * 1024,
};
/// What an entry takes besides its texts, in bytes.
const ENTRY: usize = 256;

/// What an answer depends on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    /// The text of the document, or its hash when only that was sent.
    pub(super) document: String,
    pub(super) operation_name: Option<String>,
    /// As JSON.
    pub(super) variables: String,
}

/// A body and its entity tag.
#[derive(Clone)]
pub(super) struct PublicAnswer {
    pub(super) body: Bytes,
    pub(super) tag: Option<HeaderValue>,
}

impl PublicAnswer {
    pub(super) fn new(body: Vec<u8>) -> Self {
        Self { tag: entity_tag(&body), body: body.into() }
    }
}

/// Public answers by what they depend on.
pub(super) struct PublicAnswers(Cache<CacheKey, PublicAnswer>);

impl Default for PublicAnswers {
    fn default() -> Self {
        Self(Cache::new(BOUNDS))
    }
}

impl PublicAnswers {
    pub(super) fn find(&self, key: &CacheKey) -> Option<PublicAnswer> {
        self.0.find(key)
    }

    pub(super) fn keep(&self, key: CacheKey, answer: PublicAnswer) {
        let name = key.operation_name.as_ref().map_or(0, String::len);
        let bytes = ENTRY + key.document.len() + name + key.variables.len() + answer.body.len();
        self.0.keep(key, answer, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(document: &str, variables: &str) -> CacheKey {
        let (document, variables) = (document.to_owned(), variables.to_owned());
        CacheKey { document, operation_name: None, variables }
    }

    #[test]
    fn all_that_an_answer_depends_on_is_in_its_key() {
        let answers = PublicAnswers::default();
        let answer = |text: &str| PublicAnswer::new(text.as_bytes().to_vec());
        answers.keep(key("a", "{}"), answer("1"));
        answers.keep(key("a", "{\"b\":1}"), answer("2"));
        answers.keep(CacheKey { operation_name: Some("A".to_owned()), ..key("a", "{}") }, answer("3"));
        let found = |key: &CacheKey| answers.find(key).map(|found| found.body);
        assert_eq!(found(&key("a", "{}")), Some("1".into()));
        assert_eq!(found(&key("a", "{\"b\":1}")), Some("2".into()));
        assert_eq!(
            found(&CacheKey { operation_name: Some("A".to_owned()), ..key("a", "{}") }),
            Some("3".into())
        );
        assert!(found(&key("b", "{}")).is_none());
    }

    #[test]
    fn they_are_bounded() {
        let answers = PublicAnswers::default();
        for number in 0..20 {
            answers.keep(key(&number.to_string(), ""), PublicAnswer::new(vec![b'x'; 900 * 1024]));
        }
        let (entries, bytes) = answers.0.size();
        assert_eq!(entries, 9);
        assert!(bytes <= BOUNDS.bytes);
        answers.keep(key("large", ""), PublicAnswer::new(vec![b'x'; 1024 * 1024]));
        assert!(answers.find(&key("large", "")).is_none());
        for number in 0..2000 {
            answers.keep(key(&number.to_string(), ""), PublicAnswer::new(Vec::new()));
        }
        assert_eq!(answers.0.size().0, 1000);
    }
}
