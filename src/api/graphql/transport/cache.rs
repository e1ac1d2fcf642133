//! A cache with a maximum number of entries and of bytes. When it is full, the least recently used entry is evicted. A
//! value that exceeds the maximum size of an entry is not stored.

use std::hash::Hash;
use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::{Mutex, MutexGuard};

/// The limits of a cache.
pub(super) struct CacheLimits {
    pub(super) entries: NonZeroUsize,
    /// Maximum size of all entries, in bytes.
    pub(super) bytes: usize,
    /// Maximum size of one entry, in bytes, so that none evicts all others.
    pub(super) max_entry_bytes: usize,
}

pub(super) struct SizedCache<K: Hash + Eq, V> {
    limits: CacheLimits,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K: Hash + Eq, V> {
    /// Each value with its size in bytes.
    by_key: LruCache<K, (V, usize)>,
    bytes: usize,
}

impl<K: Hash + Eq, V: Clone> SizedCache<K, V> {
    pub(super) fn new(limits: CacheLimits) -> Self {
        let entries = Mutex::new(Entries { by_key: LruCache::new(limits.entries), bytes: 0 });
        Self { limits, entries }
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.lock().by_key.get(key).map(|(value, _)| value.clone())
    }

    /// Stores a value of this size, in bytes, unless it is too large for an entry.
    pub(super) fn insert(&self, key: K, value: V, bytes: usize) {
        if bytes > self.limits.max_entry_bytes {
            return;
        }
        let mut entries = self.lock();
        entries.bytes += bytes;
        // The entry that had this key, or the evicted one.
        if let Some((_, (_, removed))) = entries.by_key.push(key, (value, bytes)) {
            entries.bytes -= removed;
        }
        while entries.bytes > self.limits.bytes
            && let Some((_, (_, removed))) = entries.by_key.pop_lru()
        {
            entries.bytes -= removed;
        }
    }

    /// The number of entries and their size in bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        let entries = self.lock();
        (entries.by_key.len(), entries.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock()
    }
}
