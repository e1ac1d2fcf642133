//! Step-up: an admin confirms who it is, before it does what can't be undone. It lasts ten minutes, in one session.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::code::{self, CodeRefused};
use super::factor::{ALREADY_ON, find_on, lock_admin};
use super::input::{StepUpInput, wrong_code};
use crate::app::ctx::{OwnAdminCtx, STEP_UP};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::admin_user;
use crate::error::{Error, Result};
use crate::service::journal::{self, Change};
use crate::service::login_attempts::LoginAttempts;
use crate::service::{confirmation, session};
use crate::spend;
use crate::types::EventKind;

/// The error for a token without a session, which has nothing to record the step-up in.
pub(crate) const NO_SESSION: Error =
    Error::fixed_conflict("The token has no session: sign in with POST /api/user/tokens");

/// Confirms who the calling admin is: with a code of its second factor, or with its password if it has none. Returns the end
/// of the step-up.
///
/// # Errors
/// [`Error::Invalid`] for a code or password that is missing or wrong; [`Error::RateLimited`] after too many wrong ones;
/// [`Error::Conflict`] for a token of EverShop; [`Error::SecondFactorUnreadable`] after a change of the key.
pub async fn step_up(
    ctx: &OwnAdminCtx,
    write: Write<DateTime<Utc>>,
    input: StepUpInput,
) -> Result<Written<DateTime<Utc>>> {
    let session = ctx.proof.session.ok_or(NO_SESSION)?;
    if ctx.proof.has_second_factor {
        return by_code(ctx, write, session, &input.code()?).await;
    }
    let password = input.password()?;
    let admin = confirmation::confirm::<admin_user::Entity>(ctx, &write, ctx.admin_user_id, &password);
    admin.await?.ok_or_else(|| Error::invalid("password", "Password is incorrect"))?;
    spend!(ctx, write, |tx| {
        lock_admin(tx, ctx.admin_user_id).await?;
        if find_on(tx, ctx.admin_user_id).await?.is_some() {
            return Err(ALREADY_ON.into());
        }
        record(ctx, tx, session).await
    })
}

async fn by_code(
    ctx: &OwnAdminCtx,
    write: Write<DateTime<Utc>>,
    session: Uuid,
    typed: &SecretString,
) -> Result<Written<DateTime<Utc>>> {
    let attempts = LoginAttempts::of_code_inside(ctx.admin_user_id);
    attempts.check_account(ctx).await?;
    let outcome = spend!(ctx, write.refusable::<CodeRefused>(), |tx| {
        let admin = lock_admin(tx, ctx.admin_user_id).await?;
        let Some(factor) = find_on(tx, ctx.admin_user_id).await? else { return Ok(Err(CodeRefused)) };
        if !code::accept(ctx, tx, &admin, &factor, typed, &attempts).await? {
            return Ok(Err(CodeRefused));
        }
        record(ctx, tx, session).await.map(Ok)
    })?;
    outcome.into_result().map_err(|CodeRefused| wrong_code())
}

/// Records the step-up. Returns its end.
async fn record(ctx: &OwnAdminCtx, tx: &impl ConnectionTrait, session: Uuid) -> TxResult<DateTime<Utc>> {
    session::step_up::record(ctx, tx, session).await?;
    let data = json!({"session": session.to_string(), "admin": ctx.uuid.to_string()});
    journal::append(ctx, tx, Change::event(EventKind::AdminSessionSteppedUp, session, data)).await?;
    Ok(ctx.app.clock.now() + STEP_UP)
}
