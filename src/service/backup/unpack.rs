//! Unpacks a backup beside the place where its database will be.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sea_orm::DatabaseConnection;
use url::Url;

use super::file::{BackupError, close, companion, ensure_intact, folder_of, open, problem};
use super::label::{self, BackupLabel};
use super::unfinished::UnfinishedCopy;
use crate::crypto::key_copies::{KeyCopy, hand_over};

/// The bytes that are copied without a pause, in which a signal can end the command.
const PART: u64 = 16 * 1024 * 1024;

/// A database from a backup, in a temporary folder beside its future place. It is deleted unless it is installed.
#[derive(Debug)]
pub struct UnpackedBackup {
    copy: UnfinishedCopy,
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
    let metadata = fs::metadata(source).map_err(|error| problem(source, error))?;
    if !metadata.is_file() {
        return Err(problem(source, "is not a file that `patron backup` wrote"));
    }
    let backup = File::open(source).map_err(|error| problem(source, error))?;
    let copy = UnfinishedCopy::beside(target)?;
    copy_content(backup, copy.path()).await.map_err(|error| problem(target, error))?;
    let database = open(copy.path(), true).await.map_err(|error| match error {
        BackupError::File { problem: found, .. } => problem(source, format!("is not a backup: {found}")),
        other => other,
    })?;
    let taken = take(&database, source).await;
    // Also after a failure: SQLite deletes its journal then.
    close(database, source).await?;
    let (label, keys) = taken?;
    Ok(UnpackedBackup { copy, label, keys })
}

/// Copies a file into an empty one.
async fn copy_content(mut from: File, to: &Path) -> io::Result<()> {
    let mut to = File::options().write(true).open(to)?;
    while io::copy(&mut from.by_ref().take(PART), &mut to)? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
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
    /// The URL of the database, until it is installed.
    ///
    /// # Errors
    /// [`BackupError::File`] if its path can't be a part of a URL.
    pub fn url(&self) -> Result<String, BackupError> {
        let path = self.copy.path();
        // Encodes characters that have a meaning in a URL.
        let url = Url::from_file_path(path).map_err(|()| problem(path, "is not an absolute path"))?;
        Ok(format!("sqlite://{}", url.path()))
    }

    /// Puts the database in its place. All connections to it have to be closed.
    ///
    /// # Errors
    /// [`BackupError::File`] if a database exists there, or the file can't be renamed.
    pub async fn install(self) -> Result<(), BackupError> {
        // Moves what is left in the write-ahead log into the file.
        close(open(self.copy.path(), true).await?, self.copy.path()).await?;
        let folder = folder_of(self.copy.target());
        let owner = folder.metadata().map_err(|error| problem(folder, error))?;
        hand_over(self.copy.path(), &owner).map_err(|error| problem(folder, error))?;
        self.copy.install()?;
        Ok(())
    }
}
