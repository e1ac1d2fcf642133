//! Deliveries on their way: planned when events are published, claimed and settled by the worker.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, SelectExt,
};
use serde_json::json;
use uuid::Uuid;

use super::input::MAX_OVERLAP;
use super::sign;
use crate::app::ctx::Ctx;
use crate::clock::Clock;
use crate::db::TxResult;
use crate::entity::webhook_delivery::{ActiveModel, Column, Entity, Model};
use crate::entity::{journal_entry, webhook_endpoint};
use crate::error::{Error, Result};
use crate::outbound::webhook_client::DeliveryResult;
use crate::service::journal::Published;
use crate::telemetry::metrics::{Backlog, Queue};
use crate::transact;
use crate::types::{DeliveryStatus, filter_matches, timestamp};

/// How long whoever claimed a delivery has to send it, before somebody else may. More than a receiver may take.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// The most deliveries to one endpoint that are under way at once, on one instance.
const BATCH: u64 = 10;
/// How long a delivery is tried, from the first time.
const GIVEN_UP: TimeDelta = TimeDelta::days(3);
/// The furthest ahead that an attempt is ever put off: more than the longest pause, and than a receiver may ask for.
const FURTHEST: TimeDelta = TimeDelta::days(2);
/// The longest error that is kept, in characters.
const MAX_ERROR: usize = 500;
/// Deliveries that one statement inserts: a statement has a limited number of parameters.
const ROWS: usize = 1000;

/// A delivery to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The row.
    pub delivery: Model,
    /// Where it goes.
    pub url: String,
    /// The identifier of the message, that of the event: the same each time.
    pub id: Uuid,
    /// When it is sent, in seconds since 1970.
    pub timestamp: i64,
    /// What shows who sends it.
    pub signature: String,
    /// What it says.
    pub body: String,
}

