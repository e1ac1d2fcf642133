//! Reads the customers that a filter finds, in the order of their primary keys. The filter is
//! [prepared](Criterion::prepare).

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::criterion::Criterion;
use super::reading::Reading;
use super::sort::SortField;
use crate::app::ctx::AdminCtx;
use crate::entity::customer::{Column, Entity, Model};
use crate::error::Result;

/// The customers are read in the order of their primary keys, not all at once.
const IN_ORDER: Reading = Reading::Page(SortField::CustomerId);

/// The next customers after this primary key that a filter finds; without a filter, all of them.
pub(in crate::service) async fn matching_after(
    ctx: &AdminCtx,
    filter: Option<&Criterion>,
    after: i32,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut select = Entity::find().filter(Column::CustomerId.gt(after));
    if let Some(filter) = filter {
        select = select.filter(filter.condition(&ctx.app, IN_ORDER));
    }
    let select = select.order_by_asc(Column::CustomerId).limit(limit);
    Ok(select.all(ctx.app.db.list_reader()).await?)
}

/// The newest customers that a filter finds, and the number of all that it finds. Each is its public identifier and the number
/// of its journal entries.
pub(in crate::service) async fn newest_matching(
    ctx: &AdminCtx,
    filter: &Criterion,
    limit: u64,
) -> Result<(Vec<(Uuid, i64)>, u64)> {
    let db = ctx.app.db.list_reader();
    let newest = Entity::find().filter(filter.condition(&ctx.app, IN_ORDER));
    let newest = newest.select_only().columns([Column::Uuid, Column::EventSequence]);
    let newest = newest.order_by_desc(Column::CustomerId).limit(limit);
    let newest: Vec<(Uuid, i64)> = newest.into_tuple().all(db).await?;
    let is_complete = (newest.len() as u64) < limit;
    let matching = Entity::find().filter(filter.condition(&ctx.app, Reading::All));
    let count = if is_complete { newest.len() as u64 } else { matching.count(db).await? };
    Ok((newest, count))
}
