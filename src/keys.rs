//! The keys that tokens are signed with: from the settings, or made once and kept in the data folder.

use std::io::Write;
use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};

use crate::app::private_folder;
use crate::config::{MIN_SIGNING_SECRET, TokenConfig};
use crate::sealing::Sealing;
use crate::system::Random;

/// One symmetric key (HS256, RFC 7518 3.2).
pub struct Key {
    /// Signs.
    pub encoding: EncodingKey,
    /// Verifies.
    pub decoding: DecodingKey,
    /// What it verifies: algorithm, audience and issuer. Made once, not for each token.
    pub validation: Validation,
}

impl Key {
    fn new(secret: &SecretString, audience: &str, issuer: &str) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        // The algorithm is pinned: `none`, or a public key taken for a secret, never verifies.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        // Whoever verifies does it by the injected clock.
        validation.validate_exp = false;
        let (encoding, decoding) = (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes));
        Self { encoding, decoding, validation }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A key for each kind of token, so that none can stand in for another.
#[derive(Debug)]
pub struct Keys {
    /// Admins' access tokens.
    pub admin: Key,
    /// Admins' refresh tokens.
    pub admin_refresh: Key,
    /// Customers' access tokens.
    pub customer: Key,
    /// Customers' refresh tokens.
    pub customer_refresh: Key,
    /// What is sealed in the database.
    pub sealing: Sealing,
}

impl Keys {
    /// Takes each key from the settings, else from `data_dir/keys`, else makes it there (mode 0600).
    ///
    /// # Errors
    /// When the folder can't be read or written.
    pub fn load(config: &TokenConfig, data_dir: &Path, random: &Random) -> std::io::Result<Self> {
        let key = |name: &str, audience: &str, secret: &Option<SecretString>| {
            let secret = match secret {
                Some(secret) => secret.clone(),
                None => load_or_generate(&data_dir.join("keys"), name, random)?,
            };
            Ok::<_, std::io::Error>(Key::new(&secret, audience, &config.issuer))
        };
        let sealing = match &config.sealing_secret {
            Some(secret) => Sealing::new(secret),
            None => Sealing::new(&load_or_generate(&data_dir.join("keys"), "sealing_secret", random)?),
        };
        Ok(Self {
            sealing,
            admin: key("jwt_admin_secret", "admin", &config.admin_secret)?,
            admin_refresh: key("jwt_admin_refresh_secret", "admin", &config.admin_refresh_secret)?,
            customer: key("jwt_customer_secret", "customer", &config.customer_secret)?,
            customer_refresh: key(
                "jwt_customer_refresh_secret",
                "customer",
                &config.customer_refresh_secret,
            )?,
        })
    }

    /// Keys that end with the process: for commands, which issue no tokens. They leave none behind either,
    /// perhaps as another user than the server's, who could not read them then.
    pub fn ephemeral(config: &TokenConfig, random: &Random) -> Self {
        let key = |audience| Key::new(&random.word::<52>().into(), audience, &config.issuer);
        Self {
            sealing: Sealing::new(&random.word::<52>().into()),
            admin: key("admin"),
            admin_refresh: key("admin"),
            customer: key("customer"),
            customer_refresh: key("customer"),
        }
    }
}

fn load_or_generate(folder: &Path, name: &str, random: &Random) -> std::io::Result<SecretString> {
    let path = folder.join(name);
    if !path.try_exists()? {
        private_folder(folder)?;
        // 52 characters of 5 bits: more than the 256 bits of the hash they key. The file appears whole or
        // not at all, and the first of two processes that start together wins. Temporary files are 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(random.word::<52>().as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            Ok(_) => tracing::info!(path = %path.display(), "generated a signing key"),
            Err(lost) if lost.error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(failed) => return Err(failed.error),
        }
    }
    let secret = std::fs::read_to_string(&path)?.trim().to_owned();
    if secret.len() < MIN_SIGNING_SECRET {
        // An empty key is one that everybody knows.
        let message = format!(
            "{} must hold at least {MIN_SIGNING_SECRET} bytes, but holds {}; delete it to get a new one",
            path.display(),
            secret.len()
        );
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
    }
    Ok(secret.into())
}
