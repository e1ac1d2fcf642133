//! Secrets that are handed out once and kept as hashes: who reads the database can't use them.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::random::Random;
use crate::types::TokenHash;

/// A new token: 256 random bits, in letters that pass through any mail and any URL.
pub(super) fn token(random: &Random) -> SecretString {
    // 52 letters of 5 bits.
    random.word::<52>().into()
}

/// What is kept of a token.
pub(super) fn token_hash(token: &SecretString) -> TokenHash {
    hash_of_token(token.expose_secret())
}

/// The same of one that is sent to and fro as it is.
pub(super) fn hash_of_token(token: &str) -> TokenHash {
    TokenHash::new(hash(token))
}

/// SHA-256 in hexadecimal digits (FIPS 180-4). Enough for what has 256 random bits; nothing for passwords.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
