//! The copies of a customer's data outside of its own row, in a database that EverShop uses as well: in EverShop's queue of
//! events, and in the queue of its changes that are not journaled yet.

use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};
use uuid::Uuid;

use crate::app::ctx::Ctx;
use crate::db::{Sharing, TxResult};
use crate::entity::shop_change::{Column, Entity};

/// Deletes the events whose data is the row of a customer. `patron_event_customer_idx` is an index of the expression. An event
/// that EverShop is claiming is skipped: EverShop deletes it when it has processed it.
const ERASE_EVENTS: &str = r#"DELETE FROM "event" WHERE "event_id" IN (
  SELECT "event_id" FROM "event" WHERE "data" ->> 'uuid' = $1 FOR UPDATE SKIP LOCKED
)"#;

/// Deletes the copies of a customer that was deleted in this transaction. Does nothing in a database that patron uses alone.
pub(in crate::service) async fn erase_copies(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    uuid: Uuid,
) -> TxResult<()> {
    if ctx.app.db.sharing() != Sharing::Shared {
        return Ok(());
    }
    let events = Statement::from_sql_and_values(DbBackend::Postgres, ERASE_EVENTS, [uuid.to_string().into()]);
    tx.execute_raw(events).await?;
    Entity::delete_many().filter(Column::CustomerId.eq(customer_id)).exec(tx).await?;
    Ok(())
}
