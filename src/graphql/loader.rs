//! Loaders: what the customers of one answer need is fetched with one query for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};

use crate::ctx::Ctx;
use crate::entity::{customer_address, customer_group, customer_session};
use crate::error::Error;
use crate::service::{address, group, session};

/// Loaders clone their errors.
type Shared = Arc<Error>;

/// Groups by primary key.
pub(super) struct Groups(Ctx);

/// Addresses by their customer's primary key.
pub(super) struct Addresses(Ctx);

/// Sessions by their customer's primary key.
pub(super) struct Sessions(Ctx);

pub(super) fn sessions(ctx: &Ctx) -> DataLoader<Sessions> {
    DataLoader::new(Sessions(ctx.clone()), tokio::spawn)
}

pub(super) fn groups(ctx: &Ctx) -> DataLoader<Groups> {
    DataLoader::new(Groups(ctx.clone()), tokio::spawn)
}

pub(super) fn addresses(ctx: &Ctx) -> DataLoader<Addresses> {
    DataLoader::new(Addresses(ctx.clone()), tokio::spawn)
}

impl Loader<i32> for Groups {
    type Value = customer_group::Model;
    type Error = Shared;

    async fn load(&self, ids: &[i32]) -> Result<HashMap<i32, Self::Value>, Shared> {
        let groups = group::of_members(&self.0, ids).await?;
        Ok(groups.into_iter().map(|group| (group.customer_group_id, group)).collect())
    }
}

impl Loader<i32> for Addresses {
    type Value = Vec<customer_address::Model>;
    type Error = Shared;

    async fn load(&self, customer_ids: &[i32]) -> Result<HashMap<i32, Self::Value>, Shared> {
        let rows = address::of_customers(&self.0, customer_ids).await?;
        Ok(group_by(rows, |row| row.customer_id))
    }
}

impl Loader<i32> for Sessions {
    type Value = Vec<customer_session::Model>;
    type Error = Shared;

    async fn load(&self, customer_ids: &[i32]) -> Result<HashMap<i32, Self::Value>, Shared> {
        let rows = session::of_customers(&self.0, customer_ids).await?;
        Ok(group_by(rows, |row| row.customer_id))
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

/// The error of a loader, once more for each who asked it.
pub(super) fn shared(error: Shared) -> async_graphql::Error {
    let again = match &*error {
        Error::Unavailable { reason, retry_after } => {
            Error::Unavailable { reason: reason.clone(), retry_after: *retry_after }
        }
        other => Error::internal(other),
    };
    super::error::Failed(again).into()
}
