//! Metrics of the replicas of the database.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReplicaLabels {
    replica: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServerLabels {
    server: &'static str,
}

/// The metrics of the replicas. Clones share their values. Without replicas there are none.
#[derive(Clone, Debug, Default)]
pub struct ReplicaMetrics {
    up: Family<ReplicaLabels, Gauge>,
    lag: Family<ReplicaLabels, Gauge<f64, AtomicU64>>,
    reads: Family<ServerLabels, Counter>,
    failures: Family<ReplicaLabels, Counter>,
}

impl ReplicaMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patron_replica_up",
            "Whether reads use the replica: it responds, and its lag is within the limit",
            self.up.clone(),
        );
        registry.register(
            "patron_replica_lag_seconds",
            "How far the replica lags at most, with a resolution of a second",
            self.lag.clone(),
        );
        registry.register(
            "patron_replica_reads",
            "Statements of lists, searches, numbers and exports, by the server that answered",
            self.reads.clone(),
        );
        registry.register(
            "patron_replica_read_failures",
            "Reads that failed on the replica and were repeated on the primary",
            self.failures.clone(),
        );
    }

    /// Records whether a replica is used, and its lag. An unknown lag is not recorded.
    pub fn record(&self, replica: &'static str, is_used: bool, lag: Option<Duration>) {
        let labels = ReplicaLabels { replica };
        self.up.get_or_create(&labels).set(is_used.into());
        if let Some(lag) = lag {
            self.lag.get_or_create(&labels).set(lag.as_secs_f64());
        }
        drop(self.failures.get_or_create(&labels));
    }

    /// Counts a read that this server answered: a replica, or `primary`.
    pub fn read_from(&self, server: &'static str) {
        self.reads.get_or_create(&ServerLabels { server }).inc();
    }

    /// Counts a read that failed on a replica.
    pub fn failed(&self, replica: &'static str) {
        self.failures.get_or_create(&ReplicaLabels { replica }).inc();
    }
}
