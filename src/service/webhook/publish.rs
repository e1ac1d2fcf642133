//! Publishing: journal entries get their place in the feed, and a delivery for each endpoint that receives them.

use crate::app::ctx::Ctx;
use crate::error::Result;
use crate::service::journal;
use crate::transact;

use super::enqueue_deliveries;

/// Publishes what was committed since, up to a batch, and tells how much it was.
///
/// # Errors
/// Those of the database.
pub async fn publish(ctx: &Ctx) -> Result<usize> {
    ctx.require_admin()?;
    if !journal::is_due(ctx).await? {
        return Ok(0);
    }
    transact!(ctx.app.db, |tx| {
        let published = journal::publish_batch(ctx, tx).await?;
        enqueue_deliveries(ctx, tx, &published).await?;
        Ok(published.len())
    })
}
