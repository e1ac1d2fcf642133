//! Reads admins: the calling one, pages of them, and which of them have a second factor.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Caller, Ctx};
use crate::entity::admin_second_factor;
use crate::entity::admin_user::{Column, Entity, Model};
use crate::error::Result;
use crate::service::query::keyset::Window;
use crate::service::query::listing::{Listing, NumberColumn};

/// A query of the admins. [`Listing::page`] returns its rows.
pub type AdminPage = Listing<Entity>;

/// Parses a query of the admins, the oldest first.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for an invalid count or cursor.
pub fn page(_ctx: &AdminCtx, window: &Window) -> Result<AdminPage> {
    let value = |row: &Model| i64::from(row.admin_user_id);
    let number = NumberColumn { name: "ADMIN", column: Column::AdminUserId, value };
    // Accounts: a disabled one is shown as such at once.
    Ok(Listing::parse(number, false, window, Condition::all())?.of_primary())
}

/// Those of these admins whose second factor is on, by primary key. The calling code has to authorize the caller for the
/// admins.
pub async fn second_factors(ctx: &Ctx, ids: &[i32]) -> Result<HashMap<i32, bool>> {
    use admin_second_factor::Column::{AdminUserId, ConfirmedAt};
    let on = admin_second_factor::Entity::find().select_only().column(AdminUserId);
    let on = on.filter(AdminUserId.is_in(ids.iter().copied())).filter(ConfirmedAt.is_not_null());
    let on: Vec<i32> = on.into_tuple().all(ctx.app.db.reader()).await?;
    Ok(on.into_iter().map(|id| (id, true)).collect())
}

/// The calling admin, also one that has yet to set up a second factor. `None` for any other caller.
pub async fn find_caller(ctx: &Ctx) -> Result<Option<Model>> {
    match ctx.caller {
        Caller::Admin { admin_user_id, .. } | Caller::UnenrolledAdmin { admin_user_id, .. } => {
            Ok(Entity::find_by_id(admin_user_id).one(ctx.app.db.reader()).await?)
        }
        Caller::Anonymous | Caller::Customer { .. } | Caller::System => Ok(None),
    }
}

/// The admins with these public identifiers.
pub async fn by_uuids(ctx: &AdminCtx, uuids: &[Uuid]) -> Result<Vec<Model>> {
    let select = Entity::find().filter(Column::Uuid.is_in(uuids.iter().copied()));
    Ok(select.all(ctx.app.db.reader()).await?)
}
