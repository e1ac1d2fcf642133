//! Pages of webhook deliveries. The endpoints and the events of a page are read together.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Result;

use super::journal::Event;
use super::list_connection::ListConnection;
use super::webhook::{WebhookDelivery, WebhookEndpoint};
use crate::api::graphql::error::ResolverError;
use crate::app::ctx::AdminCtx;
use crate::entity::webhook_delivery;
use crate::service::query::keyset::Window;
use crate::service::webhook::{self, DeliveryFilter};

/// A page of deliveries, each with its endpoint and its event.
pub(super) async fn page(
    ctx: &AdminCtx,
    window: &Window,
    filter: &DeliveryFilter,
) -> Result<ListConnection<WebhookDelivery>> {
    let deliveries = webhook::deliveries(ctx, window, filter).await.map_err(ResolverError)?;
    let page = deliveries.page(ctx).await.map_err(ResolverError)?;
    let events: Vec<i64> = page.rows.iter().map(|(_, row)| row.journal_entry_id).collect();
    let endpoints: Vec<i64> = page.rows.iter().map(|(_, row)| row.webhook_endpoint_id).collect();
    let events = webhook::entries(ctx, &events).await.map_err(ResolverError)?.into_iter();
    let events: HashMap<i64, Event> = events.map(|row| (row.journal_entry_id, row.into())).collect();
    let endpoints = webhook::endpoints_of(ctx, &endpoints).await.map_err(ResolverError)?.into_iter();
    let endpoints: HashMap<i64, WebhookEndpoint> =
        endpoints.map(|row| (row.webhook_endpoint_id, row.into())).collect();
    Ok(ListConnection::of(page, |row: webhook_delivery::Model| WebhookDelivery {
        endpoint: endpoints.get(&row.webhook_endpoint_id).cloned(),
        event: events.get(&row.journal_entry_id).cloned(),
        row: Arc::new(row),
    }))
}
