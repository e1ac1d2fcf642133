//! Checks the file of an SQLite database before the driver opens it: the driver's errors name neither the path nor a remedy.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sea_orm::DbErr;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::ExposeSecret;

use crate::config::DatabaseConfig;
use crate::error::is_damaged;

/// The first bytes of every SQLite database (its documentation, "Database File Format", 1.3.1).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The remedy for a damaged file.
const RESTORE: &str = "correct the path, or restore a backup (docs/backup.md)";

/// What a command does with a database that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingFile {
    /// Creates it.
    Create,
    /// Fails.
    Refuse,
}

/// Checks that the file of an SQLite database can be opened, and creates a missing one if the command may. Does nothing for
/// PostgreSQL. Only for use before the program opens the database: closing a file releases the locks that SQLite has on it
/// in the same process.
///
/// # Errors
/// What is wrong, with the path and the remedy.
pub fn check_file(config: &DatabaseConfig, missing: MissingFile) -> Result<(), String> {
    let Some(path) = sqlite_file(config) else { return Ok(()) };
    let shown = path.display();
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(format!("`{shown}` is a folder, not a file: add the name of the database file to the path"))
        }
        Ok(_) => check_content(&path, missing),
        Err(error) if error.kind() == ErrorKind::NotFound && missing == MissingFile::Refuse => Err(format!(
            "there is no database at `{shown}` yet: run `patron migrate up`, or `patron serve`, which creates it"
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => create(&path),
        Err(error) => Err(format!("`{shown}` can't be opened: {error}; {}", remedy(&path, error.kind()))),
    }
}

/// Whether the database is an SQLite file that does not exist.
pub fn is_missing(config: &DatabaseConfig) -> bool {
    let metadata = sqlite_file(config).map(std::fs::metadata);
    metadata.is_some_and(|metadata| metadata.is_err_and(|error| error.kind() == ErrorKind::NotFound))
}

/// The path of the file; none for PostgreSQL, and for a URL that the driver refuses with its own message.
pub fn sqlite_file(config: &DatabaseConfig) -> Option<PathBuf> {
    let url = config.url.expose_secret();
    let options: SqliteConnectOptions = url.strip_prefix("sqlite:").and_then(|_| url.parse().ok())?;
    Some(options.get_filename().to_owned())
}

/// The message of an error of opening the database. For SQLite, with the path and the remedy.
pub fn open_error(config: &DatabaseConfig, error: &DbErr) -> String {
    match sqlite_file(config) {
        None => error.to_string(),
        Some(path) if is_damaged(error) => {
            format!("`{}` is not an SQLite database, or it is damaged ({error}): {RESTORE}", path.display())
        }
        Some(path) => {
            format!(
                "`{}` can't be opened: {error}; {}",
                path.display(),
                remedy(&path, ErrorKind::PermissionDenied)
            )
        }
    }
}

/// An empty file is an empty database. A command that may create a database writes to it; others may read a copy that is
/// protected from writes.
fn check_content(path: &Path, missing: MissingFile) -> Result<(), String> {
    let mut start = Vec::new();
    let file = OpenOptions::new().read(true).write(missing == MissingFile::Create).open(path);
    let read = file.and_then(|file| file.take(16).read_to_end(&mut start));
    match read {
        Ok(_) if start.is_empty() || start == MAGIC => Ok(()),
        Ok(_) => Err(format!("`{}` is not an SQLite database, or it is damaged: {RESTORE}", path.display())),
        Err(error) => {
            Err(format!("`{}` can't be opened: {error}; {}", path.display(), remedy(path, error.kind())))
        }
    }
}

/// Creates the file, which only its owner can read, because it will contain personal data and password hashes.
fn create(path: &Path) -> Result<(), String> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(format!("`{}` can't be created: {error}; {}", path.display(), remedy(path, error.kind())))
        }
        _ => Ok(()),
    }
}

/// How an operator fixes an error of the file system.
fn remedy(path: &Path, kind: ErrorKind) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.display();
    match kind {
        ErrorKind::NotFound => format!("create the folder `{folder}`, or correct the path"),
        ErrorKind::NotADirectory => format!("`{folder}` is not a folder: correct the path"),
        ErrorKind::PermissionDenied => format!(
            "the user that runs patron needs the rights to read and write the file and its folder `{folder}`, where \
             SQLite creates further files"
        ),
        ErrorKind::ReadOnlyFilesystem => "use a folder on a file system that can be written".to_owned(),
        _ => "correct the path, or fix the file system".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{MissingFile, check_content, create};

    #[test]
    fn files_are_created_once_and_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        assert_eq!((create(&path), create(&path)), (Ok(()), Ok(())));
        assert_eq!(check_content(&path, MissingFile::Create), Ok(()));
        std::fs::write(&path, "id,name").expect("the file is written");
        let error = check_content(&path, MissingFile::Refuse).expect_err("text is refused");
        assert!(error.contains("a.db` is not an SQLite database"), "{error}");
        let error = create(Path::new("/nowhere/at/all.db")).expect_err("there is no folder");
        assert!(error.contains("create the folder `/nowhere/at`"), "{error}");
    }
}
