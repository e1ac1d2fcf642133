//! The management of admins by other admins. All of it needs a step-up.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::input::{AdminInput, NewAdminInput};
use super::{draft, insert, save, set_enabled};
use crate::app::ctx::{Caller, Ctx, INVALID_ACCESS_TOKEN, SteppedUpCtx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::PublicId;
use crate::entity::admin_user::{ActiveModel, Column, Entity, Model};
use crate::error::{Error, Result};
use crate::service::content_version::ContentVersion;
use crate::service::query::lock::find_for_update;
use crate::service::second_factor;
use crate::spend;

/// The error for an admin that disables itself: there could be no other admin to enable it again.
pub(crate) const DISABLES_ITSELF: Error = Error::fixed_conflict("Admins cannot disable themselves");
/// The error for an admin that removes its own factor as that of another admin: another route does that.
pub(crate) const REMOVES_OWN_FACTOR: Error =
    Error::fixed_conflict("Admins turn their own second factor off with DELETE /api/user/me/second-factor");

/// An admin, and whether its second factor is on.
#[derive(Clone, Debug)]
pub struct AdminRecord {
    /// The row of the admin.
    pub row: Model,
    /// Whether its second factor is on.
    pub has_second_factor: bool,
}

impl AdminRecord {
    async fn of(tx: &impl ConnectionTrait, row: Model) -> TxResult<Self> {
        let has_second_factor = second_factor::is_on(tx, row.admin_user_id).await?;
        Ok(Self { row, has_second_factor })
    }
}

/// Creates an admin.
///
/// # Errors
/// [`Error::Invalid`] with all problems of the input; [`Error::EmailTaken`] if another admin has the e-mail address.
pub async fn add(
    ctx: &SteppedUpCtx,
    write: Write<AdminRecord>,
    input: NewAdminInput,
) -> Result<Written<AdminRecord>> {
    let (email, full_name, password) = input.parse(ctx)?;
    // This check only saves the hashing for a taken address; the unique index decides.
    if Entity::find_by_address(&email).one(ctx.app.db.reader()).await?.is_some() {
        return Err(Error::EmailTaken);
    }
    let hash = ctx.app.hasher.hash(&write, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    let admin = draft(ctx, email, full_name, hash);
    spend!(ctx, write, |tx| {
        let row = insert(ctx, tx, admin.clone()).await?;
        Ok(AdminRecord { row, has_second_factor: false })
    })
}

/// Renames, enables or disables an admin. Disabling revokes all tokens and sessions of the admin.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] with all problems of the input; [`Error::Conflict`] if the caller disables itself;
/// [`Error::PreconditionFailed`] if `If-Match` names a version other than the current one; [`Error::Unauthenticated`] if the
/// caller was disabled while the request was running.
pub async fn update(
    ctx: &SteppedUpCtx,
    write: Write<AdminRecord>,
    uuid: Uuid,
    input: AdminInput,
) -> Result<Written<AdminRecord>> {
    ctx.require_if_match()?;
    let (full_name, enabled) = input.parse()?;
    if is_caller(ctx, uuid) && enabled == Some(false) {
        return Err(DISABLES_ITSELF);
    }
    spend!(ctx, write, |tx| {
        let current = lock_with_caller(ctx, tx, uuid).await?;
        ctx.if_match.check(current.content_version())?;
        let apply = |row: &mut ActiveModel, current: &Model| {
            if let Some(full_name) = &full_name {
                row.full_name.set_if_not_equals(full_name.clone());
            }
            if let Some(enabled) = enabled {
                set_enabled(row, current, enabled);
            }
        };
        let row = save(ctx, tx, current, apply, None).await?;
        AdminRecord::of(tx, row).await
    })
}

/// Removes the second factor of an admin that lost it. Nothing changes if it has none.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] if the admin is the caller itself.
pub async fn remove_factor(
    ctx: &SteppedUpCtx,
    write: Write<AdminRecord>,
    uuid: Uuid,
) -> Result<Written<AdminRecord>> {
    if is_caller(ctx, uuid) {
        return Err(REMOVES_OWN_FACTOR);
    }
    spend!(ctx, write, |tx| {
        let row = find_for_update::<Entity>(tx, uuid).await?;
        second_factor::reset(ctx, tx, &row).await?;
        Ok(AdminRecord { row, has_second_factor: false })
    })
}

fn is_caller(ctx: &Ctx, admin: Uuid) -> bool {
    matches!(ctx.caller, Caller::Admin { uuid, .. } if uuid == admin)
}

/// Locks the rows of an admin and of the caller, in the order of their primary keys as everywhere, so that admins that change
/// one another wait for one another instead of deadlocking. Returns the admin.
///
/// The caller is enabled until the transaction ends, and it does not disable itself. So at least one admin stays enabled.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unauthenticated`] if the caller is disabled.
async fn lock_with_caller(ctx: &Ctx, tx: &impl ConnectionTrait, admin: Uuid) -> TxResult<Model> {
    let Caller::Admin { uuid: caller, .. } = ctx.caller else {
        return find_for_update::<Entity>(tx, admin).await;
    };
    let both = Entity::find().filter(Column::Uuid.is_in([caller, admin]));
    let both = both.order_by_asc(Column::AdminUserId).lock_exclusive().all(tx).await?;
    if !both.iter().any(|row| row.uuid == caller && row.status) {
        return Err(INVALID_ACCESS_TOKEN.into());
    }
    let admin = both.into_iter().find(|row| row.uuid == admin);
    Ok(admin.ok_or(Error::NotFound(Entity::NOUN))?)
}
