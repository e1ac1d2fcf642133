//! How long the queues are that the worker sends from, for the metrics.
//!
//! Measured by the worker now and then, and not when the metrics are read: those are to be had without the database.

use crate::app::ctx::Ctx;
use crate::error::Result;
use crate::service::{journal, mail, webhook};
use crate::telemetry::metrics::Queue;

/// Looks at every queue once.
///
/// # Errors
/// Those of the database.
pub async fn measure(ctx: &Ctx) -> Result<()> {
    ctx.require_admin()?;
    let app = &ctx.app;
    let metrics = &app.metrics.worker;
    metrics.record(Queue::Mail, mail::backlog(ctx).await?, app.clock.now());
    metrics.record(Queue::Event, journal::backlog(ctx).await?, app.clock.now());
    metrics.record(Queue::Webhook, webhook::backlog(ctx).await?, app.clock.now());
    Ok(())
}
