//! Confirmation of the password by the signed-in owner of an account, before an action that can't be undone.

use sea_orm::{ColumnTrait, QueryFilter};
use secrecy::SecretString;

use crate::app::ctx::Ctx;
use crate::db::NoTransaction;
use crate::error::{Error, Result};
use crate::service::account_table::AccountTable;
use crate::service::login::report_too_costly;
use crate::service::login_attempts::LoginAttempts;
use crate::transact;

/// Verifies the password of an account and returns its row, or `None` for a wrong password. The attempt is counted.
///
/// # Errors
/// [`Error::RateLimited`] after too many wrong passwords.
pub(super) async fn confirm<A: AccountTable>(
    ctx: &Ctx,
    outside: &impl NoTransaction,
    id: i32,
    password: &SecretString,
) -> Result<Option<A::Model>> {
    let attempts = LoginAttempts::for_confirmation(A::AUDIENCE, id);
    attempts.check_account(ctx).await?;
    let row = A::find().filter(A::ID.eq(id)).one(ctx.app.db.reader()).await?;
    let row = row.ok_or(Error::NotFound(A::NOUN))?;
    let account = A::account(&row);
    let verified = ctx.app.hasher.verify(outside, ctx.lane(), password, Some(account.password)).await?;
    report_too_costly(A::AUDIENCE, Some(account.uuid), verified);
    let is_accepted =
        transact!(ctx.app.db, |tx| { attempts.record_attempt(ctx, tx, verified.verdict.is_match()).await })?;
    Ok(is_accepted.then_some(row))
}
