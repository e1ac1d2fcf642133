//! The threads that hash, and the memory that each keeps.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use argon2::{Argon2, Block};

use super::queue::{Next, Queue};

/// After how long without anything to hash a thread frees its memory.
const REST: Duration = Duration::from_millis(1200);
/// How often it does, until it only waits.
const IDLE_RELEASE: u32 = 3;
/// What makes the allocator look for memory to give back, in bytes.
const NUDGE: usize = 4 * 1024 * 1024;

/// The memory that a hash is made in, kept for the next one: to have it given anew, and filled with zeros, for each is
/// a fifth of its time.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Fills `hash` with what comes of a password.
    pub(super) fn fill(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> argon2::Result<()> {
        let count = argon2.params().block_count();
        if self.0.len() < count {
            // Freed first: to grow, it would be there twice for a while.
            self.0 = Vec::new();
            self.0.try_reserve_exact(count).map_err(|_| argon2::Error::OutOfMemory)?;
            self.0.resize(count, Block::new());
        }
        argon2.hash_password_into_with_memory(password, salt, hash, &mut self.0[..count])
    }

    /// Keeps no more than this for the next one: a stored hash may ask for a lot.
    pub(super) fn shrink(&mut self, count: usize) {
        if self.0.len() > count {
            self.0.truncate(count);
            self.0.shrink_to_fit();
        }
    }
}

/// Starts the threads that hash, which end when the queue is closed. They yield to everything else: a hash keeps a
/// processor busy for some ten milliseconds, and whoever only reads need not notice.
///
/// # Errors
/// The system gives no more threads.
pub(super) fn start(count: usize, queue: &Arc<Queue>) -> std::io::Result<()> {
    for _ in 0..count {
        let queue = Arc::clone(queue);
        std::thread::Builder::new().name("hasher".to_owned()).spawn(move || {
            lower_priority();
            work(&queue);
        })?;
    }
    Ok(())
}

fn work(queue: &Arc<Queue>) {
    // It rests from the start, so that what starting took is given back as well.
    let (mut memory, mut rested) = (Memory::default(), 0);
    loop {
        match queue.next((rested < IDLE_RELEASE).then_some(REST)) {
            Next::Work(running) => {
                rested = 0;
                // Whoever waits for the job learns of a panic by its channel, and the thread goes on.
                drop(catch_unwind(AssertUnwindSafe(|| running.run(&mut memory))));
            }
            Next::Rest => {
                rested += 1;
                memory = Memory::default();
                // What was freed a second ago or earlier the allocator gives back to the system, once
                // something else of that kind is freed.
                drop(black_box(Vec::<u8>::with_capacity(NUDGE)));
            }
            Next::End => return,
        }
    }
}

/// A nice value of 10: a tenth of the time of whoever else wants the processor, and all of it when nobody does.
fn lower_priority() {
    // On Linux a thread has a priority of its own; elsewhere this would be the whole program's.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%error, "hashing goes on at the usual priority");
    }
}
