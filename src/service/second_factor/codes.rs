//! The recovery codes of the calling admin: new ones, and the number of unused ones.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::factor::{NOT_ON, find_on, lock_admin, report};
use super::recovery::{self, RecoveryCodes};
use crate::app::ctx::{Caller, Ctx, SteppedUpCtx};
use crate::app::write::{Write, Written};
use crate::entity::admin_recovery_code::{Column, Entity};
use crate::error::Result;
use crate::spend;
use crate::types::{EventKind, MailKind};

/// Creates new recovery codes for the calling admin. The earlier ones become invalid.
///
/// # Errors
/// [`Error::Conflict`](crate::error::Error::Conflict) if no factor is on.
pub async fn recreate_codes(
    ctx: &SteppedUpCtx,
    write: Write<RecoveryCodes>,
) -> Result<Written<RecoveryCodes>> {
    let id = ctx.own()?.admin_user_id;
    let codes = recovery::generate(&ctx.app.random);
    spend!(ctx, write, |tx| {
        let admin = lock_admin(tx, id).await?;
        find_on(tx, id).await?.ok_or(NOT_ON)?;
        recovery::replace(&ctx.app, tx, &admin, &codes).await?;
        report(ctx, tx, &admin, EventKind::RecoveryCodesCreated, MailKind::RecoveryCodesCreated).await?;
        Ok(codes.clone())
    })
}

/// The number of unused recovery codes of an admin. It is 0 for any other caller than this admin.
pub async fn codes_left(ctx: &Ctx, admin: Uuid) -> Result<u64> {
    match ctx.caller {
        Caller::Admin { admin_user_id, uuid, .. } | Caller::UnenrolledAdmin { admin_user_id, uuid, .. }
            if uuid == admin =>
        {
            let own = Entity::find().filter(Column::AdminUserId.eq(admin_user_id));
            Ok(own.count(ctx.app.db.reader()).await?)
        }
        _ => Ok(0),
    }
}
