//! A copy of a database that is not complete yet, in a folder beside its future place.
//!
//! The folder also contains the files that SQLite keeps beside the copy. It is deleted with this value: when the command ends,
//! fails or is interrupted. The folder of a process that was killed is deleted by the next backup or restore beside it: its
//! process holds a lock on it while it runs.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::Error;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::{TempDir, TempPath};

use super::file::{BackupError, folder_of, problem};

/// The beginning of the names of the folders.
const PREFIX: &str = ".patron-backup-";

/// An incomplete copy. Only its owner can read it.
#[derive(Debug)]
pub(super) struct UnfinishedCopy {
    file: PathBuf,
    target: PathBuf,
    /// Deletes the folder when it is dropped.
    _folder: TempDir,
    /// The locked folder.
    _lock: File,
}

impl UnfinishedCopy {
    /// An empty file in a folder beside `target`.
    pub(super) fn beside(target: &Path) -> Result<Self, BackupError> {
        let failed = |error: Error| problem(target, format!("its folder can't be written: {error}"));
        delete_abandoned(folder_of(target));
        let permissions = Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix(PREFIX).permissions(permissions).tempdir_in(folder_of(target));
        let folder = folder.map_err(failed)?;
        let lock = File::open(folder.path()).map_err(failed)?;
        // A file system without locks on folders refuses it to every process, so no process deletes the folder of another.
        let _is_locked = lock.try_lock();
        let file = folder.path().join("patron.db");
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).map_err(failed)?;
        Ok(Self { file, target: target.to_owned(), _folder: folder, _lock: lock })
    }

    /// The file of the copy.
    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    /// Where the copy will be.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Renames the complete copy to its place, durably. An existing file is never overwritten.
    pub(super) fn install(self) -> Result<Metadata, BackupError> {
        let failed = |error: Error| problem(&self.target, error);
        let parent = File::open(folder_of(&self.target)).map_err(failed)?;
        let file = File::open(&self.file).map_err(failed)?;
        // SQLite does not flush the target of VACUUM INTO.
        file.sync_all().map_err(failed)?;
        let copy = TempPath::try_from_path(self.file.clone()).map_err(failed)?;
        copy.persist_noclobber(&self.target).map_err(|lost| failed(lost.error))?;
        parent.sync_all().map_err(failed)?;
        file.metadata().map_err(failed)
    }
}

/// Deletes the folders of processes that were killed. One that can't be deleted stays: it does not concern this command.
fn delete_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_copy = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_copy && File::open(entry.path()).is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _is_deleted = fs::remove_dir_all(entry.path());
        }
    }
}
