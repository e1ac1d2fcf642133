//! Journals changes of EverShop in a transaction, with what else patron does after such a change: mails with links that became
//! invalid are withdrawn, and a deleted customer is erased.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::columns;
use super::entries;
use super::numbering::Numbering;
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::shop_change::{Column, Entity, Model, ShopOperation, ShopTable};
use crate::service::account::refresh_search_text;
use crate::service::journal::{self, Change, DeletedCustomer};
use crate::service::{login_attempts, mail};
use crate::types::{Audience, MailKind};

/// Waits until no other instance journals changes. The number is that of no other lock of patron.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8316216790893555303)";

/// Journals these changes and deletes them from the queue. Returns how many there were: another instance may have journaled
/// some of them.
pub(super) async fn journal_all(ctx: &Ctx, tx: &impl ConnectionTrait, ids: &[i64]) -> TxResult<usize> {
    tx.execute_unprepared(LOCK).await?;
    let these = || Column::ShopChangeId.is_in(ids.iter().copied());
    let rows = Entity::find().filter(these()).order_by_asc(Column::ShopChangeId).all(tx).await?;
    let mut numbering = Numbering::lock(tx, &rows).await?;
    let mut without_address = BTreeSet::new();
    for row in &rows {
        match row.customer_id {
            Some(customer_id) => journal_of_customer(ctx, tx, &mut numbering, customer_id, row).await?,
            None => journal::append_of_shop(ctx, tx, row.changed_at, None, entries::changes(row)?).await?,
        }
        if (row.source_table, row.operation) == (ShopTable::CustomerAddress, ShopOperation::Delete) {
            without_address.extend(row.customer_id);
        }
    }
    numbering.store(tx).await?;
    for customer_id in without_address {
        // The worker computes it for other changes of addresses, with their keys.
        refresh_search_text(tx, customer_id).await?;
    }
    Entity::delete_many().filter(these()).exec(tx).await?;
    Ok(rows.len())
}

async fn journal_of_customer(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    numbering: &mut Numbering,
    customer_id: i32,
    row: &Model,
) -> TxResult<()> {
    // Deleted with patron since: nothing may be recorded of it any more.
    let Some(customer) = numbering.find(customer_id) else { return Ok(()) };
    if (row.source_table, row.operation) == (ShopTable::Customer, ShopOperation::Delete) {
        let email = columns::email(row.before.as_ref())?;
        // The next customer with this address starts without failed login attempts.
        login_attempts::reset_failures(tx, Audience::Customer, &email.key()).await?;
        let deleted = DeletedCustomer { customer_id, uuid: customer.uuid, email };
        let sequence = numbering.reserve(customer.uuid, 1);
        return journal::erase_of_shop(ctx, tx, deleted, sequence, row.changed_at).await;
    }
    let mut changes = entries::changes(row)?;
    if customer.is_deleted {
        changes = changes.into_iter().map(Change::into_erased).collect();
    } else if row.source_table == ShopTable::Customer {
        withdraw_mails(tx, customer_id, row).await?;
    }
    let sequence = numbering.reserve(customer.uuid, changes.len());
    journal::append_of_shop(ctx, tx, row.changed_at, Some(sequence), changes).await
}

/// Withdraws queued mails whose links the change has made invalid, as for a change with patron.
async fn withdraw_mails(tx: &impl ConnectionTrait, customer_id: i32, row: &Model) -> TxResult<()> {
    let (Some(before), Some(after)) = (&row.before, &row.after) else { return Ok(()) };
    let (old, new) = (columns::email(Some(before))?, columns::email(Some(after))?);
    let has_new_mailbox = old.key() != new.key();
    if row.new_password || has_new_mailbox {
        mail::withdraw(tx, MailKind::ResetPassword, customer_id, None).await?;
    }
    if has_new_mailbox || before.get(columns::PENDING_EMAIL) != after.get(columns::PENDING_EMAIL) {
        mail::withdraw(tx, MailKind::VerifyEmail, customer_id, Some(&new)).await?;
    }
    Ok(())
}
