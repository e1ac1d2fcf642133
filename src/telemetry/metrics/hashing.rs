//! Password hashing: its queue, and how long a hash waits and takes.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{as_gauge, durations};

/// The queue at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Hashes that wait for a thread.
    pub waiting: usize,
    /// Hashes that are computed.
    pub running: usize,
    /// The most that may wait and run together.
    pub most: usize,
}

/// What is measured of hashing. Clones share their numbers.
#[derive(Clone, Debug)]
pub struct HashingMetrics {
    waiting: Gauge,
    running: Gauge,
    most: Gauge,
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
            most: Gauge::default(),
            waits: durations(),
            durations: durations(),
            rejected: Counter::default(),
            abandoned: Counter::default(),
        }
    }
}

impl HashingMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("patron_hashing_waiting", "Passwords that wait to be hashed", self.waiting.clone());
        registry.register("patron_hashing_running", "Passwords that are being hashed", self.running.clone());
        registry.register(
            "patron_hashing_max",
            "The most passwords that may wait and be hashed; beyond them requests get 503",
            self.most.clone(),
        );
        registry.register(
            "patron_hashing_wait_duration_seconds",
            "How long passwords waited to be hashed",
            self.waits.clone(),
        );
        registry.register(
            "patron_hashing_duration_seconds",
            "How long hashing a password took",
            self.durations.clone(),
        );
        registry.register(
            "patron_hashing_rejected",
            "Requests that got 503 because too many passwords waited",
            self.rejected.clone(),
        );
        registry.register(
            "patron_hashing_abandoned",
            "Passwords that were not hashed because their client hung up",
            self.abandoned.clone(),
        );
    }

    /// Measures a hash, made or verified.
    pub fn hashed(&self, waited: Duration, took: Duration) {
        self.waits.observe(waited.as_secs_f64());
        self.durations.observe(took.as_secs_f64());
    }

    /// Counts one that found no place in the queue.
    pub fn rejected(&self) {
        self.rejected.inc();
    }

    /// Counts one that was not computed because its caller was gone.
    pub fn abandoned(&self) {
        self.abandoned.inc();
    }

    /// How many were not computed.
    #[cfg(test)]
    pub(crate) fn count_of_abandoned(&self) -> u64 {
        self.abandoned.get()
    }

    /// Notes the queue.
    pub fn record(&self, Waiting { waiting, running, most }: Waiting) {
        self.waiting.set(as_gauge(waiting));
        self.running.set(as_gauge(running));
        self.most.set(as_gauge(most));
    }
}
