//! Batches the lookups of a page. When a field such as `addresses` is resolved for the first customer of a page, one
//! query fetches the addresses of all customers of the page. An error is returned for each of them.
//!
//! There is no data loader that waits for a time and then sends a batch: a page that takes longer to resolve would be
//! split into several batches, so a larger page would need more queries.

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::{Context, Result};
use tokio::sync::OnceCell;

use super::customer::Customer;
use super::customer_mails::CustomerMailPages;
use super::group::CustomerGroup;
use super::list_connection::ListConnection;
use super::mail::Mail;
use crate::api::graphql::caller::{admin, caller};
use crate::api::graphql::error::ResolverError;
use crate::entity::address_row::AddressRow;
use crate::entity::customer_row::CustomerRow;
use crate::entity::{customer_group, customer_session};
use crate::error::Error;
use crate::service::{self, address, group, session};

/// Rows by key, fetched once. Every waiting field receives the rows or the error.
pub(super) type Fetched<T, K = i32> = OnceCell<std::result::Result<HashMap<K, T>, Error>>;

/// The customers of a page.
pub(super) struct CustomerBatch {
    customer_ids: Vec<i32>,
    group_ids: Vec<i32>,
    groups: Fetched<CustomerGroup>,
    addresses: Fetched<Vec<AddressRow>>,
    address_counts: Fetched<i64>,
    sessions: Fetched<Vec<customer_session::Model>>,
    mails: CustomerMailPages,
}

impl CustomerBatch {
    pub(super) fn of(customers: &[CustomerRow]) -> Self {
        let mut group_ids: Vec<i32> = customers.iter().filter_map(|row| row.group_id).collect();
        group_ids.sort_unstable();
        group_ids.dedup();
        Self {
            customer_ids: customers.iter().map(|row| row.customer_id).collect(),
            group_ids,
            groups: OnceCell::new(),
            addresses: OnceCell::new(),
            address_counts: OnceCell::new(),
            sessions: OnceCell::new(),
            mails: CustomerMailPages::default(),
        }
    }

    /// The group of a customer of the page.
    pub(super) async fn group(&self, ctx: &Context<'_>, id: i32) -> Result<Option<CustomerGroup>> {
        let ctx = caller(ctx)?;
        let fetch = async || {
            let rows = group::of_members(ctx, &self.group_ids).await?;
            let ids: Vec<i32> = rows.iter().map(|row| row.customer_group_id).collect();
            Ok(ids.into_iter().zip(CustomerGroup::page(rows)).collect())
        };
        lookup(self.groups.get_or_init(fetch).await, id)
    }

    /// The addresses of a customer of the page.
    pub(super) async fn addresses(&self, ctx: &Context<'_>, customer_id: i32) -> Result<Vec<AddressRow>> {
        let ctx = caller(ctx)?;
        let fetch = async || {
            let rows = address::of_customers(ctx, &self.customer_ids).await?;
            Ok(group_by(rows, |row| row.customer_id))
        };
        Ok(lookup(self.addresses.get_or_init(fetch).await, customer_id)?.unwrap_or_default())
    }

    /// The number of addresses of a customer of the page.
    pub(super) async fn address_count(&self, ctx: &Context<'_>, customer_id: i32) -> Result<i64> {
        let ctx = caller(ctx)?;
        let fetch = async || address::count_of_customers(ctx, &self.customer_ids).await;
        Ok(lookup(self.address_counts.get_or_init(fetch).await, customer_id)?.unwrap_or_default())
    }

    /// A page of the mails to a customer of the page.
    pub(super) async fn mails(
        &self,
        ctx: &Context<'_>,
        customer_id: i32,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<ListConnection<Mail>> {
        self.mails.of(ctx, &self.customer_ids, customer_id, (first, after)).await
    }

    /// The sessions of a customer of the page.
    pub(super) async fn sessions(
        &self,
        ctx: &Context<'_>,
        customer_id: i32,
    ) -> Result<Vec<customer_session::Model>> {
        let ctx = caller(ctx)?;
        let fetch = async || {
            let rows = session::of_customers(ctx, &self.customer_ids).await?;
            Ok(group_by(rows, |row| row.customer_id))
        };
        Ok(lookup(self.sessions.get_or_init(fetch).await, customer_id)?.unwrap_or_default())
    }
}

/// The groups of a page.
pub(super) struct GroupBatch {
    ids: Vec<i32>,
    members: Fetched<Option<Vec<Customer>>>,
}

impl GroupBatch {
    pub(super) fn of(groups: &[customer_group::Model]) -> Self {
        let ids = groups.iter().map(|row| row.customer_group_id).collect();
        Self { ids, members: OnceCell::new() }
    }

    /// The customers of a group of the page, or `None` when it has too many.
    pub(super) async fn members(&self, ctx: &Context<'_>, id: i32) -> Result<Option<Vec<Customer>>> {
        let ctx = admin(ctx)?;
        let fetch = async || {
            let members = service::customer::of_groups(ctx, &self.ids).await?;
            let too_large = members.too_large.into_iter().map(|id| (id, None));
            // They form one page, so that the lookups for all of them are batched.
            let customers = Customer::page(members.rows);
            let by_group = group_by(customers, |customer| customer.group_id().unwrap_or_default());
            let by_group = by_group.into_iter().map(|(id, customers)| (id, Some(customers)));
            Ok(by_group.chain(too_large).collect())
        };
        Ok(lookup(self.members.get_or_init(fetch).await, id)?.unwrap_or_else(|| Some(Vec::new())))
    }
}

/// Groups rows by key. Rows with the same key keep their order.
fn group_by<T>(rows: Vec<T>, key: impl Fn(&T) -> i32) -> HashMap<i32, Vec<T>> {
    let mut groups: HashMap<i32, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

/// The rows of a key.
pub(super) fn lookup<T: Clone, K: Eq + Hash>(
    fetched: &std::result::Result<HashMap<K, T>, Error>,
    key: K,
) -> Result<Option<T>> {
    match fetched {
        Ok(rows) => Ok(rows.get(&key).cloned()),
        Err(error) => Err(ResolverError(error.clone_for_waiters()).into()),
    }
}
