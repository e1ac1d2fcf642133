//! Reads the customers that a filter finds, in the order of their primary keys. The filter is
//! [prepared](Criterion::prepare).

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

use super::criterion::Criterion;
use super::reading::Reading;
use super::sort::SortField;
use crate::app::ctx::AdminCtx;
use crate::entity::customer::{Column, Entity, Model};
use crate::entity::customer_address;
use crate::error::Result;

/// The customers are read in the order of their primary keys, not all at once.
const IN_ORDER: Reading = Reading::Page(SortField::CustomerId);

/// The next customers after this primary key that a filter finds; without a filter, all of them.
pub(in crate::service) async fn matching_after(
    ctx: &AdminCtx,
    db: &impl ConnectionTrait,
    filter: Option<&Criterion>,
    after: i32,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut select = Entity::find().filter(Column::CustomerId.gt(after));
    if let Some(filter) = filter {
        select = select.filter(filter.condition(&ctx.app, IN_ORDER));
    }
    let select = select.order_by_asc(Column::CustomerId).limit(limit);
    Ok(select.all(db).await?)
}

/// The newest customers that a filter finds, and the number of all that it finds. Each is its public identifier and the number
/// of its journal entries.
pub(in crate::service) async fn newest_matching(
    ctx: &AdminCtx,
    filter: &Criterion,
    limit: u64,
) -> Result<(Vec<(Uuid, i64)>, u64)> {
    // A write relies on it, so no replica is read.
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

/// The highest number of addresses of a customer that a filter finds; without a filter, of all customers.
pub(in crate::service) async fn most_addresses(ctx: &AdminCtx, filter: Option<&Criterion>) -> Result<u64> {
    let count = || customer_address::Column::CustomerAddressId.count();
    let mut select = customer_address::Entity::find().select_only().column_as(count(), "addresses");
    if let Some(filter) = filter {
        let matching = Entity::find().select_only().column(Column::CustomerId);
        let matching = matching.filter(filter.condition(&ctx.app, Reading::All)).into_query();
        select = select.filter(customer_address::Column::CustomerId.in_subquery(matching));
    }
    let select = select.group_by(customer_address::Column::CustomerId).order_by_desc(count()).limit(1);
    let most: Option<i64> = select.into_tuple().one(&ctx.list_reader()).await?;
    Ok(most.and_then(|most| u64::try_from(most).ok()).unwrap_or_default())
}
