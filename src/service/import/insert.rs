//! Inserts the new customers of a batch with their addresses and journal entries, with few statements.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait, TryIntoModel};
use uuid::Uuid;

use super::plan::CreatedCustomer;
use super::turn::{BatchProgress, Turn};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::{customer, customer_address};
use crate::error::Error;
use crate::service::account::insert_metafield_values;
use crate::service::journal::{self, Change, snapshot};
use crate::types::EventKind;

/// Maximum number of addresses per INSERT statement, because the number of its parameters is limited.
const ADDRESSES_PER_INSERT: usize = 1000;

/// Inserts customers. Returns their primary keys, by uuid. The next batch may insert its customers as soon as these are.
/// `is_last`: the batch writes nothing after them.
pub(super) async fn insert(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    new: &[CreatedCustomer<'_>],
    turn: &Turn,
    is_last: bool,
) -> TxResult<HashMap<Uuid, i32>> {
    let last_in = is_last.then_some(turn);
    if new.is_empty() {
        turn.after_previous(BatchProgress::Inserted).await?;
        turn.record(BatchProgress::Inserted);
        return Ok(HashMap::new());
    }
    // A file may restore a deleted customer, whose journal then continues. An identifier that the file does not give is
    // new, so it has no journal.
    let last_sequences =
        journal::last_sequences(tx, new.iter().filter_map(|created| created.prepared.draft.uuid)).await?;
    let rows: Vec<customer::ActiveModel> = new
        .iter()
        .map(|CreatedCustomer { account, hash, .. }| {
            let mut row = account.row((*hash).clone());
            let last_number = last_sequences.get(&account.uuid).copied().unwrap_or_default();
            row.event_sequence = Set(last_number + 1 + account.addresses.len() as i64);
            row
        })
        .collect();
    let ids = insert_rows(tx, &rows, turn).await?;
    let mut customers: Vec<(customer::Model, i64)> = Vec::with_capacity(new.len());
    let mut addresses = Vec::new();
    let mut owners = HashMap::new();
    for (CreatedCustomer { account, .. }, mut row) in new.iter().zip(rows) {
        let id = *ids
            .get(&account.uuid)
            .ok_or_else(|| Error::internal("an inserted customer has no primary key"))?;
        row.customer_id = Set(id);
        let number = last_sequences.get(&account.uuid).copied().unwrap_or_default() + 1;
        owners.insert(id, (account.uuid, number));
        customers.push((row.try_into_model()?, number));
        addresses.extend(account.address_rows(id));
    }
    let meta_data: Vec<_> = customers.iter().map(|(row, _)| (row.customer_id, &row.meta_data)).collect();
    insert_metafield_values(tx, &meta_data).await?;
    let mut inserted = Vec::with_capacity(addresses.len());
    for chunk in addresses.chunks(ADDRESSES_PER_INSERT) {
        inserted.extend(customer_address::Entity::insert_many(chunk.to_vec()).exec_with_returning(tx).await?);
    }
    append_entries(ctx, tx, (&customers, &inserted), owners, last_in).await?;
    Ok(ids)
}

/// The uuid of each customer and the number of its last entry, by primary key.
type LastNumbers = HashMap<i32, (Uuid, i64)>;

/// Writes the journal entries of inserted customers and addresses. `last_in` is the turn of a batch that writes nothing after
/// them: its commit may publish them.
async fn append_entries(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    (customers, addresses): (&[(customer::Model, i64)], &[customer_address::Model]),
    mut owners: LastNumbers,
    last_in: Option<&Turn>,
) -> TxResult<()> {
    let count = customers.len() + addresses.len();
    let customers = customers.iter().map(|(row, number)| {
        let created = Change::created(EventKind::CustomerCreated, row.uuid, snapshot::customer(row));
        (row.uuid, *number, created)
    });
    let addresses = addresses.iter().filter_map(|row| {
        let (owner, last) = owners.get_mut(&row.customer_id)?;
        *last += 1;
        let created = Change::created(EventKind::AddressCreated, row.uuid, snapshot::address(row));
        Some((*owner, *last, created))
    });
    let Some(turn) = last_in else {
        return journal::append_batch(ctx, tx, customers.chain(addresses)).await;
    };
    // The batch before has the lower positions.
    turn.after_previous(BatchProgress::Committed).await?;
    journal::append_and_publish(ctx, tx, count, customers.chain(addresses)).await
}

/// Inserts rows when it is their turn. Returns their primary keys, by uuid.
async fn insert_rows(
    tx: &impl ConnectionTrait,
    rows: &[customer::ActiveModel],
    turn: &Turn,
) -> TxResult<HashMap<Uuid, i32>> {
    let mut insert = customer::Entity::insert_many(rows.iter().cloned()).into_query();
    insert.returning(Query::returning().columns([customer::Column::CustomerId, customer::Column::Uuid]));
    let insert = tx.get_database_backend().build(&insert);
    turn.after_previous(BatchProgress::Inserted).await?;
    let inserted = tx.query_all_raw(insert).await?;
    turn.record(BatchProgress::Inserted);
    let mut ids = HashMap::with_capacity(rows.len());
    for row in inserted {
        ids.insert(row.try_get("", "uuid")?, row.try_get("", "customer_id")?);
    }
    Ok(ids)
}
