//! The deliveries that are due. Deliveries of one customer to one endpoint are sent in order: only the first pending
//! one is due.

use chrono::TimeDelta;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, SelectExt};

use crate::app::ctx::{AdminCtx, Ctx};
use crate::clock::Clock;
use crate::entity::webhook_delivery::{Column, Entity};
use crate::entity::webhook_endpoint;
use crate::error::Result;
use crate::service::queue;
use crate::telemetry::metrics::Backlog;
use crate::types::DeliveryStatus;

/// The upper bound of `next_attempt_at`, from now. Longer than the longest backoff and the longest `Retry-After`.
const MAX_POSTPONEMENT: TimeDelta = TimeDelta::days(2);

/// The pending deliveries whose next attempt is due.
fn pending(clock: &Clock) -> Select<Entity> {
    let pending = Entity::find().filter(Column::Status.eq(DeliveryStatus::Pending));
    pending.filter(queue::is_attempt_due(Column::NextAttemptAt, clock, MAX_POSTPONEMENT))
}

/// The due deliveries to an endpoint that are the first pending ones of their customer.
pub(super) fn due(endpoint: i64, clock: &Clock) -> Select<Entity> {
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
    pending(clock).filter(Column::WebhookEndpointId.eq(endpoint)).filter(Expr::exists(earlier_pending).not())
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

/// The number of due deliveries to enabled endpoints, the time of the oldest, and the number of dead letters.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let due = pending(&ctx.app.clock).inner_join(webhook_endpoint::Entity);
    let due = due.filter(webhook_endpoint::Column::Enabled.eq(true));
    let dead_letters = Entity::find().filter(Column::Status.eq(DeliveryStatus::DeadLetter));
    queue::backlog(ctx, due, dead_letters, Column::NextAttemptAt).await
}
