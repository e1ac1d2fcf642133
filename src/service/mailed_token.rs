//! Tokens of mailed links.
//!
//! A token is created when its mail is sent, and only its hash is stored. It is valid until it is used, is superseded
//! or expires. An invalid token always causes the same error, so that the response does not reveal the reason.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use secrecy::SecretString;

use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::{customer, reset_password_token, verify_email_token};
use crate::error::{Error, Result};
use crate::service::secret;
use crate::types::EmailAddress;

/// The error for an invalid token.
pub(super) fn invalid() -> Error {
    Error::invalid("token", "Token is invalid or expired")
}

/// Creates a token to verify an e-mail address.
pub(super) async fn create_for_verification(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
    email: &EmailAddress,
) -> TxResult<SecretString> {
    let token = secret::token(&ctx.app.random);
    let row = verify_email_token::ActiveModel {
        customer_id: Set(customer_id),
        email: Set(email.clone()),
        token: Set(secret::token_hash(&token)),
        created_at: Set(ctx.app.clock.now()),
        ..Default::default()
    };
    verify_email_token::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(token)
}

/// Creates a token to set a new password.
pub(super) async fn create_for_reset(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    customer_id: i32,
) -> TxResult<SecretString> {
    let token = secret::token(&ctx.app.random);
    let row = reset_password_token::ActiveModel {
        customer_id: Set(customer_id),
        token: Set(secret::token_hash(&token)),
        created_at: Set(ctx.app.clock.now()),
        ..Default::default()
    };
    reset_password_token::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(token)
}

/// Selects the row of a token by the columns of its hash and its time of creation, unless the token has expired. A time
/// of creation in the future, written by a wrong clock, does not match.
pub(super) fn select<E: EntityTrait>(
    ctx: &Ctx,
    token: &SecretString,
    [hash, created_at]: [E::Column; 2],
    expiry: Duration,
) -> Result<Select<E>> {
    let latest = ctx.app.clock.latest(TimeDelta::zero());
    let not_expired =
        Condition::all().add(created_at.gt(expiry_cutoff(ctx, expiry)?)).add(created_at.lte(latest));
    Ok(E::find().filter(hash.eq(secret::token_hash(token))).filter(not_expired))
}

/// Finds the customer of a token and locks its row until the transaction ends. The lock serializes requests with the
/// same token.
///
/// # Errors
/// That of an [`invalid`] token, if the customer does not exist any more or is disabled.
pub(super) async fn lock_customer(tx: &impl ConnectionTrait, customer_id: i32) -> TxResult<customer::Model> {
    let customer = customer::Entity::find_by_id(customer_id).lock_exclusive().one(tx).await?;
    Ok(customer.filter(|customer| customer.status.is_enabled()).ok_or_else(invalid)?)
}

/// The latest creation time of tokens that have expired.
pub(super) fn expiry_cutoff(ctx: &Ctx, expiry: Duration) -> Result<DateTime<Utc>> {
    Ok(ctx.app.clock.now() - TimeDelta::from_std(expiry).map_err(Error::internal)?)
}
