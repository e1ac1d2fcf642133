//! Webhook deliveries: created when events are published, claimed and sent by the worker, retried with backoff.
//!
//! A claim is a lease: it postpones the next attempt, so a delivery is sent again if the worker that claimed it
//! crashes. Deliveries of one customer to one endpoint are sent in order: only the first pending one is due. After
//! three days without success a delivery is a dead letter (status `parked`). An endpoint that responds with 410 is
//! disabled.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    SelectExt,
};
use serde_json::json;
use uuid::Uuid;

use super::input::MAX_OVERLAP;
use super::sign;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::clock::Clock;
use crate::db::TxResult;
use crate::entity::webhook_delivery::{ActiveModel, Column, Entity, Model};
use crate::entity::{journal_entry, webhook_endpoint};
use crate::error::{Error, Result};
use crate::outbound::webhook_client::DeliveryResult;
use crate::service::journal::Published;
use crate::service::queue;
use crate::telemetry::metrics::{Backlog, Queue};
use crate::transact;
use crate::types::{DeliveryStatus, filter_matches, timestamp};

/// The duration of a claim, after which another worker may send the delivery. Longer than the timeout of a request.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// The maximum number of concurrent deliveries of one instance to one endpoint.
const BATCH: u64 = 10;
/// The duration of the retries, from the first attempt.
const RETRY_PERIOD: TimeDelta = TimeDelta::days(3);
/// The upper bound of `next_attempt_at`, from now. Longer than the longest backoff and the longest `Retry-After`.
const MAX_POSTPONEMENT: TimeDelta = TimeDelta::days(2);
/// The number of deliveries that one statement inserts: a statement has a limited number of parameters.
const INSERT_BATCH: usize = 1000;

/// A claimed delivery with its request.
#[derive(Clone, Debug)]
pub struct ClaimedDelivery {
    /// The row of the delivery.
    pub delivery: Model,
    /// The URL of the endpoint.
    pub url: String,
    /// The value of `webhook-id`: the identifier of the event, the same for each attempt.
    pub id: Uuid,
    /// The value of `webhook-timestamp`: the time of this attempt, in seconds since 1970.
    pub timestamp: i64,
    /// The value of `webhook-signature`.
    pub signature: String,
    /// The request body.
    pub body: String,
}

/// Inserts a delivery for each of these events and each enabled endpoint whose filters match it.
pub(in crate::service) async fn enqueue_deliveries(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    published: &[Published],
) -> TxResult<()> {
    let endpoints = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Enabled.eq(true));
    let endpoints = endpoints.all(tx).await?;
    let now = ctx.app.clock.now();
    let mut rows = Vec::new();
    for entry in published {
        for endpoint in &endpoints {
            if !endpoint.event_filters().any(|filter| filter_matches(filter, entry.kind)) {
                continue;
            }
            rows.push(ActiveModel {
                uuid: Set(ctx.app.random.uuid()),
                webhook_endpoint_id: Set(endpoint.webhook_endpoint_id),
                journal_entry_id: Set(entry.journal_entry_id),
                customer_uuid: Set(entry.customer),
                status: Set(DeliveryStatus::Pending),
                attempts: Set(0),
                created_at: Set(now),
                next_attempt_at: Set(now),
                ..Default::default()
            });
        }
    }
    for batch in rows.chunks(INSERT_BATCH) {
        Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The due deliveries to an endpoint that are the first pending ones of their customer.
fn due(endpoint: i64, clock: &Clock) -> Select<Entity> {
    let earlier = Alias::new("earlier");
    let of_earlier = |column: Column| Expr::col((earlier.clone(), column));
    let own = |column: Column| Expr::col((Entity, column));
    let earlier_pending = Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, earlier.clone())
        .and_where(of_earlier(Column::WebhookEndpointId).eq(endpoint))
        .and_where(of_earlier(Column::CustomerUuid).equals((Entity, Column::CustomerUuid)))
        .and_where(of_earlier(Column::Status).eq(DeliveryStatus::Pending.name()))
        .and_where(of_earlier(Column::WebhookDeliveryId).lt(own(Column::WebhookDeliveryId)))
        .to_owned();
    Entity::find()
        .filter(Column::WebhookEndpointId.eq(endpoint))
        .filter(Column::Status.eq(DeliveryStatus::Pending))
        .filter(queue::is_attempt_due(Column::NextAttemptAt, clock, MAX_POSTPONEMENT))
        .filter(Expr::exists(earlier_pending).not())
}

