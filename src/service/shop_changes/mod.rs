//! Journals the changes that EverShop makes to the shared tables.
//!
//! The guards of the database record each change in the table `shop_change`, in its transaction. The worker turns the rows
//! into entries of the journal, as those of patron's own changes, and deletes them. One instance at a time does this, in the
//! order of the changes, so the entries of a customer are in the order in which EverShop changed it. An entry is written
//! after the change, so an entry of a change that patron made since may precede it.

mod columns;
mod entries;
mod journaling;
mod numbering;

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::{AdminCtx, Ctx};
use crate::db::Sharing;
use crate::entity::shop_change::{ActiveModel, Column, Entity};
use crate::error::{Error, Result};
use crate::service::sharing;
use crate::telemetry::metrics::{Backlog, Queue};
use crate::transact;

/// The maximum number of changes that one transaction journals, so that other writers of their customers don't wait long.
const BATCH: usize = 100;
/// The pause before a change is journaled again that could not be journaled.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Whether EverShop's changes are queued: both programs use the database.
pub fn are_queued(ctx: &Ctx) -> bool {
    ctx.app.db.sharing() == Sharing::Shared
}

/// Journals the next changes of EverShop. Returns whether there may be more. The table has to exist.
///
/// # Errors
/// When the database fails. A change that can't be journaled is logged and tried again later; the others are journaled.
pub async fn drain(ctx: &AdminCtx) -> Result<bool> {
    let due = unless_dropped(ctx, due(ctx).await, Vec::new()).await?;
    if due.is_empty() {
        return Ok(false);
    }
    match journal_batch(ctx, &due).await {
        Err(error) if !is_temporary(&error) => journal_each(ctx, &due).await?,
        journaled => journaled?,
    }
    Ok(due.len() == BATCH)
}

/// The primary keys of the oldest changes that are due. Read without a transaction, because usually there are none.
async fn due(ctx: &Ctx) -> Result<Vec<i64>> {
    let retried = Column::FailedAt.lte(ctx.app.clock.now() - RETRY_AFTER);
    let is_due = Condition::any().add(Column::FailedAt.is_null()).add(retried);
    let select = Entity::find().select_only().column(Column::ShopChangeId).filter(is_due);
    let select = select.order_by_asc(Column::ShopChangeId).limit(BATCH as u64);
    Ok(select.into_tuple().all(ctx.app.db.reader()).await?)
}

/// The outcome of a query, or `empty` if the queue was dropped: `patron adopt --finish` may run while patron serves.
async fn unless_dropped<T>(ctx: &AdminCtx, outcome: Result<T>, empty: T) -> Result<T> {
    if outcome.is_err() {
        sharing::refresh(ctx).await?;
        if !are_queued(ctx) {
            return Ok(empty);
        }
    }
    outcome
}

/// Journals these changes in one transaction, unless another instance has.
async fn journal_batch(ctx: &Ctx, ids: &[i64]) -> Result<()> {
    let count = transact!(ctx.app.db, |tx| { journaling::journal_all(ctx, tx, ids).await })?;
    for _ in 0..count {
        ctx.app.metrics.worker.sent(Queue::ShopChange);
    }
    Ok(())
}

/// Journals each of these changes in its own transaction, after one of them has failed.
async fn journal_each(ctx: &Ctx, ids: &[i64]) -> Result<()> {
    for id in ids {
        match journal_batch(ctx, &[*id]).await {
            Err(error) if !is_temporary(&error) => {
                tracing::error!(change = id, %error, "a change of EverShop could not be journaled, will retry");
                ctx.app.metrics.worker.given_up(Queue::ShopChange);
                postpone(ctx, *id).await?;
            }
            journaled => journaled?,
        }
    }
    Ok(())
}

async fn postpone(ctx: &Ctx, id: i64) -> Result<()> {
    let failed = ActiveModel { failed_at: Set(Some(ctx.app.clock.now())), ..Default::default() };
    transact!(ctx.app.db, |tx| {
        let update = Entity::update_many().set(failed.clone()).filter(Column::ShopChangeId.eq(id));
        update.exec(tx).await?;
        Ok(())
    })
}

/// Whether the database could not be used, so that the other changes would fail as well.
fn is_temporary(error: &Error) -> bool {
    matches!(error, Error::Unavailable { .. } | Error::MigrationsPending(_) | Error::DatabaseUnusable(_))
}

/// The number of changes that are not journaled yet, and the time of the oldest. Those that failed are counted as given up.
pub(super) async fn backlog(ctx: &AdminCtx) -> Result<Backlog> {
    const EMPTY: Backlog = Backlog { due: 0, oldest: None, given_up: 0 };
    if !are_queued(ctx) {
        return Ok(EMPTY);
    }
    unless_dropped(ctx, measured(ctx).await, EMPTY).await
}

async fn measured(ctx: &Ctx) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let due = || Entity::find().filter(Column::FailedAt.is_null());
    let oldest = due().select_only().column(Column::ChangedAt).order_by_asc(Column::ShopChangeId).limit(1);
    let given_up = Entity::find().filter(Column::FailedAt.is_not_null()).count(db).await?;
    Ok(Backlog { due: due().count(db).await?, oldest: oldest.into_tuple().one(db).await?, given_up })
}
