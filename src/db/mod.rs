//! Connections to the database, and transactions with retries.
//!
//! SQLite: one connection writes and several read, so that writes never compete for the write lock (`SQLITE_BUSY`). WAL
//! lets reads continue during a write, and `synchronous=FULL` makes every commit durable. PostgreSQL: one pool, opened
//! lazily, so that patron starts without the database and recovers when it is available again.
//!
//! `transaction.rs` runs transactions and retries them, `batch_loader.rs` batches lookups, `schema.rs` runs migrations, and
//! `mark.rs` marks the transactions of a database that EverShop uses as well.

pub mod batch_loader;
mod database;
mod lists;
mod mark;
mod opened_file;
mod postgres;
mod schema;
mod sharing;
mod sqlite;
mod transaction;

use std::time::Duration;

use sea_orm::{ConnectOptions, DbErr};
use secrecy::ExposeSecret;

use crate::config::DatabaseConfig;
use crate::error::Result;

pub use database::Database;
pub use sharing::Sharing;
pub use transaction::{
    BackgroundJob, NoTransaction, TxError, TxResult, ensure_no_transaction, within_transaction,
};

/// A connection that has been idle for this long is tested before it is used. A test before every query would cost an
/// additional round trip. If a connection breaks within this time, the query fails, as it would if the connection broke
/// during the query.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);

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

    /// Checks that patron can use the database: the settings of a pooled connection to PostgreSQL, or whether the SQLite
    /// file was moved.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`](crate::error::Error::DatabaseUnusable) with the reason and the remedy.
    pub async fn ensure_usable(&self) -> Result<()> {
        if self.is_embedded() { self.ensure_unmoved() } else { postgres::ensure_settings(&self.reader).await }
    }
}
