//! The delivery log for admins, and the replay of deliveries. A replay resets a delivery to pending, with new retries.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::app::write::{Write, Written};
use crate::entity::webhook_delivery::{ActiveModel, Column, Entity, Model};
use crate::entity::{PublicId, journal_entry, webhook_endpoint};
use crate::error::{Error, Result};
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, NumberColumn};
use crate::spend;
use crate::types::DeliveryStatus;

/// The retention of successful deliveries.
const DELIVERED_RETENTION: TimeDelta = TimeDelta::days(30);
/// The retention of dead letters.
const DEAD_LETTER_RETENTION: TimeDelta = TimeDelta::days(90);

/// The filters of the delivery log. A delivery has to match all of them.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// The endpoint of the delivery.
    pub endpoint: Option<Uuid>,
    /// The status of the delivery.
    pub status: Option<DeliveryStatus>,
    /// The customer of the event.
    pub customer: Option<Uuid>,
}

/// A query of the delivery log. [`Listing::page`] returns its deliveries.
pub type Deliveries = Listing<Entity>;

/// Parses a query of the delivery log, newest deliveries first.
///
/// # Errors
/// [`Error::Invalid`] for an invalid count or cursor.
pub async fn deliveries(ctx: &AdminCtx, window: &Window, filter: &DeliveryFilter) -> Result<Deliveries> {
    let mut condition = Condition::all()
        .add_option(filter.status.map(|status| Column::Status.eq(status)))
        .add_option(filter.customer.map(|uuid| Column::CustomerUuid.eq(uuid)));
    if let Some(uuid) = filter.endpoint {
        let endpoint = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Uuid.eq(uuid));
        let endpoint = endpoint.one(ctx.app.db.reader()).await?;
        let id = endpoint.map_or(0, |endpoint| endpoint.webhook_endpoint_id);
        condition = condition.add(Column::WebhookEndpointId.eq(id));
    }
    let value = |delivery: &Model| delivery.webhook_delivery_id;
    let number = NumberColumn { name: "DELIVERY", column: Column::WebhookDeliveryId, value };
    Listing::parse(number, true, window, condition)
}

/// Reads the events with these primary keys.
pub async fn entries(ctx: &AdminCtx, ids: &[i64]) -> Result<Vec<journal_entry::Model>> {
    let column = journal_entry::Column::JournalEntryId;
    let select = journal_entry::Entity::find().filter(column.is_in(ids.iter().copied()));
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// Reads the endpoints with these primary keys.
pub async fn endpoints_of(ctx: &AdminCtx, ids: &[i64]) -> Result<Vec<webhook_endpoint::Model>> {
    let column = webhook_endpoint::Column::WebhookEndpointId;
    let select = webhook_endpoint::Entity::find().filter(column.is_in(ids.iter().copied()));
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// Replays a delivery, whatever its status: it is sent again at once, with retries for another three days.
///
/// # Errors
/// [`Error::NotFound`] for an unknown delivery.
pub async fn replay(ctx: &AdminCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    spend!(ctx, write, |tx| {
        let update = Entity::update_many().set(reset_to_pending(ctx)).filter(Column::Uuid.eq(uuid));
        let replayed = update.exec_with_returning(tx).await?;
        Ok(replayed.into_iter().next().ok_or(Error::NotFound(Entity::NOUN))?)
    })
}

/// Replays all dead letters of one endpoint, or of all endpoints. Returns their number.
///
/// # Errors
/// [`Error::NotFound`] for an unknown endpoint.
pub async fn replay_dead_letters(
    ctx: &AdminCtx,
    write: Write<u64>,
    endpoint: Option<Uuid>,
) -> Result<Written<u64>> {
    spend!(ctx, write, |tx| {
        let mut update = Entity::update_many().set(reset_to_pending(ctx));
        if let Some(uuid) = endpoint {
            let endpoint = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Uuid.eq(uuid));
            let endpoint = endpoint.one(tx).await?.ok_or(Error::NotFound(webhook_endpoint::Entity::NOUN))?;
            update = update.filter(Column::WebhookEndpointId.eq(endpoint.webhook_endpoint_id));
        }
        Ok(update.filter(Column::Status.eq(DeliveryStatus::DeadLetter)).exec(tx).await?.rows_affected)
    })
}

fn reset_to_pending(ctx: &Ctx) -> ActiveModel {
    ActiveModel {
        status: Set(DeliveryStatus::Pending),
        attempts: Set(0),
        first_attempt_at: Set(None),
        next_attempt_at: Set(ctx.app.clock.now()),
        ..Default::default()
    }
}

/// Matches deliveries whose retention has ended.
pub(in crate::service) fn retention_ended(ctx: &Ctx) -> Condition {
    let now = ctx.app.clock.now();
    let delivered = Condition::all()
        .add(Column::Status.eq(DeliveryStatus::Delivered))
        .add(Column::DeliveredAt.lte(now - DELIVERED_RETENTION));
    let dead_letters = Condition::all()
        .add(Column::Status.eq(DeliveryStatus::DeadLetter))
        .add(Column::CreatedAt.lte(now - DEAD_LETTER_RETENTION));
    Condition::any().add(delivered).add(dead_letters)
}
