//! Deletes expired sessions.
//!
//! Each refresh changes the expiry of a session. With an index on it, every refresh would have to update all indexes of
//! the table. Therefore the table is read in the order of its primary key instead.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::family::SessionTable;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::{admin_session, customer_session};
use crate::error::Result;
use crate::transact;

/// The number of rows that one statement reads.
const WINDOW: u64 = 5000;
/// The number of rows that one transaction deletes. Short transactions let other writers in between.
const BATCH: usize = 1000;

/// Deletes the expired sessions of customers and admins. Returns their number.
pub async fn delete_expired(ctx: &AdminCtx) -> Result<u64> {
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
        for batch in expired.chunks(BATCH) {
            deleted += transact!(ctx.app.db, |tx| {
                // A session that was refreshed since then has not expired.
                let rows = S::delete_many().filter(S::ID.is_in(batch.iter().copied()));
                Ok(rows.filter(S::EXPIRES_AT.lte(now)).exec(tx).await?.rows_affected)
            })?;
        }
    }
}
