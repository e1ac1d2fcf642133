//! Passwords of customers: changed by who knows the old one, set anew by who reads the mail.

mod input;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use secrecy::SecretString;

pub use input::{PasswordChange, Reset, ResetRequest};
pub(super) use input::{parse_own_password, parse_token};

use crate::app::ctx::{Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::NoTransaction;
use crate::entity::customer;
use crate::entity::reset_password_token as tokens;
use crate::error::{Error, Result};
use crate::service::account::save;
use crate::service::login::report_too_costly;
use crate::service::throttle::{self, LoginAttempts};
use crate::service::token::TokenPair;
use crate::service::{mail, secret, session};
use crate::types::MailKind;
use crate::{spend, transact};

/// One text for everything that can be wrong with a token that was mailed.
pub(super) const INVALID_TOKEN: &str = "Token is invalid or expired";

/// Changes the password of the customer whose token it is. Every token that was issued so far is refused from now
/// on, and every other session ends; the session that asks goes on with the tokens of the answer.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, also for a wrong current password; [`Error::RateLimited`]
/// after too many.
pub async fn change(ctx: &Ctx, write: Write<TokenPair>, input: PasswordChange) -> Result<Written<TokenPair>> {
    let Caller::Customer { customer_id, session, .. } = ctx.caller else {
        return Err(ctx.require_customer().err().unwrap_or(Error::Forbidden("Only customers may do this")));
    };
    let (current_password, password) = input.parse()?;
    let known =
        confirm(ctx, &write, "current_password", "Current password is incorrect", &current_password).await?;
    let hash = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    spend!(ctx, write, |tx| {
        throttle::forget(tx, "customer", &known.email.key()).await?;
        let select = customer::Entity::find_by_id(customer_id).lock_exclusive();
        let current = select.one(tx).await?.ok_or(Error::NotFound("Customer"))?;
        if current.token_generation != known.token_generation {
            // Hashing took its time: somebody else was faster, and this token is one of the old ones now.
            return Err(Error::Unauthenticated("The token is invalid or expired").into());
        }
        let mut row = current.clone().into_active_model();
        row.password = Set(hash.clone());
        let saved = save(ctx, tx, current, row, session).await?;
        session::continue_session(ctx, tx, &saved, session).await
    })
}

/// Has a link mailed with which a password can be set anew, to a customer who is known and enabled. Whoever asks
/// learns nothing: for anybody else exactly the same is done, and the worker finds that there is nobody to mail to.
///
/// # Errors
/// [`Error::Invalid`] when it is no address; [`Error::RateLimited`] for a network address that asks too often.
pub async fn request_reset(ctx: &Ctx, write: Write<()>, input: ResetRequest) -> Result<Written<()>> {
    let email = input.parse()?;
    throttle::count_request(ctx).await?;
    spend!(ctx, write, |tx| { mail::enqueue(ctx, tx, MailKind::ResetPassword, None, &email).await })
}

/// Sets a password with a token that was mailed, ends every session, and logs in: who reads the mail need not get past
/// whoever guesses at the login.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input, or for a token that was used, has expired, was overtaken, or
/// was never issued.
pub async fn reset(ctx: &Ctx, write: Write<TokenPair>, input: Reset) -> Result<Written<TokenPair>> {
    let (token, password) = input.parse()?;
    let invalid = || Error::invalid("token", INVALID_TOKEN);
    let hash = secret::token_hash(&token);
    let lasting = lasting(ctx, tokens::Column::CreatedAt, ctx.app.config.accounts.reset_password_expiry)?;
    let find = || {
        let found = tokens::Entity::find().filter(tokens::Column::Token.eq(hash.clone()));
        found.filter(lasting.clone())
    };
    // A courtesy that spares the hashing; the transaction looks again.
    let token = find().one(ctx.app.db.reader()).await?.ok_or_else(invalid)?;
    let owner = customer::Entity::find_by_id(token.customer_id).one(ctx.app.db.reader()).await?;
    let owner = owner.ok_or_else(invalid)?;
    let new_password = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    spend!(ctx, write, |tx| {
        throttle::forget(tx, "customer", &owner.email.key()).await?;
        let select = customer::Entity::find_by_id(owner.customer_id).lock_exclusive();
        let current =
            select.one(tx).await?.filter(|customer| customer.status.is_enabled()).ok_or_else(invalid)?;
        // Of several who come with the same token, only the first finds it.
        find().one(tx).await?.ok_or_else(invalid)?;
        let verified = current.email_verified_at.unwrap_or_else(|| ctx.app.clock.now());
        let mut row = current.clone().into_active_model();
        row.password = Set(new_password.clone());
        // Tokens end when the address changes, so this one came through the mailbox that the customer has.
        row.email_verified_at.set_if_not_equals(Some(verified));
        // It ends this token and its siblings.
        let saved = save(ctx, tx, current, row, None).await?;
        session::continue_session(ctx, tx, &saved, None).await
    })
}

/// Makes sure that who is logged in knows the password, before something that can't be undone.
///
/// # Errors
/// [`Error::Invalid`] with this message when it doesn't; [`Error::RateLimited`] when it attempts.
pub(super) async fn confirm(
    ctx: &Ctx,
    outside: &impl NoTransaction,
    field: &str,
    message: &str,
    password: &SecretString,
) -> Result<customer::Model> {
    let (customer_id, _) = ctx.require_customer()?;
    let attempts = LoginAttempts::inside(customer_id);
    if let Some(retry_after) = attempts.seconds_refused(ctx).await? {
        return Err(Error::RateLimited { retry_after });
    }
    let customer = customer::Entity::find_by_id(customer_id).one(ctx.app.db.reader()).await?;
    let customer = customer.ok_or(Error::NotFound("Customer"))?;
    let verified = ctx.app.hasher.verify(outside, ctx.lane(), password, Some(&customer.password)).await?;
    report_too_costly("customer", Some(customer.uuid), verified);
    let passes =
        transact!(ctx.app.db, |tx| { attempts.record_attempt(ctx, tx, verified.verdict.is_right()).await })?;
    if passes { Ok(customer) } else { Err(Error::invalid(field, message)) }
}

/// Mailed tokens that have not expired: those that were mailed at a time that `column` tells, and that can be.
pub(super) fn lasting(ctx: &Ctx, column: impl ColumnTrait, expiry: Duration) -> Result<Condition> {
    let latest = ctx.app.clock.latest(TimeDelta::zero());
    Ok(Condition::all().add(column.gt(issued_after(ctx, expiry)?)).add(column.lte(latest)))
}

/// Tokens that were mailed up to then have expired.
pub(super) fn issued_after(ctx: &Ctx, expiry: Duration) -> Result<DateTime<Utc>> {
    Ok(ctx.app.clock.now() - TimeDelta::from_std(expiry).map_err(Error::internal)?)
}
