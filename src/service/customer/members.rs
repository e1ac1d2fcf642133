//! Loads the customers of several groups at once, for GraphQL.
//!
//! Only small groups are returned as a list. A first query finds the groups that are too large, by their index; a
//! second one reads the customers of the other groups.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query as Sql};
use sea_orm::{ColumnTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::AdminCtx;
use crate::db::batch_loader;
use crate::entity::customer::{Column, Entity};
use crate::entity::customer_row::CustomerRow;
use crate::error::{Error, Result};

/// Maximum number of customers of a group that is returned as one list.
pub const MAX_MEMBERS: u64 = 100;

/// The customers of several groups.
#[derive(Debug, Default)]
pub struct Members {
    /// Customers of the groups with at most [`MAX_MEMBERS`], newest first.
    pub rows: Vec<CustomerRow>,
    /// Primary keys of the groups with more than [`MAX_MEMBERS`].
    pub too_large: Vec<i32>,
}

/// Returns the customers of these groups.
///
/// # Errors
/// [`Error::Unavailable`] if customers were added to a group between the two queries.
pub async fn of_groups(ctx: &AdminCtx, group_ids: &[i32]) -> Result<Members> {
    let db = &ctx.list_reader();
    let first_over_limit = batch_loader::select_per_key(db, group_ids.to_vec(), |group_id| {
        let mut select = Sql::select();
        select
            .column(Column::CustomerId)
            .from(Entity)
            .and_where(Expr::col((Entity, Column::GroupId)).eq(group_id));
        select.order_by(Column::CustomerId, Order::Asc).offset(MAX_MEMBERS).limit(1).take()
    });
    let first_over_limit: HashMap<i32, Option<i32>> = first_over_limit.await?;
    let too_large: Vec<i32> = group_ids
        .iter()
        .copied()
        .filter(|id| first_over_limit.get(id).is_some_and(Option::is_some))
        .collect();
    let small: Vec<i32> = group_ids.iter().copied().filter(|id| !too_large.contains(id)).collect();
    let max_rows = MAX_MEMBERS * small.len() as u64;
    let select =
        CustomerRow::select().filter(Column::GroupId.is_in(batch_loader::pad_to_power_of_two(small)));
    let select = select.order_by_desc(Column::CustomerId).limit(max_rows + 1);
    let rows: Vec<CustomerRow> = select.into_model().all(db).await?;
    if rows.len() as u64 > max_rows {
        return Err(Error::unavailable("customers were added to a group while it was read"));
    }
    Ok(Members { rows, too_large })
}
