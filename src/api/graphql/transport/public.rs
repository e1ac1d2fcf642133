//! A cache of responses that are the same for all callers, as bytes with their entity tag: all countries with their
//! provinces take milliseconds to build. These responses change only with a new release. A response with an error is
//! never cached.

use std::num::NonZeroUsize;

use axum::body::Bytes;
use axum::http::HeaderValue;

use super::cache::{CacheLimits, SizedCache};
use crate::http::entity_tag;

const LIMITS: CacheLimits = CacheLimits {
    entries: NonZeroUsize::new(1000).expect("not 0"),
    bytes: 8 * 1024 * 1024,
    max_entry_bytes: 1024 * 1024,
};
/// The size of an entry without its texts, in bytes.
const ENTRY_BYTES: usize = 256;

/// Everything that a public response depends on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    /// The text of the document, or its hash when the client sent only the hash.
    pub(super) document: String,
    pub(super) operation_name: Option<String>,
    /// As JSON.
    pub(super) variables: String,
}

/// A body and its entity tag.
#[derive(Clone)]
pub(super) struct PublicResponse {
    pub(super) body: Bytes,
    pub(super) tag: Option<HeaderValue>,
}

impl PublicResponse {
    pub(super) fn new(body: Vec<u8>) -> Self {
        Self { tag: entity_tag(&body), body: body.into() }
    }
}

pub(super) struct PublicResponseCache(SizedCache<CacheKey, PublicResponse>);

impl Default for PublicResponseCache {
    fn default() -> Self {
        Self(SizedCache::new(LIMITS))
    }
}

impl PublicResponseCache {
    pub(super) fn get(&self, key: &CacheKey) -> Option<PublicResponse> {
        self.0.get(key)
    }

    pub(super) fn insert(&self, key: CacheKey, response: PublicResponse) {
        let name = key.operation_name.as_ref().map_or(0, String::len);
        let bytes = ENTRY_BYTES + key.document.len() + name + key.variables.len() + response.body.len();
        self.0.insert(key, response, bytes);
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
    fn different_keys_have_different_responses() {
        let cache = PublicResponseCache::default();
        let response = |text: &str| PublicResponse::new(text.as_bytes().to_vec());
        cache.insert(key("a", "{}"), response("1"));
        cache.insert(key("a", "{\"b\":1}"), response("2"));
        cache.insert(CacheKey { operation_name: Some("A".to_owned()), ..key("a", "{}") }, response("3"));
        let cached = |key: &CacheKey| cache.get(key).map(|response| response.body);
        assert_eq!(cached(&key("a", "{}")), Some("1".into()));
        assert_eq!(cached(&key("a", "{\"b\":1}")), Some("2".into()));
        assert_eq!(
            cached(&CacheKey { operation_name: Some("A".to_owned()), ..key("a", "{}") }),
            Some("3".into())
        );
        assert!(cached(&key("b", "{}")).is_none());
    }

    #[test]
    fn entries_and_bytes_are_limited() {
        let cache = PublicResponseCache::default();
        for number in 0..20 {
            cache.insert(key(&number.to_string(), ""), PublicResponse::new(vec![b'x'; 900 * 1024]));
        }
        let (entries, bytes) = cache.0.size();
        assert_eq!(entries, 9);
        assert!(bytes <= LIMITS.bytes);
        cache.insert(key("large", ""), PublicResponse::new(vec![b'x'; 1024 * 1024]));
        assert!(cache.get(&key("large", "")).is_none());
        for number in 0..2000 {
            cache.insert(key(&number.to_string(), ""), PublicResponse::new(Vec::new()));
        }
        assert_eq!(cache.0.size().0, 1000);
    }
}
