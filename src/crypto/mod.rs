//! Cryptography: digests, token keys, encryption of stored secrets, and password hashing.

pub(crate) mod digest;
pub mod encryption;
mod hs256;
pub mod key_copies;
pub mod key_files;
mod key_kind;
pub mod keys;
pub mod password_hasher;
pub(crate) mod signed_cookie;
pub mod verified_tokens;
