//! The connections of all parts of patron to the database.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};

use super::database_pool::DatabasePool;
use super::opened_file::OpenedFile;
use super::replica_set::ReplicaSet;
use super::sharing::SharingState;
use crate::clock::Timer;
use crate::telemetry;
use crate::telemetry::metrics::DatabaseMetrics;

/// The database connections, shared by all parts of patron. Clones use the same connections. A lookup clones it, so a clone
/// counts one reference instead of one for each connection and metric.
#[derive(Clone, Debug)]
pub struct Database(Arc<DatabaseParts>);

/// The parts of a [`Database`].
#[derive(Debug)]
pub struct DatabaseParts {
    pub(super) writer: DatabasePool,
    pub(super) reader: DatabasePool,
    pub(super) lists: DatabasePool,
    pub(super) migrations: DatabaseConnection,
    /// The metrics of the database.
    pub metrics: DatabaseMetrics,
    /// Whether the last known write was refused.
    pub(super) refuses_writes: AtomicBool,
    /// Started when a write last succeeded that was made to see whether the database accepts writes.
    pub(super) proven_write: Mutex<Option<Timer>>,
    /// The file of an SQLite database.
    pub(super) file: Option<Arc<OpenedFile>>,
    /// Who uses the database.
    pub(super) sharing: SharingState,
    /// The replicas of PostgreSQL; none if the settings name none.
    pub(super) replicas: Option<Arc<ReplicaSet>>,
}

impl Deref for Database {
    type Target = DatabaseParts;

    fn deref(&self) -> &DatabaseParts {
        &self.0
    }
}

impl DatabaseParts {
    /// Without a file or replicas. `migrations` is the connection of `writer`, as the migrations need it.
    pub(super) fn of(
        [writer, reader, lists]: [DatabasePool; 3],
        migrations: DatabaseConnection,
        metrics: DatabaseMetrics,
    ) -> Self {
        Self {
            writer,
            reader,
            lists,
            migrations,
            metrics,
            refuses_writes: AtomicBool::new(false),
            proven_write: Mutex::default(),
            file: None,
            sharing: SharingState::default(),
            replicas: None,
        }
    }
}

impl Database {
    pub(super) fn of(parts: DatabaseParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether a write was refused since the last successful one, because the database is read-only or its disk is full.
    pub fn is_read_only(&self) -> bool {
        self.refuses_writes.load(Ordering::Relaxed)
    }

    /// Records that a write succeeded.
    pub fn record_write(&self) {
        self.refuses_writes.store(false, Ordering::Relaxed);
        *self.proven_write.lock() = Some(Timer::start());
    }

    /// The time since a write succeeded that was recorded. `None` if there was none, or a later write was refused.
    pub fn last_proven_write(&self) -> Option<Duration> {
        let elapsed = self.proven_write.lock().as_ref().map(Timer::elapsed);
        elapsed.filter(|_| !self.is_read_only())
    }

    /// The type of the database: SQLite or PostgreSQL.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Whether this is the embedded database (SQLite), which patron migrates itself.
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// The connections for short reads.
    pub fn reader(&self) -> &DatabasePool {
        &self.reader
    }

    /// The connection for a single statement that writes, without a transaction.
    pub fn writer(&self) -> &DatabasePool {
        &self.writer
    }

    /// The connection for migrations and adoptions. Its statements have no deadline, and need a connection without a pooler
    /// of transactions. It comes from the pool of the driver, so those that wait for a statement return there first: one may
    /// be the only one.
    pub fn migration_connection(&self) -> &DatabaseConnection {
        self.writer.return_ready();
        &self.migrations
    }

    /// Records the number of connections in the metrics.
    pub fn record_connections(&self) {
        if self.is_embedded() {
            let pools = [("reader", &self.reader), ("lists", &self.lists), ("writer", &self.writer)];
            for (pool, connection) in pools {
                self.metrics.record(connection.count(pool));
            }
        } else {
            self.metrics.record(self.reader.count("all"));
        }
    }

    /// Closes all connections. Waits for connections in use.
    pub async fn close(self) -> std::result::Result<(), DbErr> {
        if let Some(replicas) = &self.replicas {
            replicas.close().await;
        }
        self.reader.close().await?;
        self.lists.close().await?;
        self.writer.close().await
    }
}

/// Measures every statement of a connection.
pub(super) fn with_metrics(
    mut connection: DatabaseConnection,
    metrics: &DatabaseMetrics,
) -> DatabaseConnection {
    let metrics = metrics.clone();
    let system = match connection.get_database_backend() {
        DbBackend::Sqlite => "sqlite",
        _ => "postgresql",
    };
    connection.set_metric_callback(move |info| {
        metrics.statement(&info.statement.sql, info.failed, info.elapsed);
        telemetry::statement(system, &info.statement.sql, info.failed, info.elapsed);
    });
    connection
}
