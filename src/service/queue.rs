//! The rules that the queues of mails and of webhook deliveries share.
//!
//! The worker claims rows that are due. A claim is a lease: it postpones the next attempt, so the row is due again if
//! the worker that claimed it crashes. A failed attempt is retried after a backoff. When the time for retries has
//! ended, the row has failed permanently.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::clock::{Clock, Timer};
use crate::entity::{mail, webhook_delivery};
use crate::error::{Error, Result};
use crate::telemetry::metrics::{Backlog, Queue};
use crate::types::first_characters;

/// The maximum length of a stored error, in characters.
const MAX_ERROR: usize = 500;

/// The pauses between attempts to record a result, doubled from the first to the longest.
const FIRST_RECORD_PAUSE: Duration = Duration::from_millis(250);
/// The longest of these pauses.
const MAX_RECORD_PAUSE: Duration = Duration::from_secs(4);
/// A result is recorded no later than this time before the end of its claim.
const RECORD_MARGIN: Duration = Duration::from_secs(5);

/// Matches rows whose next attempt is due. A time of the next attempt later than `max_postponement` from now was
/// written by a wrong clock, so it is due as well.
pub(super) fn is_attempt_due(
    next_attempt_at: impl ColumnTrait,
    clock: &Clock,
    max_postponement: TimeDelta,
) -> Condition {
    Condition::any()
        .add(next_attempt_at.lte(clock.now()))
        .add(next_attempt_at.gt(clock.latest(max_postponement)))
}

/// Locks the rows to be claimed until the transaction ends, without those that another worker has locked.
pub(super) fn lock_for_claim<E: EntityTrait>(rows: Select<E>) -> Select<E> {
    rows.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
}

/// The time of the next attempt: after the backoff, with [jitter](crate::random::Random::jitter), and not before
/// `retry_after` has passed. `None` if there is no attempt before `give_up_at`: the row has failed permanently.
pub(super) fn next_attempt(
    ctx: &Ctx,
    backoff: TimeDelta,
    retry_after: TimeDelta,
    give_up_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let next = ctx.app.clock.now() + ctx.app.random.jitter(backoff).max(retry_after);
    (next < give_up_at).then_some(next)
}

/// The outcome of an attempt. It leaves the transaction that stores it, which may run several times, and is logged and
/// counted once after the commit.
#[derive(Clone, Debug)]
pub(super) enum AttemptOutcome {
    /// The mail server or the receiver accepted it.
    Sent,
    /// It failed for this reason, and will be retried.
    Postponed(String),
    /// It failed permanently, for this reason if the result of the last attempt is known.
    GivenUp(Option<String>),
}

impl AttemptOutcome {
    /// Its name, as in metrics.
    fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Postponed(_) => "postponed",
            Self::GivenUp(_) => "given_up",
        }
    }

    fn count(&self, ctx: &Ctx, queue: Queue) {
        let metrics = &ctx.app.metrics.worker;
        match self {
            Self::Sent => metrics.sent(queue),
            Self::Postponed(_) => metrics.postponed(queue),
            Self::GivenUp(_) => metrics.given_up(queue),
        }
    }
}

/// Logs and counts an attempt to send a mail, after its outcome is committed.
pub(super) fn report_mail(ctx: &Ctx, mail: &mail::Model, outcome: &AttemptOutcome) {
    let (uuid, kind, attempts) = (mail.uuid, mail.kind, mail.attempts);
    match outcome {
        AttemptOutcome::Sent => {}
        AttemptOutcome::Postponed(reason) => {
            tracing::warn!(mail = %uuid, %kind, attempts, reason, "mail failed, will retry");
        }
        AttemptOutcome::GivenUp(reason) => {
            let reason = reason.as_deref();
            tracing::error!(mail = %uuid, %kind, attempts, reason, "mail failed permanently");
        }
    }
    outcome.count(ctx, Queue::Mail);
    ctx.app.metrics.accounts.mail_attempted(kind, outcome.name());
}

/// Logs and counts an attempt to deliver an event, after its outcome is committed.
pub(super) fn report_delivery(ctx: &Ctx, delivery: &webhook_delivery::Model, outcome: &AttemptOutcome) {
    let (uuid, attempts) = (delivery.uuid, delivery.attempts);
    match outcome {
        AttemptOutcome::Sent => {}
        AttemptOutcome::Postponed(reason) => {
            tracing::warn!(delivery = %uuid, attempts, reason, "webhook delivery failed, will retry");
        }
        AttemptOutcome::GivenUp(reason) => {
            let reason = reason.as_deref();
            tracing::error!(delivery = %uuid, attempts, reason, "webhook delivery failed permanently");
        }
    }
    outcome.count(ctx, Queue::Webhook);
}

/// Records the result of an attempt, again and again on another connection while the database is unavailable, until the claim
/// ends: the mail was sent, and another worker would send it again. `claimed_until` is when that is, and `row` identifies the
/// mail or the delivery in the log.
pub(super) async fn record_until<F>(
    ctx: &Ctx,
    row: Uuid,
    claimed_until: DateTime<Utc>,
    record: impl Fn() -> F,
) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let left = (claimed_until - ctx.app.clock.now()).to_std().unwrap_or_default();
    let (limit, timer) = (left.saturating_sub(RECORD_MARGIN), Timer::start());
    let mut pause = FIRST_RECORD_PAUSE;
    loop {
        match record().await {
            Err(error @ Error::Unavailable { .. }) if timer.elapsed() + pause < limit => {
                tracing::warn!(%row, %error, "the result of an attempt was not recorded, will retry");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(MAX_RECORD_PAUSE);
            }
            outcome => {
                if let Err(error) = &outcome {
                    tracing::error!(%row, %error, "the result of an attempt was not recorded; it may be sent again");
                }
                return outcome;
            }
        }
    }
}

/// The reason of a failed attempt, as it is stored.
pub(super) fn stored_error(reason: &str) -> Option<String> {
    Some(first_characters(reason, MAX_ERROR).to_owned())
}

/// Measures a queue: its due rows, and those that failed permanently.
pub(super) async fn backlog<E: EntityTrait>(
    ctx: &Ctx,
    due: Select<E>,
    failed: Select<E>,
    next_attempt_at: E::Column,
) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let times = |rows: Select<E>| rows.select_only().column(next_attempt_at).into_tuple::<DateTime<Utc>>();
    let oldest = times(due.clone().order_by_asc(next_attempt_at)).one(db).await?;
    let due = times(due).count(db).await?;
    Ok(Backlog { due, oldest, given_up: times(failed).count(db).await? })
}
