//! Runs expensive validation on blocking threads, so that it does not delay other requests. A semaphore limits the
//! number of concurrent validations.

use std::sync::{Arc, LazyLock};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

/// One permit for every two processors: the others stay free for other requests.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new((processors / 2).max(1)))
});

/// Runs `work` on a blocking thread, after it has acquired a permit. If the future is dropped before that, `work` does
/// not run.
pub(in crate::service) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let permit = Arc::clone(&PERMITS).acquire_owned().await.map_err(Error::internal)?;
    let task = spawn_blocking(move || {
        let output = work();
        drop(permit);
        output
    });
    task.await.map_err(Error::internal)
}
