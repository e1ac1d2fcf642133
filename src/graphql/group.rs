//! Customer groups over GraphQL.

use async_graphql::{Context, ID, Object, Result};

use super::counted::{List, Text};
use super::error::Failed;
use super::filter::{Filter, current};
use super::node::{Kind, global_id};
use crate::entity::customer_group::Model;
use crate::service::group;
use crate::service::page::ListQuery;

/// A group of customers. Admins see all, a customer the one it is in.
pub(super) struct CustomerGroup(pub(super) Model);

/// A group of customers. Admins see all, a customer the one it is in.
#[Object]
impl CustomerGroup {
    /// Names it to `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(Kind::CustomerGroup, self.0.uuid)
    }

    /// Primary key.
    async fn customer_group_id(&self) -> i32 {
        self.0.customer_group_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// Its name.
    async fn group_name(&self) -> Text<&str> {
        Text(&self.0.group_name)
    }
}

/// One page of customer groups.
pub(super) struct CustomerGroupCollection(pub(super) ListQuery);

/// One page of customer groups.
#[Object]
impl CustomerGroupCollection {
    /// The groups of this page.
    async fn items(&self, ctx: &Context<'_>) -> Result<List<CustomerGroup>> {
        let rows = group::list(ctx.data()?, &self.0).await.map_err(Failed)?;
        Ok(rows.into_iter().map(CustomerGroup).collect())
    }

    /// The page, from 1.
    async fn current_page(&self) -> u32 {
        self.0.page
    }

    /// The number of groups on all pages; counted only when it is asked for.
    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(group::count(ctx.data()?, &self.0).await.map_err(Failed)?)
    }

    /// The filters that are in force.
    async fn current_filters(&self) -> List<Filter> {
        List(current(&self.0))
    }
}