/// Writes a delivery of each of these events for each endpoint that wants it.
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
    for some in rows.chunks(ROWS) {
        Entity::insert_many(some.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Deliveries to an endpoint that are due, and are the first of their customer.
fn due(endpoint: i64, clock: &Clock) -> Select<Entity> {
    let earlier = Alias::new("earlier");
    let of = |column: Column| Expr::col((earlier.clone(), column));
    let own = |column: Column| Expr::col((Entity, column));
    let before = Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, earlier.clone())
        .and_where(of(Column::WebhookEndpointId).eq(endpoint))
        .and_where(of(Column::CustomerUuid).equals((Entity, Column::CustomerUuid)))
        .and_where(of(Column::Status).eq(DeliveryStatus::Pending.name()))
        .and_where(of(Column::WebhookDeliveryId).lt(own(Column::WebhookDeliveryId)))
        .to_owned();
    Entity::find()
        .filter(Column::WebhookEndpointId.eq(endpoint))
        .filter(Column::Status.eq(DeliveryStatus::Pending))
        .filter(is_time(clock))
        .filter(Expr::exists(before).not())
}

/// That the time of the next attempt has come, or is one that a wrong clock wrote.
fn is_time(clock: &Clock) -> Condition {
    let next = Column::NextAttemptAt;
    Condition::any().add(next.lte(clock.now())).add(next.gt(clock.latest(FURTHEST)))
}

/// The enabled endpoints for which something is due.
///
/// # Errors
/// Those of the database.
pub async fn endpoints_with_work(ctx: &Ctx) -> Result<Vec<i64>> {
    ctx.require_admin()?;
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

/// Takes deliveries to an endpoint that are due; nobody else gets them until the lease is over.
///
/// # Errors
/// Those of the database.
pub async fn claim(ctx: &Ctx, endpoint: i64) -> Result<Vec<Outgoing>> {
    ctx.require_admin()?;
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
) -> TxResult<Option<Outgoing>> {
    let clock = &ctx.app.clock;
    let first_attempt_at = delivery.first_attempt_at.filter(|at| *at <= clock.latest(TimeDelta::zero()));
    let first_attempt_at = first_attempt_at.unwrap_or(now);
    let mut row = ActiveModel::default();
    if now >= first_attempt_at + GIVEN_UP {
        // Whoever took it died each time, or nobody tried for long.
        ctx.app.metrics.worker.given_up(Queue::Webhook);
        row.status = Set(DeliveryStatus::Parked);
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
    Ok(Some(Outgoing { delivery, url, id, timestamp, signature, body }))
}

/// What is result; made anew each time, so that what was erased meanwhile isn't told any more.
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

/// Notes what became of a delivery that was claimed.
///
/// # Errors
/// Those of the database.
pub async fn record_result(
    ctx: &Ctx,
    delivery: &Model,
    result: &DeliveryResult,
    duration_ms: i32,
) -> Result<()> {
    ctx.require_admin()?;
    let (now, metrics) = (ctx.app.clock.now(), &ctx.app.metrics.worker);
    let mut row = ActiveModel { duration_ms: Set(Some(duration_ms)), ..Default::default() };
    let (failed, retry_after) = match result {
        DeliveryResult::Answered { status, retry_after } => {
            row.response_status = Set(i16::try_from(*status).ok());
            let failed = (!(200..300).contains(status)).then(|| format!("answered {status}"));
            (failed, retry_after.unwrap_or_default())
        }
        DeliveryResult::Failed(reason) => {
            row.response_status = Set(None);
            (Some(reason.clone()), 0)
        }
    };
    let is_gone = matches!(result, DeliveryResult::Answered { status: 410, .. });
    match failed {
        None => {
            metrics.sent(Queue::Webhook);
            row.status = Set(DeliveryStatus::Delivered);
            row.delivered_at = Set(Some(now));
            row.last_error = Set(None);
        }
        Some(reason) => {
            let asked = TimeDelta::seconds(i64::from(retry_after)).min(TimeDelta::days(1));
            let next = now + ctx.app.random.jitter(pause(delivery.attempts)).max(asked);
            let (uuid, attempts) = (delivery.uuid, delivery.attempts);
            if next >= delivery.first_attempt_at.unwrap_or(now) + GIVEN_UP {
                metrics.given_up(Queue::Webhook);
                row.status = Set(DeliveryStatus::Parked);
                tracing::error!(delivery = %uuid, attempts, reason, "a webhook is parked");
            } else {
                metrics.postponed(Queue::Webhook);
                row.next_attempt_at = Set(next);
                tracing::warn!(delivery = %uuid, attempts, reason, "a webhook waits to be tried again");
            }
            row.last_error = Set(Some(reason.chars().take(MAX_ERROR).collect()));
        }
    }
    transact!(ctx.app.db, |tx| {
        if is_gone {
            // As Standard Webhooks has it: the receiver wants no more.
            let endpoint = webhook_endpoint::Entity::find_by_id(delivery.webhook_endpoint_id);
            if let Some(endpoint) = endpoint.lock_exclusive().one(tx).await?
                && endpoint.enabled
            {
                let disable = |row: &mut webhook_endpoint::ActiveModel| row.enabled = Set(false);
                super::change(ctx, tx, endpoint, disable, false).await?;
            }
        }
        // It may be somebody else's since the lease ended.
        let own = Entity::update_many().set(row.clone()).filter(Column::Attempts.eq(delivery.attempts));
        let own = own.filter(Column::WebhookDeliveryId.eq(delivery.webhook_delivery_id));
        own.filter(Column::Status.eq(DeliveryStatus::Pending)).exec(tx).await?;
        Ok(())
    })
}

/// How many deliveries wait to be sent, since when, and how many are parked.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let enabled = webhook_endpoint::Column::Enabled.eq(true);
    let waiting = || {
        let waiting = Entity::find().inner_join(webhook_endpoint::Entity).filter(enabled.clone());
        waiting.filter(Column::Status.eq(DeliveryStatus::Pending)).filter(is_time(&ctx.app.clock))
    };
    let oldest = waiting().order_by_asc(Column::NextAttemptAt).limit(1).one(db).await?;
    let given_up = Entity::find().filter(Column::Status.eq(DeliveryStatus::Parked)).count(db).await?;
    Ok(Backlog { due: waiting().count(db).await?, oldest: oldest.map(|row| row.next_attempt_at), given_up })
}

/// How long a delivery waits after so many attempts, before [jitter](crate::random::Random::jitter): 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, then 12 h.
fn pause(attempts: i32) -> TimeDelta {
    const SECONDS: [i64; 10] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200];
    let number = usize::try_from(attempts - 1).unwrap_or_default().min(SECONDS.len() - 1);
    TimeDelta::seconds(SECONDS[number])
}
