//! What happens by itself: sending what services recorded, and forgetting what is old. Every instance does it; the
//! database sees to it that no two do the same.

mod mail;
mod task;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, watch};

use crate::app::App;
use crate::app::ctx::Ctx;
use crate::error::{Error, Result};
use crate::service::journal::PUBLISHED_AT_ONCE;
use crate::service::{backlog, customer, derived, housekeeping, metafield, session};

use task::Task;

pub use mail::send_due;
pub use webhook::{deliver_due, publish};

/// How long the sender rests when there is nothing to send.
const MAIL_PAUSE: Duration = Duration::from_secs(1);
/// How long publishing and telling rest when there is nothing new.
const EVENT_PAUSE: Duration = Duration::from_millis(500);
/// The pause between two batches of events that were not full.
const BETWEEN_PUBLISHED: Duration = Duration::from_millis(100);
/// How often values of deleted custom fields, and rows without computed columns, are looked for.
const CLEAN_UP_PAUSE: Duration = Duration::from_secs(5);
/// The pause between two batches of them: others want to write as well.
const BETWEEN_BATCHES: Duration = Duration::from_millis(20);
/// How often is looked at what texts are like that are searched.
const SAMPLE_PAUSE: Duration = Duration::from_secs(60);
/// How often is looked at how long the queues are.
const BACKLOG_PAUSE: Duration = Duration::from_secs(15);
/// How often is tidied up.
const HOUSEKEEPING_PAUSE: Duration = Duration::from_secs(600);
/// The pause after a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(10);

/// Works until `stop` becomes true. It claims nothing from then on, and finishes what it has begun: a mail that the mail
/// server is taking is noted as sent, or it would be sent again. What isn't finished within the shutdown timeout is given
/// up, and tried again when its lease is over, by another instance or the next start.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let limit = app.config.server.shutdown_timeout;
    let working = work(app, stop.clone());
    let overdue = async {
        // An error means that nobody is left to say stop, which is as good as a stop.
        drop(stop.wait_for(|stop| *stop).await);
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        () = working => {}
        () = overdue => tracing::warn!(
            limit_s = limit.as_secs(),
            "mails or webhooks not sent at the end of the shutdown timeout; they will be tried again"
        ),
    }
}

async fn work(app: Arc<App>, stop: watch::Receiver<bool>) {
    let ctx = Ctx::system(app);
    let learned = Arc::new(OnceCell::new());
    let active = webhook::ActiveDeliveries::default();
    tokio::join!(
        run_periodically(&ctx, "mail", stop.clone(), async |ctx: Ctx| {
            Ok(if send_due(&ctx).await? == 0 { MAIL_PAUSE } else { Duration::ZERO })
        }),
        run_periodically(&ctx, "events", stop.clone(), async |ctx: Ctx| {
            let published = publish(&ctx).await?;
            Ok(match published {
                0 => EVENT_PAUSE,
                // A transaction for every few entries would cost those who write: some more will come meanwhile.
                1..PUBLISHED_AT_ONCE => BETWEEN_PUBLISHED,
                _ => Duration::ZERO,
            })
        }),
        run_periodically(&ctx, "webhooks", stop.clone(), |ctx: Ctx| {
            let (active, stop) = (active.clone(), stop.clone());
            async move {
                webhook::keep_delivering(&ctx, &active, &stop).await?;
                Ok(EVENT_PAUSE)
            }
        }),
        run_periodically(&ctx, "custom_fields", stop.clone(), async |ctx: Ctx| {
            Ok(if metafield::clean_up(&ctx).await? { BETWEEN_BATCHES } else { CLEAN_UP_PAUSE })
        }),
        run_periodically(&ctx, "derived_columns", stop.clone(), async |ctx: Ctx| {
            let more = derived::fill_in(&ctx).await?;
            Ok(if more { BETWEEN_BATCHES } else { CLEAN_UP_PAUSE })
        }),
        run_periodically(&ctx, "backlog", stop.clone(), async |ctx: Ctx| {
            backlog::measure(&ctx).await?;
            Ok(BACKLOG_PAUSE)
        }),
        run_periodically(&ctx, "trigrams", stop.clone(), async |ctx: Ctx| {
            customer::sample_trigrams(&ctx).await?;
            Ok(SAMPLE_PAUSE)
        }),
        run_periodically(&ctx, "housekeeping", stop.clone(), |ctx: Ctx| {
            let learned = Arc::clone(&learned);
            async move {
                // Looking through very many customers may take longer than a statement may: the rest goes on.
                if let Err(error) = learned.get_or_try_init(|| session::estimate_old_hashes(&ctx)).await {
                    tracing::debug!(%error, "old password hashes were not looked for");
                }
                housekeeping::run_once(&ctx).await?;
                derived::retry(&ctx).await?;
                Ok(HOUSEKEEPING_PAUSE)
            }
        }),
    );
    webhook::wait(&active).await;
}

/// Does a job, rests as long as it says, and does it again. One that fails, or panics, is done again as well. Metrics
/// know it by its name.
async fn run_periodically<F>(
    ctx: &Ctx,
    name: &'static str,
    mut stop: watch::Receiver<bool>,
    job: impl Fn(Ctx) -> F,
) where
    F: Future<Output = Result<Duration>> + Send + 'static,
{
    let metrics = &ctx.app.metrics.worker;
    metrics.expect(name);
    while !*stop.borrow() {
        let rest = match Task::spawn(job(ctx.clone())).await {
            Ok(Ok(rest)) => {
                metrics.succeeded(name, ctx.app.clock.now());
                rest
            }
            Ok(Err(error)) => {
                metrics.failed(name);
                after(&error)
            }
            Err(panic) => {
                metrics.failed(name);
                tracing::error!(%panic, "the worker failed; it goes on");
                FAILURE_PAUSE
            }
        };
        // An error means that whoever could say stop is gone, which is as good as a stop.
        if tokio::time::timeout(rest, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// How long to wait after an error: readiness and requests tell of a database that is away, so it isn't told each
/// second here.
fn after(error: &Error) -> Duration {
    match error {
        Error::Unavailable { .. } | Error::MigrationsPending(_) | Error::DatabaseUnusable(_) => {
            tracing::debug!(%error, "the worker waits")
        }
        error => tracing::error!(%error, "the worker failed; it goes on"),
    }
    FAILURE_PAUSE
}
