//! Claims deliveries that are due, with their signed requests, for the worker to send.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use super::due::due;
use super::input::MAX_OVERLAP;
use super::result::{RETRY_PERIOD, dead_letter};
use super::sign;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::db::TxResult;
use crate::entity::webhook_delivery::{ActiveModel, Column, Entity, Model};
use crate::entity::{journal_entry, webhook_endpoint};
use crate::error::{Error, Result};
use crate::service::queue::{self, AttemptOutcome};
use crate::transact;
use crate::types::timestamp;

/// The duration of a claim, after which another worker may send the delivery. Longer than the timeout of a request.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// The maximum number of concurrent deliveries of one instance to one endpoint.
const BATCH: u64 = 10;

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

/// Claims due deliveries to an endpoint. No other worker gets them until the lease ends.
pub async fn claim(ctx: &AdminCtx, endpoint: i64) -> Result<Vec<ClaimedDelivery>> {
    let (outgoing, given_up) = transact!(ctx.app.db, |tx| {
        let now = ctx.app.clock.now();
        let endpoint = webhook_endpoint::Entity::find_by_id(endpoint).lock_shared().one(tx).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let select = due(endpoint.webhook_endpoint_id, &ctx.app.clock);
        let select = select.order_by_asc(Column::WebhookDeliveryId).limit(BATCH);
        let (mut outgoing, mut given_up) = (Vec::new(), Vec::new());
        for delivery in queue::lock_for_claim(select).all(tx).await? {
            match claim_one(ctx, tx, &endpoint, delivery, now).await? {
                DeliveryClaim::Claimed(delivery) => outgoing.push(delivery),
                DeliveryClaim::GivenUp(delivery) => given_up.push(delivery),
            }
        }
        Ok((outgoing, given_up))
    })?;
    for delivery in given_up {
        queue::report_delivery(ctx, &delivery, &AttemptOutcome::GivenUp(None));
    }
    Ok(outgoing)
}

/// The outcome of the claim of a delivery.
enum DeliveryClaim {
    Claimed(ClaimedDelivery),
    /// The retries have ended.
    GivenUp(Model),
}

async fn claim_one(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    endpoint: &webhook_endpoint::Model,
    mut delivery: Model,
    now: DateTime<Utc>,
) -> TxResult<DeliveryClaim> {
    let clock = &ctx.app.clock;
    let first_attempt_at = delivery.first_attempt_at.filter(|at| *at <= clock.latest(TimeDelta::zero()));
    let first_attempt_at = first_attempt_at.unwrap_or(now);
    if now >= first_attempt_at + RETRY_PERIOD {
        // Every worker that claimed it crashed, or no worker ran for a long time.
        set(tx, delivery.webhook_delivery_id, dead_letter()).await?;
        return Ok(DeliveryClaim::GivenUp(delivery));
    }
    delivery.attempts += 1;
    delivery.first_attempt_at = Some(first_attempt_at);
    delivery.next_attempt_at = now + LEASE;
    let row = ActiveModel {
        attempts: Set(delivery.attempts),
        first_attempt_at: Set(delivery.first_attempt_at),
        next_attempt_at: Set(delivery.next_attempt_at),
        ..Default::default()
    };
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
    Ok(DeliveryClaim::Claimed(ClaimedDelivery { delivery, url, id, timestamp, signature, body }))
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
