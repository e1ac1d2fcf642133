//! Connections to the database, and transactions with retries.
//!
//! SQLite: one connection writes and several read, so that writes never compete for the write lock (`SQLITE_BUSY`). WAL
//! lets reads continue during a write, and `synchronous=FULL` makes every commit durable. PostgreSQL: one pool, opened
//! lazily, so that patron starts without the database and recovers when it is available again. Its statements have
//! deadlines, and its pool leaves servers that do not respond or are read-only: `postgres_server.rs`, `held_connection.rs`,
//! `ready_connections.rs`. Several hosts: `host_selection.rs`. Large reads may use replicas: `replica_check.rs`,
//! `list_reader.rs`.
//!
//! `transaction.rs` runs transactions and retries them, `batch_loader.rs` batches lookups (with the texts of
//! `lookup_texts.rs`), `schema.rs` runs migrations, and `mark.rs` marks the transactions of a database that EverShop uses as
//! well.

pub mod batch_loader;
mod database;
mod database_pool;
mod file_check;
mod heartbeat;
mod held_connection;
mod host_selection;
mod list_reader;
mod lists;
pub mod lookup_texts;
mod mark;
mod open_transaction;
mod opened_file;
mod pool_options;
mod postgres;
mod postgres_server;
mod reachable;
mod ready_connections;
mod replica;
mod replica_check;
mod replica_set;
mod schema;
mod server_error;
mod server_lock;
mod sharing;
mod sqlite;
mod transaction;

use sea_orm::DbErr;
use secrecy::ExposeSecret;

use crate::config::DatabaseConfig;
use crate::error::Result;

pub use database::{Database, DatabaseParts};
pub use database_pool::DatabasePool;
pub use file_check::{MissingFile, check_file, is_missing, open_error, sqlite_file};
pub use list_reader::ListReader;
pub use open_transaction::OpenTransaction;
pub use opened_file::{FileLockError, lock_database_file};
pub use reachable::ensure_reachable;
pub use schema::ensure_unpooled;
pub use sharing::Sharing;
pub use transaction::{
    BackgroundJob, NoTransaction, TxError, TxResult, ensure_no_transaction, within_transaction,
};

impl Database {
    /// Opens the database. A missing SQLite file is created. PostgreSQL is contacted at the first query.
    ///
    /// # Errors
    /// The URL is not valid, or the SQLite file can't be opened.
    pub async fn connect(config: &DatabaseConfig) -> std::result::Result<Self, DbErr> {
        let url = config.url.expose_secret();
        let options = pool_options::pool_options(config, url);
        if config.is_embedded() {
            sqlite::connect(options, config, url).await
        } else {
            postgres::connect(options, config).await
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
