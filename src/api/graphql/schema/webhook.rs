//! Webhook endpoints and deliveries over GraphQL.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Enum, Object, Result};

use super::date_time::DateTime;
use super::journal::Event;
use super::list_connection::ListConnection;
use crate::api::graphql::counted::{List, Text};
use crate::api::graphql::error::Failed;
use crate::app::ctx::Ctx;
use crate::entity::{webhook_delivery, webhook_endpoint};
use crate::service::query::keyset::Window;
use crate::service::webhook::{self, DeliveryFilter};
use crate::types::DeliveryStatus;

/// Somebody who is told of events.
#[derive(Clone)]
pub(super) struct WebhookEndpoint(Arc<webhook_endpoint::Model>);

impl From<webhook_endpoint::Model> for WebhookEndpoint {
    fn from(row: webhook_endpoint::Model) -> Self {
        Self(Arc::new(row))
    }
}

/// Somebody who is told of events by HTTP. Secrets are not told.
#[Object]
impl WebhookEndpoint {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// Where events are posted to.
    async fn url(&self) -> Text<&str> {
        Text(&self.0.url)
    }

    /// What it is for.
    async fn description(&self) -> Text<&str> {
        Text(&self.0.description)
    }

    /// Which events it is told of.
    async fn events(&self) -> List<&str> {
        self.0.event_filters().collect()
    }

    /// Whether it is told anything.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Until when deliveries are signed with the secret before the last rotation as well.
    async fn previous_secret_expires_at(&self) -> Option<DateTime> {
        self.0.previous_secret_expires_at.map(DateTime)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// What to call, with PATCH, to change it.
    async fn update_api(&self) -> String {
        format!("/api/webhook-endpoints/{}", self.0.uuid)
    }

    /// What to call, with DELETE, to delete it.
    async fn delete_api(&self) -> String {
        format!("/api/webhook-endpoints/{}", self.0.uuid)
    }
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DeliveryStatus")]
pub(super) enum WebhookDeliveryStatus {
    /// To be sent, or to be tried again.
    Pending,
    /// The receiver took it.
    Delivered,
    /// Given up after three days; it can be replayed.
    Parked,
}

/// An event on its way to an endpoint.
#[derive(Clone)]
pub(super) struct WebhookDelivery {
    row: Arc<webhook_delivery::Model>,
    endpoint: Option<WebhookEndpoint>,
    event: Option<Event>,
}

/// An event on its way to an endpoint, or what became of it.
#[Object]
impl WebhookDelivery {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// Where it goes.
    async fn endpoint(&self) -> Option<WebhookEndpoint> {
        self.endpoint.clone()
    }

    /// What it tells.
    async fn event(&self) -> Option<Event> {
        self.event.clone()
    }

    /// How far it is.
    async fn status(&self) -> WebhookDeliveryStatus {
        self.row.status.into()
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.row.attempts
    }

    /// What the receiver answered last, an HTTP status.
    async fn response_status(&self) -> Option<i16> {
        self.row.response_status
    }

    /// How long the last attempt took, in milliseconds.
    async fn duration_ms(&self) -> Option<i32> {
        self.row.duration_ms
    }

    /// Why the last attempt failed.
    async fn last_error(&self) -> Option<Text<&str>> {
        self.row.last_error.as_deref().map(Text)
    }

    /// When it was planned.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When it is tried next, while it is pending.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        let is_pending = self.row.status == DeliveryStatus::Pending;
        is_pending.then_some(DateTime(self.row.next_attempt_at))
    }

    /// When the receiver took it.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.row.delivered_at.map(DateTime)
    }

    /// What to call, with POST, to send it once more.
    async fn replay_api(&self) -> String {
        format!("/api/webhook-deliveries/{}/replay", self.row.uuid)
    }
}

/// A part of the deliveries, each with its endpoint and its event.
pub(super) async fn page(
    ctx: &Ctx,
    window: &Window,
    filter: &DeliveryFilter,
) -> Result<ListConnection<WebhookDelivery>> {
    let deliveries = webhook::deliveries(ctx, window, filter).await.map_err(Failed)?;
    let page = deliveries.page(ctx).await.map_err(Failed)?;
    let events: Vec<i64> = page.rows.iter().map(|(_, row)| row.journal_entry_id).collect();
    let endpoints: Vec<i64> = page.rows.iter().map(|(_, row)| row.webhook_endpoint_id).collect();
    let events = webhook::entries(ctx, &events).await.map_err(Failed)?.into_iter();
    let events: HashMap<i64, Event> = events.map(|row| (row.journal_entry_id, row.into())).collect();
    let endpoints = webhook::endpoints_of(ctx, &endpoints).await.map_err(Failed)?.into_iter();
    let endpoints: HashMap<i64, WebhookEndpoint> =
        endpoints.map(|row| (row.webhook_endpoint_id, row.into())).collect();
    Ok(ListConnection::of(page, |row: webhook_delivery::Model| WebhookDelivery {
        endpoint: endpoints.get(&row.webhook_endpoint_id).cloned(),
        event: events.get(&row.journal_entry_id).cloned(),
        row: Arc::new(row),
    }))
}
