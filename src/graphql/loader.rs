//! What belongs to the customers of one answer is fetched with one query for a whole page, when the first of
//! them is asked for it. Not by a batch that waits for some time: a page that takes longer to walk would be split,
//! and cost more queries the more rows it has.

use std::collections::HashMap;

use async_graphql::{Context, Result};
use tokio::sync::OnceCell;

use super::error::Failed;
use crate::entity::{customer, customer_address, customer_group, customer_session};
use crate::error::Error;
use crate::service::{address, group, session};

/// Rows by a key, once they are fetched; each who asks gets the error as well.
type Fetched<T> = OnceCell<std::result::Result<HashMap<i32, T>, Error>>;

/// The customers that were found together.
pub(super) struct Page {
    customer_ids: Vec<i32>,
    group_ids: Vec<i32>,
    groups: Fetched<customer_group::Model>,
    addresses: Fetched<Vec<customer_address::Model>>,
    sessions: Fetched<Vec<customer_session::Model>>,
}

impl Page {
    pub(super) fn of(customers: &[customer::Model]) -> Self {
        let mut group_ids: Vec<i32> = customers.iter().filter_map(|row| row.group_id).collect();
        group_ids.sort_unstable();
        group_ids.dedup();
        Self {
            customer_ids: customers.iter().map(|row| row.customer_id).collect(),
            group_ids,
            groups: OnceCell::new(),
            addresses: OnceCell::new(),
            sessions: OnceCell::new(),
        }
    }

    /// A group that one of them is in.
    pub(super) async fn group(&self, ctx: &Context<'_>, id: i32) -> Result<Option<customer_group::Model>> {
        let ctx = ctx.data()?;
        let fetch = async || {
            let rows = group::of_members(ctx, &self.group_ids).await?;
            Ok(rows.into_iter().map(|row| (row.customer_group_id, row)).collect())
        };
        found(self.groups.get_or_init(fetch).await, id)
    }

    /// The addresses of one of them.
    pub(super) async fn addresses(
        &self,
        ctx: &Context<'_>,
        customer_id: i32,
    ) -> Result<Vec<customer_address::Model>> {
        let ctx = ctx.data()?;
        let fetch = async || {
            let rows = address::of_customers(ctx, &self.customer_ids).await?;
            Ok(group_by(rows, |row| row.customer_id))
        };
        Ok(found(self.addresses.get_or_init(fetch).await, customer_id)?.unwrap_or_default())
    }

    /// The sessions of one of them.
    pub(super) async fn sessions(
        &self,
        ctx: &Context<'_>,
        customer_id: i32,
    ) -> Result<Vec<customer_session::Model>> {
        let ctx = ctx.data()?;
        let fetch = async || {
            let rows = session::of_customers(ctx, &self.customer_ids).await?;
            Ok(group_by(rows, |row| row.customer_id))
        };
        Ok(found(self.sessions.get_or_init(fetch).await, customer_id)?.unwrap_or_default())
    }
}

/// Rows by key; those of one key keep their order.
fn group_by<T>(rows: Vec<T>, key: impl Fn(&T) -> i32) -> HashMap<i32, Vec<T>> {
    let mut groups: HashMap<i32, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

fn found<T: Clone>(fetched: &std::result::Result<HashMap<i32, T>, Error>, key: i32) -> Result<Option<T>> {
    match fetched {
        Ok(rows) => Ok(rows.get(&key).cloned()),
        Err(error) => Err(Failed(error.again()).into()),
    }
}
