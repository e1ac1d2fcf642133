//! The replicas of the database, and which of them a read uses: those that were fresh at the last check, in turn. A busy one
//! only if all of them are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::heartbeat::Heartbeat;
use super::replica::{Freshness, Replica};
use crate::clock::Clock;

/// The replicas.
#[derive(Debug)]
pub(super) struct ReplicaSet {
    pub(super) replicas: Vec<Arc<Replica>>,
    pub(super) heartbeat: Heartbeat,
    /// How far a replica that is used may lag.
    pub(super) limit: Duration,
    next: AtomicUsize,
}

impl ReplicaSet {
    pub(super) fn new(replicas: Vec<Replica>, limit: Duration) -> Self {
        Self {
            replicas: replicas.into_iter().map(Arc::new).collect(),
            heartbeat: Heartbeat::default(),
            limit,
            next: AtomicUsize::new(0),
        }
    }

    /// The next usable replica.
    pub(super) fn choose(&self, clock: &Clock) -> Option<Arc<Replica>> {
        let now = clock.monotonic();
        let usable: Vec<&Arc<Replica>> =
            self.replicas.iter().filter(|replica| replica.is_usable(now, self.limit)).collect();
        let free: Vec<&Arc<Replica>> = usable.iter().copied().filter(|replica| replica.is_free()).collect();
        let candidates = if free.is_empty() { usable } else { free };
        let turn = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(candidates.len())?;
        candidates.get(turn).copied().cloned()
    }

    pub(super) fn freshness<'a>(&'a self, clock: &'a Clock) -> Freshness<'a> {
        Freshness { heartbeat: &self.heartbeat, clock, limit: self.limit }
    }

    /// Closes all connections. Waits for connections in use.
    pub(super) async fn close(&self) {
        join_all(self.replicas.iter().map(|replica| replica.close())).await;
    }
}
