//! The sequence numbers of the entries of customers that EverShop changed.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::db::TxResult;
use crate::entity::customer;
use crate::entity::shop_change::{Column, Entity, Model, ShopOperation, ShopTable};
use crate::service::journal::{self, CustomerSequence};

/// A customer that EverShop changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChangedCustomer {
    pub(super) uuid: Uuid,
    /// Whether EverShop has deleted it since.
    pub(super) is_deleted: bool,
}

/// The customers of some changes, whose rows are locked, with their last sequence numbers.
#[derive(Debug)]
pub(super) struct Numbering {
    customers: HashMap<i32, ChangedCustomer>,
    /// By uuid, because EverShop may give a new customer the uuid of a deleted one.
    last: HashMap<Uuid, i64>,
}

impl Numbering {
    /// Locks the customers of these changes, in the order of their primary keys as everywhere.
    pub(super) async fn lock(tx: &impl ConnectionTrait, rows: &[Model]) -> TxResult<Self> {
        use customer::Column::{CustomerId, EventSequence, Uuid as Id};
        let mut missing: BTreeSet<i32> = rows.iter().filter_map(|row| row.customer_id).collect();
        let (mut customers, mut last) = (HashMap::new(), HashMap::new());
        if missing.is_empty() {
            return Ok(Self { customers, last });
        }
        let select = customer::Entity::find().select_only().columns([CustomerId, Id, EventSequence]);
        let select = select.filter(CustomerId.is_in(missing.iter().copied())).order_by_asc(CustomerId);
        let stored: Vec<(i32, Uuid, i64)> = select.lock_exclusive().into_tuple().all(tx).await?;
        for (customer_id, uuid, sequence) in stored {
            missing.remove(&customer_id);
            customers.insert(customer_id, ChangedCustomer { uuid, is_deleted: false });
            last.insert(uuid, sequence);
        }
        for (customer_id, uuid) in deleted(tx, &missing).await? {
            customers.insert(customer_id, ChangedCustomer { uuid, is_deleted: true });
            last.entry(uuid).or_insert(0);
        }
        let journaled = journal::last_sequences(tx, last.keys().copied()).await?;
        for (uuid, journaled) in journaled {
            let last = last.entry(uuid).or_insert(0);
            *last = (*last).max(journaled);
        }
        Ok(Self { customers, last })
    }

    /// `None` for a customer that was deleted with patron.
    pub(super) fn find(&self, customer_id: i32) -> Option<ChangedCustomer> {
        self.customers.get(&customer_id).copied()
    }

    /// Reserves the next numbers of a customer.
    pub(super) fn reserve(&mut self, customer: Uuid, count: usize) -> CustomerSequence {
        let last = self.last.entry(customer).or_insert(0);
        let first = *last + 1;
        *last = last.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        CustomerSequence { customer, first }
    }

    /// Stores the last numbers in the rows of the customers.
    pub(super) async fn store(&self, tx: &impl ConnectionTrait) -> TxResult<()> {
        use customer::Column::{CustomerId, EventSequence};
        for (customer_id, customer) in self.customers.iter().filter(|(_, customer)| !customer.is_deleted) {
            let Some(last) = self.last.get(&customer.uuid) else { continue };
            let update = customer::Entity::update_many().col_expr(EventSequence, Expr::val(*last));
            update.filter(CustomerId.eq(*customer_id)).exec(tx).await?;
        }
        Ok(())
    }
}

/// The uuids of those of these customers that EverShop has deleted.
async fn deleted(tx: &impl ConnectionTrait, customer_ids: &BTreeSet<i32>) -> TxResult<Vec<(i32, Uuid)>> {
    if customer_ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = Entity::find().select_only().columns([Column::CustomerId, Column::RowUuid]);
    let select = select.filter(Column::SourceTable.eq(ShopTable::Customer));
    let select = select.filter(Column::Operation.eq(ShopOperation::Delete));
    let select = select.filter(Column::CustomerId.is_in(customer_ids.iter().copied()));
    Ok(select.into_tuple().all(tx).await?)
}
