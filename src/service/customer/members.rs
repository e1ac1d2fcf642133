//! The customers of groups.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query as Sql};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::Ctx;
use crate::db::batch_loader;
use crate::entity::customer::{Column, Entity, Model};
use crate::error::{Error, Result};

/// The largest group whose customers are answered as one list.
pub const MAX_MEMBERS: u64 = 100;

/// The customers of some groups.
#[derive(Debug, Default)]
pub struct Members {
    /// Those of groups with at most [`MAX_MEMBERS`], the newest first.
    pub rows: Vec<Model>,
    /// The groups that have more.
    pub too_large: Vec<i32>,
}

/// The customers of these groups. Groups that are too large are found first, by their index, so that nothing is read
/// for them.
///
/// # Errors
/// Only admins may: [`Error::Unauthenticated`], [`Error::Forbidden`].
pub async fn of_groups(ctx: &Ctx, group_ids: &[i32]) -> Result<Members> {
    ctx.require_admin()?;
    let db = ctx.app.db.lists();
    let beyond = batch_loader::select_per_key(db, group_ids.to_vec(), |group_id| {
        let mut select = Sql::select();
        select
            .column(Column::CustomerId)
            .from(Entity)
            .and_where(Expr::col((Entity, Column::GroupId)).eq(group_id));
        select.order_by(Column::CustomerId, Order::Asc).offset(MAX_MEMBERS).limit(1).take()
    });
    let beyond: HashMap<i32, Option<i32>> = beyond.await?;
    let too_large: Vec<i32> =
        group_ids.iter().copied().filter(|id| beyond.get(id).is_some_and(Option::is_some)).collect();
    let small: Vec<i32> = group_ids.iter().copied().filter(|id| !too_large.contains(id)).collect();
    let most = MAX_MEMBERS * small.len() as u64;
    let select = Entity::find().filter(Column::GroupId.is_in(batch_loader::pad_to_power_of_two(small)));
    let rows = select.order_by_desc(Column::CustomerId).limit(most + 1).all(db).await?;
    if rows.len() as u64 > most {
        return Err(Error::unavailable("customers were added to a group while it was read"));
    }
    Ok(Members { rows, too_large })
}
