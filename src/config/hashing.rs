//! What a password hash costs, and how many may be computed.

use std::num::NonZeroUsize;

use super::Values;

/// OWASP's minimum for argon2id (Password Storage Cheat Sheet); settings may only raise it.
pub const HASH_FLOOR: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Memory for stored hashes that need more than those that are made, in KiB: enough for one of 128 MiB, or two of
/// 64 MiB, which is what PHP, Laravel and argon2-cffi use.
const SPARE_KIB: u64 = 128 * 1024;

/// What a password hash costs, and how many may be computed.
#[derive(Clone, Debug)]
pub struct HashingConfig {
    /// `PATRON_HASH_MEMORY`, in KiB.
    pub memory_kib: u32,
    /// `PATRON_HASH_ITERATIONS`.
    pub iterations: u32,
    /// `PATRON_HASH_PARALLELISM`.
    pub parallelism: u32,
    /// `PATRON_HASH_THREADS`: hashes computed at once.
    pub threads: NonZeroUsize,
    /// `PATRON_HASH_TOTAL_MEMORY`, in KiB: of all hashes together. Never less than each thread needs.
    pub total_memory_kib: u64,
    /// `PATRON_BCRYPT_MAX_COST`: of stored bcrypt hashes that are verified.
    pub bcrypt_max_cost: u32,
    /// `PATRON_HASH_QUEUE`: hashes waiting; beyond them requests are answered with 503.
    pub queue: usize,
    /// `PATRON_HASH_QUEUE_PER_ADDRESS`: of these, hashes of one network address.
    pub queue_per_address: usize,
}

impl HashingConfig {
    pub(super) fn from_values(v: &mut Values) -> Self {
        let memory_kib = v.between("PATRON_HASH_MEMORY", HASH_FLOOR.0, 1024 * 1024);
        let threads = v.threads("PATRON_HASH_THREADS");
        let least = u64::from(memory_kib).saturating_mul(threads.get() as u64);
        let total_memory_kib = if v.sets("PATRON_HASH_TOTAL_MEMORY") {
            let least = u32::try_from(least).unwrap_or(u32::MAX);
            v.at_least("PATRON_HASH_TOTAL_MEMORY", least).into()
        } else {
            least.saturating_add(SPARE_KIB)
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

    /// Memory that hashes may take beyond what each thread keeps for those that are made, in KiB.
    pub fn spare_kib(&self) -> u64 {
        let kept = u64::from(self.memory_kib).saturating_mul(self.threads.get() as u64);
        self.total_memory_kib.saturating_sub(kept)
    }
}
