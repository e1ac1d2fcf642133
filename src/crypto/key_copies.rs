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

/// Copies the key files in `data_dir/keys` that a server uses. There may be none: the settings can contain all keys. A file
/// that a setting replaces is left out, because a restored server would use it.
///
/// # Errors
/// A file can't be read, or is larger than 16 KiB.
pub fn copy_keys(config: &TokenConfig, data_dir: &Path) -> Result<Vec<KeyCopy>> {
    let replaced = settings_of_files(config);
    let is_used = |name: &str| {
        let current = name.strip_suffix("_previous").unwrap_or(name);
        !replaced.iter().any(|(file, _, secret)| *file == current && secret.is_some())
    };
    let mut copies = Vec::new();
    for name in names().filter(|name| is_used(name)) {
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

/// The file of each current key, with the variable of its setting, and the setting if there is one.
fn settings_of_files(config: &TokenConfig) -> [(&'static str, &'static str, Option<&SecretString>); 5] {
    let of = |kind: &KeyKind| (kind.file, kind.variable, (kind.secrets)(config).current.as_ref());
    let sealing = (SEALING_FILE, SEALING_VARIABLE, config.sealing_secret.as_ref());
    [of(&ADMIN), of(&ADMIN_REFRESH), of(&CUSTOMER), of(&CUSTOMER_REFRESH), sealing]
}

/// The variables of the current keys that are neither among the copies nor in the settings. A server generates such a key
/// at its start, and can't read what the key of the backup's server has signed or encrypted.
pub fn missing_keys(config: &TokenConfig, copies: &[KeyCopy]) -> Vec<&'static str> {
    let is_missing = |file: &str, setting: Option<&SecretString>| {
        setting.is_none() && !copies.iter().any(|copy| copy.name == file)
    };
    let keys = settings_of_files(config).into_iter();
    keys.filter(|(file, _, setting)| is_missing(file, *setting)).map(|(_, variable, _)| variable).collect()
}

/// The variables of the current keys that the settings have and that differ from the copies. A server uses the setting, and
/// can't read what the key of the backup's server has signed or encrypted.
pub fn different_keys(config: &TokenConfig, copies: &[KeyCopy]) -> Vec<&'static str> {
    let differs = |file: &str, setting: Option<&SecretString>| {
        let copy = copies.iter().find(|copy| copy.name == file);
        let texts =
            copy.zip(setting).map(|(copy, setting)| (copy.secret.expose_secret(), setting.expose_secret()));
        texts.is_some_and(|(copy, setting)| copy.trim() != setting)
    };
    let keys = settings_of_files(config).into_iter();
    keys.filter(|(file, _, setting)| differs(file, *setting)).map(|(_, variable, _)| variable).collect()
}

/// The variables of the keys that the settings contain, and the files don't.
pub fn keys_in_settings(config: &TokenConfig) -> Vec<&'static str> {
    let keys = settings_of_files(config).into_iter();
    keys.filter(|(_, _, setting)| setting.is_some()).map(|(_, variable, _)| variable).collect()
}
