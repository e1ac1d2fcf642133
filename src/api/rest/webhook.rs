//! REST operations on webhook endpoints and their deliveries.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::customer::parse_uuid;
use super::failures::{NoSuchWebhookDelivery, NoSuchWebhookEndpoint, TooManyWebhookEndpoints};
use super::link::Link;
use super::openapi::PathId;
use crate::app::ctx::AdminCtx;
use crate::bodies;
use crate::entity::webhook_delivery;
use crate::entity::webhook_endpoint::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, Failing};
use crate::http::{Failure, JsonObject, OneWrite, WriteResponse};
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
        Self { links: Link::edit_and_delete(&url(row.uuid)), endpoint: row.into() }
    }
}

impl From<&EndpointWithSecret> for WebhookEndpointWithSecret {
    fn from(EndpointWithSecret { endpoint, secret }: &EndpointWithSecret) -> Self {
        Self {
            links: Link::edit_and_delete(&url(endpoint.uuid)),
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

/// A replayed delivery.
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

fn url(endpoint: Uuid) -> String {
    format!("/api/webhook-endpoints/{endpoint}")
}

/// The endpoint that a path names. An invalid identifier is 404, like an unknown one.
fn endpoint_id(path: Result<Path<String>, PathRejection>) -> Result<Uuid, Failure> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    parse_uuid(&text).ok_or_else(|| Failure::not_found("Webhook endpoint not found"))
}

type CreatedEndpoint = (
    StatusCode,
    [(HeaderName, HeaderValue); 1],
    [(HeaderName, String); 1],
    Json<Data<WebhookEndpointWithSecret>>,
);

fn created(outcome: &EndpointWithSecret) -> CreatedEndpoint {
    let location = [(header::LOCATION, url(outcome.endpoint.uuid))];
    (StatusCode::CREATED, NO_STORE, location, Json(Data { data: outcome.into() }))
}

/// Caches must not store a response with a secret (RFC 9111 5.2.2.5).
const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

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
        (status = 201, description = "The new endpoint with its secret", body = Data<WebhookEndpointWithSecret>),
        Failing<(AdminOnly, TooManyWebhookEndpoints, Body)>,
    )
)]
pub(super) async fn create_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(webhook::create(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Change a webhook endpoint
///
/// The response to `{}`, and to values that are already set, is 200; nothing changes.
#[utoipa::path(
    patch,
    path = "/api/webhook-endpoints/{uuid}",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    request_body = WebhookEndpointPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed endpoint", body = Data<LinkedWebhookEndpoint>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Body)>,
    )
)]
pub(super) async fn update_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|row: &Model| Json(Data { data: LinkedWebhookEndpoint::from(row) }));
    Ok(webhook::update(&ctx, write, endpoint_id(path)?, body.into()).await?.into())
}

/// Delete a webhook endpoint
///
/// Deletes the endpoint with its pending deliveries and its delivery log.
#[utoipa::path(
    delete,
    path = "/api/webhook-endpoints/{uuid}",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted endpoint", body = Data<WebhookEndpoint>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Change)>,
    )
)]
pub(super) async fn delete_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|row: &Model| Json(Data { data: WebhookEndpoint::from(row) }));
    Ok(webhook::delete(&ctx, write, endpoint_id(path)?).await?.into())
}

/// Rotate the secret of a webhook endpoint
///
/// Until the overlap ends, deliveries are signed with the previous secret as well.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints/{uuid}/secret",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    request_body = Rotation,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The endpoint with its new secret", body = Data<WebhookEndpointWithSecret>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Body)>,
    )
)]
pub(super) async fn rotate_webhook_secret(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|outcome: &EndpointWithSecret| {
        (NO_STORE, Json(Data { data: WebhookEndpointWithSecret::from(outcome) }))
    });
    Ok(webhook::rotate_secret(&ctx, write, endpoint_id(path)?, body.into()).await?.into())
}

/// Replay the parked deliveries of a webhook endpoint
///
/// Parked deliveries are dead letters: their retries have ended. They are sent again at once, with retries for another
/// three days.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints/{uuid}/replay",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The number of deliveries that are sent again", body = Data<Replayed>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Change)>,
    )
)]
pub(super) async fn replay_webhook_endpoint(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|count: &u64| Json(Data { data: Replayed { count: *count } }));
    Ok(webhook::replay_dead_letters(&ctx, write, Some(endpoint_id(path)?)).await?.into())
}

/// Replay a webhook delivery
///
/// The delivery is sent again at once, whatever its status, with retries for another three days.
#[utoipa::path(
    post,
    path = "/api/webhook-deliveries/{uuid}/replay",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the delivery")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The replayed delivery", body = Data<WebhookDelivery>),
        Failing<(AdminOnly, NoSuchWebhookDelivery, Change)>,
    )
)]
pub(super) async fn replay_webhook_delivery(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    let uuid = parse_uuid(&text).ok_or_else(|| Failure::not_found("Webhook delivery not found"))?;
    let view = |row: &webhook_delivery::Model| Json(Data { data: WebhookDelivery::from(row) });
    Ok(webhook::replay(&ctx, write.respond_with(view), uuid).await?.into())
}
