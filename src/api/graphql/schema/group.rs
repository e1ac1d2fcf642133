//! The GraphQL types of customer groups.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::customer::Customer;
use super::filter::{CurrentFilter, current_filters};
use super::loader::GroupBatch;
use super::node::{NodeKind, global_id};
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::{ResolverError, nullable};
use crate::api::graphql::in_place::InPlaceObject;
use crate::api::graphql::sized_output::{List, Text};
use crate::entity::customer_group::Model;
use crate::error::Error;
use crate::service::content_version::ContentVersion;
use crate::service::customer::MAX_MEMBERS;
use crate::service::group;
use crate::service::query::page::ListQuery;

/// A group of customers. Admins can read all groups, a customer only its own.
#[derive(Clone)]
pub(super) struct CustomerGroup {
    row: Model,
    /// The groups of the same page, whose members are loaded together.
    batch: Arc<GroupBatch>,
}

impl CustomerGroup {
    /// The groups of a page.
    pub(super) fn page(rows: Vec<Model>) -> Vec<Self> {
        let batch = Arc::new(GroupBatch::of(&rows));
        rows.into_iter().map(|row| Self { row, batch: Arc::clone(&batch) }).collect()
    }
}

/// A single group.
impl From<Model> for CustomerGroup {
    fn from(row: Model) -> Self {
        let batch = Arc::new(GroupBatch::of(std::slice::from_ref(&row)));
        Self { row, batch }
    }
}

impl InPlaceObject for CustomerGroup {
    const CONCURRENT: &'static [&'static str] = &["customers"];
}

/// A group of customers. Admins can read all groups, a customer only its own.
#[Object]
impl CustomerGroup {
    /// The global ID, for the field `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::CustomerGroup, self.row.uuid)
    }

    /// Numeric ID.
    async fn customer_group_id(&self) -> i32 {
        self.row.customer_group_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// The name of the group.
    async fn group_name(&self) -> Text<&str> {
        Text(&self.row.group_name)
    }

    /// Version, which depends on the content. A change with the header `If-Match: "<version>"` changes only this version.
    async fn version(&self) -> String {
        self.row.content_version()
    }

    /// URL of the group's page in the back office. Admins only.
    async fn edit_url(&self, ctx: &Context<'_>) -> Result<String> {
        admin(ctx)?;
        Ok(format!("/admin/customer-groups/edit/{}", self.row.customer_group_id))
    }

    /// The customers of the group, newest first. A group of more than 100 customers returns an error: use
    /// `customersConnection` and filter by `groupId`. Admins only.
    #[graphql(complexity = "1 + MAX_MEMBERS as usize * child_complexity")]
    async fn customers(&self, ctx: &Context<'_>) -> Option<Result<List<Customer>>> {
        nullable(async || {
            admin(ctx)?;
            let Some(members) = self.batch.members(ctx, self.row.customer_group_id).await? else {
                let message =
                    format!("The group has more than {MAX_MEMBERS} customers; use customersConnection");
                return Err(ResolverError(Error::conflict(message)).into());
            };
            Ok(Some(List(members)))
        })
        .await
    }
}

/// A page of customer groups.
pub(super) struct CustomerGroupCollection(pub(super) ListQuery);

/// A page of customer groups.
#[Object]
impl CustomerGroupCollection {
    /// The groups of this page.
    async fn items(&self, ctx: &Context<'_>) -> Result<List<CustomerGroup>> {
        let rows = group::list(admin(ctx)?, &self.0).await.map_err(ResolverError)?;
        Ok(List(CustomerGroup::page(rows)))
    }

    /// The number of this page, from 1.
    async fn current_page(&self) -> u32 {
        self.0.page
    }

    /// The number of groups on all pages. It is counted only if this field is selected.
    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(group::count(admin(ctx)?, &self.0).await.map_err(ResolverError)?)
    }

    /// The filters that apply.
    async fn current_filters(&self) -> List<CurrentFilter> {
        List(current_filters(&self.0))
    }
}
