//! Background jobs: sending mails and webhooks, publishing events, cleaning up.
//!
//! Every instance runs all jobs. Leases and locks in the database prevent two instances from doing the same work. A job
//! that fails or panics is logged, counted in the metrics, and runs again after a pause.

mod mail;
mod task;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, watch};

use crate::app::App;
use crate::app::ctx::SystemCtx;
use crate::error::{Error, Result};
use crate::service::journal::PUBLISH_BATCH;
use crate::service::{
    backlog, customer, derived, housekeeping, metafield, replicas, session, sharing, shop_changes,
};

use task::Task;

pub use mail::send_due;
pub use webhook::{deliver_due, publish};

/// The pause when no mail is due.
const MAIL_PAUSE: Duration = Duration::from_secs(1);
/// The pause when there are no events to publish, between two searches for due deliveries, and for changes of EverShop.
const EVENT_PAUSE: Duration = Duration::from_millis(500);
/// The pause after a batch of events that was not full.
const PARTIAL_BATCH_PAUSE: Duration = Duration::from_millis(100);
/// The pause between two searches for values of deleted custom fields, and for rows without computed columns.
const CLEAN_UP_PAUSE: Duration = Duration::from_secs(5);
/// The pause between two batches of them, so that requests can write as well.
const BATCH_PAUSE: Duration = Duration::from_millis(20);
/// The pause between two samples of the searched texts.
const SAMPLE_PAUSE: Duration = Duration::from_secs(60);
/// The pause between two checks whether EverShop still uses the database.
const SHARING_PAUSE: Duration = Duration::from_secs(10);
/// The pause between two measurements of the queue lengths.
const BACKLOG_PAUSE: Duration = Duration::from_secs(15);
/// The pause between two runs of the housekeeping.
const HOUSEKEEPING_PAUSE: Duration = Duration::from_secs(600);
/// The pause after a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(10);

/// Runs all jobs until `stop` becomes true. After that, no further mails and deliveries are claimed, and those that are
/// being sent are completed: a mail that the server has accepted must be recorded as sent, or it would be sent again.
/// Work that isn't completed within the shutdown timeout is aborted. Another instance, or the next start, retries it
/// when its lease has expired.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let limit = app.config.server.shutdown_timeout;
    let jobs = run_jobs(app, stop.clone());
    let timeout = async {
        // An error means that the sender was dropped, which is treated as a stop.
        drop(stop.wait_for(|stop| *stop).await);
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        () = jobs => {}
        () = timeout => tracing::warn!(
            limit_s = limit.as_secs(),
            "mails or webhooks not sent at the end of the shutdown timeout; they will be retried"
        ),
    }
}

