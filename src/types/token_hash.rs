//! Hashes of tokens that were handed out once.

use sea_orm::DeriveValueType;

/// What is kept of a token: who reads it can't use it. Rows are found by it, so nothing compares a secret with a guess byte
/// by byte, and how long an answer takes tells nothing about one. Debug shows none of it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct TokenHash(String);

impl TokenHash {
    /// Wraps a hash.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// The hash. Never log it, never answer with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}
