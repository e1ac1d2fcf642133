//! Deleting sessions that have expired.
//!
//! When a session expires changes with each refresh. An index over it would make every refresh write to all indexes, so
//! the table is read in the order of its keys instead.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::family::SessionTable;
use crate::app::ctx::Ctx;
use crate::entity::{admin_session, customer_session};
use crate::error::Result;
use crate::transact;

/// Rows that are read at once.
const WINDOW: u64 = 5000;
/// Rows that one transaction deletes: others want to write as well.
const BATCH: usize = 1000;

/// Deletes the sessions of customers and admins that have expired, and gives their number.
///
/// # Errors
/// Those of the database.
pub async fn delete_expired(ctx: &Ctx) -> Result<u64> {
    let customers = delete_from::<customer_session::Entity>(ctx).await?;
    Ok(customers + delete_from::<admin_session::Entity>(ctx).await?)
}

async fn delete_from<S: SessionTable>(ctx: &Ctx) -> Result<u64> {
    let now = ctx.app.clock.now();
    let (mut after, mut deleted) = (0, 0);
    loop {
        let window = S::find().filter(S::ID.gt(after)).select_only().columns([S::ID, S::EXPIRES_AT]);
        let window = window.order_by_asc(S::ID).limit(WINDOW).into_tuple::<(i64, DateTime<Utc>)>();
        let window = window.all(ctx.app.db.reader()).await?;
        let Some((last, _)) = window.last() else { return Ok(deleted) };
        after = *last;
        let expired: Vec<i64> = window.iter().filter(|(_, at)| *at <= now).map(|(id, _)| *id).collect();
        for some in expired.chunks(BATCH) {
            deleted += transact!(ctx.app.db, |tx| {
                // One that was refreshed since is kept.
                let rows = S::delete_many().filter(S::ID.is_in(some.iter().copied()));
                Ok(rows.filter(S::EXPIRES_AT.lte(now)).exec(tx).await?.rows_affected)
            })?;
        }
    }
}
