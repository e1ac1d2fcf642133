//! Publishing: assigns positions in the feed to committed entries.
//!
//! The database assigns primary keys before a transaction commits, so an entry with a lower key may become visible
//! later. A reader that continues after the highest key would miss that entry. Positions are therefore assigned after
//! the commit, by one transaction at a time, and a new entry never appears before a position that was already read. The
//! entries of one customer are in the order of their sequence numbers, because the customer's row is locked until the
//! commit.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::journal_entry::{Column, Entity};
use crate::entity::journal_position;
use crate::error::{Error, Result};
use crate::telemetry::metrics::Backlog;
use crate::types::EventKind;

/// The maximum number of entries that one transaction publishes.
pub const PUBLISH_BATCH: usize = 500;

/// Assigns positions to a batch. `$1` is the last position in use, `$2` the highest primary key of the batch.
const ASSIGN_POSITIONS: &str = r#"
UPDATE "journal_entry" SET "position" = "numbered"."position"
FROM (
  SELECT "journal_entry_id" AS "id", $1 + ROW_NUMBER() OVER (ORDER BY "journal_entry_id") AS "position"
  FROM "journal_entry" WHERE "position" IS NULL AND "journal_entry_id" <= $2
) AS "numbered"
WHERE "journal_entry_id" = "numbered"."id"
"#;

/// A published entry.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Published {
    pub(in crate::service) journal_entry_id: i64,
    pub(in crate::service) kind: EventKind,
    pub(in crate::service) customer: Option<Uuid>,
}

/// Whether there are unpublished entries. Checked without a transaction, because a transaction on SQLite blocks other
/// writers.
pub(in crate::service) async fn is_due(ctx: &Ctx) -> Result<bool> {
    let unpublished =
        Entity::find().select_only().column(Column::JournalEntryId).filter(Column::Position.is_null());
    Ok(unpublished.into_tuple::<i64>().one(ctx.app.db.reader()).await?.is_some())
}

/// Publishes a batch of unpublished entries and returns them.
pub(in crate::service) async fn publish_batch(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
) -> TxResult<Vec<Published>> {
    let last = journal_position::Entity::find().lock_exclusive().one(tx).await?;
    let last = last.ok_or_else(|| Error::internal("journal_position has no row"))?;
    let unpublished =
        Entity::find().select_only().column(Column::JournalEntryId).filter(Column::Position.is_null());
    let unpublished =
        unpublished.order_by_asc(Column::JournalEntryId).limit(PUBLISH_BATCH as u64).into_tuple::<i64>();
    let Some(highest) = unpublished.all(tx).await?.pop() else { return Ok(Vec::new()) };
    let values = [last.position.into(), highest.into()];
    let assign = Statement::from_sql_and_values(ctx.app.db.backend(), ASSIGN_POSITIONS, values);
    // Entries with lower keys that were committed between the two statements are published as well.
    let count = tx.execute_raw(assign).await?.rows_affected();
    let count = i64::try_from(count).map_err(Error::internal)?;
    journal_position::Entity::update_many()
        .col_expr(
            journal_position::Column::Position,
            Expr::col(journal_position::Column::Position).add(count),
        )
        .exec(tx)
        .await?;
    let published = Entity::find()
        .select_only()
        .columns([Column::JournalEntryId, Column::Kind, Column::CustomerUuid])
        .filter(Column::Position.gt(last.position))
        .order_by_asc(Column::Position)
        .into_tuple::<(i64, EventKind, Option<Uuid>)>();
    let published = published.all(tx).await?.into_iter();
    Ok(published
        .map(|(journal_entry_id, kind, customer)| Published { journal_entry_id, kind, customer })
        .collect())
}

/// The number of unpublished entries, and the timestamp of the oldest.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let unpublished = || Entity::find().filter(Column::Position.is_null());
    let oldest = unpublished().order_by_asc(Column::JournalEntryId).limit(1).one(db).await?;
    let due = unpublished().count(db).await?;
    Ok(Backlog { due, oldest: oldest.map(|entry| entry.created_at), given_up: 0 })
}
