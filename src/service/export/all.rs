//! All customers, a page at a time: as much as `patron import` takes.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::Ctx;
use crate::entity::{customer, customer_address, customer_group};
use crate::error::Result;

/// Customers on a page.
const PAGE: u64 = 1000;

/// A customer with what belongs to it.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The account, with its password hash.
    pub customer: customer::Model,
    /// Name of its group.
    pub group_name: Option<String>,
    /// Its addresses, the default first.
    pub addresses: Vec<customer_address::Model>,
}

/// The customers that follow the one with this primary key, in the order in which they were made; none at the end.
/// Each page shows what is stored when it is read: a customer that is changed meanwhile may be as it was or as it is.
///
/// # Errors
/// Only the program itself and admins may: [`Error::Unauthenticated`](crate::error::Error::Unauthenticated),
/// [`Error::Forbidden`](crate::error::Error::Forbidden).
pub async fn page(ctx: &Ctx, after: i32) -> Result<Vec<Exported>> {
    ctx.require_admin()?;
    let db = ctx.app.db.reader();
    let customers = customer::Entity::find()
        .filter(customer::Column::CustomerId.gt(after))
        .order_by_asc(customer::Column::CustomerId)
        .limit(PAGE);
    let customers = customers.all(db).await?;
    let ids: Vec<i32> = customers.iter().map(|customer| customer.customer_id).collect();
    let mut addresses: HashMap<i32, Vec<_>> = HashMap::new();
    for address in customer_address::Entity::find_by_customers(&ids).all(db).await? {
        addresses.entry(address.customer_id).or_default().push(address);
    }
    let groups = customers.iter().filter_map(|customer| customer.group_id);
    let groups: std::collections::BTreeSet<i32> = groups.collect();
    let groups = customer_group::Entity::find_by_keys(groups).all(db).await?;
    let groups: HashMap<i32, String> =
        groups.into_iter().map(|group| (group.customer_group_id, group.group_name)).collect();
    let exported = |customer: customer::Model| Exported {
        group_name: customer.group_id.and_then(|id| groups.get(&id).cloned()),
        addresses: addresses.remove(&customer.customer_id).unwrap_or_default(),
        customer,
    };
    Ok(customers.into_iter().map(exported).collect())
}
