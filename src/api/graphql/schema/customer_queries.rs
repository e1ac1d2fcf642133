//! The root fields of customers, groups and custom fields.

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::ROOT;
use super::connection::{CustomerConnection, max_connection_rows};
use super::criterion::{CustomerFilter, CustomerSort};
use super::customer::{Customer, CustomerCollection};
use super::filter::{FilterInput, filters, max_listed_rows};
use super::group::{CustomerGroup, CustomerGroupCollection};
use super::metafield::MetafieldDefinition;
use super::node::{self, Node};
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::{ResolverError, nullable};
use crate::api::graphql::in_place::InPlace;
use crate::api::graphql::sized_output::List;
use crate::error::Error;
use crate::http::CurrentCustomer;
use crate::service::customer::{Criterion, CustomerKey};
use crate::service::metafield::MAX_DEFINITIONS;
use crate::service::query::keyset::Window;
use crate::service::{customer, group, metafield};
use crate::types::EmailAddress;

/// The root fields of customers, groups and custom fields.
#[derive(Default)]
pub(super) struct CustomerQueries;

#[Object]
impl CustomerQueries {
    /// The customer to whom the token belongs; null for any other caller.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn current_customer(&self, ctx: &Context<'_>) -> Result<Option<InPlace<Customer>>> {
        // The row was read when the token was checked, so no further round trip is needed.
        let CurrentCustomer(row) = ctx.data::<CurrentCustomer>()?;
        Ok(row.clone().map(Customer::from).map(InPlace))
    }

    /// A customer by `id` or by `email`. Admins only.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer's uuid, with or without hyphens.")] id: Option<String>,
        #[graphql(desc = "The customer's e-mail address, ignoring case.")] email: Option<String>,
    ) -> Option<Result<InPlace<Customer>>> {
        nullable(async || {
            // Before the arguments are checked, so that other callers learn nothing about them.
            let ctx = admin(ctx)?;
            let key = match (&id, &email) {
                (Some(id), None) => Uuid::try_parse(id).ok().map(CustomerKey::Uuid),
                (None, Some(email)) => EmailAddress::parse(email).ok().map(CustomerKey::Email),
                _ => return Err(ResolverError(Error::invalid("id", "Give either id or email")).into()),
            };
            // No customer has an invalid uuid or e-mail address.
            let Some(key) = key else { return Ok(None) };
            let row = customer::find(ctx, &key).await.map_err(ResolverError)?;
            Ok(row.map(Customer::from).map(InPlace))
        })
        .await
    }

    /// A page of customers, the newest first. Admins only.
    ///
    /// Filter keys: `keyword` (eq: name, e-mail address and addresses contain each of the words, ignoring case and accents),
    /// `full_name` (like, nlike), `email` (eq, like, nlike; `%` matches any text), `status` (eq), `group_id` (eq, in),
    /// `created_at` (gt, gteq, lt, lteq), `ob` (email, name, status, created_at), `od` (asc, desc), `page`, `limit`
    /// (20, at most 100).
    #[graphql(complexity = "ROOT + child_complexity * max_listed_rows(filters.as_ref())")]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters, joined by AND.")] filters: Option<Vec<Option<FilterInput>>>,
    ) -> Result<CustomerCollection> {
        let ctx = admin(ctx)?;
        let filters = self::filters(filters);
        let query = customer::parse_filters(filters, &ctx.app).map_err(ResolverError)?;
        Ok(CustomerCollection(query))
    }

    /// A connection of customers with any filter and order. It pages forward with `first` and `after`, backward with
    /// `last` and `before` (default 20, at most 100 items). Without `sort` the newest customer is first. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * max_connection_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn customers_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Return the last n items.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Filter by these conditions.")] filter: Option<CustomerFilter>,
        #[graphql(desc = "Sort by these fields, then by numeric ID.")] sort: Option<Vec<CustomerSort>>,
    ) -> Result<CustomerConnection> {
        let window = Window { first, after, last, before };
        let ctx = admin(ctx)?;
        let mut filter: Option<Criterion> = filter.map(Into::into);
        if let Some(filter) = &mut filter {
            filter.prepare(ctx).await.map_err(ResolverError)?;
        }
        let sort: Vec<_> = sort.into_iter().flatten().map(Into::into).collect();
        let query = customer::Connection::parse(ctx, &window, filter.as_ref(), &sort);
        Ok(query.map_err(ResolverError)?.into())
    }

    /// A customer, address or group by its `id`; null if it doesn't exist or the caller may not see it. An admin sees
    /// all, a customer sees itself, its addresses and its group.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `id` of the object.")] id: ID,
    ) -> Option<Result<Node>> {
        nullable(async || node::find(ctx, &id).await).await
    }

    /// A customer group. Admins only.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn customer_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The numeric ID of the group.")] id: i32,
    ) -> Option<Result<CustomerGroup>> {
        nullable(async || {
            let row = group::find(admin(ctx)?, id).await.map_err(ResolverError)?;
            Ok(row.map(CustomerGroup::from))
        })
        .await
    }

    /// A page of customer groups, the newest first. Admins only.
    ///
    /// Filter keys: `group_name` (eq, like, nlike), `ob` (name, created_at), `od` (asc, desc), `page`, `limit` (20,
    /// at most 100).
    #[graphql(complexity = "ROOT + child_complexity * max_listed_rows(filters.as_ref())")]
    async fn customer_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filters, joined by AND.")] filters: Option<Vec<Option<FilterInput>>>,
    ) -> Result<CustomerGroupCollection> {
        admin(ctx)?;
        let query = group::parse_filters(self::filters(filters)).map_err(ResolverError)?;
        Ok(CustomerGroupCollection(query))
    }

    /// The definitions of custom fields, by position. An unknown owner type has none. Admins only.
    #[graphql(complexity = "ROOT + MAX_DEFINITIONS as usize * child_complexity")]
    async fn metafield_definitions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The type of record that has the fields: `customer`.")] owner_type: String,
    ) -> Result<List<MetafieldDefinition>> {
        let rows = metafield::list(admin(ctx)?, &owner_type).await.map_err(ResolverError)?;
        Ok(rows.into_iter().map(MetafieldDefinition).collect())
    }
}
