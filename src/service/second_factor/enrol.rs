//! Setting up a second factor: a new secret, which is pending until a code of it was entered.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use secrecy::SecretString;

use super::code::{self, CodeRefused};
use super::factor::{ALREADY_ON, find_on, lock_admin, report};
use super::input::{CodeInput, EnrolmentInput, wrong_code};
use super::recovery::{self, RecoveryCodes};
use super::totp;
use crate::app::ctx::OwnAdminCtx;
use crate::app::write::{Write, Written};
use crate::entity::admin_second_factor::{ActiveModel, Entity};
use crate::entity::admin_user;
use crate::error::{Error, Result};
use crate::service::login_attempts::LoginAttempts;
use crate::service::{confirmation, session};
use crate::spend;
use crate::types::{EventKind, MailKind};

/// How long a new secret waits for its first code.
const PENDING: TimeDelta = TimeDelta::hours(1);

/// The error for a code without a pending secret.
pub(crate) const NOTHING_PENDING: Error =
    Error::fixed_conflict("There is no new secret to confirm: start with POST /api/user/me/second-factor");

/// A new secret, which is returned only this time.
#[derive(Clone)]
pub struct Enrolment {
    /// The secret in base32, to be typed.
    pub secret: SecretString,
    /// The URI of the secret, to be scanned as a QR code.
    pub uri: SecretString,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

/// Creates a secret for the calling admin, which is pending until it is [confirmed](confirm). An earlier pending secret
/// becomes invalid.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password; [`Error::RateLimited`] after too many; [`Error::Conflict`] if a factor is on.
pub async fn enrol(
    ctx: &OwnAdminCtx,
    write: Write<Enrolment>,
    input: EnrolmentInput,
) -> Result<Written<Enrolment>> {
    let (password, id) = (input.parse()?, ctx.admin_user_id);
    let admin = confirmation::confirm::<admin_user::Entity>(ctx, &write, id, &password).await?;
    let admin = admin.ok_or_else(|| Error::invalid("password", "Password is incorrect"))?;
    let new = totp::generate(&ctx.app, &admin)?;
    spend!(ctx, write, |tx| {
        lock_admin(tx, id).await?;
        if find_on(tx, id).await?.is_some() {
            return Err(ALREADY_ON.into());
        }
        Entity::delete_by_id(id).exec(tx).await?;
        let row = ActiveModel {
            admin_user_id: Set(id),
            secret: Set(new.sealed.clone()),
            last_step: Set(0),
            created_at: Set(ctx.app.clock.now()),
            confirmed_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok(Enrolment { secret: new.base32.clone(), uri: new.uri.clone() })
    })
}

/// Turns the pending factor of the calling admin on, with its first code, and creates its recovery codes. All other sessions
/// of the admin end, because they began without a code.
///
/// # Errors
/// [`Error::Invalid`] for a wrong code; [`Error::RateLimited`] after too many; [`Error::Conflict`] if a factor is on or none
/// is pending.
pub async fn confirm(
    ctx: &OwnAdminCtx,
    write: Write<RecoveryCodes>,
    input: CodeInput,
) -> Result<Written<RecoveryCodes>> {
    let (typed, id, session) = (input.parse()?, ctx.admin_user_id, ctx.proof.session);
    let attempts = LoginAttempts::of_code_inside(id);
    attempts.check_account(ctx).await?;
    let codes = recovery::generate(&ctx.app.random);
    let outcome = spend!(ctx, write.refusable::<CodeRefused>(), |tx| {
        let admin = lock_admin(tx, id).await?;
        let factor = Entity::find_by_id(id).one(tx).await?.ok_or(NOTHING_PENDING)?;
        if factor.confirmed_at.is_some() {
            return Err(ALREADY_ON.into());
        }
        if !ctx.app.clock.is_pending(factor.created_at + PENDING, PENDING) {
            return Err(NOTHING_PENDING.into());
        }
        if !code::accept(ctx, tx, &admin, &factor, &typed, &attempts).await? {
            return Ok(Err(CodeRefused));
        }
        let confirmed_at = Set(Some(ctx.app.clock.now()));
        ActiveModel { admin_user_id: Set(id), confirmed_at, ..Default::default() }.update(tx).await?;
        recovery::replace(&ctx.app, tx, &admin, &codes).await?;
        session::admin::end_all(ctx, tx, &admin, session).await?;
        if let Some(session) = session {
            session::step_up::record(ctx, tx, session).await?;
        }
        report(ctx, tx, &admin, EventKind::SecondFactorEnabled, MailKind::SecondFactorOn).await?;
        Ok(Ok(codes.clone()))
    })?;
    outcome.into_result().map_err(|CodeRefused| wrong_code())
}
