//! Writes a backup while other processes use the database.
//!
//! `VACUUM INTO` copies one snapshot: everything that was committed before it began, and nothing later. On a database in WAL
//! mode it blocks neither reads nor writes. Until it ends, the write-ahead log grows by everything that is written.
//! The copy contains no deleted data. SQLite's backup API is not used, because it begins again whenever another process
//! writes.

use std::path::Path;

use chrono::{DateTime, Utc};
use migration::history::History;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::file::{BackupError, close, ensure_intact, open, problem};
use super::label::{self, BackupLabel};
use super::unfinished::UnfinishedCopy;
use crate::crypto::key_copies::KeyCopy;
use crate::error::Error;
use crate::types::timestamp;

/// A backup that was written.
#[derive(Clone, Debug)]
pub struct BackupSummary {
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// The number of customers in it.
    pub customers: i64,
}

/// Writes a backup of the database `source` and these keys to `target`. `target` appears only when it is complete and was
/// checked. `now` is the time of its label.
///
/// # Errors
/// [`BackupError::File`] if `source` is missing, damaged or not a database of patron, or `target` exists or can't be written.
pub async fn create(
    source: &Path,
    target: &Path,
    keys: &[KeyCopy],
    now: DateTime<Utc>,
) -> Result<BackupSummary, BackupError> {
    ensure_absent(target)?;
    let copy = UnfinishedCopy::beside(target)?;
    let database = open(source, false).await?;
    ensure_patron(&database, source).await?;
    let path = copy.path().to_str().ok_or_else(|| problem(target, "the path is not valid UTF-8"))?;
    let vacuum = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
    let failed = |error: DbErr| problem(target, format!("the database can't be copied: {error}"));
    database.execute_raw(vacuum).await.map_err(failed)?;
    close(database, source).await?;
    let written = open(copy.path(), true).await?;
    let label = BackupLabel { program: env!("CARGO_PKG_VERSION").to_owned(), created_at: timestamp(now) };
    let finished = finish(&written, target, &label, keys).await;
    // Also after a failure: SQLite deletes its journal then.
    close(written, target).await?;
    Ok(BackupSummary { customers: finished?, bytes: copy.install()?.len() })
}

/// Labels the copy and checks it. Returns the number of its customers.
async fn finish(
    copy: &DatabaseConnection,
    target: &Path,
    label: &BackupLabel,
    keys: &[KeyCopy],
) -> Result<i64, BackupError> {
    label::write(copy, label, keys).await.map_err(|error| problem(target, error))?;
    ensure_intact(copy, target).await?;
    count_customers(copy, target).await
}

/// Fails early. The file is not overwritten either if it appears later.
fn ensure_absent(target: &Path) -> Result<(), BackupError> {
    match target.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(problem(target, "the file exists, and is not overwritten: choose another name")),
        Err(error) => Err(problem(target, error)),
    }
}

/// Fails if a database has no table of patron. Migrations may be pending: a backup precedes an upgrade.
async fn ensure_patron(db: &DatabaseConnection, path: &Path) -> Result<(), BackupError> {
    match migration::history::read(db).await.map_err(|error| problem(path, error))? {
        History::Pending(count) if count == migration::STEPS.len() => {
            Err(problem(path, "is not a database of patron, or is empty: there is nothing to back up"))
        }
        _ => Ok(()),
    }
}

async fn count_customers(db: &DatabaseConnection, path: &Path) -> Result<i64, BackupError> {
    let count = Statement::from_string(DbBackend::Sqlite, r#"SELECT COUNT(*) FROM "customer""#);
    let row = db.query_one_raw(count).await.map_err(|error| problem(path, error))?;
    let row = row.ok_or_else(|| Error::internal("a count has no row"))?;
    row.try_get_by_index(0).map_err(|error| problem(path, error))
}