/// The primary keys of the enabled endpoints with due deliveries.
pub async fn endpoints_with_work(ctx: &AdminCtx) -> Result<Vec<i64>> {
    let db = ctx.app.db.reader();
    let enabled = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Enabled.eq(true));
    let enabled = enabled.select_only().column(webhook_endpoint::Column::WebhookEndpointId);
    let mut endpoints = Vec::new();
    for endpoint in enabled.into_tuple::<i64>().all(db).await? {
        if due(endpoint, &ctx.app.clock).exists(db).await? {
            endpoints.push(endpoint);
        }
    }
    Ok(endpoints)
}

/// Claims due deliveries to an endpoint. No other worker gets them until the lease ends.
pub async fn claim(ctx: &AdminCtx, endpoint: i64) -> Result<Vec<ClaimedDelivery>> {
    transact!(ctx.app.db, |tx| {
        let now = ctx.app.clock.now();
        let endpoint = webhook_endpoint::Entity::find_by_id(endpoint).lock_shared().one(tx).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) else { return Ok(Vec::new()) };
        let select = due(endpoint.webhook_endpoint_id, &ctx.app.clock);
        let select = select.order_by_asc(Column::WebhookDeliveryId).limit(BATCH);
        let select = select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        let mut outgoing = Vec::new();
        for delivery in select.all(tx).await? {
            outgoing.extend(claim_one(ctx, tx, &endpoint, delivery, now).await?);
        }
        Ok(outgoing)
    })
}

async fn claim_one(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    endpoint: &webhook_endpoint::Model,
    mut delivery: Model,
    now: DateTime<Utc>,
) -> TxResult<Option<ClaimedDelivery>> {
    let clock = &ctx.app.clock;
    let first_attempt_at = delivery.first_attempt_at.filter(|at| *at <= clock.latest(TimeDelta::zero()));
    let first_attempt_at = first_attempt_at.unwrap_or(now);
    let mut row = ActiveModel::default();
    if now >= first_attempt_at + RETRY_PERIOD {
        // Every worker that claimed it crashed, or no worker ran for a long time.
        ctx.app.metrics.worker.given_up(Queue::Webhook);
        row.status = Set(DeliveryStatus::DeadLetter);
        set(tx, delivery.webhook_delivery_id, row).await?;
        return Ok(None);
    }
    delivery.attempts += 1;
    delivery.first_attempt_at = Some(first_attempt_at);
    row.attempts = Set(delivery.attempts);
    row.first_attempt_at = Set(delivery.first_attempt_at);
    row.next_attempt_at = Set(now + LEASE);
    set(tx, delivery.webhook_delivery_id, row).await?;
    let entry = journal_entry::Entity::find_by_id(delivery.journal_entry_id).one(tx).await?;
    let entry = entry.ok_or_else(|| Error::internal("a delivery has no event"))?;
    let (body, timestamp) = (body(&entry), now.timestamp());
    let mut secrets = vec![sign::unseal(&ctx.app, endpoint.uuid, &endpoint.secret)?];
    if let (Some(previous), Some(until)) = (&endpoint.previous_secret, endpoint.previous_secret_expires_at)
        && clock.is_pending(until, TimeDelta::seconds(MAX_OVERLAP))
    {
        secrets.push(sign::unseal(&ctx.app, endpoint.uuid, previous)?);
    }
    let signature = sign::signature(&secrets, entry.uuid, timestamp, &body)?;
    let (url, id) = (endpoint.url.clone(), entry.uuid);
    Ok(Some(ClaimedDelivery { delivery, url, id, timestamp, signature, body }))
}

/// Builds the request body. It is built again for each attempt, so that it does not contain erased data.
fn body(entry: &journal_entry::Model) -> String {
    json!({
        "type": entry.kind.name(),
        "timestamp": timestamp(entry.created_at),
        "id": entry.uuid.to_string(),
        "version": entry.schema_version,
        "customer": entry.customer_uuid.map(|uuid| uuid.to_string()),
        "sequence": entry.sequence,
        "fields": entry.fields,
        "data": entry.data,
    })
    .to_string()
}

