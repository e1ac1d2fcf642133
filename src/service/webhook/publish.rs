//! Publishing of events: assigns positions in the feed to committed journal entries and creates their webhook
//! deliveries, in one transaction.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Ctx};
use crate::db::TxResult;
use crate::entity::webhook_delivery::{ActiveModel, Entity};
use crate::entity::webhook_endpoint;
use crate::error::Result;
use crate::service::journal::{self, Published};
use crate::transact;
use crate::types::{DeliveryStatus, EventKind, filter_matches};

/// The number of deliveries that one statement inserts: a statement has a limited number of parameters.
const INSERT_BATCH: usize = 1000;

/// Publishes a batch of committed entries. Returns their number.
pub async fn publish(ctx: &AdminCtx) -> Result<usize> {
    if !journal::is_due(ctx).await? {
        return Ok(0);
    }
    transact!(ctx.app.db, |tx| {
        let published = journal::publish_batch(ctx, tx).await?;
        enqueue_deliveries(ctx, tx, &published).await?;
        Ok(published.len())
    })
}

/// Inserts a delivery for each of these events and each enabled endpoint whose filters match it.
async fn enqueue_deliveries(ctx: &Ctx, tx: &impl ConnectionTrait, published: &[Published]) -> TxResult<()> {
    let endpoints = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Enabled.eq(true));
    let endpoints = endpoints.all(tx).await?;
    let mut rows = Vec::new();
    // The delivery of a test event exists already, and its endpoint is the only one.
    for entry in published.iter().filter(|entry| entry.kind != EventKind::WebhookTest) {
        for endpoint in &endpoints {
            if endpoint.event_filters().any(|filter| filter_matches(filter, entry.kind)) {
                let endpoint = endpoint.webhook_endpoint_id;
                rows.push(new_delivery(ctx, endpoint, entry.journal_entry_id, entry.customer));
            }
        }
    }
    for batch in rows.chunks(INSERT_BATCH) {
        Entity::insert_many(batch.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The delivery of an event to an endpoint, which is due at once.
pub(super) fn new_delivery(
    ctx: &Ctx,
    endpoint: i64,
    journal_entry: i64,
    customer: Option<Uuid>,
) -> ActiveModel {
    let now = ctx.app.clock.now();
    ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        webhook_endpoint_id: Set(endpoint),
        journal_entry_id: Set(journal_entry),
        customer_uuid: Set(customer),
        status: Set(DeliveryStatus::Pending),
        attempts: Set(0),
        created_at: Set(now),
        next_attempt_at: Set(now),
        ..Default::default()
    }
}
