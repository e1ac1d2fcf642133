//! Webhook endpoints over REST.

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
use crate::entity::webhook_delivery;
use crate::entity::webhook_endpoint::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, Failing};
use crate::http::{AdminCtx, Done, Failure, JsonObject, OneWrite};
use crate::service::webhook::{self, WithSecret};
use crate::types::timestamp;

/// A webhook endpoint, as REST answers with it.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEndpoint {
    /// Public identifier.
    #[schema(format = "uuid", example = "0c7d6a3e-0b0c-4b7e-9d0e-7f0a4f3d1a55")]
    uuid: String,
    /// Where events are posted to.
    #[schema(format = "uri", example = "https://erp.example.com/hooks/customers")]
    url: String,
    /// What it is for.
    #[schema(example = "ERP")]
    description: String,
    /// Which events it is told of.
    #[schema(value_type = Vec<String>, example = json!(["customer.*", "address.*"]))]
    events: Value,
    /// Whether it is told anything.
    #[schema(example = true)]
    enabled: bool,
    /// When it was made (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// When it last changed (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
}

/// A webhook endpoint with what can be done next.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedWebhookEndpoint {
    #[serde(flatten)]
    endpoint: WebhookEndpoint,
    /// Where to go from here.
    links: [Link; 2],
}

/// A webhook endpoint with the secret that was made for it, which is told this once.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    endpoint: WebhookEndpoint,
    /// What its deliveries are signed with (Standard Webhooks).
    #[schema(
        pattern = "^whsec_[A-Za-z0-9+/]{43}=$",
        example = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    )]
    secret: String,
    /// Where to go from here.
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

impl From<&WithSecret> for WebhookEndpointWithSecret {
    fn from(WithSecret { endpoint, secret }: &WithSecret) -> Self {
        Self {
            links: Link::edit_and_delete(&url(endpoint.uuid)),
            secret: secret.expose_secret().to_owned(),
            endpoint: endpoint.into(),
        }
    }
}

/// What a new webhook endpoint is made of. Any other property is ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::webhook::EndpointInput` reads it")]
pub(super) struct NewWebhookEndpoint {
    /// Where events are posted to: `https://`, and no private address.
    #[schema(max_length = 2048, format = "uri", example = "https://erp.example.com/hooks/customers")]
    url: String,
    /// What it is for, at most 255 characters.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "ERP")]
    description: Option<String>,
    /// Which events: their names, all of a noun (`customer.*`), all (`*`, the default).
    #[schema(min_items = 1, max_items = 50, example = json!(["customer.*", "address.*"]))]
    events: Option<Vec<String>>,
    /// Whether it is told anything; true when nothing is said.
    #[schema(nullable = false, example = true)]
    enabled: Option<bool>,
}

/// What changes: absent stays. Any other property is ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::webhook::EndpointInput` reads it")]
pub(super) struct WebhookEndpointPatch {
    /// Where events are posted to: `https://`, and no private address.
    #[schema(
        nullable = false,
        max_length = 2048,
        format = "uri",
        example = "https://erp.example.com/hooks/customers"
    )]
    url: Option<String>,
    /// What it is for, at most 255 characters; `null` empties it.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "ERP")]
    description: Option<String>,
    /// Which events: their names, all of a noun (`customer.*`), all (`*`, also by `null`).
    #[schema(min_items = 1, max_items = 50, example = json!(["customer.*", "address.*"]))]
    events: Option<Vec<String>>,
    /// Whether it is told anything. What waits goes on when it is enabled again.
    #[schema(nullable = false, example = true)]
    enabled: Option<bool>,
}

/// How a secret is changed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::webhook::RotationInput` reads it")]
pub(super) struct Rotation {
    /// For how many seconds deliveries are signed with the secret before as well: a week at most, a day when nothing
    /// is said.
    #[schema(minimum = 0, maximum = 604800, example = 86400)]
    overlap_seconds: Option<i64>,
}

