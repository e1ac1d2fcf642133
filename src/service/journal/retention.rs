//! Retention of the journal.
//!
//! Entries are deleted in the order of the feed, up to a position that is stored before the deletion. A reader that
//! continues from an earlier position gets an error instead of an unnoticed gap. Entries are kept as long as a webhook
//! delivery refers to them.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::journal_entry::{Column, Entity};
use crate::entity::{journal_position, webhook_delivery};
use crate::error::Result;
use crate::transact;

/// The number of entries that one statement reads.
const BATCH: u64 = 1000;
/// The maximum number of batches in one run of housekeeping.
const MAX_BATCHES: u32 = 100;
/// A timestamp further in the future than this was written by a wrong clock and is ignored.
const MAX_CLOCK_ERROR: TimeDelta = TimeDelta::days(1);

/// Advances the stored position up to which entries have expired, and returns the condition of the entries to delete:
/// those up to that position without a webhook delivery. Without a retention time the position does not advance.
pub(in crate::service) async fn advance_expiry(ctx: &Ctx) -> Result<Condition> {
    let (_, mut expired) = positions(ctx.app.db.reader()).await?;
    if let Some(retention) = ctx.app.config.journal.retention {
        let now = ctx.app.clock.now();
        let mut next = expired;
        for _ in 0..MAX_BATCHES {
            let Some(last) = last_expired(ctx, next, now - retention, now).await? else { break };
            next = last;
        }
        if next > expired {
            advance(ctx, next).await?;
            expired = next;
        }
    }
    let deliveries = Query::select()
        .expr(Expr::val(1))
        .from(webhook_delivery::Entity)
        .and_where(
            Expr::col((webhook_delivery::Entity, webhook_delivery::Column::JournalEntryId))
                .equals((Entity, Column::JournalEntryId)),
        )
        .to_owned();
    Ok(Condition::all().add(Column::Position.lte(expired)).add(Expr::exists(deliveries).not()))
}

/// The last assigned position, and the position up to which entries have expired.
pub(super) async fn positions(db: &impl ConnectionTrait) -> TxResult<(i64, i64)> {
    let row = journal_position::Entity::find().one(db).await?;
    Ok(row.map_or((0, 0), |row| (row.position, row.expired_position)))
}

/// Reads the batch of entries after the position `after` and returns the position of its last expired entry. An entry
/// has expired if it was created at `until` or before. Stops at the first entry that has not expired.
async fn last_expired(
    ctx: &Ctx,
    after: i64,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let entries = Entity::find().select_only().columns([Column::Position, Column::CreatedAt]);
    let entries = entries.filter(Column::Position.gt(after)).order_by_asc(Column::Position).limit(BATCH);
    let entries: Vec<(i64, DateTime<Utc>)> = entries.into_tuple().all(ctx.app.db.reader()).await?;
    let prefix = entries.into_iter().take_while(|(_, at)| *at <= until || *at > now + MAX_CLOCK_ERROR);
    Ok(prefix.filter(|(_, at)| *at <= until).map(|(position, _)| position).last())
}

async fn advance(ctx: &Ctx, position: i64) -> Result<()> {
    use journal_position::Column::ExpiredPosition;
    transact!(ctx.app.db, |tx| {
        journal_position::Entity::update_many()
            .col_expr(ExpiredPosition, position.into())
            .filter(ExpiredPosition.lt(position))
            .exec(tx)
            .await?;
        Ok(())
    })
}
