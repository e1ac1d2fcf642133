//! Lets a customer change and delete its own account.
//!
//! A new e-mail address stays pending until the customer opens the link that is mailed to it.

use sea_orm::IntoActiveModel;

use super::{Confirmation, CustomerInput, ProfileInput, ensure_email_is_free, set_if_given};
use crate::app::ctx::{CustomerCtx, INVALID_ACCESS_TOKEN};
use crate::app::write::{Write, Written};
use crate::entity::customer::{Entity, Model};
use crate::error::{Error, Result};
use crate::service::account::{enqueue_verification_mail, save};
use crate::service::input::patch::{Field, Mode};
use crate::service::query::lock::find_for_update;
use crate::service::{journal, login_attempts, mail, password};
use crate::spend;
use crate::types::{Audience, MailKind};

/// Changes name and e-mail address of the authenticated customer.
///
/// A new address takes effect when the customer opens the link that is mailed to it. It takes effect at once if
/// verification is disabled or if only the spelling of the address changes.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, or if the input has neither field; [`Error::EmailTaken`];
/// [`Error::RateLimited`] after five mails in an hour.
pub async fn update_own(
    ctx: &CustomerCtx,
    write: Write<Model>,
    input: ProfileInput,
) -> Result<Written<Model>> {
    let (customer_id, uuid) = (ctx.customer_id, ctx.uuid);
    ctx.require_if_match()?;
    let ProfileInput { full_name, email } = input;
    if full_name == Field::Absent && email == Field::Absent {
        return Err(Error::invalid("body", "There is nothing to update"));
    }
    let allowed = CustomerInput { full_name, email, ..CustomerInput::default() };
    let changes = allowed.parse(ctx, Mode::Update)?;
    if let Some(email) = &changes.email {
        ensure_email_is_free(ctx.app.db.reader(), email, Some(customer_id)).await?;
    }
    spend!(ctx, write, |tx| {
        let current = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(current.version)?;
        let mut row = current.clone().into_active_model();
        set_if_given(&mut row.full_name, changes.full_name.clone());
        let mut verify_new_email = false;
        if let Some(email) = changes.email.clone() {
            let same_mailbox = email.key() == current.email.key();
            if same_mailbox || !ctx.app.config.accounts.email_verification {
                row.email.set_if_not_equals(email);
                // Requesting the current address cancels a pending e-mail change.
                row.pending_email.set_if_not_equals(None);
            } else {
                ensure_email_is_free(tx, &email, Some(customer_id)).await?;
                row.pending_email.set_if_not_equals(Some(email));
                verify_new_email = row.pending_email.is_set();
                if verify_new_email {
                    mail::check_mail_limit(ctx, tx, MailKind::VerifyEmail, customer_id).await?;
                }
            }
        }
        let saved = save(ctx, tx, current, row, None).await?;
        if verify_new_email {
            // Notify the current address now: after the link is opened it may be too late to stop the change.
            let current_email = saved.email.clone();
            mail::enqueue(ctx, tx, MailKind::EmailChangeRequested, Some(customer_id), &current_email).await?;
            enqueue_verification_mail(ctx, tx, &saved).await?;
        }
        Ok(saved)
    })
}

/// Deletes the account of the authenticated customer after checking its password, and returns the deleted row.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password, [`Error::RateLimited`] after too many wrong passwords,
/// [`Error::Unauthenticated`] if the token was revoked while the password was checked.
pub async fn delete_own(
    ctx: &CustomerCtx,
    write: Write<Model>,
    confirmation: Confirmation,
) -> Result<Written<Model>> {
    let uuid = ctx.uuid;
    ctx.require_if_match()?;
    let password = password::parse_current_password(confirmation.password)?;
    let confirmed = password::confirm(ctx, &write, "password", "Password is incorrect", &password).await?;
    spend!(ctx, write, |tx| {
        login_attempts::reset_failures(tx, Audience::Customer, &confirmed.email.key()).await?;
        let customer = find_for_update::<Entity>(tx, uuid).await?;
        if customer.token_generation != confirmed.token_generation {
            return Err(INVALID_ACCESS_TOKEN.into());
        }
        ctx.if_match.check(customer.version)?;
        journal::erase(ctx, tx, &customer).await?;
        Ok(customer)
    })
}
