//! Customer groups over GraphQL.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::customer::Customer;
use super::filter::{Filter, current};
use super::loader::Groups;
use super::node::{NodeKind, global_id};
use crate::api::graphql::counted::{List, Text};
use crate::api::graphql::error::{Failed, nullable};
use crate::app::ctx::Ctx;
use crate::entity::customer_group::Model;
use crate::error::Error;
use crate::service::customer::MAX_MEMBERS;
use crate::service::group;
use crate::service::query::page::ListQuery;

/// A group of customers. Admins see all, a customer the one it is in.
#[derive(Clone)]
pub(super) struct CustomerGroup {
    row: Model,
    /// Those it was found with.
    groups: Arc<Groups>,
}

impl CustomerGroup {
    /// Groups that were found together.
    pub(super) fn page(rows: Vec<Model>) -> Vec<Self> {
        let groups = Arc::new(Groups::of(&rows));
        rows.into_iter().map(|row| Self { row, groups: Arc::clone(&groups) }).collect()
    }
}

/// One that was found by itself.
impl From<Model> for CustomerGroup {
    fn from(row: Model) -> Self {
        let groups = Arc::new(Groups::of(std::slice::from_ref(&row)));
        Self { row, groups }
    }
}

/// A group of customers. Admins see all, a customer the one it is in.
#[Object]
impl CustomerGroup {
    /// Names it to `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::CustomerGroup, self.row.uuid)
    }

    /// Primary key.
    async fn customer_group_id(&self) -> i32 {
        self.row.customer_group_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// Its name.
    async fn group_name(&self) -> Text<&str> {
        Text(&self.row.group_name)
    }

    /// Its page in the back office. Admins only.
    async fn edit_url(&self, ctx: &Context<'_>) -> Result<String> {
        ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
        Ok(format!("/admin/customer-groups/edit/{}", self.row.customer_group_id))
    }

    /// Its customers, newest first. For a group of more than 100 customers this is an error: use `customersConnection`
    /// with a filter by `groupId`. Admins only.
    #[graphql(complexity = "1 + MAX_MEMBERS as usize * child_complexity")]
    async fn customers(&self, ctx: &Context<'_>) -> Option<Result<List<Customer>>> {
        nullable(async || {
            ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
            let Some(members) = self.groups.members(ctx, self.row.customer_group_id).await? else {
                let message =
                    format!("The group has more than {MAX_MEMBERS} customers; use customersConnection");
                return Err(Failed(Error::conflict(message)).into());
            };
            Ok(Some(List(members)))
        })
        .await
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
        Ok(List(CustomerGroup::page(rows)))
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
