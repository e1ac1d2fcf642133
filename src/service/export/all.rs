//! Exports all customers, one page at a time, with every field that `patron import` reads.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::app::ctx::AdminCtx;
use crate::entity::{customer, customer_address, customer_group};
use crate::error::Result;
use crate::service::address::MAX_ADDRESSES;
use crate::service::customer::most_addresses;

/// Number of customers on a page.
const PAGE: u64 = 1000;

/// A customer with its group and addresses.
#[derive(Clone, Debug)]
pub struct ExportedCustomer {
    /// The customer row, including the password hash.
    pub customer: customer::Model,
    /// Name of the customer's group.
    pub group_name: Option<String>,
    /// The customer's addresses, the default first.
    pub addresses: Vec<customer_address::Model>,
}

/// Returns the next customers after this primary key, in the order of their creation; an empty page is the end.
///
/// The pages do not form a snapshot: a customer that changes during the export is exported either before or after the
/// change.
pub async fn page(ctx: &AdminCtx, after: i32) -> Result<Vec<ExportedCustomer>> {
    let customers = customer::Entity::find()
        .filter(customer::Column::CustomerId.gt(after))
        .order_by_asc(customer::Column::CustomerId)
        .limit(PAGE);
    let db = ctx.app.db.reader();
    complete(customers.all(db).await?, db).await
}

/// The highest number of addresses of a customer, but at most the number that a customer may have.
pub async fn max_addresses(ctx: &AdminCtx) -> Result<usize> {
    let most = most_addresses(ctx, None).await?;
    Ok(usize::try_from(most.min(MAX_ADDRESSES)).unwrap_or_default())
}

/// Adds to each of these customers its group and its addresses.
pub(super) async fn complete(
    customers: Vec<customer::Model>,
    db: &impl ConnectionTrait,
) -> Result<Vec<ExportedCustomer>> {
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
    let exported = |customer: customer::Model| ExportedCustomer {
        group_name: customer.group_id.and_then(|id| groups.get(&id).cloned()),
        addresses: addresses.remove(&customer.customer_id).unwrap_or_default(),
        customer,
    };
    Ok(customers.into_iter().map(exported).collect())
}
