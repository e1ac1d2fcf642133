//! The files of databases that are copied, and connections to them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::error::Error;

/// How long a statement waits for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a backup was not written or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file can't be used.
    #[error("{}: {problem}", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The database of the settings can't be used.
    #[error(transparent)]
    Service(#[from] Error),
}

/// The error of a file.
pub(super) fn problem(path: &Path, problem: impl ToString) -> BackupError {
    BackupError::File { path: path.to_owned(), problem: problem.to_string() }
}

/// Opens the database in a file that exists. `is_copy`: only this process uses it, and it has to stay a single file.
pub(super) async fn open(path: &Path, is_copy: bool) -> Result<DatabaseConnection, BackupError> {
    // The options below replace the file of the URL, because a path may contain characters that have a meaning in a URL.
    let mut options = ConnectOptions::new("sqlite://patron.db");
    let file = path.to_owned();
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.filename(&file).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
        if is_copy {
            sqlite.journal_mode(SqliteJournalMode::Delete).synchronous(SqliteSynchronous::Full)
        } else {
            sqlite
        }
    });
    Database::connect(options).await.map_err(|error| problem(path, error))
}

/// Fails if the pages of the database are damaged.
pub(super) async fn ensure_intact(db: &DatabaseConnection, path: &Path) -> Result<(), BackupError> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA quick_check(1)");
    let row = db.query_one_raw(check).await.map_err(|error| problem(path, error))?;
    let result = row.map(|row| row.try_get_by_index::<String>(0)).transpose();
    match result.map_err(|error| problem(path, error))?.as_deref() {
        Some("ok") => Ok(()),
        found => Err(problem(path, format!("the database is damaged: {}", found.unwrap_or("no result")))),
    }
}

/// Closes a connection. The file is complete afterwards.
pub(super) async fn close(db: DatabaseConnection, path: &Path) -> Result<(), BackupError> {
    db.close().await.map_err(|error: DbErr| problem(path, error))
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path of a file that SQLite keeps beside a database: `-wal`, `-shm` or `-journal`.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
