//! The GraphQL types of customers.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::address::CustomerAddress;
use super::connection::max_connection_rows;
use super::date_time::DateTime;
use super::filter::{CurrentFilter, current_filters};
use super::group::CustomerGroup;
use super::list_connection::ListConnection;
use super::loader::CustomerBatch;
use super::mail::Mail;
use super::metafield::{Definitions, Metafield};
use super::node::{NodeKind, global_id};
use super::session::Session;
use crate::api::graphql::caller::{admin, customer_url};
use crate::api::graphql::error::{ResolverError, nullable};
use crate::api::graphql::in_place::{InPlace, InPlaceObject};
use crate::api::graphql::sized_output::{AnyJson, List, Text};
use crate::entity::customer_row::CustomerRow;
use crate::entity::metafield_definition;
use crate::http::urls;
use crate::service::customer;
use crate::service::query::page::ListQuery;

/// Typical number of custom fields of a customer, for the complexity. They need no query.
const TYPICAL_METAFIELDS: usize = 10;

/// Complexity of a selection of mails, in addition to that of its rows: it needs a query for each combination of arguments.
const MAILS: usize = 10;

/// A customer account. Only admins and the customer itself can read it.
#[derive(Clone)]
pub(super) struct Customer {
    row: CustomerRow,
    /// The customers of the same page, whose addresses, groups and sessions are loaded together.
    batch: Arc<CustomerBatch>,
}

impl Customer {
    /// The customers of a page.
    pub(super) fn page(rows: Vec<CustomerRow>) -> Vec<Self> {
        let batch = Arc::new(CustomerBatch::of(&rows));
        rows.into_iter().map(|row| Self { row, batch: Arc::clone(&batch) }).collect()
    }

    /// The row.
    pub(super) fn row(&self) -> &CustomerRow {
        &self.row
    }

    /// The primary key of its group.
    pub(super) fn group_id(&self) -> Option<i32> {
        self.row.group_id
    }
}

/// A single customer.
impl From<CustomerRow> for Customer {
    fn from(row: CustomerRow) -> Self {
        let batch = Arc::new(CustomerBatch::of(std::slice::from_ref(&row)));
        Self { row, batch }
    }
}

impl InPlaceObject for Customer {
    const CONCURRENT: &'static [&'static str] =
        &["addresses", "addressCount", "mails", "sessions", "group", "metafields", "metafield"];
}

