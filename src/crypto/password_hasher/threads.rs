//! The hashing threads, and the memory that each of them reuses.
//!
//! A panic in a job is caught: its caller gets an error, and the thread continues. An idle thread frees its memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use argon2::{Argon2, Block};

use super::queue::{HashQueue, NextJob};

/// After this time without a job a thread frees its memory.
const IDLE_TIMEOUT: Duration = Duration::from_millis(1200);

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

    fn is_empty(&self) -> bool {
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

/// Starts the hashing threads, which end when the queue is closed. They run at a low priority, because a hash takes some
/// ten milliseconds of processor time, which must not delay reads.
///
/// # Errors
/// The operating system can't start a thread.
pub(super) fn start(count: usize, queue: &Arc<HashQueue>) -> std::io::Result<()> {
    for _ in 0..count {
        let queue = Arc::clone(queue);
        std::thread::Builder::new().name("hasher".to_owned()).spawn(move || {
            lower_priority();
            work(&queue);
        })?;
    }
    Ok(())
}

fn work(queue: &Arc<HashQueue>) {
    let mut memory = Memory::default();
    loop {
        // A thread without memory waits without a timeout.
        match queue.next((!memory.is_empty()).then_some(IDLE_TIMEOUT)) {
            NextJob::Run(running) => {
                // After a panic the job's channel is closed, which its caller gets as an error. The thread continues.
                drop(catch_unwind(AssertUnwindSafe(|| running.run(&mut memory))));
            }
            NextJob::Idle => memory = Memory::default(),
            NextJob::Closed => return,
        }
    }
}

/// Sets a nice value of 10: a tenth of the processor time of a competing thread, and all of it on an idle processor.
fn lower_priority() {
    // Linux has a priority for each thread. On other systems the call would change the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%error, "the priority of a hashing thread could not be lowered");
    }
}
