//! Measures the memory and time of a request. Both are measured for the whole process, so that work on other threads is
//! included. Only one request may run at a time.

use std::time::Duration;

use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The cost of a request.
pub(super) struct Cost {
    /// The bytes of the response body.
    pub(super) response: usize,
    /// The peak of allocated bytes, above those that were allocated before.
    pub(super) memory: usize,
    /// The processor time.
    pub(super) time: Duration,
}

/// A running measurement.
pub(super) struct Meter {
    allocated: usize,
    used: Duration,
}

impl Meter {
    pub(super) fn start() -> Self {
        ALLOCATOR.reset_peak_usage();
        Self { allocated: ALLOCATOR.current_usage(), used: processor_time() }
    }

    pub(super) fn stop(self, response: usize) -> Cost {
        let memory = ALLOCATOR.peak_usage().saturating_sub(self.allocated);
        Cost { response, memory, time: processor_time().saturating_sub(self.used) }
    }
}

fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
