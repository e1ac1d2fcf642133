//! Hashes of issued tokens.

use sea_orm::DeriveValueType;

/// The stored hash of a token. A reader of the database can't use it as a token. Rows are looked up by the hash, so no
/// secret is compared byte by byte, and response times reveal nothing about a token. Its `Debug` output is masked.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct TokenHash(String);

impl TokenHash {
    /// Wraps the hash of a token.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// The hash. Never log or return it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}
