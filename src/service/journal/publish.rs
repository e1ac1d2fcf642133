//! Gives committed entries their places in the feed, and finds out whom to tell of them.
//!
//! Primary keys are given before a transaction commits, so that one with a lower key may be seen later: who reads
//! behind the highest key it has seen would miss it. Places are given one transaction at a time to what is committed,
//! so that nothing ever appears before a place that was read. Of one customer the entries are in the order of their
//! numbers, since its row is locked from the number to the commit.

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

/// Entries that are published in one transaction.
pub const PUBLISHED_AT_ONCE: usize = 500;

/// Numbers a batch; `$1` is the last position that was given.
const NUMBER: &str = r#"
UPDATE "journal_entry" SET "position" = "numbered"."position"
FROM (
  SELECT "journal_entry_id" AS "id", $1 + ROW_NUMBER() OVER (ORDER BY "journal_entry_id") AS "position"
  FROM "journal_entry" WHERE "position" IS NULL AND "journal_entry_id" <= $2
) AS "numbered"
WHERE "journal_entry_id" = "numbered"."id"
"#;

/// An entry that was just published.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Published {
    pub(in crate::service) journal_entry_id: i64,
    pub(in crate::service) kind: EventKind,
    pub(in crate::service) customer: Option<Uuid>,
}

/// Whether entries wait to be published. Found out without a transaction, which on SQLite keeps others from writing.
pub(in crate::service) async fn is_due(ctx: &Ctx) -> Result<bool> {
    let some = Entity::find().select_only().column(Column::JournalEntryId).filter(Column::Position.is_null());
    Ok(some.into_tuple::<i64>().one(ctx.app.db.reader()).await?.is_some())
}

/// Numbers a batch of the entries that were committed since, and returns it.
pub(in crate::service) async fn publish_batch(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
) -> TxResult<Vec<Published>> {
    let last = journal_position::Entity::find().lock_exclusive().one(tx).await?;
    let last = last.ok_or_else(|| Error::internal("journal_position has no row"))?;
    let waiting =
        Entity::find().select_only().column(Column::JournalEntryId).filter(Column::Position.is_null());
    let waiting =
        waiting.order_by_asc(Column::JournalEntryId).limit(PUBLISHED_AT_ONCE as u64).into_tuple::<i64>();
    let Some(highest) = waiting.all(tx).await?.pop() else { return Ok(Vec::new()) };
    let values = [last.position.into(), highest.into()];
    let numbered = Statement::from_sql_and_values(ctx.app.db.backend(), NUMBER, values);
    // Some may have been committed between the two statements, with lower keys: they are numbered as well, and told of.
    let numbered = tx.execute_raw(numbered).await?.rows_affected();
    let given = i64::try_from(numbered).map_err(Error::internal)?;
    journal_position::Entity::update_many()
        .col_expr(
            journal_position::Column::Position,
            Expr::col(journal_position::Column::Position).add(given),
        )
        .exec(tx)
        .await?;
    let told = Entity::find()
        .select_only()
        .columns([Column::JournalEntryId, Column::Kind, Column::CustomerUuid])
        .filter(Column::Position.gt(last.position))
        .order_by_asc(Column::Position)
        .into_tuple::<(i64, EventKind, Option<Uuid>)>();
    let told = told.all(tx).await?.into_iter();
    Ok(told
        .map(|(journal_entry_id, kind, customer)| Published { journal_entry_id, kind, customer })
        .collect())
}

/// How many entries are not published yet, and since when.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let waiting = || Entity::find().filter(Column::Position.is_null());
    let oldest = waiting().order_by_asc(Column::JournalEntryId).limit(1).one(db).await?;
    Ok(Backlog { due: waiting().count(db).await?, oldest: oldest.map(|entry| entry.created_at), given_up: 0 })
}
