//! The permit of a request for the concurrency limit.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::paths::is_probe;
use crate::app::App;

/// The permit of a request.
pub(super) enum Permit {
    /// The request counts against the limit.
    Held(OwnedSemaphorePermit),
    /// The request waits for its body and does not count.
    Released(Arc<Semaphore>),
    /// The request never counts: health checks and metrics must work under overload.
    Exempt,
}

impl Permit {
    /// Acquires a permit for this path. `None` when the limit is reached.
    pub(super) fn acquire(app: &App, path: &str) -> Option<Self> {
        if is_probe(path) {
            return Some(Self::Exempt);
        }
        Some(Self::Held(Arc::clone(&app.concurrency_limit).try_acquire_owned().ok()?))
    }

    pub(super) fn release(&mut self) {
        if let Self::Held(permit) = self {
            *self = Self::Released(Arc::clone(permit.semaphore()));
        }
    }

    /// Acquires a released permit again; false when the limit is reached.
    pub(super) fn reacquire(&mut self) -> bool {
        if let Self::Released(concurrency_limit) = self {
            let Ok(permit) = Arc::clone(concurrency_limit).try_acquire_owned() else {
                tracing::warn!("too many requests at once (PATRON_CONCURRENT_REQUESTS)");
                return false;
            };
            *self = Self::Held(permit);
        }
        true
    }
}
