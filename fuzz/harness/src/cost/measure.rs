//! Memory and time of a request. Both are those of the whole process, so that work on other threads counts: only one
//! request may run at a time.

use std::time::Duration;

use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a request cost.
pub(super) struct Cost {
    /// Bytes of the answer's body.
    pub(super) answer: usize,
    /// The most bytes that were allocated at once, beyond those that were before.
    pub(super) memory: usize,
    /// Time of the processor.
    pub(super) time: Duration,
}

/// Measures from its start on.
pub(super) struct Meter {
    allocated: usize,
    used: Duration,
}

impl Meter {
    pub(super) fn start() -> Self {
        ALLOCATOR.reset_peak_usage();
        Self { allocated: ALLOCATOR.current_usage(), used: processor_time() }
    }

    pub(super) fn stop(self, answer: usize) -> Cost {
        let memory = ALLOCATOR.peak_usage().saturating_sub(self.allocated);
        Cost { answer, memory, time: processor_time().saturating_sub(self.used) }
    }
}

fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
