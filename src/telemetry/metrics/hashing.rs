//! Metrics of password hashing: the length of the queue, waiting times and durations.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::instruments::{as_gauge, durations};

/// The length of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLength {
    /// Hashes that wait for a thread.
    pub waiting: usize,
    /// Hashes that are being computed.
    pub running: usize,
    /// The limit of waiting and running hashes together.
    pub max: usize,
}

/// The metrics of hashing. Clones share their values.
#[derive(Clone, Debug)]
pub struct HashingMetrics {
    waiting: Gauge,
    running: Gauge,
    max: Gauge,
    waits: Histogram,
    durations: Histogram,
    rejected: Counter,
    abandoned: Counter,
}

impl Default for HashingMetrics {
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            running: Gauge::default(),
            max: Gauge::default(),
            waits: durations(),
            durations: durations(),
            rejected: Counter::default(),
            abandoned: Counter::default(),
        }
    }
}

impl HashingMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("patron_hashing_waiting", "Passwords waiting to be hashed", self.waiting.clone());
        registry.register("patron_hashing_running", "Passwords being hashed", self.running.clone());
        registry.register(
            "patron_hashing_max",
            "The limit of waiting and running hashes; when exceeded, requests get 503",
            self.max.clone(),
        );
        registry.register(
            "patron_hashing_wait_duration_seconds",
            "How long passwords waited for a hashing thread",
            self.waits.clone(),
        );
        registry.register(
            "patron_hashing_duration_seconds",
            "How long hashing a password took",
            self.durations.clone(),
        );
        registry.register(
            "patron_hashing_rejected",
            "Requests that got 503 because the hashing queue was full",
            self.rejected.clone(),
        );
        registry.register(
            "patron_hashing_abandoned",
            "Passwords that were not hashed because their client hung up",
            self.abandoned.clone(),
        );
    }

    /// Records a hash that was created or verified.
    pub fn hashed(&self, waited: Duration, elapsed: Duration) {
        self.waits.observe(waited.as_secs_f64());
        self.durations.observe(elapsed.as_secs_f64());
    }

    /// Counts a hash that was refused because the queue was full.
    pub fn rejected(&self) {
        self.rejected.inc();
    }

    /// Counts a hash that was not computed because its client hung up.
    pub fn abandoned(&self) {
        self.abandoned.inc();
    }

    /// The number of abandoned hashes.
    #[cfg(test)]
    pub(crate) fn abandoned_count(&self) -> u64 {
        self.abandoned.get()
    }

    /// Records the length of the queue.
    pub fn record(&self, QueueLength { waiting, running, max }: QueueLength) {
        self.waiting.set(as_gauge(waiting));
        self.running.set(as_gauge(running));
        self.max.set(as_gauge(max));
    }
}
