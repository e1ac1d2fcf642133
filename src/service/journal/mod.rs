//! The journal: each change writes an entry in its transaction, with the change and its actor.
//!
//! Webhooks and the feed deliver entries as events; the audit trail lists them for admins. The entries of a customer
//! are numbered without gaps, under the lock of its row. Only two functions update entries: `publish_batch` assigns
//! positions in the feed, and `erase` removes the personal data of a deleted customer.

mod audit;
mod change;
mod customer_entries;
mod feed;
mod publish;
mod retention;
mod write;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

pub use audit::{AuditFilter, AuditPage, audit};
pub use change::changes;
pub(super) use change::{Change, snapshot};
pub(super) use customer_entries::{
    DeletedCustomer, append_and_publish, append_batch, erase, erase_of_shop, last_sequences,
};
pub(super) use feed::kinds;
pub use feed::{Feed, FeedFilter, feed};
pub use publish::PUBLISH_BATCH;
pub(super) use publish::{Published, backlog, is_due, lock_positions, publish_batch};
pub(super) use retention::advance_expiry;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer;
use crate::error::Error;

use write::{NewEntry, insert, insert_of_shop, insert_one};

/// Reserved sequence numbers of a customer's entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct CustomerSequence {
    pub(super) customer: Uuid,
    /// The number of the first entry; the others follow without gaps.
    pub(super) first: i64,
}

/// Writes an entry that belongs to no customer.
pub(super) async fn append(ctx: &Ctx, tx: &impl ConnectionTrait, change: Change) -> TxResult<()> {
    insert(ctx, tx, [NewEntry { customer: None, change }]).await
}

/// Writes an entry that belongs to no customer, and returns its primary key.
pub(super) async fn append_one(ctx: &Ctx, tx: &impl ConnectionTrait, change: Change) -> TxResult<i64> {
    insert_one(ctx, tx, NewEntry { customer: None, change }).await
}

/// Writes entries of changes that EverShop made at this time: of a customer, or of a record that belongs to none.
pub(super) async fn append_of_shop(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    at: DateTime<Utc>,
    sequence: Option<CustomerSequence>,
    changes: Vec<Change>,
) -> TxResult<()> {
    let entries = (0_i64..).zip(changes).map(|(number, change)| {
        let customer = sequence.map(|sequence| (sequence.customer, sequence.first + number));
        NewEntry { customer, change }
    });
    insert_of_shop(ctx, tx, at, entries).await
}

/// Writes entries of a customer whose row has already reserved the sequence numbers.
pub(super) async fn append_events(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    sequence: CustomerSequence,
    changes: Vec<Change>,
) -> TxResult<()> {
    if let Some(keyed) = &ctx.keyed {
        keyed.record_customer(sequence.customer);
    }
    let numbered = (sequence.first..).zip(changes);
    let entries =
        numbered.map(|(number, change)| NewEntry { customer: Some((sequence.customer, number)), change });
    insert(ctx, tx, entries).await
}

/// Reserves sequence numbers in the row of a customer, which locks it, and writes entries with them. Does nothing if
/// the customer does not exist.
pub(super) async fn append_numbered(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    changes: Vec<Change>,
) -> TxResult<()> {
    append_numbered_with(ctx, tx, customer_id, customer::ActiveModel::default(), changes).await
}

/// As [`append_numbered`], and sets these columns of the customer in the same statement.
pub(super) async fn append_numbered_with(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    columns: customer::ActiveModel,
    changes: Vec<Change>,
) -> TxResult<()> {
    use customer::Column::{CustomerId, EventSequence};
    let count = i64::try_from(changes.len()).map_err(Error::internal)?;
    if count == 0 {
        return Ok(());
    }
    let updated = customer::Entity::update_many()
        .set(columns)
        .col_expr(EventSequence, Expr::col(EventSequence).add(count))
        .filter(CustomerId.eq(customer_id))
        .exec_with_returning(tx)
        .await?;
    let Some(customer) = updated.into_iter().next() else { return Ok(()) };
    let sequence = CustomerSequence { customer: customer.uuid, first: customer.event_sequence - count + 1 };
    append_events(ctx, tx, sequence, changes).await
}
