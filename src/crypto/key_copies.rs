//! Copies of the generated keys, for backups.

use std::fs::{self, File, Metadata};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::key_kind::{
    ADMIN, ADMIN_REFRESH, CUSTOMER, CUSTOMER_REFRESH, KeyKind, SEALING_FILE, SEALING_VARIABLE,
};
use crate::config::{TokenConfig, private_folder};

/// The maximum size of a key file, in bytes. A generated key has 52.
const MAX_KEY: u64 = 16 * 1024;

/// The kinds of tokens that have keys.
const KINDS: [&KeyKind; 4] = [&ADMIN, &ADMIN_REFRESH, &CUSTOMER, &CUSTOMER_REFRESH];

/// A copy of a key file.
#[derive(Clone, Debug)]
pub struct KeyCopy {
    /// The name of the file in `data_dir/keys`.
    pub name: String,
    /// The content of the file.
    pub secret: SecretString,
}

/// The names of the files that may exist in `data_dir/keys`.
fn names() -> impl Iterator<Item = String> {
    let of_tokens =
        KINDS.into_iter().flat_map(|kind| [kind.file.to_owned(), format!("{}_previous", kind.file)]);
    of_tokens.chain([SEALING_FILE.to_owned()])
}

/// Copies the key files in `data_dir/keys`. There may be none: the settings can contain all keys.
///
/// # Errors
/// A file can't be read, or is larger than 16 KiB.
pub fn copy_keys(data_dir: &Path) -> Result<Vec<KeyCopy>> {
    let mut copies = Vec::new();
    for name in names() {
        if let Some(secret) = read(&data_dir.join("keys").join(&name))? {
            copies.push(KeyCopy { name, secret });
        }
    }
    Ok(copies)
}

/// Reads a file; `None` if there is none.
fn read(path: &Path) -> Result<Option<SecretString>> {
    let in_file = |error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(in_file(error)),
    };
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_KEY + 1).read_to_string(&mut text).map_err(in_file)?;
    if text.len() as u64 > MAX_KEY {
        let message = format!("has more than {MAX_KEY} bytes, so it is not a key of patron");
        return Err(in_file(Error::new(ErrorKind::InvalidData, message)));
    }
    Ok(Some(text.as_str().into()))
}

/// Writes the copies into `data_dir/keys`, with mode 0600 and the owner of the folder. A file that has the same content
/// stays as it is. Returns the folder.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] if a file has another content, [`ErrorKind::InvalidData`] if a copy has a name that no key
/// has; nothing is written then. Other errors if a file can't be written.
pub fn restore_keys(data_dir: &Path, copies: &[KeyCopy]) -> Result<PathBuf> {
    let folder = data_dir.join("keys");
    let mut missing = Vec::new();
    for copy in copies {
        if !names().any(|name| name == copy.name) {
            let message =
                format!("the backup has an unknown key `{}`: a newer version of patron wrote it", copy.name);
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        let path = folder.join(&copy.name);
        match read(&path)? {
            None => missing.push((path, copy)),
            Some(existing) if existing.expose_secret() == copy.secret.expose_secret() => {}
            Some(_) => {
                let message =
                    format!("{} has another key than the backup: move it away first", path.display());
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
        }
    }
    private_folder(&folder)?;
    let owner = fs::metadata(data_dir)?;
    hand_over(&folder, &owner)?;
    for (path, copy) in missing {
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(copy.secret.expose_secret().as_bytes())?;
        file.as_file().sync_all()?;
        hand_over(file.path(), &owner)?;
        file.persist_noclobber(&path).map_err(|failed| failed.error)?;
    }
    File::open(&folder)?.sync_all()?;
    Ok(folder)
}

/// Gives a file of root to the owner of its folder: a command that runs as root writes files that the server has to read.
///
/// # Errors
/// If the file system refuses it.
pub fn hand_over(path: &Path, folder: &Metadata) -> Result<()> {
    if fs::metadata(path)?.uid() == 0 && folder.uid() != 0 {
        chown(path, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

/// The variables of the current keys that are neither among the copies nor in the settings. A server generates such a key
/// at its start, and can't read what the key of the backup's server has signed or encrypted.
pub fn missing_keys(config: &TokenConfig, copies: &[KeyCopy]) -> Vec<&'static str> {
    let is_copied = |file: &str| copies.iter().any(|copy| copy.name == file);
    let of_tokens =
        KINDS.into_iter().filter(|kind| (kind.secrets)(config).current.is_none() && !is_copied(kind.file));
    let mut variables: Vec<&'static str> = of_tokens.map(|kind| kind.variable).collect();
    if config.sealing_secret.is_none() && !is_copied(SEALING_FILE) {
        variables.push(SEALING_VARIABLE);
    }
    variables
}

/// The variables of the keys that the settings contain, and the files don't.
pub fn keys_in_settings(config: &TokenConfig) -> Vec<&'static str> {
    let of_tokens = KINDS.into_iter().filter(|kind| (kind.secrets)(config).current.is_some());
    let sealing = config.sealing_secret.is_some().then_some(SEALING_VARIABLE);
    of_tokens.map(|kind| kind.variable).chain(sealing).collect()
}
