//! The code at a login, after the right password.

use sea_orm::ConnectionTrait;
use secrecy::SecretString;

use super::code;
use super::factor::find_on;
use crate::app::ctx::Ctx;
use crate::db::TxResult;
use crate::entity::admin_user;
use crate::service::login_attempts::LoginAttempts;

/// The outcome of the second step of a login.
pub(in crate::service) enum CodeCheck {
    /// No factor is on.
    NotNeeded,
    /// The code is right, and is used up now.
    Accepted,
    /// A factor is on, and the request has no code.
    Missing,
    /// The code is wrong, was used before, or came too soon after a wrong one.
    Refused,
}

/// Checks the code of a login, after the right password. The admin's row is locked.
pub(in crate::service) async fn check_at_login(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    typed: Option<&SecretString>,
) -> TxResult<CodeCheck> {
    let Some(factor) = find_on(tx, admin.admin_user_id).await? else { return Ok(CodeCheck::NotNeeded) };
    let Some(typed) = typed else { return Ok(CodeCheck::Missing) };
    let attempts = LoginAttempts::of_code_at_login(ctx, admin.admin_user_id);
    let is_accepted = code::accept(ctx, tx, admin, &factor, typed, &attempts).await?;
    Ok(if is_accepted { CodeCheck::Accepted } else { CodeCheck::Refused })
}
