//! The end of the time in which both programs write: the shop no longer changes customers.

use std::time::Duration;

use migration::adoption::{self, Progress};

use super::apply::count;
use super::session::{AdoptionSession, failure};
use crate::app::ctx::AdminCtx;
use crate::error::{Error, Result};
use crate::service::shop_changes;

/// The maximum number of batches of queued changes that are processed.
const MAX_BATCHES: u32 = 100_000;
/// How long the queue has to stay empty.
const QUIET: Duration = Duration::from_secs(3);

/// The changes that are still queued.
const QUEUED: &str = "SELECT count(*) FROM shop_change WHERE failed_at IS NULL";
/// The changes that could not be turned into entries. They are not waited for, and are lost with the queue.
const FAILED: &str = "SELECT count(*) FROM shop_change WHERE failed_at IS NOT NULL";
/// Whether the queue exists: it does not if the end of the adoption was interrupted.
const EXISTS: &str = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('shop_change')";

/// Turns the queued changes of the shop into entries of the journal, and checks that no more arrive. Returns the number of
/// changes that could not be turned into entries; the log has the reasons.
///
/// # Errors
/// [`Error::Conflict`] if the shop still changes customers.
pub async fn settle(ctx: &AdminCtx, session: &AdoptionSession) -> Result<u64> {
    if count(session, EXISTS).await? == 0 {
        return Ok(0);
    }
    for _ in 0..MAX_BATCHES {
        if !shop_changes::drain(ctx).await? {
            break;
        }
    }
    tokio::time::sleep(QUIET).await;
    match count(session, QUEUED).await? {
        0 => count(session, FAILED).await,
        changes => Err(Error::conflict(format!(
            "EverShop has just made {changes} changes to customers, admins, groups or custom fields: stop EverShop, or send \
             these routes to patron (docs/front-door.md), then run `patron adopt --finish` again"
        ))),
    }
}

/// Removes the guards, the queue, and the shop's events on customers. From now on passwords are hashed with argon2id.
///
/// # Errors
/// [`Error::Conflict`] with what to do, if the schema can't be changed. It can then be repeated.
pub async fn finish(
    ctx: &AdminCtx,
    session: &AdoptionSession,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<()> {
    adoption::finish(session.connection(), report).await.map_err(failure)?;
    ctx.app.db.refresh_sharing().await?;
    Ok(())
}
