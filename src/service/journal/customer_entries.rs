//! Entries about customers: one, many at once, and what is left of them when a customer is erased.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::{Change, Entry, erased, insert};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::db::batch_loader;
use crate::entity::journal_entry::{ActiveModel, Column, Entity};
use crate::entity::{customer, idempotency_key, mail};
use crate::types::EventKind;

/// Customers that one statement asks for: a statement has a limited number of parameters.
const CUSTOMERS: usize = 1000;

/// Writes an entry for each of these customers, whose rows count them already.
pub(in crate::service) async fn for_all(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    changes: impl IntoIterator<Item = (Uuid, i64, Change)>,
) -> TxResult<()> {
    let changes = changes.into_iter();
    let entries =
        changes.map(|(customer, sequence, change)| Entry { of: Some((customer, sequence)), change });
    insert(ctx, tx, entries).await
}

/// The number of the last entry of each of these customers; 0 of one that has none.
pub(in crate::service) async fn last_numbers(
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
    for some in customers.chunks(CUSTOMERS) {
        let found = batch_loader::select_per_key(tx, some.to_vec(), last).await?;
        numbers.extend(found.into_iter().map(|(customer, last)| (customer, last.unwrap_or(0))));
    }
    Ok(numbers)
}

/// Deletes a customer: with its row go its addresses, sessions, tokens and mails, and from what has to stay, its
/// journal, goes what was personal. That it was there, and what was done when by which token, stays.
pub(in crate::service) async fn erase(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &customer::Model,
) -> TxResult<()> {
    let uuid = customer.uuid;
    customer.clone().delete(tx).await?;
    // A mail that was asked for by address only.
    let asked_for = mail::Entity::delete_many().filter(mail::Column::CustomerId.is_null());
    asked_for.filter(mail::Column::Recipient.eq(customer.email.clone())).exec(tx).await?;
    let answers = idempotency_key::Entity::delete_many();
    answers.filter(idempotency_key::Column::CustomerUuid.eq(uuid)).exec(tx).await?;
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
    let data = json!({"customer_id": customer.customer_id, "uuid": uuid.to_string()});
    let last = Change::happened(EventKind::CustomerDeleted, uuid, data);
    let last = Entry { of: Some((uuid, customer.event_sequence + 1)), change: last };
    if ctx.is_admin() {
        return insert(ctx, tx, [last]).await;
    }
    // Who deletes itself leaves no trace of where it was.
    let nowhere = Ctx { ip: None, user_agent: None, ..ctx.clone() };
    insert(&nowhere, tx, [last]).await
}
