//! Generated keys: files in the data folder that only their owner can read, and their rotation.
//!
//! A file is written completely under a temporary name and then renamed, so that a crash leaves no incomplete key.

use std::fs;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::key_kind::{ADMIN, ADMIN_REFRESH, CUSTOMER, CUSTOMER_REFRESH};
use crate::clock::Clock;
use crate::config::private_folder;
use crate::config::{MIN_SIGNING_SECRET, TokenConfig};
use crate::random::Random;

/// The key files of one kind of token.
pub(super) struct KeyFile {
    folder: PathBuf,
    current: PathBuf,
    previous: PathBuf,
}

impl KeyFile {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        let (current, previous) = (folder.join(name), folder.join(format!("{name}_previous")));
        Self { folder: folder.to_owned(), current, previous }
    }

    pub(super) fn load_or_generate(&self, random: &Random) -> Result<SecretString> {
        if !self.current.try_exists()? {
            private_folder(&self.folder)?;
            // The first of two processes that start together wins.
            match self.write(&new_secret(random))?.persist_noclobber(&self.current) {
                Ok(_) => tracing::info!(path = %self.current.display(), "generated a signing key"),
                Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => {}
                Err(failed) => return Err(failed.error),
            }
        }
        read(&self.current)
    }

    pub(super) fn load_previous(&self) -> Result<Option<SecretString>> {
        if self.previous.try_exists()? { read(&self.previous).map(Some) } else { Ok(None) }
    }

    /// Writes a temporary file, which has mode 0600. The caller renames it.
    fn write(&self, secret: &SecretString) -> Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(secret.expose_secret().as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// 52 characters of 5 bits each: more than the 256 bits of HMAC-SHA-256.
fn new_secret(random: &Random) -> SecretString {
    random.word::<52>().into()
}

fn read(path: &Path) -> Result<SecretString> {
    let text = Zeroizing::new(fs::read_to_string(path)?);
    let secret = text.trim();
    if secret.len() < MIN_SIGNING_SECRET {
        // An empty or short key could be guessed.
        let message = format!(
            "{} must contain at least {MIN_SIGNING_SECRET} bytes, but contains {}; delete it to generate a new key",
            path.display(),
            secret.len()
        );
        return Err(Error::new(ErrorKind::InvalidData, message));
    }
    Ok(secret.into())
}

/// The outcome of a rotation.
#[derive(Debug, Default)]
pub struct Rotated {
    /// The files with a new key.
    pub keys: Vec<PathBuf>,
    /// The variables of keys that the operator has set, and has to change.
    pub set: Vec<&'static str>,
}

/// Why no key was rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Tokens of the previous key are still valid, and only one previous key is stored.
    #[error("{} was rotated {} ago, and tokens of the previous key are valid for {}: rotate again after that, or end them with --end-tokens", path.display(), human_duration(*.age), human_duration(*.lifetime))]
    TooSoon {
        /// The file of the key.
        path: PathBuf,
        /// The time since the last rotation.
        age: Duration,
        /// The lifetime of tokens of this kind.
        lifetime: Duration,
    },
    /// The folder can't be read or written.
    #[error(transparent)]
    Io(#[from] Error),
}

/// Replaces every generated key. Tokens of the old keys stay valid until they expire, unless `end_tokens` is set. A running
/// server uses the new keys after a restart. Keys that do not exist yet are not generated: the server does that when it
/// starts.
///
/// # Errors
/// [`RotateError`]. Nothing has changed then, unless the disk failed between two renames.
pub fn rotate(
    config: &TokenConfig,
    data_dir: &Path,
    random: &Random,
    clock: &Clock,
    end_tokens: bool,
) -> std::result::Result<Rotated, RotateError> {
    let folder = data_dir.join("keys");
    let mut outcome = Rotated::default();
    let mut successors = Vec::new();
    for kind in [&ADMIN, &ADMIN_REFRESH, &CUSTOMER, &CUSTOMER_REFRESH] {
        let file = KeyFile::new(&folder, kind.file);
        if (kind.secrets)(config).current.is_some() {
            outcome.set.push(kind.variable);
        } else if file.current.try_exists()? {
            if !end_tokens {
                ensure_previous_has_expired(&file, (kind.lifetime)(config), clock)?;
            }
            // All files are written before the first one is renamed, so that nothing changes if the disk is full.
            let old = if end_tokens { None } else { Some(file.write(&read(&file.current)?)?) };
            successors.push((old, file.write(&new_secret(random))?, file));
        }
    }
    for (old, new, file) in successors {
        // The command may run as root, but the server has to read the file.
        let owner = fs::metadata(&file.current)?;
        // The old key is stored as the previous key first, so that its tokens can be verified at any time.
        match old {
            Some(old) => install(old, &file.previous, &owner)?,
            None if file.previous.try_exists()? => fs::remove_file(&file.previous)?,
            None => {}
        }
        install(new, &file.current, &owner)?;
        outcome.keys.push(file.current);
    }
    fs::File::open(&folder).and_then(|folder| folder.sync_all()).or_else(|error| {
        // The folder does not exist, because no key was generated.
        if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
    })?;
    Ok(outcome)
}

fn install(file: NamedTempFile, path: &Path, owner: &fs::Metadata) -> Result<()> {
    chown(file.path(), Some(owner.uid()), Some(owner.gid()))?;
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}

/// Fails if tokens of the previous key can still be valid. The last of them were signed just before it was rotated.
fn ensure_previous_has_expired(
    file: &KeyFile,
    lifetime: Duration,
    clock: &Clock,
) -> std::result::Result<(), RotateError> {
    let rotated_at = match fs::metadata(&file.previous) {
        Ok(metadata) => DateTime::<Utc>::from(metadata.modified()?),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // A modification time in the future counts as the current time.
    let age = (clock.now() - rotated_at).max(TimeDelta::zero()).to_std().unwrap_or_default();
    if age >= lifetime {
        return Ok(());
    }
    Err(RotateError::TooSoon { path: file.current.clone(), age, lifetime })
}

/// Formats a duration in hours, minutes or seconds.
fn human_duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
