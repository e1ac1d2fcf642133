//! REST operations on webhook endpoints and their deliveries.

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::documented_failures::{
    NoSuchWebhookDelivery, NoSuchWebhookEndpoint, TooManyWebhookEndpoints, WebhookEndpointDisabled,
};
use super::link::Link;
use super::openapi::{EntityTag, PathUuid};
use super::response::{Created, NotStored, Versioned, data};
use crate::app::ctx::{AdminCtx, SteppedUpCtx};
use crate::bodies;
use crate::entity::webhook_delivery;
use crate::entity::webhook_endpoint::{Entity, Model};
use crate::http::failure::documented::{AdminOnly, Body, Change, Failing, StaleVersion, SteppedUpOnly};
use crate::http::{Data, Failure, JsonObject, OneWrite, PathId, WriteResponse, urls};
use crate::service::content_version::ContentVersion;
use crate::service::webhook::{self, EndpointWithSecret};
use crate::types::timestamp;

bodies! {
    /// A new webhook endpoint. Other properties are ignored.
    NewWebhookEndpoint: Create webhook::EndpointInput;
    /// Changes to a webhook endpoint. Absent properties stay unchanged; others are ignored.
    WebhookEndpointPatch: Update webhook::EndpointInput;
    /// Parameters of a secret rotation.
    Rotation: Create webhook::RotationInput;
}

/// A URL that receives events. The secret is never returned.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEndpoint {
    /// Public identifier of the endpoint.
    #[schema(format = "uuid", example = "0c7d6a3e-0b0c-4b7e-9d0e-7f0a4f3d1a55")]
    uuid: String,
    /// URL that receives events by POST.
    #[schema(format = "uri", example = "https://erp.example.com/hooks/customers")]
    url: String,
    /// Purpose of the endpoint.
    #[schema(example = "ERP")]
    description: String,
    /// The events that the endpoint receives.
    #[schema(value_type = Vec<String>, example = json!(["customer.*", "address.*"]))]
    events: Value,
    /// Whether events are delivered.
    #[schema(example = true)]
    enabled: bool,
    /// Time of the creation (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
}

/// A webhook endpoint with links.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedWebhookEndpoint {
    #[serde(flatten)]
    endpoint: WebhookEndpoint,
    /// Links to related operations.
    links: [Link; 2],
}

/// A webhook endpoint with its new secret. The secret is returned only once.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    endpoint: WebhookEndpoint,
    /// Secret that signs the deliveries (Standard Webhooks).
    #[schema(
        pattern = "^whsec_[A-Za-z0-9+/]{43}=$",
        example = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    )]
    secret: String,
    /// Links to related operations.
    links: [Link; 2],
}

impl From<&Model> for WebhookEndpoint {
    fn from(row: &Model) -> Self {
        Self {
            uuid: row.uuid.to_string(),
            url: row.url.clone(),
            description: row.description.clone(),
            events: row.events.clone(),
            enabled: row.enabled,
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
        }
    }
}

impl From<&Model> for LinkedWebhookEndpoint {
    fn from(row: &Model) -> Self {
        Self { links: Link::edit_and_delete(&urls::webhook_endpoint(row.uuid)), endpoint: row.into() }
    }
}

impl From<&EndpointWithSecret> for WebhookEndpointWithSecret {
    fn from(EndpointWithSecret { endpoint, secret }: &EndpointWithSecret) -> Self {
        Self {
            links: Link::edit_and_delete(&urls::webhook_endpoint(endpoint.uuid)),
            secret: secret.expose_secret().to_owned(),
            endpoint: endpoint.into(),
        }
    }
}

/// The number of replayed deliveries.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    /// Number of deliveries that are sent again.
    #[schema(minimum = 0, example = 3)]
    count: u64,
}

/// A delivery that will be sent.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookDelivery {
    /// Public identifier of the delivery.
    #[schema(format = "uuid", example = "8f4b1d0c-55c9-4b0e-a3d0-7b0c3f1f9a10")]
    uuid: String,
    /// Status of the delivery: `pending`.
    #[schema(example = "pending")]
    status: &'static str,
}

impl From<&webhook_delivery::Model> for WebhookDelivery {
    fn from(row: &webhook_delivery::Model) -> Self {
        Self { uuid: row.uuid.to_string(), status: row.status.name() }
    }
}

fn created(outcome: &EndpointWithSecret) -> NotStored<Versioned<Created<WebhookEndpointWithSecret>>> {
    let created = Created::at(urls::webhook_endpoint(outcome.endpoint.uuid), outcome.into());
    NotStored(Versioned::new(outcome.endpoint.content_version(), created))
}

