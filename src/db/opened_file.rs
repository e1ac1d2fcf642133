//! The file of an SQLite database.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The identity of the file of an SQLite database. A process that has a file open continues to use it after it was moved or
/// deleted, and its later writes would be lost.
#[derive(Debug)]
pub(super) struct OpenedFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl OpenedFile {
    /// `None` for a database in memory.
    pub(super) fn of(path: PathBuf) -> Option<Self> {
        let metadata = std::fs::metadata(&path).ok()?;
        Some(Self { path, device: metadata.dev(), inode: metadata.ino() })
    }

    /// Whether the path still refers to the opened file. One system call of about a microsecond.
    pub(super) fn is_unmoved(&self) -> bool {
        let metadata = std::fs::metadata(&self.path);
        metadata.is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode))
    }
}
