//! Settings of password hashing: cost, memory and queue.
//!
//! The settings may only raise the cost of a hash above OWASP's minimum. The memory of all hashes is never less than what
//! the threads need to compute new ones.

use std::num::NonZeroUsize;

use super::Values;

/// OWASP's minimum for argon2id (Password Storage Cheat Sheet); settings may only raise it.
pub const HASH_FLOOR: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Memory in KiB for stored hashes that need more than new ones: enough for one of 128 MiB, or two of 64 MiB, which is
/// what PHP, Laravel and argon2-cffi use.
const SPARE_KIB: u64 = 128 * 1024;

/// `PATRON_PASSWORD_HASHES`: the algorithm of new password hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordHashes {
    /// bcrypt while EverShop uses the same database, otherwise argon2id.
    Auto,
    /// bcrypt, which EverShop can verify.
    Bcrypt,
    /// argon2id.
    Argon2id,
}

impl PasswordHashes {
    fn from_values(v: &mut Values) -> Self {
        match v.text("PATRON_PASSWORD_HASHES").as_str() {
            "auto" => Self::Auto,
            "bcrypt" => Self::Bcrypt,
            "argon2id" => Self::Argon2id,
            other => {
                v.problem("PATRON_PASSWORD_HASHES", format!("`{other}` is not auto, bcrypt or argon2id"));
                Self::Auto
            }
        }
    }
}

/// The cost of a password hash, and the limits of their computation.
#[derive(Clone, Debug)]
pub struct HashingConfig {
    /// The algorithm of new hashes.
    pub algorithm: PasswordHashes,
    /// `PATRON_HASH_MEMORY`, in KiB.
    pub memory_kib: u32,
    /// `PATRON_HASH_ITERATIONS`.
    pub iterations: u32,
    /// `PATRON_HASH_PARALLELISM`.
    pub parallelism: u32,
    /// `PATRON_HASH_THREADS`: hashes computed in parallel.
    pub threads: NonZeroUsize,
    /// `PATRON_HASH_TOTAL_MEMORY`, in KiB: memory of all hashes together. Never less than all threads need.
    pub total_memory_kib: u64,
    /// `PATRON_BCRYPT_COST`: the cost of new bcrypt hashes.
    pub bcrypt_cost: u32,
    /// `PATRON_BCRYPT_MAX_COST`: the highest cost of stored bcrypt hashes that are verified.
    pub bcrypt_max_cost: u32,
    /// `PATRON_HASH_QUEUE`: hashes that may wait; further requests fail with 503.
    pub queue: usize,
    /// `PATRON_HASH_QUEUE_PER_ADDRESS`: hashes of one network address that may wait.
    pub queue_per_address: usize,
}

impl HashingConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        let memory_kib = v.between("PATRON_HASH_MEMORY", HASH_FLOOR.0, 1024 * 1024);
        let threads = v.threads("PATRON_HASH_THREADS");
        let minimum = u64::from(memory_kib).saturating_mul(threads.get() as u64);
        let total_memory_kib = if v.sets("PATRON_HASH_TOTAL_MEMORY") {
            let minimum = u32::try_from(minimum).unwrap_or(u32::MAX);
            v.at_least("PATRON_HASH_TOTAL_MEMORY", minimum).into()
        } else {
            minimum.saturating_add(SPARE_KIB)
        };
        let algorithm = PasswordHashes::from_values(v);
        let bcrypt_cost = v.between("PATRON_BCRYPT_COST", 10, 14);
        let bcrypt_max_cost = v.between("PATRON_BCRYPT_MAX_COST", 4, 15);
        if bcrypt_cost > bcrypt_max_cost && v.sets("PATRON_BCRYPT_COST") {
            let message =
                format!("must be at most {bcrypt_max_cost} (PATRON_BCRYPT_MAX_COST), but is {bcrypt_cost}");
            v.problem("PATRON_BCRYPT_COST", message);
        }
        Self {
            algorithm,
            memory_kib,
            iterations: v.between("PATRON_HASH_ITERATIONS", HASH_FLOOR.1, 16),
            parallelism: v.between("PATRON_HASH_PARALLELISM", HASH_FLOOR.2, 64),
            threads,
            total_memory_kib,
            bcrypt_cost,
            bcrypt_max_cost,
            queue: v.at_least("PATRON_HASH_QUEUE", 1) as usize,
            queue_per_address: v.at_least("PATRON_HASH_QUEUE_PER_ADDRESS", 1) as usize,
        }
    }

    /// Memory in KiB for stored hashes, beyond what the threads reserve for new ones.
    pub fn spare_kib(&self) -> u64 {
        let reserved = u64::from(self.memory_kib).saturating_mul(self.threads.get() as u64);
        self.total_memory_kib.saturating_sub(reserved)
    }
}
