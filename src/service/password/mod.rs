//! Passwords of customers: a change with the current password, and a reset with a mailed token.
//!
//! Both end all sessions and invalidate all tokens of the customer. Passwords are hashed before the transaction,
//! because hashing is slow; the transaction then checks that the customer has not changed.

mod input;

use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, IntoActiveModel};
use secrecy::SecretString;
use uuid::Uuid;

pub use input::{PasswordChange, PasswordReset, ResetRequest};
pub(super) use input::{parse_current_password, parse_token};

use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx, INVALID_ACCESS_TOKEN};
use crate::app::write::{Write, Written};
use crate::db::NoTransaction;
use crate::entity::customer;
use crate::entity::reset_password_token as tokens;
use crate::error::{Error, Result};
use crate::service::account::{find_by_id_for_update, save};
use crate::service::query::lock::find_for_update;
use crate::service::token::TokenPair;
use crate::service::{confirmation, login_attempts, mail, mailed_token, session};
use crate::spend;
use crate::types::{Audience, MailKind};

/// The error for a mail with a link to a customer who could not use it.
pub(crate) const CUSTOMER_DISABLED: Error = Error::fixed_conflict("The customer is disabled");

/// Changes the caller's password. All earlier tokens become invalid and all other sessions end. The session of the
/// request continues with the tokens of the response.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, or for a wrong current password; [`Error::RateLimited`] after too
/// many wrong passwords.
pub async fn change(
    ctx: &CustomerCtx,
    write: Write<TokenPair>,
    input: PasswordChange,
) -> Result<Written<TokenPair>> {
    let (customer_id, session) = (ctx.customer_id, ctx.session);
    let (current_password, password) = input.parse(ctx)?;
    let confirmed =
        confirm(ctx, &write, "current_password", "Current password is incorrect", &current_password).await?;
    let hash = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    spend!(ctx, write, |tx| {
        login_attempts::reset_failures(tx, Audience::Customer, &confirmed.email.key()).await?;
        let current = find_by_id_for_update(tx, customer_id).await?;
        if current.token_generation != confirmed.token_generation {
            // A concurrent change during the hashing has invalidated the token of this request.
            return Err(INVALID_ACCESS_TOKEN.into());
        }
        let mut row = current.clone().into_active_model();
        row.password = Set(hash.clone());
        let saved = save(ctx, tx, current, row, session).await?;
        session::continue_session(ctx, tx, &saved, session).await
    })
}

/// Enqueues a mail with a password reset link. The request does the same for every e-mail address, so that its response
/// and duration do not reveal whether a customer exists. The worker drops the mail if there is no enabled customer with
/// the address.
///
/// # Errors
/// [`Error::Invalid`] for an invalid e-mail address; [`Error::RateLimited`] after too many requests from a network
/// address.
pub async fn request_reset(ctx: &Ctx, write: Write<()>, input: ResetRequest) -> Result<Written<()>> {
    let email = input.parse()?;
    login_attempts::count_request(ctx).await?;
    spend!(ctx, write, |tx| { mail::enqueue(ctx, tx, MailKind::ResetPassword, None, &email).await })
        .inspect(|_| ctx.app.metrics.accounts.reset_requested())
}

/// Enqueues a mail with a password reset link on behalf of an admin.
///
/// # Errors
/// [`Error::NotFound`] for an unknown customer; [`Error::Conflict`] for a disabled one; [`Error::RateLimited`] after five
/// mails in an hour.
pub async fn send_reset(ctx: &AdminCtx, write: Write<()>, customer: Uuid) -> Result<Written<()>> {
    spend!(ctx, write, |tx| {
        let customer = find_for_update::<customer::Entity>(tx, customer).await?;
        if !customer.status.is_enabled() {
            return Err(CUSTOMER_DISABLED.into());
        }
        let (kind, id) = (MailKind::ResetPassword, customer.customer_id);
        mail::check_mail_limit(ctx, tx, kind, id).await?;
        mail::enqueue(ctx, tx, kind, Some(id), &customer.email).await?;
        mail::record_request(ctx, tx, kind, &customer).await
    })
    .inspect(|_| ctx.app.metrics.accounts.reset_requested())
}

/// Sets a password with a mailed token, ends all sessions, and starts a new session. The customer needs no login after
/// that, which an attacker's login attempts could block.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, or for a token that is unknown, used, expired or superseded.
pub async fn reset(ctx: &Ctx, write: Write<TokenPair>, input: PasswordReset) -> Result<Written<TokenPair>> {
    let (token, password) = input.parse(ctx)?;
    let expiry = ctx.app.config.accounts.reset_password_expiry;
    let columns = [tokens::Column::Token, tokens::Column::CreatedAt];
    let select = mailed_token::select::<tokens::Entity>(ctx, &token, columns, expiry)?;
    // Rejects invalid tokens before the expensive hashing; the transaction checks again.
    let token = select.clone().one(ctx.app.db.reader()).await?.ok_or_else(mailed_token::invalid)?;
    let owner = customer::Entity::find_by_id(token.customer_id).one(ctx.app.db.reader()).await?;
    let owner = owner.ok_or_else(mailed_token::invalid)?;
    let new_password = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    spend!(ctx, write, |tx| {
        login_attempts::reset_failures(tx, Audience::Customer, &owner.email.key()).await?;
        let current = mailed_token::lock_customer(tx, owner.customer_id).await?;
        // Of concurrent requests with the same token, only the first finds it.
        select.clone().one(tx).await?.ok_or_else(mailed_token::invalid)?;
        let verified = current.email_verified_at.unwrap_or_else(|| ctx.app.clock.now());
        let mut row = current.clone().into_active_model();
        row.password = Set(new_password.clone());
        // A change of the address invalidates the token, so the customer has access to the current mailbox.
        row.email_verified_at.set_if_not_equals(Some(verified));
        // Invalidates this token and all other reset tokens of the customer.
        let saved = save(ctx, tx, current, row, None).await?;
        session::continue_session(ctx, tx, &saved, None).await
    })
    .inspect(|_| ctx.app.metrics.accounts.reset_completed())
}

/// Verifies the password of the calling customer, before an action that can't be undone.
///
/// # Errors
/// [`Error::Invalid`] with `message` for a wrong password; [`Error::RateLimited`] after too many wrong passwords.
pub(super) async fn confirm(
    ctx: &CustomerCtx,
    outside: &impl NoTransaction,
    field: &str,
    message: &str,
    password: &SecretString,
) -> Result<customer::Model> {
    let customer_id = ctx.customer_id;
    let customer = confirmation::confirm::<customer::Entity>(ctx, outside, customer_id, password).await?;
    customer.ok_or_else(|| Error::invalid(field, message))
}