/// How many deliveries are sent once more.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    /// The number of them.
    #[schema(minimum = 0, example = 3)]
    count: u64,
}

/// A delivery that is sent once more.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookDelivery {
    /// Public identifier.
    #[schema(format = "uuid", example = "8f4b1d0c-55c9-4b0e-a3d0-7b0c3f1f9a10")]
    uuid: String,
    /// How far it is: `pending`.
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

/// The endpoint that a path names. What is no identifier names none.
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

fn created(made: &WithSecret) -> CreatedEndpoint {
    let location = [(header::LOCATION, url(made.endpoint.uuid))];
    (StatusCode::CREATED, NO_STORE, location, Json(Data { data: made.into() }))
}

/// An answer with a secret is kept by nobody (RFC 9111 5.2.2.5).
const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// Make a webhook endpoint
///
/// It is told of what happens from now on. The secret that its deliveries are signed with is in this answer, and never
/// told again.
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
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(webhook::create(&ctx, write.answered(created), body.into()).await?.into())
}

/// Change a webhook endpoint
///
/// `{}`, and values that are there already, are 200 and change nothing.
#[utoipa::path(
    patch,
    path = "/api/webhook-endpoints/{uuid}",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    request_body = WebhookEndpointPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The endpoint as it is now", body = Data<LinkedWebhookEndpoint>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Body)>,
    )
)]
pub(super) async fn update_webhook_endpoint(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    let write = write.answered(|row: &Model| Json(Data { data: LinkedWebhookEndpoint::from(row) }));
    Ok(webhook::update(&ctx, write, endpoint_id(path)?, body.into()).await?.into())
}

/// Delete a webhook endpoint
///
/// With what was to be told to it, and the log of what was.
#[utoipa::path(
    delete,
    path = "/api/webhook-endpoints/{uuid}",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The endpoint as it was", body = Data<WebhookEndpoint>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Change)>,
    )
)]
pub(super) async fn delete_webhook_endpoint(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<Done, Failure> {
    let write = write.answered(|row: &Model| Json(Data { data: WebhookEndpoint::from(row) }));
    Ok(webhook::delete(&ctx, write, endpoint_id(path)?).await?.into())
}

/// Give a webhook endpoint another secret
///
/// Until the overlap is over its deliveries are signed with the one before as well.
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
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    let write = write
        .answered(|made: &WithSecret| (NO_STORE, Json(Data { data: WebhookEndpointWithSecret::from(made) })));
    Ok(webhook::rotate_secret(&ctx, write, endpoint_id(path)?, body.into()).await?.into())
}

/// Send once more what is parked for a webhook endpoint
///
/// At once, and for another three days.
#[utoipa::path(
    post,
    path = "/api/webhook-endpoints/{uuid}/replay",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the endpoint")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "How many deliveries are sent once more", body = Data<Replayed>),
        Failing<(AdminOnly, NoSuchWebhookEndpoint, Change)>,
    )
)]
pub(super) async fn replay_webhook_endpoint(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<Done, Failure> {
    let write = write.answered(|count: &u64| Json(Data { data: Replayed { count: *count } }));
    Ok(webhook::replay_dead_letters(&ctx, write, Some(endpoint_id(path)?)).await?.into())
}

/// Send a webhook delivery once more
///
/// Whatever became of it: at once, and for another three days.
#[utoipa::path(
    post,
    path = "/api/webhook-deliveries/{uuid}/replay",
    tag = "webhooks",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the delivery")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The delivery", body = Data<WebhookDelivery>),
        Failing<(AdminOnly, NoSuchWebhookDelivery, Change)>,
    )
)]
pub(super) async fn replay_webhook_delivery(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<Done, Failure> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    let uuid = parse_uuid(&text).ok_or_else(|| Failure::not_found("Webhook delivery not found"))?;
    let view = |row: &webhook_delivery::Model| Json(Data { data: WebhookDelivery::from(row) });
    Ok(webhook::replay(&ctx, write.answered(view), uuid).await?.into())
}
