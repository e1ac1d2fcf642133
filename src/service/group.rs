//! Customer groups.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::ctx::Ctx;
use crate::entity::customer_group::{Column, Entity, Model};
use crate::error::Result;
use crate::service::page::{Filter, ListQuery, Operation, holds};

/// The keys, for the message about one that isn't known.
const KEYS: &[&str] = &["group_name", "ob", "od", "page", "limit"];

/// Reads the filters of a list of groups; they are joined by AND.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) names the first key, operation or value that isn't known.
pub fn parse_filters(filters: Vec<Filter>) -> Result<ListQuery> {
    let column = |column: Column| SimpleExpr::from(Expr::col((Entity, column)));
    let sort_keys = [("name", column(Column::GroupName)), ("created_at", column(Column::CreatedAt))];
    ListQuery::parse(filters, column(Column::CustomerGroupId), &sort_keys, |filter| {
        if filter.key != "group_name" {
            return Err(filter.unknown_key(KEYS));
        }
        filter.allow(&[Operation::Eq, Operation::Like, Operation::Nlike])?;
        let name = filter.value.as_str();
        Ok(match filter.operation {
            Operation::Eq => Column::GroupName.eq(name),
            Operation::Nlike => holds(column(Column::GroupName), name).not(),
            _ => holds(column(Column::GroupName), name),
        })
    })
}

/// Finds a group by its primary key.
///
/// # Errors
/// Only admins may: [`Error::Unauthenticated`](crate::error::Error::Unauthenticated),
/// [`Error::Forbidden`](crate::error::Error::Forbidden).
pub async fn find(ctx: &Ctx, id: i32) -> Result<Option<Model>> {
    ctx.require_admin()?;
    Ok(Entity::find_by_id(id).one(ctx.app.db.reader()).await?)
}

/// One page of groups.
///
/// # Errors
/// As [`find`].
pub async fn list(ctx: &Ctx, query: &ListQuery) -> Result<Vec<Model>> {
    ctx.require_admin()?;
    query.rows::<Entity>(ctx.app.db.reader()).await
}

/// How many groups a query has on all its pages.
///
/// # Errors
/// As [`find`].
pub async fn count(ctx: &Ctx, query: &ListQuery) -> Result<i64> {
    ctx.require_admin()?;
    query.count::<Entity>(ctx.app.db.reader()).await
}

/// The groups with these primary keys, for callers that were shown one of their members: a customer may see
/// the group it is in.
///
/// # Errors
/// Those of the database.
pub async fn of_members(ctx: &Ctx, ids: &[i32]) -> Result<Vec<Model>> {
    let select = Entity::find().filter(Column::CustomerGroupId.is_in(ids.iter().copied()));
    Ok(select.all(ctx.app.db.reader()).await?)
}
