//! Panics of handlers.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a future. If it panics, it is not polled again, and the panic is the error.
pub(super) async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::catch_panic;

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let panicking = async {
            tokio::task::yield_now().await;
            std::panic::resume_unwind(Box::new("after a pause"))
        };
        let outcome: Result<(), _> = catch_panic(panicking).await;
        assert_eq!(outcome.unwrap_err().downcast_ref::<&str>(), Some(&"after a pause"));
        assert_eq!(catch_panic(async { 1 }).await.unwrap(), 1);
    }
}
