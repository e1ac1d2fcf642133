//! Measures the length of the worker's queues (mails, events, webhook deliveries, changes of EverShop) for the metrics.
//!
//! The worker measures periodically. Reading the metrics does not query the database, so metrics stay available
//! without it.

use crate::app::ctx::AdminCtx;
use crate::error::Result;
use crate::service::{journal, mail, shop_changes, webhook};
use crate::telemetry::metrics::Queue;

/// Measures every queue once.
pub async fn measure(ctx: &AdminCtx) -> Result<()> {
    let app = &ctx.app;
    let metrics = &app.metrics.worker;
    metrics.record(Queue::Mail, mail::backlog(ctx).await?, app.clock.now());
    metrics.record(Queue::Event, journal::backlog(ctx).await?, app.clock.now());
    metrics.record(Queue::Webhook, webhook::backlog(ctx).await?, app.clock.now());
    metrics.record(Queue::ShopChange, shop_changes::backlog(ctx).await?, app.clock.now());
    Ok(())
}
