//! The time at which the admin of a session last confirmed who it is.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::app::ctx::{Ctx, INVALID_ACCESS_TOKEN};
use crate::db::TxResult;
use crate::entity::admin_session::{ActiveModel, Column, Entity};

/// Records that the admin of a session has confirmed now who it is. A refresh of the session keeps that.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) if the session has ended.
pub(in crate::service) async fn record(ctx: &Ctx, tx: &impl ConnectionTrait, session: Uuid) -> TxResult<()> {
    let row = ActiveModel { stepped_up_at: Set(Some(ctx.app.clock.now())), ..Default::default() };
    let update = Entity::update_many().set(row).filter(Column::Uuid.eq(session));
    if update.exec(tx).await?.rows_affected == 0 {
        return Err(INVALID_ACCESS_TOKEN.into());
    }
    Ok(())
}
