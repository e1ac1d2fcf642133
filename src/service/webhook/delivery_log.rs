//! What became of deliveries, and sending them once more.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::entity::webhook_delivery::{ActiveModel, Column, Entity, Model};
use crate::entity::{journal_entry, webhook_endpoint};
use crate::error::{Error, Result};
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, Number};
use crate::spend;
use crate::types::DeliveryStatus;

/// How long deliveries are kept that were taken.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long deliveries are kept that were parked.
const PARKED: TimeDelta = TimeDelta::days(90);

/// Which deliveries are wanted: those that meet all of these.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint: Option<Uuid>,
    /// That are so far.
    pub status: Option<DeliveryStatus>,
    /// About this customer.
    pub customer: Option<Uuid>,
}

/// A part of the deliveries.
pub type Deliveries = Listing<Entity>;

/// Reads which deliveries an admin wants, the latest first.
///
/// # Errors
/// [`Error::Invalid`]; only admins may.
pub async fn deliveries(ctx: &Ctx, window: &Window, filter: &DeliveryFilter) -> Result<Deliveries> {
    ctx.require_admin()?;
    let mut condition = Condition::all()
        .add_option(filter.status.map(|status| Column::Status.eq(status)))
        .add_option(filter.customer.map(|uuid| Column::CustomerUuid.eq(uuid)));
    if let Some(uuid) = filter.endpoint {
        let endpoint = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Uuid.eq(uuid));
        let endpoint = endpoint.one(ctx.app.db.reader()).await?;
        let id = endpoint.map_or(0, |endpoint| endpoint.webhook_endpoint_id);
        condition = condition.add(Column::WebhookEndpointId.eq(id));
    }
    let number = |delivery: &Model| delivery.webhook_delivery_id;
    let number = Number { name: "DELIVERY", column: Column::WebhookDeliveryId, of: number };
    Listing::parse(number, true, window, condition)
}

/// The events that these deliveries tell.
///
/// # Errors
/// Only admins may; those of the database.
pub async fn entries(ctx: &Ctx, ids: &[i64]) -> Result<Vec<journal_entry::Model>> {
    ctx.require_admin()?;
    let column = journal_entry::Column::JournalEntryId;
    let select = journal_entry::Entity::find().filter(column.is_in(ids.iter().copied()));
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// The endpoints with these primary keys.
///
/// # Errors
/// Only admins may; those of the database.
pub async fn endpoints_of(ctx: &Ctx, ids: &[i64]) -> Result<Vec<webhook_endpoint::Model>> {
    ctx.require_admin()?;
    let column = webhook_endpoint::Column::WebhookEndpointId;
    let select = webhook_endpoint::Entity::find().filter(column.is_in(ids.iter().copied()));
    Ok(select.all(ctx.app.db.reader()).await?)
}

/// Sends a delivery once more, at once and for another three days, whatever became of it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn replay(ctx: &Ctx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_admin()?;
    spend!(ctx, write, |tx| {
        let update = Entity::update_many().set(reset_to_pending(ctx)).filter(Column::Uuid.eq(uuid));
        let replayed = update.exec_with_returning(tx).await?;
        Ok(replayed.into_iter().next().ok_or(Error::NotFound("Webhook delivery"))?)
    })
}

/// Sends what is parked once more, of one endpoint or of all, and tells how much it is.
///
/// # Errors
/// [`Error::NotFound`] for the endpoint.
pub async fn replay_dead_letters(
    ctx: &Ctx,
    write: Write<u64>,
    endpoint: Option<Uuid>,
) -> Result<Written<u64>> {
    ctx.require_admin()?;
    spend!(ctx, write, |tx| {
        let mut update = Entity::update_many().set(reset_to_pending(ctx));
        if let Some(uuid) = endpoint {
            let endpoint = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Uuid.eq(uuid));
            let endpoint = endpoint.one(tx).await?.ok_or(Error::NotFound("Webhook endpoint"))?;
            update = update.filter(Column::WebhookEndpointId.eq(endpoint.webhook_endpoint_id));
        }
        Ok(update.filter(Column::Status.eq(DeliveryStatus::Parked)).exec(tx).await?.rows_affected)
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

/// Deliveries that are old enough to be forgotten.
pub(in crate::service) fn forgotten(ctx: &Ctx) -> Condition {
    let now = ctx.app.clock.now();
    let taken = Condition::all()
        .add(Column::Status.eq(DeliveryStatus::Delivered))
        .add(Column::DeliveredAt.lte(now - KEPT));
    let parked = Condition::all()
        .add(Column::Status.eq(DeliveryStatus::Parked))
        .add(Column::CreatedAt.lte(now - PARKED));
    Condition::any().add(taken).add(parked)
}