async fn run_jobs(app: Arc<App>, stop: watch::Receiver<bool>) {
    let ctx = SystemCtx::system(app);
    let estimated = Arc::new(OnceCell::new());
    let active = webhook::ActiveDeliveries::default();
    tokio::join!(
        run_periodically(&ctx, "mail", stop.clone(), async |ctx: SystemCtx| {
            Ok(if send_due(&ctx).await? == 0 { MAIL_PAUSE } else { Duration::ZERO })
        }),
        run_periodically(&ctx, "events", stop.clone(), async |ctx: SystemCtx| {
            let published = publish(&ctx).await?;
            Ok(match published {
                0 => EVENT_PAUSE,
                // Waits for further events: a transaction for every few of them would slow down writes.
                1..PUBLISH_BATCH => PARTIAL_BATCH_PAUSE,
                _ => Duration::ZERO,
            })
        }),
        run_periodically(&ctx, "webhooks", stop.clone(), |ctx: SystemCtx| {
            let (active, stop) = (active.clone(), stop.clone());
            async move {
                webhook::start_deliveries(&ctx, &active, &stop).await?;
                Ok(EVENT_PAUSE)
            }
        }),
        run_periodically(&ctx, "shop_changes", stop.clone(), journal_shop_changes),
        run_periodically(&ctx, "custom_fields", stop.clone(), async |ctx: SystemCtx| {
            Ok(if metafield::clean_up(&ctx).await? { BATCH_PAUSE } else { CLEAN_UP_PAUSE })
        }),
        run_periodically(&ctx, "derived_columns", stop.clone(), async |ctx: SystemCtx| {
            let more = derived::compute_missing(&ctx).await?;
            Ok(if more { BATCH_PAUSE } else { CLEAN_UP_PAUSE })
        }),
        run_periodically(&ctx, "sharing", stop.clone(), refresh_sharing),
        check_replicas(&ctx, stop.clone()),
        run_periodically(&ctx, "backlog", stop.clone(), async |ctx: SystemCtx| {
            backlog::measure(&ctx).await?;
            Ok(BACKLOG_PAUSE)
        }),
        run_periodically(&ctx, "trigrams", stop.clone(), async |ctx: SystemCtx| {
            customer::sample_trigrams(&ctx).await?;
            Ok(SAMPLE_PAUSE)
        }),
        run_periodically(&ctx, "housekeeping", stop.clone(), |ctx: SystemCtx| {
            let estimated = Arc::clone(&estimated);
            async move {
                // With very many customers, this may exceed the statement timeout. The rest of the job runs anyway.
                if let Err(error) = estimated.get_or_try_init(|| session::estimate_old_hashes(&ctx)).await {
                    tracing::debug!(%error, "old password hashes were not measured");
                }
                housekeeping::run_once(&ctx).await?;
                derived::retry_missing(&ctx).await?;
                Ok(HOUSEKEEPING_PAUSE)
            }
        }),
    );
    webhook::wait(&active).await;
}

async fn journal_shop_changes(ctx: SystemCtx) -> Result<Duration> {
    if !shop_changes::are_queued(&ctx) {
        return Ok(CLEAN_UP_PAUSE);
    }
    Ok(if shop_changes::drain(&ctx).await? { Duration::ZERO } else { EVENT_PAUSE })
}

/// Checks the replicas again and again, if there are any.
async fn check_replicas(ctx: &SystemCtx, stop: watch::Receiver<bool>) {
    if replicas::are_configured(ctx) {
        run_periodically(ctx, "replicas", stop, async |ctx: SystemCtx| replicas::check(&ctx).await).await;
    }
}

async fn refresh_sharing(ctx: SystemCtx) -> Result<Duration> {
    sharing::refresh(&ctx).await?;
    Ok(SHARING_PAUSE)
}

/// Runs a job again and again, with the pause that it returns. A job that fails or panics runs again after
/// [`FAILURE_PAUSE`]. `name` is its label in the metrics.
async fn run_periodically<F>(
    ctx: &SystemCtx,
    name: &'static str,
    mut stop: watch::Receiver<bool>,
    job: impl Fn(SystemCtx) -> F,
) where
    F: Future<Output = Result<Duration>> + Send + 'static,
{
    let metrics = &ctx.app.metrics.worker;
    metrics.create_series(name);
    while !*stop.borrow() {
        let pause = match Task::spawn(job(ctx.clone())).await {
            Ok(Ok(pause)) => {
                metrics.succeeded(name, ctx.app.clock.now());
                pause
            }
            Ok(Err(error)) => {
                metrics.failed(name);
                pause_after(&error)
            }
            Err(panic) => {
                metrics.failed(name);
                tracing::error!(%panic, "worker job failed, will retry");
                FAILURE_PAUSE
            }
        };
        // An error means that the sender was dropped, which is treated as a stop.
        if tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Logs an error and returns the pause after it. Readiness and requests report an unavailable database, so it isn't
/// logged here as an error.
fn pause_after(error: &Error) -> Duration {
    match error {
        Error::Unavailable { .. } | Error::MigrationsPending(_) | Error::DatabaseUnusable(_) => {
            tracing::debug!(%error, "worker job waits for the database")
        }
        error => tracing::error!(%error, "worker job failed, will retry"),
    }
    FAILURE_PAUSE
}
