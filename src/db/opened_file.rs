//! The file of an SQLite database.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

/// The bytes of a lock file that are read: more than a process id has.
const MAX_ID: u64 = 32;

/// The identity of the file of an SQLite database. A process that has a file open continues to use it after it was moved or
/// deleted, and its later writes would be lost.
#[derive(Debug)]
pub(super) struct OpenedFile {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// The lock of a process that serves. It is released when the process ends, in whatever way.
    lock: Mutex<Option<File>>,
}

/// The file of an SQLite database can't be locked for a server.
#[derive(Debug, thiserror::Error)]
pub enum FileLockError {
    /// Another process has the lock.
    #[error(
        "another `patron serve`{} uses the database `{}`: stop it first. Several servers need PostgreSQL",
        .id.as_ref().map(|id| format!(" (process {id})")).unwrap_or_default(),
        .database.display()
    )]
    Held {
        /// The file of the database.
        database: PathBuf,
        /// The id of that process, if it is known.
        id: Option<u32>,
    },
    /// The lock file can't be created, written or locked.
    #[error("the lock file `{}` can't be used: {error}. The user that runs patron must be able to write it, on a file system with locks", .path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
}

impl OpenedFile {
    /// `None` for a database in memory.
    pub(super) fn of(path: PathBuf) -> Option<Self> {
        let metadata = std::fs::metadata(&path).ok()?;
        Some(Self { path, device: metadata.dev(), inode: metadata.ino(), lock: Mutex::default() })
    }

    /// Whether the path still refers to the opened file. One system call of about a microsecond.
    pub(super) fn is_unmoved(&self) -> bool {
        let metadata = std::fs::metadata(&self.path);
        metadata.is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode))
    }

    /// Takes the lock of a server, and keeps it.
    ///
    /// # Errors
    /// If another process has it.
    pub(super) fn lock(&self) -> Result<(), FileLockError> {
        let mut lock = self.lock.lock();
        if lock.is_none() {
            *lock = Some(lock_database_file(&self.path)?);
        }
        Ok(())
    }
}

/// Takes the lock of the server of an SQLite database, until the returned file is dropped. The lock is on a file next to
/// the database, with the same name and `.lock`, which contains the id of the process and is never deleted. Other commands
/// don't take it: SQLite itself lets them work while a server runs.
///
/// # Errors
/// If another process has it, or if the lock file can't be used.
pub fn lock_database_file(database: &Path) -> Result<File, FileLockError> {
    // Another path to the same file has the same lock.
    let database = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let mut path = database.clone().into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    match open_and_lock(&path) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(FileLockError::Held { database, id: process_id(&path) }),
        Err(error) => Err(FileLockError::Io { path, error }),
    }
}

/// The locked file, with the id of this process in it; none if another process has the lock.
fn open_and_lock(path: &Path) -> std::io::Result<Option<File>> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn process_id(path: &Path) -> Option<u32> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_ID).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
