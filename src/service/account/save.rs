//! What follows from a change of a customer, whoever makes it: written once, in the transaction of the change.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TryIntoModel};
use serde_json::json;
use uuid::Uuid;

use super::{end_sessions, search_text_of};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer::{ActiveModel, Model};
use crate::entity::{reset_password_token, verify_email_token};
use crate::error::Error;
use crate::service::journal::{self, Change, CustomerSequence, snapshot};
use crate::service::mail;
use crate::types::{EventKind, MailKind, next_version};

/// Saves the fields that `row` sets; when there are none, nothing changes.
///
/// A new password, and disabling, end every token and all sessions but `kept`. A new address is unconfirmed unless
/// `row` says otherwise. The owner is told of a new password or address, at the address it had.
pub(in crate::service) async fn save(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    current: Model,
    mut row: ActiveModel,
    kept: Option<Uuid>,
) -> TxResult<Model> {
    if !row.is_changed() {
        return Ok(current);
    }
    let id = current.customer_id;
    let new_password = row.password.is_set();
    let disabled = current.status.is_enabled() && matches!(row.status, Set(status) if !status.is_enabled());
    let new_email = match &row.email {
        Set(email) if email.key() != current.email.key() => Some(email.clone()),
        // Another spelling of the address is the same mailbox.
        _ => None,
    };
    let mut ended = 0;
    if new_password || disabled {
        row.token_generation = Set(current.token_generation + 1);
        ended = end_sessions(tx, id, kept).await?;
        // Whoever was in may have wished for an address of its own.
        row.pending_email.set_if_not_equals(None);
    }
    if new_password || new_email.is_some() {
        // A link mailed before the change must not undo it, nor open the account to who had the old address.
        let mailed = reset_password_token::Entity::delete_many();
        mailed.filter(reset_password_token::Column::CustomerId.eq(id)).exec(tx).await?;
        mail::withdraw(tx, MailKind::ResetPassword, id, None).await?;
    }
    if new_password {
        mail::enqueue(ctx, tx, MailKind::PasswordChanged, Some(id), &current.email).await?;
    }
    if new_email.is_some() {
        mail::enqueue(ctx, tx, MailKind::EmailChanged, Some(id), &current.email).await?;
        row.pending_email.set_if_not_equals(None);
        if !row.email_verified_at.is_set() {
            row.email_verified_at = Set(None);
        }
    }
    if row.pending_email.is_set() {
        invalidate_pending_links(tx, &current).await?;
    }
    if let (Some(full_name), Some(email)) = (row.full_name.try_as_ref(), row.email.try_as_ref()) {
        row.search_text.set_if_not_equals(search_text_of(full_name, email));
    }
    row.derive_keys();
    row.version = Set(next_version(current.version));
    row.updated_at = Set(ctx.app.clock.after(current.updated_at));
    let changes = changes(&current, row.clone().try_into_model()?, new_password, ended);
    let first = current.event_sequence + 1;
    row.event_sequence = Set(current.event_sequence + i64::try_from(changes.len()).map_err(Error::internal)?);
    let saved = row.update(tx).await?;
    journal::append_events(ctx, tx, CustomerSequence { customer: saved.uuid, first }, changes).await?;
    if new_email.is_some() && saved.email_verified_at.is_none() {
        enqueue_verification_mail(ctx, tx, &saved).await?;
    }
    Ok(saved)
}

/// What the journal says of a change to `wanted`.
fn changes(current: &Model, wanted: Model, new_password: bool, ended: u64) -> Vec<Change> {
    let (uuid, before) = (current.uuid, snapshot::customer(current));
    let updated = Change::updated(EventKind::CustomerUpdated, uuid, &before, snapshot::customer(&wanted));
    let mut changes = Vec::new();
    if !updated.is_empty() {
        changes.push(updated);
    }
    if new_password {
        let changed = Change::happened(EventKind::PasswordChanged, uuid, json!({"uuid": uuid.to_string()}));
        changes.push(changed.with_secret("password"));
    }
    if ended > 0 {
        changes.push(Change::happened(EventKind::SessionRevoked, uuid, json!({"count": ended})));
    }
    changes
}

/// Makes the links good for nothing that were mailed, or are about to be, to addresses the customer wished for.
pub(in crate::service) async fn invalidate_pending_links(
    tx: &impl ConnectionTrait,
    customer: &Model,
) -> TxResult<()> {
    use verify_email_token::Column::{CustomerId, Email};
    let mailed = verify_email_token::Entity::delete_many().filter(CustomerId.eq(customer.customer_id));
    mailed.filter(Email.ne(customer.email.clone())).exec(tx).await?;
    mail::withdraw(tx, MailKind::VerifyEmail, customer.customer_id, Some(&customer.email)).await
}

/// Mails a link to the address that is to be confirmed: the one the customer wants, else the one it has.
pub(in crate::service) async fn enqueue_verification_mail(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer: &Model,
) -> TxResult<()> {
    if !ctx.app.config.accounts.email_verification {
        return Ok(());
    }
    mail::withdraw(tx, MailKind::VerifyEmail, customer.customer_id, None).await?;
    let email = customer.pending_email.as_ref().unwrap_or(&customer.email);
    mail::enqueue(ctx, tx, MailKind::VerifyEmail, Some(customer.customer_id), email).await
}
