//! Checks the replicas of the database, so that the large reads of admins use only those that respond and don't lag.

use std::time::Duration;

use crate::app::ctx::SystemCtx;
use crate::error::Result;

/// Whether the settings name replicas.
pub fn are_configured(ctx: &SystemCtx) -> bool {
    ctx.app.db.has_replicas()
}

/// Checks all replicas once. Returns the pause before the next check.
///
/// # Errors
/// The primary refuses the heartbeat.
pub async fn check(ctx: &SystemCtx) -> Result<Duration> {
    ctx.app.db.check_replicas(&ctx.app.clock, &ctx.app.random).await
}
