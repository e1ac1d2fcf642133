//! Checks that take long run on threads of their own, a few at once: requests of others go on meanwhile.

use std::sync::{Arc, LazyLock};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

/// One for two processors: the others stay free for requests that check nothing.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new((processors / 2).max(1)))
});

/// Runs `work` off the threads that serve requests. A request that is gone before its turn is not worked for.
pub(in crate::service) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let permit = Arc::clone(&PERMITS).acquire_owned().await.map_err(Error::internal)?;
    let done = spawn_blocking(move || {
        let done = work();
        drop(permit);
        done
    });
    done.await.map_err(Error::internal)
}
