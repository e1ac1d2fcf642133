//! The GraphQL types of webhook endpoints and deliveries.

use std::sync::Arc;

use async_graphql::{Enum, Object};

use super::date_time::DateTime;
use super::journal::Event;
use crate::api::graphql::sized_output::{List, Text};
use crate::entity::{webhook_delivery, webhook_endpoint};
use crate::http::urls;
use crate::service::content_version::ContentVersion;
use crate::types::DeliveryStatus;

/// A webhook endpoint.
#[derive(Clone)]
pub(super) struct WebhookEndpoint(Arc<webhook_endpoint::Model>);

impl From<webhook_endpoint::Model> for WebhookEndpoint {
    fn from(row: webhook_endpoint::Model) -> Self {
        Self(Arc::new(row))
    }
}

/// A URL that receives events. The secret is never returned.
#[Object]
impl WebhookEndpoint {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.0.uuid.to_string()
    }

    /// The URL that receives events by POST.
    async fn url(&self) -> Text<&str> {
        Text(&self.0.url)
    }

    /// The purpose of the endpoint.
    async fn description(&self) -> Text<&str> {
        Text(&self.0.description)
    }

    /// The kinds of events that it receives: `customer.created`, `customer.*`, `*`.
    async fn events(&self) -> List<&str> {
        self.0.event_filters().collect()
    }

    /// Whether it receives events.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Until this time, deliveries are also signed with the previous secret.
    async fn previous_secret_expires_at(&self) -> Option<DateTime> {
        self.0.previous_secret_expires_at.map(DateTime)
    }

    /// When the endpoint was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the endpoint was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Version, which depends on the content. A change with the header `If-Match: "<version>"` changes only this version.
    async fn version(&self) -> String {
        self.0.content_version()
    }

    /// URL that updates the endpoint with PATCH.
    async fn update_api(&self) -> String {
        urls::webhook_endpoint(self.0.uuid)
    }

    /// URL that deletes the endpoint with DELETE.
    async fn delete_api(&self) -> String {
        urls::webhook_endpoint(self.0.uuid)
    }
}

/// The status of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DeliveryStatus")]
pub(super) enum WebhookDeliveryStatus {
    /// Not delivered yet. It will be sent or retried.
    Pending,
    /// The receiver accepted it.
    Delivered,
    /// Failed for three days and not retried any more (dead letter). It can be replayed.
    #[graphql(name = "PARKED")]
    DeadLetter,
}

/// A delivery with its endpoint and its event.
#[derive(Clone)]
pub(super) struct WebhookDelivery {
    pub(super) row: Arc<webhook_delivery::Model>,
    pub(super) endpoint: Option<WebhookEndpoint>,
    pub(super) event: Option<Event>,
}

/// The delivery of an event to an endpoint.
#[Object]
impl WebhookDelivery {
    /// Public identifier.
    async fn uuid(&self) -> String {
        self.row.uuid.to_string()
    }

    /// The endpoint that receives the event.
    async fn endpoint(&self) -> Option<WebhookEndpoint> {
        self.endpoint.clone()
    }

    /// The event.
    async fn event(&self) -> Option<Event> {
        self.event.clone()
    }

    /// The status of the delivery.
    async fn status(&self) -> WebhookDeliveryStatus {
        self.row.status.into()
    }

    /// The number of attempts.
    async fn attempts(&self) -> i32 {
        self.row.attempts
    }

    /// The HTTP status of the last response.
    async fn response_status(&self) -> Option<i16> {
        self.row.response_status
    }

    /// The duration of the last attempt, in milliseconds.
    async fn duration_ms(&self) -> Option<i32> {
        self.row.duration_ms
    }

    /// The reason why the last attempt failed.
    async fn last_error(&self) -> Option<Text<&str>> {
        self.row.last_error.as_deref().map(Text)
    }

    /// When the delivery was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the next attempt is due, if the delivery is pending.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        let is_pending = self.row.status == DeliveryStatus::Pending;
        is_pending.then_some(DateTime(self.row.next_attempt_at))
    }

    /// When the receiver accepted it.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.row.delivered_at.map(DateTime)
    }

    /// URL that sends the event again with POST.
    async fn replay_api(&self) -> String {
        format!("/api/webhook-deliveries/{}/replay", self.row.uuid)
    }
}
