//! PersistedDocuments that are valid, parsed: clients send the same ones over and over. Automatic persisted queries (Apollo's
//! protocol, version 1): one that was sent once with its hash is asked for by the hash alone from then on, which makes
//! it short enough for a URL. When there is no room what was used longest ago goes, and is parsed, or sent, again.

use std::num::NonZeroUsize;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::cache::{Bounds, Cache};
use super::document::Document;

const BOUNDS: Bounds = Bounds {
    entries: NonZeroUsize::new(1000).expect("it is not 0"),
    bytes: 32 * 1024 * 1024,
    bytes_each: 2 * 1024 * 1024,
};
/// What a field, an argument or a value takes at most once it is parsed, in bytes, with its name.
const NODE: usize = 256;

/// Those that may be asked for by hash, and all by their text: who sends many different ones pushes out none of those
/// that others have persisted.
#[derive(Default)]
pub(super) struct DocumentCache {
    pub(super) persisted: PersistedDocuments,
    pub(super) parsed: PersistedDocuments,
}

/// PersistedDocuments by a key.
pub(super) struct PersistedDocuments(Cache<String, Arc<Document>>);

impl Default for PersistedDocuments {
    fn default() -> Self {
        Self(Cache::new(BOUNDS))
    }
}

impl PersistedDocuments {
    /// The query with this key.
    pub(super) fn find(&self, key: &str) -> Option<Arc<Document>> {
        self.0.find(key)
    }

    /// Keeps a query: its text tells how large it is once it is parsed.
    pub(super) fn keep(&self, key: String, query: &str, document: Arc<Document>) {
        self.0.keep(key, document, weight(query));
    }
}

/// The memory that a query takes once it is parsed: at least a word or a bracket stands for each part of it.
fn weight(query: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = query.split(|c| !word(c)).filter(|word| !word.is_empty()).count();
    let brackets = query.matches(['{', '[', '"']).count();
    query.len() + NODE * (words + brackets)
}

/// SHA-256 of a query, as clients send it.
pub(super) fn hash(query: &str) -> String {
    Sha256::digest(query.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::Selection;
    use async_graphql::{Name, Positioned};

    use super::*;

    /// With what its name takes besides its letters. A variable's definition is larger, and at least two words.
    #[test]
    fn a_part_of_a_query_is_no_larger_than_it_is_counted() {
        let sizes = [
            size_of::<Positioned<Selection>>(),
            size_of::<Positioned<async_graphql::Value>>() + size_of::<Positioned<Name>>(),
        ];
        for size in sizes {
            assert!(size + 32 <= NODE, "{size}");
        }
    }

    #[test]
    fn it_is_bounded() {
        let kept = PersistedDocuments::default();
        let document = Arc::new(Document::of("{ __typename }"));
        let keep = |hash: usize, query: &str| kept.keep(hash.to_string(), query, Arc::clone(&document));
        for number in 0..1500 {
            keep(number, "{ a }");
            keep(number, "{ a }");
        }
        assert_eq!(kept.0.size(), (1000, 1000 * weight("{ a }")));
        assert!(kept.find("499").is_none() && kept.find("500").is_some());
        let large = format!("{{ {} }}", "a ".repeat(7000));
        for number in 2000..2100 {
            keep(number, &large);
        }
        assert!(kept.0.size().1 <= BOUNDS.bytes);
        assert_eq!(kept.0.size().0, BOUNDS.bytes / weight(&large));
        keep(3000, &format!("{{ {} }}", "a ".repeat(10_000)));
        assert!(kept.find("3000").is_none() && kept.find("2099").is_some());
    }
}
