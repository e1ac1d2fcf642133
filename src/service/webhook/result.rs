//! Records the results of attempts to deliver, and schedules the retries. After three days without success a delivery
//! is a dead letter. An endpoint that responds with 410 is disabled.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::change::change;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::webhook_delivery::{ActiveModel, Column, Entity, Model};
use crate::entity::webhook_endpoint;
use crate::error::Result;
use crate::outbound::webhook_client::DeliveryResult;
use crate::service::queue::{self, AttemptOutcome};
use crate::transact;
use crate::types::DeliveryStatus;

/// The duration of the retries, from the first attempt.
pub(super) const RETRY_PERIOD: TimeDelta = TimeDelta::days(3);

/// Records the result of an attempt: delivered, to be retried, or dead letter. Does nothing if another worker has
/// claimed the delivery since. Retried until the claim ends.
pub async fn record_result(
    ctx: &AdminCtx,
    delivery: &Model,
    result: &DeliveryResult,
    duration_ms: i32,
) -> Result<()> {
    let (status, failure, retry_after) = match result {
        DeliveryResult::Responded { status, retry_after } => {
            let failure = (!(200..300).contains(status)).then(|| format!("response status {status}"));
            (i16::try_from(*status).ok(), failure, retry_after.unwrap_or_default())
        }
        DeliveryResult::Failed(reason) => (None, Some(reason.clone()), 0),
    };
    let is_gone = matches!(result, DeliveryResult::Responded { status: 410, .. });
    let (mut row, outcome) = match failure {
        None => (delivered(ctx), AttemptOutcome::Sent),
        Some(reason) => failed(ctx, delivery, reason, retry_after),
    };
    row.duration_ms = Set(Some(duration_ms));
    row.response_status = Set(status);
    let (uuid, until) = (delivery.uuid, delivery.next_attempt_at);
    queue::record_until(ctx, uuid, until, || record(ctx, delivery, &row, is_gone)).await?;
    queue::report_delivery(ctx, delivery, &outcome);
    Ok(())
}

async fn record(ctx: &AdminCtx, delivery: &Model, row: &ActiveModel, is_gone: bool) -> Result<()> {
    transact!(ctx.app.db, |tx| {
        if is_gone {
            // By the Standard Webhooks specification, 410 disables the endpoint.
            let endpoint = webhook_endpoint::Entity::find_by_id(delivery.webhook_endpoint_id);
            if let Some(endpoint) = endpoint.lock_exclusive().one(tx).await?
                && endpoint.enabled
            {
                let disable = |row: &mut webhook_endpoint::ActiveModel| row.enabled = Set(false);
                change(ctx, tx, endpoint, disable, false).await?;
            }
        }
        // Only if no other worker has claimed it after the end of the lease.
        let update = Entity::update_many().set(row.clone()).filter(Column::Attempts.eq(delivery.attempts));
        let update = update.filter(Column::WebhookDeliveryId.eq(delivery.webhook_delivery_id));
        update.filter(Column::Status.eq(DeliveryStatus::Pending)).exec(tx).await?;
        Ok(())
    })
}

/// The changes to a delivery that the receiver accepted.
fn delivered(ctx: &Ctx) -> ActiveModel {
    ActiveModel {
        status: Set(DeliveryStatus::Delivered),
        delivered_at: Set(Some(ctx.app.clock.now())),
        last_error: Set(None),
        ..Default::default()
    }
}

/// The changes to a delivery after a failed attempt, and the outcome: it is retried, or a dead letter. `retry_after`: the
/// seconds that the receiver requested.
fn failed(ctx: &Ctx, delivery: &Model, reason: String, retry_after: u32) -> (ActiveModel, AttemptOutcome) {
    let retry_after = TimeDelta::seconds(i64::from(retry_after)).min(TimeDelta::days(1));
    let give_up_at = delivery.first_attempt_at.unwrap_or_else(|| ctx.app.clock.now()) + RETRY_PERIOD;
    let next = queue::next_attempt(ctx, backoff(delivery.attempts), retry_after, give_up_at);
    let last_error = Set(queue::stored_error(&reason));
    match next {
        Some(next) => {
            let row = ActiveModel { next_attempt_at: Set(next), last_error, ..Default::default() };
            (row, AttemptOutcome::Postponed(reason))
        }
        None => (ActiveModel { last_error, ..dead_letter() }, AttemptOutcome::GivenUp(Some(reason))),
    }
}

/// The changes to a delivery that failed permanently.
pub(super) fn dead_letter() -> ActiveModel {
    ActiveModel { status: Set(DeliveryStatus::DeadLetter), ..Default::default() }
}

/// The backoff after this number of attempts, without [jitter](crate::random::Random::jitter): 5 s, 30 s, 2 min,
/// 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, then 12 h.
fn backoff(attempts: i32) -> TimeDelta {
    const SECONDS: [i64; 10] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200];
    let index = usize::try_from(attempts - 1).unwrap_or_default().min(SECONDS.len() - 1);
    TimeDelta::seconds(SECONDS[index])
}