/// A customer account. Only admins and the customer itself can read it.
#[Object]
impl Customer {
    /// The global ID, for the field `node`.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Customer, self.row.uuid)
    }

    /// Numeric ID.
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

    /// When the e-mail address was verified; null if it isn't verified.
    async fn email_verified_at(&self) -> Option<DateTime> {
        self.row.email_verified_at.map(DateTime)
    }

    /// The new e-mail address, until the customer verifies it; null without a pending e-mail change.
    async fn pending_email(&self) -> Option<Text<&str>> {
        self.row.pending_email.as_ref().map(|email| Text(email.as_str()))
    }

    /// When the customer was registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the customer was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// When the customer last logged in; null if it never did, or only before this was recorded.
    async fn last_sign_in_at(&self) -> Option<DateTime> {
        self.row.last_sign_in_at.map(DateTime)
    }

    /// Version number, from 1, increased by each change.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Uniform resource name, which identifies the customer across services.
    async fn urn(&self) -> String {
        format!("urn:evershop:customer:customer:{}", self.row.uuid)
    }

    /// The postal addresses, the default address first.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn addresses(&self, ctx: &Context<'_>) -> Result<List<InPlace<CustomerAddress>>> {
        let rows = self.batch.addresses(ctx, self.row.customer_id).await?;
        let address = |row| InPlace(CustomerAddress { row, customer: self.row.uuid });
        Ok(rows.into_iter().map(address).collect())
    }

    /// The number of addresses.
    async fn address_count(&self, ctx: &Context<'_>) -> Result<i64> {
        self.batch.address_count(ctx, self.row.customer_id).await
    }

    /// The mails to the customer, the latest first. Admins only.
    #[graphql(complexity = "MAILS + child_complexity * max_connection_rows(first, None)")]
    async fn mails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
    ) -> Result<ListConnection<Mail>> {
        self.batch.mails(ctx, self.row.customer_id, first, after).await
    }

    /// The active sessions, the most recently used first. Only admins and the customer itself can read them.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<List<Session>> {
        let rows = self.batch.sessions(ctx, self.row.customer_id).await?;
        Ok(rows.into_iter().map(Session).collect())
    }

    /// URL that adds an address with POST.
    async fn add_address_api(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(format!("{}/addresses", customer_url(ctx, self.row.uuid)?))
    }

    /// URL that updates the name or the e-mail address with PATCH.
    async fn update_profile_api(&self, ctx: &Context<'_>) -> Result<String> {
        customer_url(ctx, self.row.uuid)
    }

    /// The group of the customer.
    async fn group(&self, ctx: &Context<'_>) -> Option<Result<InPlace<CustomerGroup>>> {
        nullable(async || {
            let Some(id) = self.row.group_id else { return Ok(None) };
            Ok(self.batch.group(ctx, id).await?.map(InPlace))
        })
        .await
    }

    /// All custom fields, also those without a value. A customer receives only fields that are visible to customers.
    #[graphql(complexity = "1 + TYPICAL_METAFIELDS * child_complexity")]
    async fn metafields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter by namespace.")] namespace: Option<String>,
    ) -> Result<List<Metafield>> {
        let matches = |definition: &&Arc<metafield_definition::Model>| {
            namespace.as_ref().is_none_or(|name| *name == definition.namespace)
        };
        let definitions = Definitions::of(ctx).await?.iter().filter(matches);
        Ok(definitions.map(|definition| Metafield::new(definition, &self.row.meta_data)).collect())
    }

    /// A custom field; null if no such field is defined, or if the caller may not see it.
    async fn metafield(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Namespace of the field.")] namespace: String,
        #[graphql(desc = "Key of the field.")] key: String,
    ) -> Option<Result<Metafield>> {
        nullable(async || {
            let definitions = Definitions::of(ctx).await?;
            let matches = |definition: &&Arc<metafield_definition::Model>| {
                definition.namespace == namespace && definition.field_key == key
            };
            let definition = definitions.iter().find(matches);
            Ok(definition.map(|definition| Metafield::new(definition, &self.row.meta_data)))
        })
        .await
    }

    /// URL that sets the custom fields with PATCH.
    async fn update_metafields_api(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(format!("{}/metafields", customer_url(ctx, self.row.uuid)?))
    }

    /// URL of the customer's page in the back office. Admins only.
    async fn edit_url(&self, ctx: &Context<'_>) -> Result<String> {
        admin(ctx)?;
        Ok(urls::customer_page(self.row.uuid))
    }

    /// URL that updates the customer with PATCH. Admins only.
    async fn update_api(&self, ctx: &Context<'_>) -> Result<String> {
        admin(ctx)?;
        Ok(urls::customer(self.row.uuid))
    }

    /// URL that deletes the customer with DELETE. Admins only.
    async fn delete_api(&self, ctx: &Context<'_>) -> Result<String> {
        admin(ctx)?;
        Ok(urls::customer(self.row.uuid))
    }

    /// Free-form data of the back office. Admins only.
    async fn meta_data(&self, ctx: &Context<'_>) -> Option<Result<AnyJson<&serde_json::Value>>> {
        nullable(async || {
            admin(ctx)?;
            Ok(Some(AnyJson(&self.row.meta_data)))
        })
        .await
    }
}

/// A page of customers.
pub(super) struct CustomerCollection(pub(super) ListQuery);

/// A page of customers.
#[Object]
impl CustomerCollection {
    /// The customers of this page.
    async fn items(&self, ctx: &Context<'_>) -> Result<List<InPlace<Customer>>> {
        let rows = customer::list(admin(ctx)?, &self.0).await.map_err(ResolverError)?;
        Ok(Customer::page(rows).into_iter().map(InPlace).collect())
    }

    /// The number of this page, from 1.
    async fn current_page(&self) -> u32 {
        self.0.page
    }

    /// The number of customers on all pages. It is counted only if this field is selected.
    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(customer::count(admin(ctx)?, &self.0).await.map_err(ResolverError)?)
    }

    /// The filters that apply.
    async fn current_filters(&self) -> List<CurrentFilter> {
        List(current_filters(&self.0))
    }
}
