//! The memory of a hashing thread.

use argon2::{Argon2, Block};

/// The memory of argon2, reused for the next hash. Allocating and zeroing it for each hash would take a fifth of the time.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Computes the hash of a password into `hash`.
    pub(super) fn fill(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> argon2::Result<()> {
        let count = argon2.params().block_count();
        if self.0.len() < count {
            // Freed first, because growing would need the memory twice.
            self.0 = Vec::new();
            self.0.try_reserve_exact(count).map_err(|_| argon2::Error::OutOfMemory)?;
            self.0.resize(count, Block::new());
        }
        argon2.hash_password_into_with_memory(password, salt, hash, &mut self.0[..count])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Frees the memory beyond this number of blocks: a stored hash may have needed more than the current parameters.
    pub(super) fn shrink(&mut self, count: usize) {
        if self.0.len() > count {
            self.0.truncate(count);
            self.0.shrink_to_fit();
        }
    }
}
