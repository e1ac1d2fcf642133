//! Runs the tasks of HTTP/2 streams such that each can be ended from outside, which resets its stream.

use std::sync::{Arc, OnceLock};

use hyper::rt::Executor;

use super::held::StreamHandle;

tokio::task_local! {
    static STREAM: StreamHandle;
}

/// Runs each stream in a task of its own, which knows its own handle.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamExecutor;

impl StreamExecutor {
    /// The stream whose task this is.
    pub(super) fn stream() -> Option<StreamHandle> {
        STREAM.try_with(Arc::clone).ok()
    }
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        let handle: StreamHandle = Arc::new(OnceLock::new());
        let task = tokio::spawn(STREAM.scope(Arc::clone(&handle), stream));
        // It was empty until now.
        let _first = handle.set(task.abort_handle());
    }
}
