//! Folders that patron creates.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Creates a missing folder that only its owner can access (mode 0700), for personal data, password hashes or keys.
///
/// # Errors
/// If the file system refuses it.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
