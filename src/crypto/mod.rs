//! Keys, encryption and password hashing.

pub mod encryption;
pub mod key_files;
pub mod keys;
pub mod password_hasher;
