//! Publishing: assigns positions in the feed to committed entries.
//!
//! The database assigns primary keys before a transaction commits, so an entry with a lower key may become visible
//! later. A reader that continues after the highest key would miss that entry. Positions are therefore assigned after
//! the commit, by one transaction at a time, and a new entry never appears before a position that was already read. The
//! entries of one customer are in the order of their sequence numbers, because the customer's row is locked until the
//! commit.
//!
//! An import publishes its entries with its commit if no other entry waits. It holds the lock of the publisher until then, so
//! the order is that of the commits as well.

use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::journal_entry::{Column, Entity};
use crate::entity::{journal_position, webhook_endpoint};
use crate::error::{Error, Result};
use crate::telemetry::metrics::Backlog;
use crate::types::EventKind;

/// The maximum number of entries that one transaction publishes.
pub const PUBLISH_BATCH: usize = 500;

/// Publishes a batch. `$1` is the last position in use, `$2` the maximum number of entries. The entries are found by their primary
/// keys, which are read first: from a condition on the position, PostgreSQL expects as many entries as waited when it last
/// analyzed the table, and may read the whole journal.
const PUBLISH: &str = r#"
WITH "unpublished" AS MATERIALIZED (
  SELECT "journal_entry_id" AS "id" FROM "journal_entry" WHERE "position" IS NULL ORDER BY "journal_entry_id" LIMIT $2
), "numbered" AS MATERIALIZED (
  SELECT "id", $1 + ROW_NUMBER() OVER (ORDER BY "id") AS "number" FROM "unpublished"
)
UPDATE "journal_entry" SET "position" = "number" FROM "numbered" WHERE "journal_entry_id" = "id"
RETURNING "journal_entry_id", "position", "kind", "customer_uuid"
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
    Ok(unpublished().into_tuple::<i64>().one(ctx.app.db.reader()).await?.is_some())
}

fn unpublished() -> Select<Entity> {
    Entity::find().select_only().column(Column::JournalEntryId).filter(Column::Position.is_null())
}

/// Publishes a batch of unpublished entries and returns them.
pub(in crate::service) async fn publish_batch(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
) -> TxResult<Vec<Published>> {
    let last = journal_position::Entity::find().lock_exclusive().one(tx).await?;
    let last = last.ok_or_else(|| Error::internal("journal_position has no row"))?;
    let values = [last.position.into(), (PUBLISH_BATCH as i64).into()];
    let publish = Statement::from_sql_and_values(ctx.app.db.backend(), PUBLISH, values);
    let mut published: Vec<(i64, Published)> = Vec::new();
    for row in tx.query_all_raw(publish).await? {
        let entry = Published {
            journal_entry_id: row.try_get("", "journal_entry_id")?,
            kind: row.try_get("", "kind")?,
            customer: row.try_get("", "customer_uuid")?,
        };
        published.push((row.try_get("", "position")?, entry));
    }
    published.sort_unstable_by_key(|(position, _)| *position);
    let Some((last, _)) = published.last() else { return Ok(Vec::new()) };
    let update = journal_position::Entity::update_many();
    update.col_expr(journal_position::Column::Position, (*last).into()).exec(tx).await?;
    Ok(published.into_iter().map(|(_, entry)| entry).collect())
}

/// Reserves positions for this number of entries, which the transaction inserts next: its commit publishes them. Returns the
/// first one. No other transaction publishes until this one ends.
///
/// `None` if an entry waits for its position, which is that of an earlier commit, if an endpoint needs deliveries, which the
/// publisher creates, or if another transaction publishes.
pub(super) async fn reserve_positions(tx: &impl ConnectionTrait, count: usize) -> TxResult<Option<i64>> {
    let waits = unpublished().into_tuple::<i64>().one(tx).await?.is_some();
    if waits || needs_deliveries(tx).await? {
        return Ok(None);
    }
    let last = journal_position::Entity::find();
    let last = last.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(tx).await?;
    let Some(last) = last else { return Ok(None) };
    // Again, because an endpoint is enabled under the lock.
    if needs_deliveries(tx).await? {
        return Ok(None);
    }
    let next = last.position + i64::try_from(count).map_err(Error::internal)?;
    let update = journal_position::Entity::update_many();
    update.col_expr(journal_position::Column::Position, next.into()).exec(tx).await?;
    Ok(Some(last.position + 1))
}

async fn needs_deliveries(tx: &impl ConnectionTrait) -> TxResult<bool> {
    let enabled = webhook_endpoint::Entity::find().filter(webhook_endpoint::Column::Enabled.eq(true));
    let enabled = enabled.select_only().column(webhook_endpoint::Column::WebhookEndpointId);
    Ok(enabled.into_tuple::<i64>().one(tx).await?.is_some())
}

/// Lets no transaction publish until this one ends. For a change of the endpoints that may need deliveries.
pub(in crate::service) async fn lock_positions(tx: &impl ConnectionTrait) -> TxResult<()> {
    journal_position::Entity::find().lock_exclusive().one(tx).await?;
    Ok(())
}

/// The number of unpublished entries, and the timestamp of the oldest.
pub(in crate::service) async fn backlog(ctx: &Ctx) -> Result<Backlog> {
    let db = ctx.app.db.reader();
    let unpublished = || Entity::find().filter(Column::Position.is_null());
    let oldest = unpublished().order_by_asc(Column::JournalEntryId).limit(1).one(db).await?;
    let due = unpublished().count(db).await?;
    Ok(Backlog { due, oldest: oldest.map(|entry| entry.created_at), given_up: 0 })
}
