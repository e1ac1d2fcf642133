//! The folder of a test, and its share of the machine.

use std::path::Path;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The tests of one binary run side by side, as many as there are cores. A test that measures latency and memory, or
/// that is only correct when its steps are fast, needs the machine for itself: it holds this lock for writing, every
/// other test for reading.
static MACHINE: RwLock<()> = RwLock::new(());

/// A temporary folder. A test that starts the program starts it in one, so each has its share of the machine as well.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
    _shared: Option<RwLockReadGuard<'static, ()>>,
    _alone: Option<RwLockWriteGuard<'static, ()>>,
}

impl Folder {
    /// For a test that runs beside others.
    pub(crate) fn new() -> Self {
        // Recursive, since a test may have several folders: a test that waits to be alone does not block the second one.
        // It may have to wait long for that reason; as tests start in the order of their names, it rarely does.
        let shared = MACHINE.read_recursive();
        Self { folder: temporary(), _shared: Some(shared), _alone: None }
    }

    /// For a test that runs alone: waits until no other test has a folder. It has no second folder.
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
