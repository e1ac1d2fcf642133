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

/// The cost of a password hash, and the limits of their computation.
#[derive(Clone, Debug)]
pub struct HashingConfig {
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
        Self {
            memory_kib,
            iterations: v.between("PATRON_HASH_ITERATIONS", HASH_FLOOR.1, 16),
            parallelism: v.between("PATRON_HASH_PARALLELISM", HASH_FLOOR.2, 64),
            threads,
            total_memory_kib,
            bcrypt_max_cost: v.between("PATRON_BCRYPT_MAX_COST", 4, 15),
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
