//! REST operations on customers.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Versioned;
use super::failures::{EmailTaken, NoSuchCustomer};
use super::link::Link;
use super::openapi::{EntityTag, PathId};
use crate::app::ctx::{AdminCtx, Ctx};
use crate::bodies;
use crate::entity::customer::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, Failing, OptionalToken, StaleVersion, Throttled};
use crate::http::{Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::customer;
use crate::types::timestamp;

bodies! {
    /// A new customer. Other properties are ignored.
    NewCustomer: Create customer::CustomerInput;
    /// Changes to a customer. Absent properties stay unchanged; `null` resets a property that has a default. Other
    /// properties are ignored.
    CustomerPatch: Update customer::CustomerInput;
}

/// A customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Customer {
    /// Numeric identifier of the customer.
    #[schema(example = 21)]
    customer_id: i32,
    /// Public identifier of the customer.
    #[schema(format = "uuid", example = "433ba97f-8be7-4be9-be3f-a9f341f2b89f")]
    uuid: String,
    /// 1: enabled, 0: disabled.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    status: i16,
    /// Numeric identifier of the customer's group.
    #[schema(required = true, example = 1)]
    group_id: Option<i32>,
    /// E-mail address, as it was entered.
    #[schema(format = "idn-email", example = "john.smith@example.com")]
    email: String,
    /// Display name.
    #[schema(example = "John Smith")]
    full_name: String,
    /// Time of the registration (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
    /// Version of the customer. It starts at 1, and every change increases it.
    #[schema(example = 1)]
    version: i32,
}

/// A customer with links.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedCustomer {
    #[serde(flatten)]
    customer: Customer,
    /// Links to related pages.
    #[schema(example = json!([
        {"rel": "customerGrid", "href": "/admin/customers", "action": "GET", "types": ["text/xml"]},
        {"rel": "edit", "href": "/admin/customers/edit/433ba97f-8be7-4be9-be3f-a9f341f2b89f", "action": "GET", "types": ["text/xml"]},
    ]))]
    links: [Link; 2],
}

impl From<&Model> for Customer {
    fn from(row: &Model) -> Self {
        Self {
            customer_id: row.customer_id,
            uuid: row.uuid.to_string(),
            status: row.status.number(),
            group_id: row.group_id,
            email: row.email.as_str().to_owned(),
            full_name: row.full_name.clone(),
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
            version: row.version,
        }
    }
}

impl From<&Model> for LinkedCustomer {
    fn from(row: &Model) -> Self {
        let links = [
            Link::page("customerGrid", "/admin/customers"),
            Link::page("edit", format!("/admin/customers/edit/{}", row.uuid)),
        ];
        Self { customer: row.into(), links }
    }
}

/// Parses an identifier from a path, with or without hyphens. Other formats of UUIDs are not accepted.
pub(super) fn parse_uuid(text: &str) -> Option<Uuid> {
    let has_valid_length = matches!(text.len(), 32 | 36);
    has_valid_length.then(|| Uuid::try_parse(text).ok()).flatten()
}

/// The customer that a path names. An invalid identifier is 404, like an unknown one.
pub(super) fn customer_id(path: Result<Path<String>, PathRejection>) -> Result<Uuid, Failure> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    parse_uuid(&text).ok_or_else(|| Failure::not_found("Customer not found"))
}

type CreatedCustomer = (StatusCode, [(HeaderName, String); 1], Json<Data<LinkedCustomer>>);

fn created(row: &Model) -> Versioned<CreatedCustomer> {
    let location = format!("/api/customers/{}", row.uuid);
    let data = Json(Data { data: row.into() });
    Versioned::new(row.version, (StatusCode::CREATED, [(header::LOCATION, location)], data))
}

fn updated(row: &Model) -> Versioned<Json<Data<LinkedCustomer>>> {
    Versioned::new(row.version, Json(Data { data: row.into() }))
}

/// The view of a deleted customer, which has no links.
pub(super) fn deleted(row: &Model) -> Json<Data<Customer>> {
    Json(Data { data: row.into() })
}

/// Register a customer
///
/// No token is required. An admin can also set `status`, `group_id` and `meta_data`.
#[utoipa::path(
    post,
    path = "/api/customers",
    tag = "customers",
    request_body = NewCustomer,
    security((), ("admin" = []), ("customer" = [])),
    responses(
        (status = 201, description = "The new customer", body = Data<LinkedCustomer>, headers(("ETag" = EntityTag))),
        Failing<(OptionalToken, EmailTaken, Throttled, Body)>,
    )
)]
pub(super) async fn create_customer(
    ctx: Ctx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(customer::create(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Change a customer
///
/// The response to `{}`, and to values that are already set, is 200; nothing changes.
#[utoipa::path(
    patch,
    path = "/api/customers/{uuid}",
    tag = "customers",
    params(("uuid" = inline(PathId), Path, description = "Public identifier, with or without hyphens")),
    request_body = CustomerPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed customer", body = Data<LinkedCustomer>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchCustomer, EmailTaken, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(customer::update(&ctx, write.respond_with(updated), customer_id(path)?, body.into()).await?.into())
}

/// Delete a customer
///
/// Deletes the customer with its addresses and all other data. This cannot be undone.
#[utoipa::path(
    delete,
    path = "/api/customers/{uuid}",
    tag = "customers",
    params(("uuid" = inline(PathId), Path, description = "Public identifier, with or without hyphens")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted customer", body = Data<Customer>),
        Failing<(AdminOnly, NoSuchCustomer, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_customer(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    Ok(customer::delete(&ctx, write.respond_with(deleted), customer_id(path)?).await?.into())
}
