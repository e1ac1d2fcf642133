//! The lock that allows one server on an SQLite database.

use super::Database;
use super::opened_file::FileLockError;

impl Database {
    /// Takes the lock of a server on an SQLite database, until the process ends. Does nothing on PostgreSQL, which several
    /// servers share.
    ///
    /// # Errors
    /// If another process serves the same database.
    pub fn lock_for_server(&self) -> std::result::Result<(), FileLockError> {
        self.file.as_ref().map_or(Ok(()), |file| file.lock())
    }
}
