//! What happens by itself: sending what services recorded, and forgetting what is old. Every instance does it; the
//! database sees to it that no two do the same.

mod mail;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::service::{housekeeping, metafield};

pub use mail::send_due;

/// How long the sender rests when there is nothing to send.
const MAIL_PAUSE: Duration = Duration::from_secs(1);
/// How often is looked for values of deleted custom fields.
const CLEAN_UP_PAUSE: Duration = Duration::from_secs(5);
/// The pause between two batches of them: others want to write as well.
const BETWEEN_BATCHES: Duration = Duration::from_millis(20);
/// How often is tidied up.
const HOUSEKEEPING_PAUSE: Duration = Duration::from_secs(600);

/// Works until `stop` becomes true. What is being done then is left: a mail that was claimed is sent by whoever looks
/// for it after its lease.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let ctx = Ctx::system(app);
    let sending = async {
        loop {
            let rest = match send_due(&ctx).await {
                Ok(0) => MAIL_PAUSE,
                Ok(_) => Duration::ZERO,
                Err(error) => after(&error),
            };
            tokio::time::sleep(rest).await;
        }
    };
    let tidying = async {
        loop {
            let rest = match housekeeping::run_once(&ctx).await {
                Ok(_) => HOUSEKEEPING_PAUSE,
                Err(error) => after(&error),
            };
            tokio::time::sleep(rest).await;
        }
    };
    let removing = async {
        loop {
            let rest = match metafield::clean_up(&ctx).await {
                Ok(true) => BETWEEN_BATCHES,
                Ok(false) => CLEAN_UP_PAUSE,
                Err(error) => after(&error),
            };
            tokio::time::sleep(rest).await;
        }
    };
    tokio::select! {
        // An error means that whoever could say stop is gone, which is as good as a stop.
        _ = stop.wait_for(|stop| *stop) => {}
        () = sending => {}
        () = tidying => {}
        () = removing => {}
    }
}

/// How long to wait after an error: readiness and requests tell of a database that is away, so it isn't told each
/// second here.
fn after(error: &Error) -> Duration {
    match error {
        Error::Unavailable { .. } | Error::Behind(_) => tracing::debug!(%error, "the worker waits"),
        error => tracing::error!(%error, "the worker failed; it goes on"),
    }
    Duration::from_secs(10)
}
