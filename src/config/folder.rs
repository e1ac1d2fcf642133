//! Folders of the program.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes a folder for its owner alone, when it is missing: it will hold personal data, password hashes or keys.
///
/// # Errors
/// Those of the file system.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
