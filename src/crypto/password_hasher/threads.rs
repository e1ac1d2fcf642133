//! The hashing threads. Each of them reuses its memory.
//!
//! A panic in a job is caught: its caller gets an error, and the thread continues. An idle thread frees its memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::memory::Memory;
use super::queue::{HashQueue, NextJob};

/// After this time without a job a thread frees its memory.
const IDLE_TIMEOUT: Duration = Duration::from_millis(1200);

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
