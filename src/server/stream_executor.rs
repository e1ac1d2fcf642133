//! Runs the tasks of HTTP/2 streams so that each can be aborted from outside, which resets its stream.

use std::sync::{Arc, OnceLock};

use hyper::rt::Executor;

use super::held_memory::StreamHandle;

tokio::task_local! {
    static STREAM: StreamHandle;
}

/// Runs each stream in a separate task that knows its own handle.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamExecutor;

impl StreamExecutor {
    /// The handle of the stream whose task is running. `None` outside of a stream's task.
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
        // The handle was empty, so this can't fail.
        let _was_empty = handle.set(task.abort_handle());
    }
}
