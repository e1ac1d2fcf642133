//! The algorithms of new hashes: argon2id, and bcrypt while EverShop verifies the same hashes.

use argon2::password_hash::phc::{Output, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};

use super::memory::Memory;
use crate::error::{Error, Result};
use crate::types::{MAX_BCRYPT_BYTES, PasswordHash, WeakPassword, to_nfc};

/// Length of an argon2id hash, in bytes.
const HASH_LENGTH: usize = 32;
/// The salt and the hash of a bcrypt hash that belongs to no password: zeros, in the alphabet of bcrypt.
const BCRYPT_ZEROS: &str = ".....................................................";

/// The algorithm of new hashes, with its cost.
#[derive(Clone, Debug)]
pub(super) enum HashAlgorithm {
    Argon2id(Params),
    /// With this cost.
    Bcrypt(u32),
}

impl HashAlgorithm {
    /// Hashes a password. argon2id hashes it in normalization form C, bcrypt the typed bytes, because EverShop compares those.
    ///
    /// # Errors
    /// [`Error::Invalid`] if bcrypt would ignore the end of the password.
    pub(super) fn hash(
        &self,
        password: SecretString,
        salt: [u8; 16],
        memory: &mut Memory,
    ) -> Result<PasswordHash> {
        match self {
            Self::Argon2id(params) => {
                let password = to_nfc(&password).unwrap_or(password);
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                let mut hash = [0; HASH_LENGTH];
                memory
                    .fill(&argon2, password.expose_secret().as_bytes(), &salt, &mut hash)
                    .map_err(Error::internal)?;
                phc(params, &salt, &hash).map_err(Error::internal)
            }
            Self::Bcrypt(cost) => {
                let password = password.expose_secret().as_bytes();
                if password.len() > MAX_BCRYPT_BYTES {
                    return Err(Error::invalid("password", WeakPassword::TooLongForBcrypt.to_string()));
                }
                let hash = bcrypt::hash_with_salt(password, *cost, salt).map_err(Error::internal)?;
                Ok(PasswordHash::new(hash.format_for_version(bcrypt::Version::TwoB)))
            }
        }
    }

    /// The prefixes of hashes that take the same time to verify as new ones.
    pub(super) fn prefixes(&self) -> Vec<String> {
        match self {
            Self::Argon2id(params) => {
                let (memory, iterations, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
                vec![format!("$argon2id$v=19$m={memory},t={iterations},p={lanes}$")]
            }
            Self::Bcrypt(cost) => ["$2a$", "$2b$", "$2y$"].map(|name| format!("{name}{cost:02}$")).to_vec(),
        }
    }

    /// A hash of no password, which takes the same time to verify as a new one.
    pub(super) fn dummy_hash(&self) -> argon2::Result<PasswordHash> {
        match self {
            Self::Argon2id(params) => phc(params, &[0; 16], &[0; HASH_LENGTH]),
            Self::Bcrypt(cost) => Ok(PasswordHash::new(format!("$2b${cost:02}${BCRYPT_ZEROS}"))),
        }
    }
}

/// A hash in PHC string format.
fn phc(params: &Params, salt: &[u8], hash: &[u8]) -> argon2::Result<PasswordHash> {
    let phc = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into().map_err(|_| argon2::Error::AlgorithmInvalid)?,
        salt: Salt::new(salt).ok(),
        hash: Output::new(hash).ok(),
    };
    Ok(PasswordHash::new(phc.to_string()))
}
