//! The database: its connections, its statements, its transactions.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{as_gauge, durations};

/// What a statement does, by its first word. `other`: `WITH`, `PRAGMA` and the like.
const KINDS: [&str; 5] = ["select", "insert", "update", "delete", "other"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Statement {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connection {
    pool: &'static str,
    state: &'static str,
}

/// The connections of a pool at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Which pool: on SQLite `reader` and `writer`, on PostgreSQL `all`.
    pub pool: &'static str,
    /// Those that are open.
    pub open: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// The most that may be open.
    pub most: usize,
}

/// What is measured of the database. Clones share their numbers.
#[derive(Clone, Debug)]
pub struct DatabaseMetrics {
    statements: Family<Statement, Histogram, fn() -> Histogram>,
    /// The same by kind, and whether they failed: one is found for every statement, so without a look-up.
    by_kind: [[Histogram; 2]; KINDS.len()],
    connections: Family<Connection, Gauge>,
    most: Family<Pool, Gauge>,
    begins: Histogram,
    retries: Counter,
}

impl Default for DatabaseMetrics {
    fn default() -> Self {
        let statements: Family<Statement, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(durations);
        let by_kind = KINDS.map(|kind| {
            ["ok", "failed"].map(|outcome| statements.get_or_create_owned(&Statement { kind, outcome }))
        });
        Self {
            statements,
            by_kind,
            connections: Family::default(),
            most: Family::default(),
            begins: durations(),
            retries: Counter::default(),
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
            "The most connections that may be open",
            self.most.clone(),
        );
        registry.register(
            "patron_database_begin_duration_seconds",
            "How long transactions waited for a connection and their beginning",
            self.begins.clone(),
        );
        registry.register(
            "patron_database_transaction_retries",
            "Transactions that the database asked to do again",
            self.retries.clone(),
        );
        registry.register(
            "patron_database_statement_duration_seconds",
            "How long statements took, without the wait for a connection",
            self.statements.clone(),
        );
    }

    /// Measures a statement.
    pub fn statement(&self, sql: &str, failed: bool, took: Duration) {
        let word = sql.split_ascii_whitespace().next().unwrap_or_default();
        let known = KINDS.iter().position(|kind| word.eq_ignore_ascii_case(kind));
        self.by_kind[known.unwrap_or(KINDS.len() - 1)][usize::from(failed)].observe(took.as_secs_f64());
    }

    /// Measures how long a transaction waited to begin.
    pub fn begun(&self, took: Duration) {
        self.begins.observe(took.as_secs_f64());
    }

    /// Counts a transaction that is done again.
    pub fn retried(&self) {
        self.retries.inc();
    }

    /// Notes the connections of a pool.
    pub fn record(&self, connections: Connections) {
        let Connections { pool, open, idle, most } = connections;
        for (state, count) in [("idle", idle), ("used", open.saturating_sub(idle))] {
            self.connections.get_or_create(&Connection { pool, state }).set(as_gauge(count));
        }
        self.most.get_or_create(&Pool { pool }).set(as_gauge(most));
    }
}
