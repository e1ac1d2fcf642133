//! The root fields of events, the audit trail and webhooks.

use async_graphql::{Context, Object, Result};

use super::ROOT;
use super::connection::max_connection_rows;
use super::journal::{AuditEntry, AuditEntryFilter, Event, parse_uuid};
use super::list_connection::ListConnection;
use super::webhook::{WebhookDelivery, WebhookDeliveryStatus, WebhookEndpoint};
use super::webhook_deliveries;
use crate::api::graphql::caller::admin;
use crate::api::graphql::error::ResolverError;
use crate::api::graphql::sized_output::List;
use crate::service::journal::{self, FeedFilter};
use crate::service::query::keyset::Window;
use crate::service::webhook::{self, DeliveryFilter, MAX_ENDPOINTS};

/// The root fields of events, the audit trail and webhooks.
#[derive(Default)]
pub(super) struct JournalQueries;

#[Object]
impl JournalQueries {
    /// Events of customers, addresses, groups and other records, the oldest first, in the order of their commits. To
    /// poll for later events, request the events after the last `endCursor`: no event ever appears before a returned
    /// cursor. Events are kept for `PATRON_JOURNAL_RETENTION` days. A cursor is refused with the code
    /// `POSITION_EXPIRED` if events after it were deleted. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * max_connection_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Return the last n items.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Filter by kind: `customer.created`, `customer.*`.")] types: Option<Vec<String>>,
        #[graphql(desc = "Filter by the customer's uuid.")] customer: Option<String>,
    ) -> Result<ListConnection<Event>> {
        let ctx = admin(ctx)?;
        let window = Window { first, after, last, before };
        let filter = FeedFilter { kinds: types, customer: parse_uuid("customer", customer)? };
        let feed = journal::feed(ctx, &window, &filter).map_err(ResolverError)?;
        Ok(ListConnection::of(feed.page(ctx).await.map_err(ResolverError)?, Event::from))
    }

    /// The audit trail, the latest entry first: actions with their actors and the changed records. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * max_connection_rows(first, last)")]
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Return the last n items.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Filter by these conditions.")] filter: Option<AuditEntryFilter>,
    ) -> Result<ListConnection<AuditEntry>> {
        let ctx = admin(ctx)?;
        let window = Window { first, after, last, before };
        let filter = filter.unwrap_or_default().into_audit_filter()?;
        let audit = journal::audit(ctx, &window, &filter).await.map_err(ResolverError)?;
        Ok(AuditEntry::connection(audit.page(ctx).await.map_err(ResolverError)?))
    }

    /// The webhook endpoints, the oldest first. Admins only.
    #[graphql(complexity = "ROOT + MAX_ENDPOINTS as usize * child_complexity")]
    async fn webhook_endpoints(&self, ctx: &Context<'_>) -> Result<List<WebhookEndpoint>> {
        let rows = webhook::list(admin(ctx)?).await.map_err(ResolverError)?;
        Ok(rows.into_iter().map(WebhookEndpoint::from).collect())
    }

    /// Webhook deliveries with their status, the latest first. Admins only.
    #[graphql(complexity = "ROOT + child_complexity * max_connection_rows(first, last)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn webhook_deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return the first n items.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Return the last n items.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        #[graphql(desc = "Filter by the endpoint's uuid.")] endpoint: Option<String>,
        #[graphql(desc = "Filter by status.")] status: Option<WebhookDeliveryStatus>,
        #[graphql(desc = "Filter by the customer's uuid.")] customer: Option<String>,
    ) -> Result<ListConnection<WebhookDelivery>> {
        let ctx = admin(ctx)?;
        let window = Window { first, after, last, before };
        let filter = DeliveryFilter {
            endpoint: parse_uuid("endpoint", endpoint)?,
            status: status.map(Into::into),
            customer: parse_uuid("customer", customer)?,
        };
        webhook_deliveries::page(ctx, &window, &filter).await
    }
}
