//! How long the journal is kept.
//!
//! Entries are deleted in the order of the feed, up to a place that is stored before anything is deleted: a reader that
//! asks for what comes behind an earlier place gets an error, never a gap that it doesn't see.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::journal_entry::{Column, Entity};
use crate::entity::{journal_position, webhook_delivery};
use crate::error::Result;
use crate::transact;

/// Entries that are looked at in one statement.
const BATCH: u64 = 1000;
/// The most of these in one round of housekeeping.
const BATCHES: u32 = 100;
/// A time stamp that is further ahead was written by a clock that was wrong, and says nothing.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// Moves the place forward up to which entries have expired, and says which entries are to be deleted: those up to
/// there that no delivery refers to. None are, when the journal is kept for good.
///
/// # Errors
/// Those of the database.
pub(in crate::service) async fn expired(ctx: &Ctx) -> Result<Condition> {
    let mut place = expired_position(ctx.app.db.reader()).await?;
    if let Some(retention) = ctx.app.config.journal.retention {
        let now = ctx.app.clock.now();
        let mut next = place;
        for _ in 0..BATCHES {
            let Some(last) = last_expired(ctx, next, now - retention, now).await? else { break };
            next = last;
        }
        if next > place {
            advance(ctx, next).await?;
            place = next;
        }
    }
    let referred = Query::select()
        .expr(Expr::val(1))
        .from(webhook_delivery::Entity)
        .and_where(
            Expr::col((webhook_delivery::Entity, webhook_delivery::Column::JournalEntryId))
                .equals((Entity, Column::JournalEntryId)),
        )
        .to_owned();
    Ok(Condition::all().add(Column::Position.lte(place)).add(Expr::exists(referred).not()))
}

/// The place up to which entries have expired.
pub(super) async fn expired_position(db: &impl ConnectionTrait) -> TxResult<i64> {
    let row = journal_position::Entity::find().one(db).await?;
    Ok(row.map_or(0, |row| row.expired_position))
}

/// The place of the last of the next entries that was written by `until`; none when there is none.
async fn last_expired(
    ctx: &Ctx,
    behind: i64,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let entries = Entity::find().select_only().columns([Column::Position, Column::CreatedAt]);
    let entries = entries.filter(Column::Position.gt(behind)).order_by_asc(Column::Position).limit(BATCH);
    let entries: Vec<(i64, DateTime<Utc>)> = entries.into_tuple().all(ctx.app.db.reader()).await?;
    let prefix = entries.into_iter().take_while(|(_, at)| *at <= until || *at > now + AHEAD);
    Ok(prefix.filter(|(_, at)| *at <= until).map(|(position, _)| position).last())
}

async fn advance(ctx: &Ctx, place: i64) -> Result<()> {
    use journal_position::Column::ExpiredPosition;
    transact!(ctx.app.db, |tx| {
        journal_position::Entity::update_many()
            .col_expr(ExpiredPosition, place.into())
            .filter(ExpiredPosition.lt(place))
            .exec(tx)
            .await?;
        Ok(())
    })
}
