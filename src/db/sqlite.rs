//! SQLite: its connections and its file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database as SeaOrm, DbErr, RuntimeErr};

use super::database::{Database, DatabaseParts, with_metrics};
use super::database_pool::DatabasePool;
use super::lists;
use super::opened_file::OpenedFile;
use crate::config::DatabaseConfig;
use crate::error::{Error, Result};
use crate::telemetry::metrics::DatabaseMetrics;

/// A connection that has been idle for this long is tested before it is used. A test before every query would take longer
/// than many queries.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);

/// The error if the file of an SQLite database is not the file that was opened.
const FILE_MOVED: &str =
    "the database file was moved, deleted or replaced while patron runs: put it back, or restart patron";

/// Opens the connections. A missing file is created.
pub(super) async fn connect(
    mut options: ConnectOptions,
    config: &DatabaseConfig,
    url: &str,
) -> std::result::Result<Database, DbErr> {
    options.test_before_acquire_if_idle_for(TEST_AFTER_IDLE);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Only for other processes (patron admin …, a backup): within this process writes are serialized.
            .busy_timeout(Duration::from_secs(30))
    });
    create_private(url)?;
    let mut write = options.clone();
    write.max_connections(1);
    let writer = SeaOrm::connect(write).await?;
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.read_only(true));
    let reader = SeaOrm::connect(options.clone()).await?;
    let lists = lists::connect(options, config.max_connections, config.statement_timeout).await?;
    let metrics = DatabaseMetrics::default();
    let [writer, reader, lists] = [writer, reader, lists].map(|pool| with_metrics(pool, &metrics));
    let file = OpenedFile::of(sqlite_path(url)?).map(Arc::new);
    let pools = [writer.clone(), reader, lists].map(DatabasePool::of_sqlite);
    Ok(Database::of(DatabaseParts { file, ..DatabaseParts::of(pools, writer, metrics) }))
}

impl Database {
    /// Checks that the file was not moved.
    ///
    /// # Errors
    /// [`Error::DatabaseUnusable`] with the remedy.
    pub(super) fn ensure_unmoved(&self) -> Result<()> {
        if self.is_unmoved() { Ok(()) } else { Err(Error::DatabaseUnusable(FILE_MOVED.to_owned())) }
    }

    /// As [`ensure_unmoved`](Self::ensure_unmoved), as an error of the connection.
    pub(super) fn ensure_connected(&self) -> std::result::Result<(), DbErr> {
        if self.is_unmoved() { Ok(()) } else { Err(DbErr::Conn(RuntimeErr::Internal(FILE_MOVED.to_owned()))) }
    }

    fn is_unmoved(&self) -> bool {
        self.file.as_ref().is_none_or(|file| file.is_unmoved())
    }
}

/// Creates a missing database file that only its owner can read, because it contains personal data and password hashes.
/// SQLite creates its other files with the same mode.
fn create_private(url: &str) -> std::result::Result<(), DbErr> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new();
    match file.write(true).create_new(true).mode(0o600).open(sqlite_path(url)?) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(DbErr::Custom(error.to_string()))
        }
        _ => Ok(()),
    }
}

fn sqlite_path(url: &str) -> std::result::Result<PathBuf, DbErr> {
    let options: SqliteConnectOptions =
        url.parse().map_err(|error: sqlx::Error| DbErr::Custom(error.to_string()))?;
    Ok(options.get_filename().to_owned())
}
