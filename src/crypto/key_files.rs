//! Generated keys: files of the data folder, for their owner alone.

use std::fs;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::keys::{ADMIN, ADMIN_REFRESH, CUSTOMER, CUSTOMER_REFRESH};
use crate::clock::Clock;
use crate::config::private_folder;
use crate::config::{MIN_SIGNING_SECRET, TokenConfig};
use crate::random::Random;

/// The files of one kind of token.
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

    /// A file that gets its name when it is whole. Temporary files have mode 0600.
    fn write(&self, secret: &SecretString) -> Result<NamedTempFile> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(secret.expose_secret().as_bytes())?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// 52 characters of 5 bits: more than the 256 bits of the hash they key.
fn new_secret(random: &Random) -> SecretString {
    random.word::<52>().into()
}

fn read(path: &Path) -> Result<SecretString> {
    let text = Zeroizing::new(fs::read_to_string(path)?);
    let secret = text.trim();
    if secret.len() < MIN_SIGNING_SECRET {
        // An empty key is one that everybody knows.
        let message = format!(
            "{} must hold at least {MIN_SIGNING_SECRET} bytes, but holds {}; delete it to get a new one",
            path.display(),
            secret.len()
        );
        return Err(Error::new(ErrorKind::InvalidData, message));
    }
    Ok(secret.into())
}

/// What became of the generated keys.
#[derive(Debug, Default)]
pub struct Rotated {
    /// The files that have a new key.
    pub keys: Vec<PathBuf>,
    /// The variables of keys that are set: whoever set them changes them.
    pub set: Vec<&'static str>,
}

/// Why no key was rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The previous key is still needed: two are kept, not three.
    #[error("{} was rotated {} ago, and tokens of the key before it last {}: rotate again after that, or end them with --end-tokens", path.display(), hours(*.age), hours(*.lifetime))]
    TooSoon {
        /// The file of the key.
        path: PathBuf,
        /// How long ago it was rotated.
        age: Duration,
        /// How long tokens of its kind last.
        lifetime: Duration,
    },
    /// The folder can't be read or written.
    #[error(transparent)]
    Io(#[from] Error),
}

/// Gives every generated key a successor. What the old ones signed is verified until it expires, unless tokens are to
/// end. A server reads its keys when it starts. Keys that no server has made yet are left to it.
///
/// # Errors
/// [`RotateError`]; unless the disk fails between two renamings, nothing has changed then.
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
                ensure_previous_is_spent(&file, (kind.lifetime)(config), clock)?;
            }
            // All are written before any is moved, so that a full disk changes nothing.
            let old = if end_tokens { None } else { Some(file.write(&read(&file.current)?)?) };
            successors.push((old, file.write(&new_secret(random))?, file));
        }
    }
    for (old, new, file) in successors {
        // Whoever rotates may be root; who reads is the server.
        let owner = fs::metadata(&file.current)?;
        // The old key becomes the previous one first: at no moment is there none that verifies its tokens.
        match old {
            Some(old) => place(old, &file.previous, &owner)?,
            None if file.previous.try_exists()? => fs::remove_file(&file.previous)?,
            None => {}
        }
        place(new, &file.current, &owner)?;
        outcome.keys.push(file.current);
    }
    fs::File::open(&folder).and_then(|folder| folder.sync_all()).or_else(|error| {
        // No server has started with generated keys.
        if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
    })?;
    Ok(outcome)
}

fn place(file: NamedTempFile, path: &Path, owner: &fs::Metadata) -> Result<()> {
    chown(file.path(), Some(owner.uid()), Some(owner.gid()))?;
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}

/// Tokens that the previous key signed last were signed when it was rotated.
fn ensure_previous_is_spent(
    file: &KeyFile,
    lifetime: Duration,
    clock: &Clock,
) -> std::result::Result<(), RotateError> {
    let rotated = match fs::metadata(&file.previous) {
        Ok(metadata) => DateTime::<Utc>::from(metadata.modified()?),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // A file from the future counts as one of now.
    let age = (clock.now() - rotated).max(TimeDelta::zero()).to_std().unwrap_or_default();
    if age >= lifetime {
        return Ok(());
    }
    Err(RotateError::TooSoon { path: file.current.clone(), age, lifetime })
}

/// A duration for people, in hours, minutes or seconds.
fn hours(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
