//! The root of every query.

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use super::connection::{self, CustomerConnection};
use super::country::{Country, PROVINCES, Province};
use super::criterion::{CustomerFilter, CustomerSort};
use super::customer::{Customer, CustomerCollection};
use super::filter::{FilterInput, filters, most_rows};
use super::group::{CustomerGroup, CustomerGroupCollection};
use super::journal::{AuditEntry, AuditEntryFilter, Event, uuid_of};
use super::list_connection::ListConnection;
use super::metafield::MetafieldDefinition;
use super::node::{self, Node};
use super::webhook::{self, WebhookDelivery, WebhookDeliveryStatus, WebhookEndpoint};
use crate::api::graphql::counted::List;
use crate::api::graphql::error::{Failed, nullable};
use crate::app::ctx::Ctx;
use crate::error::Error;
use crate::http::CurrentCustomer;
use crate::service::customer::CustomerKey;
use crate::service::journal::{self, FeedFilter};
use crate::service::metafield::MAX_DEFINITIONS;
use crate::service::query::keyset::Window;
use crate::service::webhook::{DeliveryFilter, MAX_ENDPOINTS};
use crate::service::{self, country, customer, group, metafield};
use crate::types::EmailAddress;

/// A root field is at least one round trip to the database.
const ROOT: usize = 10;

/// The number of countries, nearly; for the complexity of asking for all of them.
const ALL: usize = 250;

/// Everything that can be read.
pub(in crate::api::graphql) struct Query;

