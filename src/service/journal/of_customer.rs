//! Entries about customers: one, many at once, and what is left of them when a customer is erased.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::{Change, count_for, erased, insert, row};
use crate::ctx::Ctx;
use crate::db::Attempt;
use crate::entity::journal_entry::{ActiveModel, Column, Entity};
use crate::entity::{customer, idempotency_key, mail};
use crate::types::EventKind;

/// Writes an entry about something of a customer.
pub(in crate::service) async fn for_customer(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    change: Change,
) -> Attempt<()> {
    count_for(ctx, tx, customer_id, vec![change]).await
}

/// Writes an entry for each of these customers, whose rows count them already.
pub(in crate::service) async fn for_all(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    changes: impl IntoIterator<Item = (Uuid, i64, Change)>,
) -> Attempt<()> {
    let rows =
        changes.into_iter().map(|(customer, sequence, change)| row(ctx, Some((customer, sequence)), change));
    insert(tx, rows.collect()).await
}

/// Deletes a customer: with its row go its addresses, sessions, tokens and mails, and from what has to stay, its
/// journal, goes what was personal. That it was there, and what was done when by which token, stays.
pub(in crate::service) async fn erase(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &customer::Model,
) -> Attempt<()> {
    let uuid = customer.uuid;
    // A mail that was asked for by address only.
    let asked_for = mail::Entity::delete_many().filter(mail::Column::CustomerId.is_null());
    asked_for.filter(mail::Column::Recipient.eq(customer.email.clone())).exec(tx).await?;
    let answers = idempotency_key::Entity::delete_many();
    answers.filter(idempotency_key::Column::CustomerUuid.eq(uuid)).exec(tx).await?;
    Entity::update_many()
        .set(ActiveModel {
            data: Set(erased()),
            changes: Set(json!({})),
            ip_address: Set(None),
            user_agent: Set(None),
            ..Default::default()
        })
        .filter(Column::CustomerUuid.eq(uuid))
        .exec(tx)
        .await?;
    let data = json!({"customer_id": customer.customer_id, "uuid": uuid.to_string()});
    let last = Change::happened(EventKind::CustomerDeleted, uuid, data);
    let mut last = row(ctx, Some((uuid, customer.event_sequence + 1)), last);
    if !ctx.is_admin() {
        // Who deletes itself leaves no trace of where it was.
        (last.ip_address, last.user_agent) = (Set(None), Set(None));
    }
    insert(tx, vec![last]).await
}
