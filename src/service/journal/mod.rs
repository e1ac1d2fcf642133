//! The journal: each change leaves an entry in its transaction, which says what happened and who did it.
//!
//! An entry is an event to whoever is told of changes (webhooks, the feed), and a line of the audit trail to whoever
//! looks them up. A customer's entries are numbered without gaps, under the lock of its row. Nothing changes an entry
//! but [`publish()`], which gives it its place in the feed, and `erase`, which takes what was personal out of those of
//! a customer that is deleted.

mod audit;
mod change;
mod customer_entries;
mod feed;
mod publish;
mod retention;
mod write;

use sea_orm::prelude::Json;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

pub use audit::{AuditFilter, AuditPage, audit};
pub use change::changes;
pub(super) use change::{Change, snapshot};
pub(super) use customer_entries::{erase, for_all, last_numbers};
pub(super) use feed::kinds;
pub use feed::{Feed, FeedFilter, feed};
pub use publish::PUBLISHED_AT_ONCE;
pub(super) use publish::{Published, backlog, is_due, publish_batch};
pub(super) use retention::expired;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer;
use crate::error::Error;

use write::{Entry, insert};

/// The customer that something happened to.
#[derive(Clone, Copy, Debug)]
pub(super) struct CustomerSequence {
    /// Its public identifier.
    pub(super) customer: Uuid,
    /// The number of the first of the entries.
    pub(super) first: i64,
}

/// Writes entries about something that belongs to no customer.
pub(super) async fn record(ctx: &Ctx, tx: &impl ConnectionTrait, change: Change) -> TxResult<()> {
    insert(ctx, tx, [Entry { of: None, change }]).await
}

/// Writes entries about a customer whose row says so already.
pub(super) async fn append_events(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    sequence: CustomerSequence,
    changes: Vec<Change>,
) -> TxResult<()> {
    if let Some(keyed) = &ctx.keyed {
        keyed.concerns(sequence.customer);
    }
    let numbered = (sequence.first..).zip(changes);
    let entries = numbered.map(|(number, change)| Entry { of: Some((sequence.customer, number)), change });
    insert(ctx, tx, entries).await
}

/// Writes an entry about a customer, counting it in the customer's row, which is locked by that. When the customer is
/// gone there is nothing to tell.
pub(super) async fn append_numbered(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    changes: Vec<Change>,
) -> TxResult<()> {
    use customer::Column::{CustomerId, EventSequence};
    let count = i64::try_from(changes.len()).map_err(Error::internal)?;
    if count == 0 {
        return Ok(());
    }
    let counted = customer::Entity::update_many()
        .col_expr(EventSequence, Expr::col(EventSequence).add(count))
        .filter(CustomerId.eq(customer_id))
        .exec_with_returning(tx)
        .await?;
    let Some(customer) = counted.into_iter().next() else { return Ok(()) };
    let sequence = CustomerSequence { customer: customer.uuid, first: customer.event_sequence - count + 1 };
    append_events(ctx, tx, sequence, changes).await
}

/// What stands for the data of a record that was erased.
fn erased() -> Json {
    json!({"erased": true})
}
