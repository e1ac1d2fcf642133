//! The connections of all parts of patron to the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{DatabaseConnection, DbBackend, DbErr};

use super::opened_file::OpenedFile;
use super::sharing::SharingState;
use crate::telemetry;
use crate::telemetry::metrics::{DatabaseMetrics, PoolConnections};

/// The database connections, shared by all parts of patron. Clones use the same connections.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) writer: DatabaseConnection,
    pub(super) reader: DatabaseConnection,
    pub(super) lists: DatabaseConnection,
    /// The metrics of the database.
    pub metrics: DatabaseMetrics,
    /// Whether the last known write was refused.
    pub(super) refuses_writes: Arc<AtomicBool>,
    /// The file of an SQLite database.
    pub(super) file: Option<Arc<OpenedFile>>,
    /// Who uses the database.
    pub(super) sharing: Arc<SharingState>,
}

impl Database {
    pub(super) fn of(
        writer: DatabaseConnection,
        reader: DatabaseConnection,
        lists: DatabaseConnection,
        metrics: DatabaseMetrics,
    ) -> Self {
        let (refuses_writes, sharing) = (Arc::default(), Arc::default());
        Self { writer, reader, lists, metrics, refuses_writes, file: None, sharing }
    }

    /// Whether a write was refused since the last successful one, because the database is read-only or its disk is full.
    pub fn is_read_only(&self) -> bool {
        self.refuses_writes.load(Ordering::Relaxed)
    }

    /// Records a successful write.
    pub fn record_write(&self) {
        self.refuses_writes.store(false, Ordering::Relaxed);
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
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connection for a write without a transaction: a migration, or a single statement.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Records the number of connections in the metrics.
    pub fn record_connections(&self) {
        if self.is_embedded() {
            let pools = [("reader", &self.reader), ("lists", &self.lists), ("writer", &self.writer)];
            for (pool, connection) in pools {
                self.metrics.record(connections(pool, connection.get_sqlite_connection_pool()));
            }
        } else {
            self.metrics.record(connections("all", self.reader.get_postgres_connection_pool()));
        }
    }

    /// Closes all connections. Waits for connections in use.
    pub async fn close(self) -> std::result::Result<(), DbErr> {
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

fn connections<D: sea_orm::sqlx::Database>(
    pool: &'static str,
    of: &sea_orm::sqlx::Pool<D>,
) -> PoolConnections {
    let max = usize::try_from(of.options().get_max_connections()).unwrap_or(usize::MAX);
    let open = usize::try_from(of.size()).unwrap_or(usize::MAX);
    PoolConnections { pool, open, idle: of.num_idle(), max }
}
