//! Temporary folders. Each also holds a lock that decides whether other tests may run at the same time.

use std::path::Path;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The tests of one binary run concurrently, as many as there are cores. A test that measures latency and memory, or that
/// has tight timeouts, has to run alone: it holds this lock for writing, every other test holds it for reading.
static MACHINE: RwLock<()> = RwLock::new(());

/// A temporary folder. Every test that starts the program has one, and so holds the lock.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
    _shared: Option<RwLockReadGuard<'static, ()>>,
    _alone: Option<RwLockWriteGuard<'static, ()>>,
}

impl Folder {
    /// For a test that may run concurrently with others.
    pub(crate) fn new() -> Self {
        // Recursive, since a test may have several folders: a waiting writer must not block the second one. A writer may
        // wait long for that reason, but tests start in the order of their names, so it rarely does.
        let shared = MACHINE.read_recursive();
        Self { folder: temporary(), _shared: Some(shared), _alone: None }
    }

    /// For a test that has to run alone: waits until no other test has a folder. A second folder would deadlock.
    pub(crate) fn alone() -> Self {
        let alone = MACHINE.write();
        Self { folder: temporary(), _shared: None, _alone: Some(alone) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of the SQLite database `patron.db` in this folder.
    pub(crate) fn sqlite_url(&self) -> String {
        format!("sqlite://{}", self.path().join("patron.db").display())
    }
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
