//! The stored factor of an admin, and what all changes of it have in common.

use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use serde_json::json;

use crate::app::ctx::{Ctx, INVALID_ACCESS_TOKEN};
use crate::config::SecondFactorPolicy;
use crate::db::TxResult;
use crate::entity::admin_second_factor::{Entity, Model};
use crate::entity::admin_user;
use crate::error::Error;
use crate::service::journal::{self, Change};
use crate::service::mail;
use crate::types::{EventKind, MailKind};

/// The error for a new second factor while one is on.
pub(crate) const ALREADY_ON: Error = Error::fixed_conflict("A second factor is already on");
/// The error for an operation on a second factor that is not on.
pub(crate) const NOT_ON: Error = Error::fixed_conflict("There is no second factor");

/// Whether the settings require a second factor of every admin.
pub fn is_required(ctx: &Ctx) -> bool {
    ctx.app.config.accounts.admin_second_factor == SecondFactorPolicy::Required
}

/// The factor of an admin, if it is on.
pub(super) async fn find_on(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<Option<Model>> {
    let factor = Entity::find_by_id(admin_user_id).one(tx).await?;
    Ok(factor.filter(|factor| factor.confirmed_at.is_some()))
}

/// Whether the factor of an admin is on.
pub(in crate::service) async fn is_on(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<bool> {
    Ok(find_on(tx, admin_user_id).await?.is_some())
}

/// Locks the row of the calling admin. So requests with the same code run one after the other.
pub(super) async fn lock_admin(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<admin_user::Model> {
    let admin = admin_user::Entity::find_by_id(admin_user_id).lock_exclusive().one(tx).await?;
    Ok(admin.ok_or(INVALID_ACCESS_TOKEN)?)
}

/// Records a change of an admin's second factor in the audit trail, and notifies the admin by mail.
pub(super) async fn report(
    ctx: &Ctx,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    event: EventKind,
    kind: MailKind,
) -> TxResult<()> {
    let data = json!({"admin": admin.uuid.to_string()});
    journal::append(ctx, tx, Change::event(event, admin.uuid, data)).await?;
    mail::enqueue(ctx, tx, kind, None, &admin.email).await
}
