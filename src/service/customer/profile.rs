//! What a customer does with its own account.

use sea_orm::IntoActiveModel;

use super::{CustomerInput, ensure_email_is_free, set_if_given};
use crate::app::ctx::Ctx;
use crate::app::write::{Write, Written};
use crate::entity::customer::Model;
use crate::error::{Error, Result};
use crate::service::account::{enqueue_verification_mail, find_for_update, save};
use crate::service::input::patch::{Field, Mode};
use crate::service::{journal, mail, password, throttle};
use crate::spend;
use crate::types::MailKind;

/// Changes the name or the address of the customer whose token it is. A new address takes effect when the link
/// that is mailed to it is opened; at once, when addresses are not verified, or when only its spelling changes.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, also when nothing is left of it; [`Error::EmailTaken`];
/// [`Error::RateLimited`] after five mails in an hour.
pub async fn update_own(ctx: &Ctx, write: Write<Model>, input: CustomerInput) -> Result<Written<Model>> {
    let (customer_id, uuid) = ctx.require_customer()?;
    ctx.require_if_match()?;
    let CustomerInput { full_name, email, status: _, group_id: _, password: _, meta_data: _ } = input;
    if full_name == Field::Absent && email == Field::Absent {
        return Err(Error::invalid("body", "There is nothing to update"));
    }
    let own = CustomerInput { full_name, email, ..CustomerInput::default() };
    let changes = own.parse(Mode::Update, false)?;
    if let Some(email) = &changes.email {
        ensure_email_is_free(ctx.app.db.reader(), email, Some(customer_id)).await?;
    }
    spend!(ctx, write, |tx| {
        let current = find_for_update(tx, uuid).await?;
        ctx.if_match.check(current.version)?;
        let mut row = current.clone().into_active_model();
        set_if_given(&mut row.full_name, changes.full_name.clone());
        let mut ask = false;
        if let Some(email) = changes.email.clone() {
            let same_mailbox = email.key() == current.email.key();
            if same_mailbox || !ctx.app.config.accounts.email_verification {
                row.email.set_if_not_equals(email);
                // Whoever goes back to the address it has wants no other any more.
                row.pending_email.set_if_not_equals(None);
            } else {
                ensure_email_is_free(tx, &email, Some(customer_id)).await?;
                row.pending_email.set_if_not_equals(Some(email));
                ask = row.pending_email.is_set();
                if ask {
                    mail::ensure_not_too_many(ctx, tx, MailKind::VerifyEmail, customer_id).await?;
                }
            }
        }
        let saved = save(ctx, tx, current, row, None).await?;
        if ask {
            // At once: when the link is opened it may be too late to do something about it.
            let told = saved.email.clone();
            mail::enqueue(ctx, tx, MailKind::EmailChangeRequested, Some(customer_id), &told).await?;
            enqueue_verification_mail(ctx, tx, &saved).await?;
        }
        Ok(saved)
    })
}

/// Deletes the account of the customer whose token it is, when it knows the password, and tells what it was.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password, [`Error::RateLimited`] after too many.
pub async fn delete_own(ctx: &Ctx, write: Write<Model>, password: Field) -> Result<Written<Model>> {
    let (_, uuid) = ctx.require_customer()?;
    ctx.require_if_match()?;
    let password = password::parse_own_password(password)?;
    let known = password::confirm(ctx, &write, "password", "Password is incorrect", &password).await?;
    spend!(ctx, write, |tx| {
        throttle::forget(tx, "customer", &known.email.key()).await?;
        let customer = find_for_update(tx, uuid).await?;
        if customer.token_generation != known.token_generation {
            return Err(Error::Unauthenticated("The token is invalid or expired").into());
        }
        ctx.if_match.check(customer.version)?;
        journal::erase(ctx, tx, &customer).await?;
        Ok(customer)
    })
}
