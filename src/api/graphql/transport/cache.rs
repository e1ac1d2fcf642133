//! What is kept by a key, bounded in number and in bytes; what was used longest ago goes first.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

/// How much a cache holds.
pub(super) struct Bounds {
    /// Entries.
    pub(super) entries: NonZeroUsize,
    /// Bytes of all entries.
    pub(super) bytes: usize,
    /// Bytes of one, so that none pushes all others out.
    pub(super) bytes_each: usize,
}

/// Values by key.
pub(super) struct Cache<K: Hash + Eq, V> {
    bounds: Bounds,
    kept: Mutex<Kept<K, V>>,
}

struct Kept<K: Hash + Eq, V> {
    /// With the bytes that each takes.
    entries: LruCache<K, (V, usize)>,
    bytes: usize,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    pub(super) fn new(bounds: Bounds) -> Self {
        let kept = Mutex::new(Kept { entries: LruCache::new(bounds.entries), bytes: 0 });
        Self { bounds, kept }
    }

    /// The value with this key.
    pub(super) fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.kept().entries.get(key).map(|(value, _)| value.clone())
    }

    /// Keeps a value that takes so many bytes, unless that is too many.
    pub(super) fn keep(&self, key: K, value: V, bytes: usize) {
        if bytes > self.bounds.bytes_each {
            return;
        }
        let mut kept = self.kept();
        kept.bytes += bytes;
        // What had this key before, or what there is no longer a place for.
        if let Some((_, (_, gone))) = kept.entries.push(key, (value, bytes)) {
            kept.bytes -= gone;
        }
        while kept.bytes > self.bounds.bytes
            && let Some((_, (_, gone))) = kept.entries.pop_lru()
        {
            kept.bytes -= gone;
        }
    }

    /// Entries, and the bytes that they take.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.entries.len(), kept.bytes)
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
