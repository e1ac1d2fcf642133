//! Metrics of the database: connections, statements and transactions.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::instruments::{as_gauge, durations};
use super::replicas::ReplicaMetrics;

/// The kinds of statements, by their first word. `other` stands for `WITH`, `PRAGMA` and the like.
const KINDS: [&str; 5] = ["select", "insert", "update", "delete", "other"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatementLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabels {
    pool: &'static str,
    state: &'static str,
}

/// The number of connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConnections {
    /// The name of the pool: on SQLite `reader`, `lists` and `writer`; on PostgreSQL `all`, and the name of each replica.
    pub pool: &'static str,
    /// Open connections.
    pub open: usize,
    /// Open connections that are not in use.
    pub idle: usize,
    /// The limit of open connections.
    pub max: usize,
}

/// The metrics of the database. Clones share their values.
#[derive(Clone, Debug)]
pub struct DatabaseMetrics {
    statements: Family<StatementLabels, Histogram, fn() -> Histogram>,
    /// The histograms of `statements` by kind and outcome, so that a statement needs no lookup by labels.
    by_kind: [[Histogram; 2]; KINDS.len()],
    connections: Family<ConnectionLabels, Gauge>,
    max: Family<PoolLabels, Gauge>,
    begins: Histogram,
    retries: Counter,
    /// The metrics of the replicas.
    pub replicas: ReplicaMetrics,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let statements: Family<StatementLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(durations);
        let by_kind = KINDS.map(|kind| {
            ["ok", "failed"].map(|outcome| statements.get_or_create_owned(&StatementLabels { kind, outcome }))
        });
        Self {
            statements,
            by_kind,
            connections: Family::default(),
            max: Family::default(),
            begins: durations(),
            retries: Counter::default(),
            replicas: ReplicaMetrics::default(),
        }
    }
}

impl DatabaseMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "patron_database_connections",
            "Connections to the database, in use and idle",
            self.connections.clone(),
        );
        registry.register(
            "patron_database_connections_max",
            "The limit of open connections",
            self.max.clone(),
        );
        registry.register(
            "patron_database_begin_duration_seconds",
            "How long transactions waited to begin, with the wait for a connection",
            self.begins.clone(),
        );
        registry.register(
            "patron_database_transaction_retries",
            "Transactions that were retried at the database's request",
            self.retries.clone(),
        );
        registry.register(
            "patron_database_statement_duration_seconds",
            "How long statements took, without the wait for a connection",
            self.statements.clone(),
        );
        self.replicas.register(registry);
    }

    /// Records a statement.
    pub fn statement(&self, sql: &str, failed: bool, elapsed: Duration) {
        let word = sql.split_ascii_whitespace().next().unwrap_or_default();
        let kind = KINDS.iter().position(|kind| word.eq_ignore_ascii_case(kind));
        self.by_kind[kind.unwrap_or(KINDS.len() - 1)][usize::from(failed)].observe(elapsed.as_secs_f64());
    }

    /// Records how long a transaction waited to begin.
    pub fn transaction_begun(&self, elapsed: Duration) {
        self.begins.observe(elapsed.as_secs_f64());
    }

    /// Counts a retry of a transaction.
    pub fn transaction_retried(&self) {
        self.retries.inc();
    }

    /// Records the number of connections of a pool.
    pub fn record(&self, connections: PoolConnections) {
        let PoolConnections { pool, open, idle, max } = connections;
        for (state, count) in [("idle", idle), ("used", open.saturating_sub(idle))] {
            self.connections.get_or_create(&ConnectionLabels { pool, state }).set(as_gauge(count));
        }
        self.max.get_or_create(&PoolLabels { pool }).set(as_gauge(max));
    }
}
