//! Follows who uses the database: `patron adopt --finish` may run while patron serves.

use crate::app::ctx::AdminCtx;
use crate::db::Sharing;
use crate::error::Result;
use crate::service::session;

/// Reads again who uses the database. A change also changes the algorithm of new password hashes, so the time that older ones
/// take is measured again.
///
/// # Errors
/// The database is unavailable.
pub async fn refresh(ctx: &AdminCtx) -> Result<()> {
    let db = &ctx.app.db;
    let before = db.sharing();
    db.refresh_sharing().await?;
    if db.sharing() == before {
        return Ok(());
    }
    if db.sharing() == Sharing::Finished {
        tracing::info!("EverShop no longer shares the database");
    }
    session::estimate_old_hashes(ctx).await
}
