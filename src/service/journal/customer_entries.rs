//! Journal entries of customers: batches for many customers, and the erasure of a customer, which removes personal data
//! from its entries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::CustomerSequence;
use super::change::{Change, erased};
use super::publish::reserve_positions;
use super::write::{NewEntry, insert, insert_at, insert_of_shop};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::db::batch_loader;
use crate::entity::journal_entry::{ActiveModel, Column, Entity};
use crate::entity::{customer, idempotency_key, mail};
use crate::service::shop_copies::erase_copies;
use crate::service::shop_session::end::end_shop_sessions;
use crate::types::{Audience, EmailAddress, EventKind};

/// The number of customers that one statement reads: a statement has a limited number of parameters.
const CUSTOMERS: usize = 1000;

/// Writes entries whose sequence numbers are already reserved in the rows of their customers.
pub(in crate::service) async fn append_batch(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    changes: impl IntoIterator<Item = (Uuid, i64, Change)>,
) -> TxResult<()> {
    insert(ctx, tx, changes.into_iter().map(new_entry)).await
}

/// As [`append_batch`]. The commit publishes this number of entries, if no other entry waits and no endpoint needs deliveries.
/// The transaction ends soon after, because nothing else is published until then.
pub(in crate::service) async fn append_and_publish(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    count: usize,
    changes: impl IntoIterator<Item = (Uuid, i64, Change)>,
) -> TxResult<()> {
    let position = reserve_positions(tx, count).await?;
    insert_at(ctx, tx, position, changes.into_iter().map(new_entry)).await
}

fn new_entry((customer, sequence, change): (Uuid, i64, Change)) -> NewEntry {
    NewEntry { customer: Some((customer, sequence)), change }
}

/// The sequence number of the last entry of each of these customers, or 0.
pub(in crate::service) async fn last_sequences(
    tx: &impl ConnectionTrait,
    customers: impl IntoIterator<Item = Uuid>,
) -> TxResult<HashMap<Uuid, i64>> {
    let last = |customer| {
        let mut entries = Query::select();
        entries.expr(Expr::col(Column::Sequence).max()).from(Entity);
        entries.and_where(Expr::col(Column::CustomerUuid).eq(customer)).take()
    };
    let customers: Vec<Uuid> = customers.into_iter().collect();
    let mut numbers = HashMap::new();
    for chunk in customers.chunks(CUSTOMERS) {
        let rows = batch_loader::select_per_key(tx, chunk.to_vec(), last).await?;
        numbers.extend(rows.into_iter().map(|(customer, last)| (customer, last.unwrap_or(0))));
    }
    Ok(numbers)
}

/// A customer whose row is deleted.
#[derive(Clone, Debug)]
pub(in crate::service) struct DeletedCustomer {
    pub(in crate::service) customer_id: i32,
    pub(in crate::service) uuid: Uuid,
    pub(in crate::service) email: EmailAddress,
}

/// Deletes a customer with its addresses, sessions, tokens and mails, and removes personal data from its journal
/// entries. The entries still record which token did what, and when.
pub(in crate::service) async fn erase(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &customer::Model,
) -> TxResult<()> {
    customer.clone().delete(tx).await?;
    let deleted = DeletedCustomer {
        customer_id: customer.customer_id,
        uuid: customer.uuid,
        email: customer.email.clone(),
    };
    erase_references(ctx, tx, &deleted).await?;
    let last = last_entry(&deleted, customer.event_sequence + 1);
    if ctx.is_admin() {
        return insert(ctx, tx, [last]).await;
    }
    // A customer that deletes its own account: its network address and user agent are personal data as well.
    let anonymized = Ctx { ip: None, user_agent: None, ..ctx.clone() };
    insert(&anonymized, tx, [last]).await
}

/// As [`erase`], for a customer that EverShop has deleted at this time.
pub(in crate::service) async fn erase_of_shop(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    deleted: DeletedCustomer,
    sequence: CustomerSequence,
    at: DateTime<Utc>,
) -> TxResult<()> {
    erase_references(ctx, tx, &deleted).await?;
    insert_of_shop(ctx, tx, at, [last_entry(&deleted, sequence.first)]).await
}

/// The entry for the deletion of a customer.
fn last_entry(deleted: &DeletedCustomer, sequence: i64) -> NewEntry {
    let uuid = deleted.uuid;
    let data = json!({"customer_id": deleted.customer_id, "uuid": uuid.to_string()});
    let change = Change::event(EventKind::CustomerDeleted, uuid, data);
    NewEntry { customer: Some((uuid, sequence)), change }
}

/// Deletes what refers to a deleted customer other than by a foreign key, and removes personal data from its entries.
async fn erase_references(ctx: &Ctx, tx: &impl ConnectionTrait, deleted: &DeletedCustomer) -> TxResult<()> {
    let DeletedCustomer { customer_id, uuid, ref email } = *deleted;
    end_shop_sessions(ctx, tx, Audience::Customer, customer_id).await?;
    erase_copies(ctx, tx, customer_id, uuid).await?;
    // Password reset mails that refer to the customer by address only.
    let mails = mail::Entity::delete_many().filter(mail::Column::CustomerId.is_null());
    mails.filter(mail::Column::Recipient.eq(email.clone())).exec(tx).await?;
    let responses = idempotency_key::Entity::delete_many();
    responses.filter(idempotency_key::Column::CustomerUuid.eq(uuid)).exec(tx).await?;
    Entity::update_many()
        .set(ActiveModel {
            data: Set(erased()),
            before: Set(json!({})),
            ip_address: Set(None),
            user_agent: Set(None),
            ..Default::default()
        })
        .filter(Column::CustomerUuid.eq(uuid))
        .exec(tx)
        .await?;
    Ok(())
}
