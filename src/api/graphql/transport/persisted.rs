//! Caches of parsed and validated documents, because clients send the same documents again and again.
//!
//! Automatic persisted queries (Apollo's protocol, version 1): a client sends a document once with its hash, and then
//! only the hash, which makes the request short enough for a URL. When a document was evicted from the cache, it is
//! parsed again, or the client is asked to send it again.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_graphql::ServerError;

use super::cache::{CacheLimits, SizedCache};
use super::document::ValidDocument;
use super::request::PersistedQuery;
use crate::api::graphql::error;
use crate::api::graphql::error_code::ErrorCode;
use crate::crypto::digest::sha256_hex;

const LIMITS: CacheLimits = CacheLimits {
    entries: NonZeroUsize::new(1000).expect("not 0"),
    bytes: 32 * 1024 * 1024,
    max_entry_bytes: 2 * 1024 * 1024,
};
/// Maximum memory of a parsed field, argument or value with its name, in bytes.
const NODE: usize = 256;

/// Persisted documents by their hash, and all documents by their text. They are separate caches, so a client that sends
/// many different documents doesn't evict the persisted documents of other clients.
#[derive(Default)]
pub(super) struct DocumentCache {
    pub(super) by_hash: ParsedDocuments,
    pub(super) by_text: ParsedDocuments,
}

/// Parsed documents by a key.
pub(super) struct ParsedDocuments(SizedCache<String, Arc<ValidDocument>>);

impl Default for ParsedDocuments {
    fn default() -> Self {
        Self(SizedCache::new(LIMITS))
    }
}

impl ParsedDocuments {
    pub(super) fn get(&self, key: &str) -> Option<Arc<ValidDocument>> {
        self.0.get(key)
    }

    /// Stores a document. Its text determines how much memory it is counted as.
    pub(super) fn insert(&self, key: String, query: &str, document: Arc<ValidDocument>) {
        self.0.insert(key, document, weight(query));
    }
}

/// An upper bound for the memory of a parsed query, in bytes. Each of its parts has at least one word or bracket in the
/// text.
fn weight(query: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = query.split(|c| !word(c)).filter(|word| !word.is_empty()).count();
    let brackets = query.matches(['{', '[', '"']).count();
    query.len() + NODE * (words + brackets)
}

/// The hash of a request, if it has one.
///
/// # Errors
/// When the version of the protocol is unknown, or when the hash is not that of the query.
pub(super) fn checked_hash(
    extension: Option<PersistedQuery>,
    query: Option<&str>,
) -> Result<Option<String>, ServerError> {
    let Some(PersistedQuery { version, sha256_hash }) = extension else { return Ok(None) };
    if version != 1 {
        // A client that receives this error stops sending hashes.
        return Err(request_error("PersistedQueryNotSupported", ErrorCode::PersistedQueryNotSupported));
    }
    let hash = sha256_hash.to_ascii_lowercase();
    if query.is_some_and(|query| sha256_hex(query) != hash) {
        return Err(request_error("The hash does not match the query", ErrorCode::PersistedQueryMismatch));
    }
    Ok(Some(hash))
}

/// The error for a hash without a query, when the document is not in the cache. A client that receives it sends the
/// query with its hash.
pub(super) fn not_found() -> ServerError {
    request_error("PersistedQueryNotFound", ErrorCode::PersistedQueryNotFound)
}

fn request_error(message: &str, code: ErrorCode) -> ServerError {
    error::with_code(ServerError::new(message, None), code)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::Selection;
    use async_graphql::{Name, Positioned};

    use super::*;

    /// 32 bytes are for the name, without its letters. The definition of a variable is larger, but has at least two
    /// words.
    #[test]
    fn a_part_of_a_query_fits_into_its_counted_size() {
        let sizes = [
            size_of::<Positioned<Selection>>(),
            size_of::<Positioned<async_graphql::Value>>() + size_of::<Positioned<Name>>(),
        ];
        for size in sizes {
            assert!(size + 32 <= NODE, "{size}");
        }
    }

    #[test]
    fn entries_and_bytes_are_limited() {
        let documents = ParsedDocuments::default();
        let document = Arc::new(ValidDocument::of("{ __typename }"));
        let insert =
            |hash: usize, query: &str| documents.insert(hash.to_string(), query, Arc::clone(&document));
        for number in 0..1500 {
            insert(number, "{ a }");
            insert(number, "{ a }");
        }
        assert_eq!(documents.0.size(), (1000, 1000 * weight("{ a }")));
        assert!(documents.get("499").is_none() && documents.get("500").is_some());
        let large = format!("{{ {} }}", "a ".repeat(7000));
        for number in 2000..2100 {
            insert(number, &large);
        }
        assert!(documents.0.size().1 <= LIMITS.bytes);
        assert_eq!(documents.0.size().0, LIMITS.bytes / weight(&large));
        insert(3000, &format!("{{ {} }}", "a ".repeat(10_000)));
        assert!(documents.get("3000").is_none() && documents.get("2099").is_some());
    }
}