/// Everything that can be read.
#[Object]
impl Query {
    /// The customer whose token it is; `null` for anyone else.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn current_customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        // Read when the token was looked at: no further round trip.
        let CurrentCustomer(row) = ctx.data::<CurrentCustomer>()?;
        Ok(row.clone().map(Customer::from))
    }

    /// One customer, by `id` or by `email`. Admins only.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer's uuid, with or without hyphens.")] id: Option<String>,
        #[graphql(desc = "The customer's e-mail address, in any case.")] email: Option<String>,
    ) -> Option<Result<Customer>> {
        nullable(async || {
            let ctx = ctx.data::<Ctx>()?;
            // Whoever may not look learns nothing of the arguments either.
            ctx.require_admin().map_err(Failed)?;
            let key = match (&id, &email) {
                (Some(id), None) => Uuid::try_parse(id).ok().map(CustomerKey::Uuid),
                (None, Some(email)) => EmailAddress::parse(email).ok().map(CustomerKey::Email),
                _ => return Err(Failed(Error::invalid("id", "Give either id or email")).into()),
            };
            // What is no identifier, or no address, is nobody's.
            let Some(key) = key else { return Ok(None) };
            let row = customer::find(ctx, &key).await.map_err(Failed)?;
            Ok(row.map(Customer::from))
        })
        .await
    }

    /// Customers, a page at a time, the newest first. Admins only.
    ///
    /// Filter keys: `keyword` (eq: name or e-mail holds each word of it, whatever case and accents), `full_name`
    /// (like, nlike), `email` (eq, like, nlike; `%` stands for anything), `status` (eq), `group_id` (eq, in),
    /// `created_at` (gt, gteq, lt, lteq), `ob` (email, name, status, created_at), `od` (asc, desc), `page`, `limit`
    /// (20, at most 100).
    #[graphql(complexity = "ROOT + child_complexity * most_rows(filters.as_ref())")]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Joined by AND.")] filters: Option<Vec<Option<FilterInput>>>,
    ) -> Result<CustomerCollection> {
        let ctx = ctx.data::<Ctx>()?;
        ctx.require_admin().map_err(Failed)?;
        let filters = self::filters(filters);
        let query = customer::parse_filters(filters, &ctx.app).map_err(Failed)?;
        Ok(CustomerCollection(query))
    }

    /// Customers as a connection: any filter, any order, forward with `first` and `after`, backward with `last` and
    /// `before` (20, at most 100). Without `sort` the newest first. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * connection::most_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn customers_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end.")] last: Option<i32>,
        #[graphql(desc = "Those ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Those that meet this.")] filter: Option<CustomerFilter>,
        #[graphql(
            desc = "By the first of these, those alike by the second, and so on; at last by primary key."
        )]
        sort: Option<Vec<CustomerSort>>,
    ) -> Result<CustomerConnection> {
        let window = Window { first, after, last, before };
        let filter = filter.map(Into::into);
        let sort: Vec<_> = sort.into_iter().flatten().map(Into::into).collect();
        let query = customer::Connection::parse(ctx.data()?, &window, filter.as_ref(), &sort);
        Ok(query.map_err(Failed)?.into())
    }

    /// A customer, address or group by its `id`; null when there is none, or none that the caller may see: an admin
    /// sees all, a customer itself, its addresses and its group.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `id` of the thing.")] id: ID,
    ) -> Option<Result<Node>> {
        nullable(async || node::find(ctx, &id).await).await
    }

    /// One customer group. Admins only.
    #[graphql(complexity = "ROOT + child_complexity")]
    async fn customer_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's primary key.")] id: i32,
    ) -> Option<Result<CustomerGroup>> {
        nullable(async || {
            let row = group::find(ctx.data()?, id).await.map_err(Failed)?;
            Ok(row.map(CustomerGroup::from))
        })
        .await
    }

    /// Customer groups, a page at a time, the newest first. Admins only.
    ///
    /// Filter keys: `group_name` (eq, like, nlike), `ob` (name, created_at), `od` (asc, desc), `page`, `limit` (20,
    /// at most 100).
    #[graphql(complexity = "ROOT + child_complexity * most_rows(filters.as_ref())")]
    async fn customer_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Joined by AND.")] filters: Option<Vec<Option<FilterInput>>>,
    ) -> Result<CustomerGroupCollection> {
        ctx.data::<Ctx>()?.require_admin().map_err(Failed)?;
        let query = group::parse_filters(self::filters(filters)).map_err(Failed)?;
        Ok(CustomerGroupCollection(query))
    }

    /// The definitions of custom fields, in their order; none of an owner type that isn't known. Admins only.
    #[graphql(complexity = "ROOT + MAX_DEFINITIONS as usize * child_complexity")]
    async fn metafield_definitions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What has such fields: `customer`.")] owner_type: String,
    ) -> Result<List<MetafieldDefinition>> {
        let rows = metafield::list(ctx.data()?, &owner_type).await.map_err(Failed)?;
        Ok(rows.into_iter().map(MetafieldDefinition).collect())
    }

    /// Events, the oldest first: what happened to customers, addresses, groups …, in the order in which it was committed.
    /// Ask again with the last `endCursor` for what came since: nothing appears before a cursor that was answered.
    /// Events are kept for `PATRON_JOURNAL_RETENTION` days; a cursor behind which some were deleted is an error with the
    /// code `POSITION_EXPIRED`. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * connection::most_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end.")] last: Option<i32>,
        #[graphql(desc = "Those ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Of these kinds: `customer.created`, `customer.*`.")] types: Option<Vec<String>>,
        #[graphql(desc = "Of the customer with this uuid.")] customer: Option<String>,
    ) -> Result<ListConnection<Event>> {
        let ctx = ctx.data::<Ctx>()?;
        ctx.require_admin().map_err(Failed)?;
        let window = Window { first, after, last, before };
        let filter = FeedFilter { kinds: types, customer: uuid_of("customer", customer)? };
        let feed = journal::feed(ctx, &window, &filter).map_err(Failed)?;
        Ok(ListConnection::of(feed.page(ctx).await.map_err(Failed)?, Event::from))
    }

    /// The audit trail, the latest first: who did what to what. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * connection::most_rows(first, last)")]
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the latest.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the earliest.")] last: Option<i32>,
        #[graphql(desc = "Those ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "Those that meet this.")] filter: Option<AuditEntryFilter>,
    ) -> Result<ListConnection<AuditEntry>> {
        let ctx = ctx.data::<Ctx>()?;
        ctx.require_admin().map_err(Failed)?;
        let window = Window { first, after, last, before };
        let filter = filter.unwrap_or_default().read()?;
        let audit = journal::audit(ctx, &window, &filter).await.map_err(Failed)?;
        Ok(ListConnection::of(audit.page(ctx).await.map_err(Failed)?, AuditEntry::from))
    }

    /// The webhook endpoints, the oldest first. Admins only.
    #[graphql(complexity = "ROOT + MAX_ENDPOINTS as usize * child_complexity")]
    async fn webhook_endpoints(&self, ctx: &Context<'_>) -> Result<List<WebhookEndpoint>> {
        let rows = service::webhook::list(ctx.data()?).await.map_err(Failed)?;
        Ok(rows.into_iter().map(WebhookEndpoint::from).collect())
    }

    /// Webhook deliveries, the latest first, and what became of them. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * connection::most_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the latest.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the earliest.")] last: Option<i32>,
        #[graphql(desc = "Those ahead of this cursor.")] before: Option<String>,
        #[graphql(desc = "To the endpoint with this uuid.")] endpoint: Option<String>,
        #[graphql(desc = "That are so far.")] status: Option<WebhookDeliveryStatus>,
        #[graphql(desc = "About the customer with this uuid.")] customer: Option<String>,
    ) -> Result<ListConnection<WebhookDelivery>> {
        let ctx = ctx.data::<Ctx>()?;
        ctx.require_admin().map_err(Failed)?;
        let window = Window { first, after, last, before };
        let filter = DeliveryFilter {
            endpoint: uuid_of("endpoint", endpoint)?,
            status: status.map(Into::into),
            customer: uuid_of("customer", customer)?,
        };
        webhook::page(ctx, &window, &filter).await
    }

    /// Countries by name, or those with these codes, each once. Anyone.
    #[graphql(complexity = "ROOT + child_complexity * most_countries(countries.as_deref())")]
    async fn countries(
        &self,
        #[graphql(
            desc = "ISO 3166-1 alpha-2 codes; unknown codes are ignored. An empty list selects all countries."
        )]
        countries: Option<Vec<Option<String>>>,
    ) -> List<Country> {
        country::list(&codes(countries)).into_iter().map(Country).collect()
    }

    /// The countries that an address can be in: all of them, by name. Anyone.
    #[graphql(complexity = "ROOT + child_complexity * ALL")]
    async fn allowed_countries(&self) -> List<Country> {
        country::list(&[]).into_iter().map(Country).collect()
    }

    /// Provinces by country and name, of all countries or of those with these codes. Anyone.
    #[graphql(complexity = "ROOT + child_complexity * PROVINCES * most_countries(countries.as_deref())")]
    async fn provinces(
        &self,
        #[graphql(
            desc = "ISO 3166-1 alpha-2 codes; unknown codes are ignored. An empty list selects all countries."
        )]
        countries: Option<Vec<Option<String>>>,
    ) -> List<Province> {
        let countries = country::list(&codes(countries));
        countries.iter().flat_map(country::provinces).copied().map(Province::Known).collect()
    }
}

/// The codes of an argument. A `null` is no country's.
fn codes(argument: Option<Vec<Option<String>>>) -> Vec<String> {
    argument.into_iter().flatten().map(Option::unwrap_or_default).collect()
}

/// The largest number of countries that an argument selects, for the complexity: all when it is empty.
fn most_countries(argument: Option<&[Option<String>]>) -> usize {
    argument.map(<[_]>::len).filter(|codes| *codes > 0).map_or(ALL, |codes| codes.min(ALL))
}