fn updated(row: &Model) -> Versioned<Data<LinkedWebhookEndpoint>> {
    Versioned::new(row.content_version(), data(row))
}

fn rotated(outcome: &EndpointWithSecret) -> NotStored<Versioned<Data<WebhookEndpointWithSecret>>> {
    NotStored(Versioned::new(outcome.endpoint.content_version(), data(outcome)))
}

/// Create a webhook endpoint
///
/// The endpoint receives events from now on. The secret that signs its deliveries is in this response only; it is never
/// returned again.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints",
    tag = "webhooks",
    request_body = NewWebhookEndpoint,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new endpoint with its secret", body = Data<WebhookEndpointWithSecret>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, TooManyWebhookEndpoints, Body)>,
    )
)]
pub(super) async fn create_webhook_endpoint(
    ctx: SteppedUpCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(webhook::create(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Change a webhook endpoint
///
/// The response to `{}`, and to values that are already set, is 200; nothing changes. Another `url` and other `events` need a
/// step-up.
#[utoipa::path(
    patch,
    path = "/api/webhook-endpoints/{uuid}",
    tag = "webhooks",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the endpoint")),
    request_body = WebhookEndpointPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed endpoint", body = Data<LinkedWebhookEndpoint>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, NoSuchWebhookEndpoint, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(webhook::update(&ctx, write.respond_with(updated), id.uuid()?, body.into()).await?.into())
}

/// Delete a webhook endpoint
///
/// Deletes the endpoint with its pending deliveries and its delivery log.
#[utoipa::path(
    delete,
    path = "/api/webhook-endpoints/{uuid}",
    tag = "webhooks",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted endpoint", body = Data<WebhookEndpoint>),
        Failing<(SteppedUpOnly, NoSuchWebhookEndpoint, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_webhook_endpoint(
    ctx: SteppedUpCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(webhook::delete(&ctx, write.respond_with(data::<Model, WebhookEndpoint>), id.uuid()?).await?.into())
}

/// Rotate the secret of a webhook endpoint
///
/// Until the overlap ends, deliveries are signed with the previous secret as well. The version of the endpoint stays the same.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints/{uuid}/secret",
    tag = "webhooks",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the endpoint")),
    request_body = Rotation,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The endpoint with its new secret", body = Data<WebhookEndpointWithSecret>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, NoSuchWebhookEndpoint, Body)>,
    )
)]
pub(super) async fn rotate_webhook_secret(
    ctx: SteppedUpCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(webhook::rotate_secret(&ctx, write.respond_with(rotated), id.uuid()?, body.into()).await?.into())
}

/// Send the undelivered events of a webhook endpoint again
///
/// Dead letters are the deliveries whose retries have ended (status `parked`). They are sent again at once, with retries
/// for another three days.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints/{uuid}/replay",
    tag = "webhooks",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The number of deliveries that are sent again", body = Data<Replayed>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Change)>,
    )
)]
pub(super) async fn replay_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|count: &u64| Data::of(Replayed { count: *count }));
    Ok(webhook::replay_dead_letters(&ctx, write, Some(id.uuid()?)).await?.into())
}

/// Send a test event to a webhook endpoint
///
/// The event `webhook.test` is sent to this endpoint only, whatever its event filters. The delivery is signed and retried
/// like any other; `webhookDeliveries` over GraphQL returns its outcome.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints/{uuid}/test",
    tag = "webhooks",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The delivery of the test event", body = Data<WebhookDelivery>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, WebhookEndpointDisabled, Change)>,
    )
)]
pub(super) async fn test_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(data::<webhook_delivery::Model, WebhookDelivery>);
    Ok(webhook::send_test(&ctx, write, id.uuid()?).await?.into())
}

/// Send a webhook delivery again
///
/// The delivery is sent again at once, whatever its status, with retries for another three days.
#[utoipa::path(
    post,
    path = "/api/webhook-deliveries/{uuid}/replay",
    tag = "webhooks",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the delivery")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The replayed delivery", body = Data<WebhookDelivery>),
        Failing<(AdminOnly, NoSuchWebhookDelivery, Change)>,
    )
)]
pub(super) async fn replay_webhook_delivery(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<webhook_delivery::Entity>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(data::<webhook_delivery::Model, WebhookDelivery>);
    Ok(webhook::replay(&ctx, write, id.uuid()?).await?.into())
}
