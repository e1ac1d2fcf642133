//! Password hashing: on threads of its own kind, a bounded number at once and a bounded number waiting.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::config::HashingConfig;
use crate::error::{Error, Result};
use crate::types::{Password, PasswordHash};

/// The dearest stored hash that is verified: 1 GiB and 16 passes. A hash that asks for more was not made by
/// a sane system, and verifying it would be a way to bring this one down.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_ITERATIONS: u32 = 16;

/// Hashes and verifies passwords with argon2id (RFC 9106), never on a thread of the async runtime.
#[derive(Debug)]
pub struct Hasher {
    params: Params,
    /// Verified in place of the hash of an account that doesn't exist, so that both take the same time.
    decoy: PasswordHash,
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Hasher {
    /// A hasher with these parameters.
    ///
    /// # Errors
    /// Parameters that argon2 refuses: more lanes than an eighth of the memory in KiB, say.
    pub fn new(config: &HashingConfig) -> std::result::Result<Self, argon2::Error> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, None)?;
        let decoy = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().map_err(|_| argon2::Error::AlgorithmInvalid)?,
            salt: Salt::new(&[0; 16]).ok(),
            hash: Output::new(&[0; 32]).ok(),
        };
        Ok(Self {
            params,
            decoy: PasswordHash::new(decoy.to_string()),
            places: Arc::new(Semaphore::new(config.threads.get() + config.queue)),
            threads: Arc::new(Semaphore::new(config.threads.get())),
        })
    }

    /// Hashes a password with this salt.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many hashes are waiting.
    pub async fn hash(&self, password: &Password, salt: [u8; 16]) -> Result<PasswordHash> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let password = password.secret().clone();
        self.run(move || {
            let hash = argon2.hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
            hash.map(|hash| PasswordHash::new(hash.to_string())).map_err(Error::internal)
        })
        .await?
    }

    /// Whether the password is the one that was hashed. Without a hash the answer is no, after the same time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many hashes are waiting.
    pub async fn verify(&self, password: &SecretString, hash: Option<&PasswordHash>) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).clone();
        let password = password.clone();
        self.run(move || known & matches(&password, &hash)).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Error::unavailable("too many passwords are waiting to be hashed"))?;
        let thread = Arc::clone(&self.threads).acquire_owned().await.map_err(Error::internal)?;
        // The permits go along: a client that hangs up does not end the work it started.
        tokio::task::spawn_blocking(move || {
            let _permits = (place, thread);
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

fn matches(password: &SecretString, hash: &PasswordHash) -> bool {
    let Ok(hash) = Phc::new(hash.expose()) else {
        return false;
    };
    let affordable =
        Params::try_from(&hash).is_ok_and(|p| p.m_cost() <= MAX_MEMORY_KIB && p.t_cost() <= MAX_ITERATIONS);
    affordable && Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
}
