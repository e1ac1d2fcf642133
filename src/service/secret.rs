//! Random tokens. They are handed out once and stored as hashes, so that the database contains no valid token.

use secrecy::{ExposeSecret, SecretString};

use crate::crypto::digest::sha256_hex;
use crate::random::Random;
use crate::types::TokenHash;

/// Generates a token with 260 random bits, in letters that are safe in mails and URLs.
pub(super) fn token(random: &Random) -> SecretString {
    // 52 letters of 5 bits.
    random.word::<52>().into()
}

/// The hash of a new token, for the database.
pub(super) fn token_hash(token: &SecretString) -> TokenHash {
    hash_of_token(token.expose_secret())
}

/// The hash of a token: SHA-256 in hexadecimal digits. Suitable for random tokens, not for passwords.
pub(super) fn hash_of_token(token: &str) -> TokenHash {
    TokenHash::new(sha256_hex(token))
}
