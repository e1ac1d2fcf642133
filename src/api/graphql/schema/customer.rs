//! Customers over GraphQL.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::address::{CustomerAddress, addresses_url};
use super::date_time::DateTime;
use super::filter::{Filter, current};
use super::group::CustomerGroup;
use super::loader::CustomerBatch;
use super::metafield::{Definitions, Metafield};
use super::node::{NodeKind, global_id};
use super::session::Session;
use crate::api::graphql::counted::{AnyJson, List, Text};
use crate::api::graphql::error::{Failed, nullable};
use crate::app::ctx::Ctx;
use crate::entity::customer::Model;
use crate::entity::metafield_definition;
use crate::service::customer;
use crate::service::query::page::ListQuery;

/// The custom fields of a customer, as many as there usually are; for their complexity. They cost no query.
const METAFIELDS: usize = 10;

/// A customer account. Only admins and the customer itself get to see one.
#[derive(Clone)]
pub(super) struct Customer {
    row: Model,
    /// Those it was found with.
    page: Arc<CustomerBatch>,
}

impl Customer {
    /// Customers that were found together.
    pub(super) fn page(rows: Vec<Model>) -> Vec<Self> {
        let page = Arc::new(CustomerBatch::of(&rows));
        rows.into_iter().map(|row| Self { row, page: Arc::clone(&page) }).collect()
    }

    /// The primary key of the group it belongs to.
    pub(super) fn group_id(&self) -> Option<i32> {
        self.row.group_id
    }
}

/// One that was found by itself.
impl From<Model> for Customer {
    fn from(row: Model) -> Self {
        let page = Arc::new(CustomerBatch::of(std::slice::from_ref(&row)));
        Self { row, page }
    }
}

/// A customer account. Only admins and the customer itself get to see one.
#[Object]
impl Customer {
    /// Names it to `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Customer, self.row.uuid)
    }

    /// Primary key.
    async fn customer_id(&self) -> i32 {
        self.row.customer_id
    }

    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// 1 enabled, 0 disabled.
    async fn status(&self) -> i32 {
        self.row.status.number().into()
    }

    /// E-mail address, as typed.
    async fn email(&self) -> Text<&str> {
        Text(self.row.email.as_str())
    }

    /// Display name.
    async fn full_name(&self) -> Text<&str> {
        Text(&self.row.full_name)
    }

    /// Since when its address is known to be its own; `null` while it isn't.
    async fn email_verified_at(&self) -> Option<DateTime> {
        self.row.email_verified_at.map(DateTime)
    }

    /// When it was registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// Counts the changes, from 1.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Names it across services.
    async fn urn(&self) -> String {
        format!("urn:evershop:customer:customer:{}", self.row.uuid)
    }

    /// Its addresses, the default first.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn addresses(&self, ctx: &Context<'_>) -> Result<List<CustomerAddress>> {
        let rows = self.page.addresses(ctx, self.row.customer_id).await?;
        let address = |row| CustomerAddress { row, customer: self.row.uuid };
        Ok(rows.into_iter().map(address).collect())
    }

    /// Where it is logged in, the latest used first. The customer's own, or for an admin.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<List<Session>> {
        let rows = self.page.sessions(ctx, self.row.customer_id).await?;
        Ok(rows.into_iter().map(Session).collect())
    }

    /// What to call, with POST, to add an address.
    async fn add_address_api(&self, ctx: &Context<'_>) -> Result<String> {
        addresses_url(ctx, self.row.uuid)
    }

    /// What to call, with PATCH, to change its name or address.
    async fn update_profile_api(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(match ctx.data::<Ctx>()?.is_admin() {
            true => format!("/api/customers/{}", self.row.uuid),
            false => "/api/customers/me".to_owned(),
        })
    }

    /// The group it belongs to.
    async fn group(&self, ctx: &Context<'_>) -> Option<Result<CustomerGroup>> {
        nullable(async || {
            let Some(id) = self.row.group_id else { return Ok(None) };
            self.page.group(ctx, id).await
        })
        .await
    }

    /// Its custom fields, those that are not set as well; a customer sees those that are for its eyes.
    #[graphql(complexity = "1 + METAFIELDS * child_complexity")]
    async fn metafields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those of this namespace only.")] namespace: Option<String>,
    ) -> Result<List<Metafield>> {
        let wanted = |definition: &&Arc<metafield_definition::Model>| {
            namespace.as_ref().is_none_or(|name| *name == definition.namespace)
        };
        let definitions = Definitions::of(ctx).await?.iter().filter(wanted);
        Ok(definitions.map(|definition| Metafield::new(definition, &self.row.meta_data)).collect())
    }

    /// One of its custom fields; null when no such field is defined for the caller's eyes.
    async fn metafield(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First part of the field's name.")] namespace: String,
        #[graphql(desc = "Second part of the field's name.")] key: String,
    ) -> Option<Result<Metafield>> {
        nullable(async || {
            let definitions = Definitions::of(ctx).await?;
            let wanted =
                |one: &&Arc<metafield_definition::Model>| one.namespace == namespace && one.field_key == key;
            let definition = definitions.iter().find(wanted);
            Ok(definition.map(|definition| Metafield::new(definition, &self.row.meta_data)))
        })
        .await
    }

    /// What to call, with PATCH, to set its custom fields.
    async fn update_metafields_api(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(match ctx.data::<Ctx>()?.is_admin() {
            true => format!("/api/customers/{}/metafields", self.row.uuid),
            false => "/api/customers/me/metafields".to_owned(),
        })
    }

    /// Its page in the back office. Admins only.
    async fn edit_url(&self, ctx: &Context<'_>) -> Result<String> {
        ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
        Ok(format!("/admin/customers/edit/{}", self.row.uuid))
    }

    /// What to call, with PATCH, to change it. Admins only.
    async fn update_api(&self, ctx: &Context<'_>) -> Result<String> {
        ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
        Ok(format!("/api/customers/{}", self.row.uuid))
    }

    /// What to call, with DELETE, to delete it. Admins only.
    async fn delete_api(&self, ctx: &Context<'_>) -> Result<String> {
        ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
        Ok(format!("/api/customers/{}", self.row.uuid))
    }

    /// Free-form data of the back office. Admins only.
    async fn meta_data(&self, ctx: &Context<'_>) -> Option<Result<AnyJson<&serde_json::Value>>> {
        nullable(async || {
            ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
            Ok(Some(AnyJson(&self.row.meta_data)))
        })
        .await
    }
}

/// One page of customers.
pub(super) struct CustomerCollection(pub(super) ListQuery);

/// One page of customers.
#[Object]
impl CustomerCollection {
    /// The customers of this page.
    async fn items(&self, ctx: &Context<'_>) -> Result<List<Customer>> {
        let rows = customer::list(ctx.data()?, &self.0).await.map_err(Failed)?;
        Ok(List(Customer::page(rows)))
    }

    /// The page, from 1.
    async fn current_page(&self) -> u32 {
        self.0.page
    }

    /// The number of customers on all pages; counted only when it is asked for.
    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(customer::count(ctx.data()?, &self.0).await.map_err(Failed)?)
    }

    /// The filters that are in force.
    async fn current_filters(&self) -> List<Filter> {
        List(current(&self.0))
    }
}
