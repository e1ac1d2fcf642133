//! Removing a second factor: by its admin, and by another admin or a command if it is lost.

use sea_orm::{ConnectionTrait, EntityTrait};

use super::factor::{NOT_ON, find_on, is_on, is_required, lock_admin, report};
use super::recovery;
use crate::app::ctx::{Ctx, SteppedUpCtx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::admin_second_factor::Entity;
use crate::entity::admin_user;
use crate::error::{Error, Result};
use crate::service::login_attempts::reset_wrong_codes;
use crate::service::session;
use crate::spend;
use crate::types::{EventKind, MailKind};

/// The error for an admin that turns off what the settings require.
pub(crate) const REQUIRED: Error = Error::Forbidden("The settings require a second factor");

/// Turns the factor of the calling admin off. All its other sessions end: without a factor they would need no step-up any
/// more.
///
/// # Errors
/// [`Error::Forbidden`] if the settings require one; [`Error::Conflict`] if none is on.
pub async fn turn_off(ctx: &SteppedUpCtx, write: Write<()>) -> Result<Written<()>> {
    let own = ctx.own()?;
    let (id, session) = (own.admin_user_id, own.proof.session);
    if is_required(ctx) {
        return Err(REQUIRED);
    }
    spend!(ctx, write, |tx| {
        let admin = lock_admin(tx, id).await?;
        find_on(tx, id).await?.ok_or(NOT_ON)?;
        remove(tx, id).await?;
        session::admin::end_all(ctx, tx, &admin, session).await?;
        report(ctx, tx, &admin, EventKind::SecondFactorDisabled, MailKind::SecondFactorOff).await
    })
}

/// Removes the factor of an admin that lost it, whose row is locked. Returns whether one was on. If so, all sessions of the
/// admin end, for the same reason.
pub(in crate::service) async fn reset(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
) -> TxResult<bool> {
    let was_on = is_on(tx, admin.admin_user_id).await?;
    remove(tx, admin.admin_user_id).await?;
    if was_on {
        session::admin::end_all(ctx, tx, admin, None).await?;
        report(ctx, tx, admin, EventKind::SecondFactorReset, MailKind::SecondFactorReset).await?;
    }
    Ok(was_on)
}

async fn remove(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<()> {
    Entity::delete_by_id(admin_user_id).exec(tx).await?;
    recovery::remove(tx, admin_user_id).await?;
    reset_wrong_codes(tx, admin_user_id).await
}
