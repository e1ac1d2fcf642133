//! Connections to the database, and transactions with retries.
//!
//! SQLite: one connection writes and several read, so that writes never compete for the write lock (`SQLITE_BUSY`). WAL
//! lets reads continue during a write, and `synchronous=FULL` makes every commit durable. PostgreSQL: one pool, opened
//! lazily, so that patron starts without the database and recovers when it is available again.
//!
//! `transaction.rs` runs transactions and retries them, `batch_loader.rs` batches lookups, and `schema.rs` runs migrations.

pub mod batch_loader;
mod lists;
mod postgres;
mod schema;
mod sqlite;
mod transaction;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, DatabaseConnection, DbBackend, DbErr};
use secrecy::ExposeSecret;

use crate::config::DatabaseConfig;
use crate::error::Result;
use crate::telemetry;
use crate::telemetry::metrics::{DatabaseMetrics, PoolConnections};

use sqlite::OpenedFile;
pub use transaction::{
    BackgroundJob, NoTransaction, TxError, TxResult, ensure_no_transaction, within_transaction,
};

/// A connection that has been idle for this long is tested before it is used. A test before every query would cost an
/// additional round trip. If a connection breaks within this time, the query fails, as it would if the connection broke
/// during the query.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);

/// The database connections, shared by all parts of patron. Clones use the same connections.
#[derive(Clone, Debug)]
pub struct Database {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    lists: DatabaseConnection,
    /// The metrics of the database.
    pub metrics: DatabaseMetrics,
    /// Whether the last known write was refused.
    refuses_writes: Arc<AtomicBool>,
    /// The file of an SQLite database.
    file: Option<Arc<OpenedFile>>,
}

impl Database {
    /// Opens the database. A missing SQLite file is created. PostgreSQL is contacted at the first query.
    ///
    /// # Errors
    /// The URL is not valid, or the SQLite file can't be opened.
    pub async fn connect(config: &DatabaseConfig) -> std::result::Result<Self, DbErr> {
        let url = config.url.expose_secret();
        let mut options = ConnectOptions::new(url.to_owned());
        options
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            .test_before_acquire_if_idle_for(TEST_AFTER_IDLE)
            .connect_timeout(config.acquire_timeout)
            .sqlx_logging_level(tracing::log::LevelFilter::Trace)
            // The driver logs the statement with placeholders, never with values.
            .sqlx_slow_statements_logging_settings(
                tracing::log::LevelFilter::Warn,
                config.slow.unwrap_or(Duration::MAX),
            );
        if config.is_embedded() {
            sqlite::connect(options, config, url).await
        } else {
            postgres::connect(options, config.statement_timeout).await
        }
    }

    fn of(
        writer: DatabaseConnection,
        reader: DatabaseConnection,
        lists: DatabaseConnection,
        metrics: DatabaseMetrics,
    ) -> Self {
        Self { writer, reader, lists, metrics, refuses_writes: Arc::default(), file: None }
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

    /// Checks that patron can use the database: the settings of a pooled connection to PostgreSQL, or whether the SQLite
    /// file was moved.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`](crate::error::Error::DatabaseUnusable) with the reason and the remedy.
    pub async fn ensure_usable(&self) -> Result<()> {
        if self.is_embedded() { self.ensure_unmoved() } else { postgres::ensure_settings(&self.reader).await }
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
fn with_metrics(mut connection: DatabaseConnection, metrics: &DatabaseMetrics) -> DatabaseConnection {
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
