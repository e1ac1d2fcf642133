//! Unpacks a backup beside the place where its database will be.

use std::fs::File;
use std::path::{Path, PathBuf};

use sea_orm::DatabaseConnection;
use tempfile::NamedTempFile;

use super::file::{
    BackupError, close, companion, ensure_intact, folder_of, install, open, problem, temporary_beside,
};
use super::label::{self, BackupLabel};
use crate::crypto::key_copies::{KeyCopy, hand_over};

/// A database from a backup, in a temporary file beside its future place. It is deleted unless it is installed.
#[derive(Debug)]
pub struct UnpackedBackup {
    copy: NamedTempFile,
    target: PathBuf,
    /// What wrote the backup.
    pub label: BackupLabel,
    /// The generated keys of its server.
    pub keys: Vec<KeyCopy>,
}

/// Copies the backup `source` to a temporary file beside `target`, takes the keys out of it and checks it. The backup stays
/// as it is.
///
/// # Errors
/// [`BackupError::File`] if `source` is missing, damaged or not a backup, or a database exists at `target`.
pub async fn unpack(source: &Path, target: &Path) -> Result<UnpackedBackup, BackupError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let path = companion(target, suffix);
        if path.try_exists().map_err(|error| problem(&path, error))? {
            let message = "exists, and is not overwritten: stop the server that uses it, and move it away with its \
                files -wal and -shm; or restore to another PATRON_DATA_DIR";
            return Err(problem(&path, message));
        }
    }
    let mut backup = File::open(source).map_err(|error| problem(source, error))?;
    let mut copy = temporary_beside(target)?;
    // Not `fs::copy`, which would copy the mode of the backup.
    std::io::copy(&mut backup, copy.as_file_mut()).map_err(|error| problem(target, error))?;
    let database = open(copy.path(), true).await.map_err(|error| match error {
        BackupError::File { problem: found, .. } => problem(source, format!("is not a backup: {found}")),
        other => other,
    })?;
    let taken = take(&database, source).await;
    // Also after a failure: SQLite deletes its journal then.
    close(database, source).await?;
    let (label, keys) = taken?;
    Ok(UnpackedBackup { copy, target: target.to_owned(), label, keys })
}

/// Takes the keys out of the database, and checks it.
async fn take(
    database: &DatabaseConnection,
    source: &Path,
) -> Result<(BackupLabel, Vec<KeyCopy>), BackupError> {
    let taken = label::take(database, source).await?;
    ensure_intact(database, source).await?;
    Ok(taken)
}

impl UnpackedBackup {
    /// The file of the database, until it is installed.
    pub fn path(&self) -> &Path {
        self.copy.path()
    }

    /// Puts the database in its place. All connections to it have to be closed.
    ///
    /// # Errors
    /// [`BackupError::File`] if a database exists there, or the file can't be renamed.
    pub async fn install(self) -> Result<(), BackupError> {
        // Moves what is left in the write-ahead log into the file.
        close(open(self.copy.path(), true).await?, self.copy.path()).await?;
        let folder = folder_of(&self.target);
        let owner = folder.metadata().map_err(|error| problem(folder, error))?;
        hand_over(self.copy.path(), &owner).map_err(|error| problem(&self.target, error))?;
        install(self.copy, &self.target)?;
        Ok(())
    }
}