async fn set(tx: &impl ConnectionTrait, delivery: i64, row: ActiveModel) -> TxResult<()> {
    Entity::update_many().set(row).filter(Column::WebhookDeliveryId.eq(delivery)).exec(tx).await?;
    Ok(())
}

/// Records the result of an attempt: delivered, to be retried, or dead letter. Does nothing if another worker has
/// claimed the delivery since.
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
    let mut row = match failure {
        None => delivered(ctx),
        Some(reason) => failed(ctx, delivery, &reason, retry_after),
    };
    row.duration_ms = Set(Some(duration_ms));
    row.response_status = Set(status);
    transact!(ctx.app.db, |tx| {
        if is_gone {
            // By the Standard Webhooks specification, 410 disables the endpoint.
            let endpoint = webhook_endpoint::Entity::find_by_id(delivery.webhook_endpoint_id);
            if let Some(endpoint) = endpoint.lock_exclusive().one(tx).await?
                && endpoint.enabled
            {
                let disable = |row: &mut webhook_endpoint::ActiveModel| row.enabled = Set(false);
                super::change(ctx, tx, endpoint, disable, false).await?;
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
    ctx.app.metrics.worker.sent(Queue::Webhook);
    ActiveModel {
        status: Set(DeliveryStatus::Delivered),
        delivered_at: Set(Some(ctx.app.clock.now())),
        last_error: Set(None),
        ..Default::default()
    }
}

/// The changes to a delivery after a failed attempt: to be retried, or a dead letter. `retry_after`: the seconds that
/// the receiver requested.
fn failed(ctx: &Ctx, delivery: &Model, reason: &str, retry_after: u32) -> ActiveModel {
    let (now, metrics) = (ctx.app.clock.now(), &ctx.app.metrics.worker);
    let mut row = ActiveModel { last_error: Set(queue::stored_error(reason)), ..Default::default() };
    let retry_after = TimeDelta::seconds(i64::from(retry_after)).min(TimeDelta::days(1));
    let next = now + ctx.app.random.jitter(backoff(delivery.attempts)).max(retry_after);
    let (uuid, attempts) = (delivery.uuid, delivery.attempts);
    if next >= delivery.first_attempt_at.unwrap_or(now) + RETRY_PERIOD {
        metrics.given_up(Queue::Webhook);
        row.status = Set(DeliveryStatus::DeadLetter);
        tracing::error!(delivery = %uuid, attempts, reason, "webhook delivery failed permanently");
    } else {
        metrics.postponed(Queue::Webhook);
        row.next_attempt_at = Set(next);
        tracing::warn!(delivery = %uuid, attempts, reason, "webhook delivery failed, will retry");
    }
    row
}

/// The number of due deliveries, the time of the oldest, and the number of dead letters.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let enabled = webhook_endpoint::Column::Enabled.eq(true);
    let is_due = queue::is_attempt_due(Column::NextAttemptAt, &ctx.app.clock, MAX_POSTPONEMENT);
    let due_deliveries = || {
        let select = Entity::find().inner_join(webhook_endpoint::Entity).filter(enabled.clone());
        select.filter(Column::Status.eq(DeliveryStatus::Pending)).filter(is_due.clone())
    };
    let oldest = due_deliveries().order_by_asc(Column::NextAttemptAt).limit(1).one(db).await?;
    let given_up = Entity::find().filter(Column::Status.eq(DeliveryStatus::DeadLetter)).count(db).await?;
    let due = due_deliveries().count(db).await?;
    Ok(Backlog { due, oldest: oldest.map(|row| row.next_attempt_at), given_up })
}

/// The backoff after this number of attempts, without [jitter](crate::random::Random::jitter): 5 s, 30 s, 2 min,
/// 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, then 12 h.
fn backoff(attempts: i32) -> TimeDelta {
    const SECONDS: [i64; 10] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200];
    let index = usize::try_from(attempts - 1).unwrap_or_default().min(SECONDS.len() - 1);
    TimeDelta::seconds(SECONDS[index])
}
