//! Publishing of events: assigns positions in the feed to committed journal entries and creates their webhook
//! deliveries, in one transaction.

use crate::app::ctx::AdminCtx;
use crate::error::Result;
use crate::service::journal;
use crate::transact;

use super::enqueue_deliveries;

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
