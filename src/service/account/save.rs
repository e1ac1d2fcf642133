//! Saves a changed customer together with all side effects of the change.
//!
//! Revoked tokens and sessions, invalidated links, notification mails and journal entries are written in the
//! transaction of the change, no matter whether an admin, the customer or a mailed link caused it.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TryIntoModel};
use serde_json::json;
use uuid::Uuid;

use super::{addresses_of, end_sessions, replace_metafield_values, search_text_of};
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::customer::{ActiveModel, Model};
use crate::entity::{customer_address, reset_password_token, verify_email_token};
use crate::error::Error;
use crate::service::journal::{self, Change, CustomerSequence, snapshot};
use crate::service::shop_session::end::end_shop_sessions;
use crate::service::{mail, token};
use crate::types::{Audience, EventKind, MailKind, next_version};

/// Saves the fields that `row` sets. If it sets none, nothing changes.
///
/// A new password and disabling the account revoke every token and all sessions except `kept_session`. A new e-mail
/// address is unverified unless `row` sets `email_verified_at`. The customer is notified of a new password or address
/// by mail to the previous address.
pub(in crate::service) async fn save(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    current: Model,
    mut row: ActiveModel,
    kept_session: Option<Uuid>,
) -> TxResult<Model> {
    if !row.is_changed() {
        return Ok(current);
    }
    let id = current.customer_id;
    let new_password = row.password.is_set();
    let disabled = current.status.is_enabled() && matches!(row.status, Set(status) if !status.is_enabled());
    // A different spelling of the address is the same mailbox.
    let new_mailbox = matches!(&row.email, Set(email) if email.key() != current.email.key());
    let mut ended_sessions = 0;
    if new_password || disabled {
        row.token_generation = Set(current.token_generation + 1);
        row.tokens_valid_from = Set(Some(token::valid_from(ctx.app.clock.now(), current.tokens_valid_from)));
        ended_sessions = end_sessions(tx, id, kept_session).await?;
        end_shop_sessions(ctx, tx, Audience::Customer, id).await?;
        // An attacker who had access may have requested this e-mail change.
        row.pending_email.set_if_not_equals(None);
    }
    if new_password || new_mailbox {
        invalidate_reset_links(tx, id).await?;
    }
    if new_password {
        mail::enqueue(ctx, tx, MailKind::PasswordChanged, Some(id), &current.email).await?;
    }
    if new_mailbox {
        mail::enqueue(ctx, tx, MailKind::EmailChanged, Some(id), &current.email).await?;
        row.pending_email.set_if_not_equals(None);
        if !row.email_verified_at.is_set() {
            row.email_verified_at = Set(None);
        }
    }
    if row.pending_email.is_set() {
        invalidate_pending_links(tx, &current).await?;
    }
    let new_meta_data = row.meta_data.is_set();
    derive_columns(tx, &mut row, id).await?;
    row.version = Set(next_version(current.version));
    row.updated_at = Set(ctx.app.clock.now_after(current.updated_at));
    let changes = changes(&current, row.clone().try_into_model()?, new_password, ended_sessions);
    let first = current.event_sequence + 1;
    row.event_sequence = Set(current.event_sequence + i64::try_from(changes.len()).map_err(Error::internal)?);
    let saved = row.update(tx).await?;
    if new_meta_data {
        replace_metafield_values(tx, id, &saved.meta_data).await?;
    }
    journal::append_events(ctx, tx, CustomerSequence { customer: saved.uuid, first }, changes).await?;
    if new_mailbox && saved.email_verified_at.is_none() {
        enqueue_verification_mail(ctx, tx, &saved).await?;
    }
    Ok(saved)
}

/// Computes the columns that depend on the name, the e-mail address and the free-form data.
async fn derive_columns(tx: &impl ConnectionTrait, row: &mut ActiveModel, id: i32) -> TxResult<()> {
    if (row.full_name.is_set() || row.email.is_set())
        && let (Some(full_name), Some(email)) = (row.full_name.try_as_ref(), row.email.try_as_ref())
    {
        let addresses = addresses_of(tx, &[id]).await?.remove(&id).unwrap_or_default();
        let addresses = addresses.iter().map(customer_address::Model::texts);
        row.search_text.set_if_not_equals(search_text_of(full_name, email, addresses));
    }
    if row.meta_data.is_set() {
        row.metafields_indexed.set_if_not_equals(true);
    }
    row.derive_keys();
    Ok(())
}

/// The journal entries for the change from `current` to `updated`.
fn changes(current: &Model, updated: Model, new_password: bool, ended_sessions: u64) -> Vec<Change> {
    let (uuid, before) = (current.uuid, snapshot::customer(current));
    let update = Change::updated(EventKind::CustomerUpdated, uuid, &before, snapshot::customer(&updated));
    let mut changes = Vec::new();
    if !update.is_empty() {
        changes.push(update);
    }
    if new_password {
        let changed = Change::event(EventKind::PasswordChanged, uuid, json!({"uuid": uuid.to_string()}));
        changes.push(changed.with_secret("password"));
    }
    if ended_sessions > 0 {
        changes.push(Change::event(EventKind::SessionRevoked, uuid, json!({"count": ended_sessions})));
    }
    changes
}

/// Invalidates the links to set a new password, both those already mailed and those still queued. A link mailed before
/// a change must neither undo it nor give the holder of the old address access to the account.
async fn invalidate_reset_links(tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<()> {
    let tokens = reset_password_token::Entity::delete_many();
    tokens.filter(reset_password_token::Column::CustomerId.eq(customer_id)).exec(tx).await?;
    mail::withdraw(tx, MailKind::Invitation, customer_id, None).await?;
    mail::withdraw(tx, MailKind::ResetPassword, customer_id, None).await
}

/// Invalidates the verification links of pending e-mail changes, both those already mailed and those still queued.
pub(in crate::service) async fn invalidate_pending_links(
    tx: &impl ConnectionTrait,
    customer: &Model,
) -> TxResult<()> {
    use verify_email_token::Column::{CustomerId, Email};
    let tokens = verify_email_token::Entity::delete_many().filter(CustomerId.eq(customer.customer_id));
    tokens.filter(Email.ne(customer.email.clone())).exec(tx).await?;
    mail::withdraw(tx, MailKind::VerifyEmail, customer.customer_id, Some(&customer.email)).await
}

/// Queues a mail with a verification link to the pending e-mail address or, if there is none, to the current one.
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
