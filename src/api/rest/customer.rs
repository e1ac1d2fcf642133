//! REST operations on customers.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{EmailTaken, NoSuchCustomer};
use super::link::Link;
use super::openapi::{EntityTag, PathUuid};
use super::response::{Created, Versioned, data};
use crate::app::ctx::{AdminCtx, Ctx, SteppedUpCtx};
use crate::bodies;
use crate::entity::customer::{Entity, Model};
use crate::http::failure::documented::{
    Body, Change, Failing, OptionalToken, StaleVersion, SteppedUpOnly, Throttled,
};
use crate::http::{Data, Failure, JsonObject, OneWrite, PathId, WriteResponse, urls};
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
            Link::page("customerGrid", urls::CUSTOMERS_PAGE),
            Link::page("edit", urls::customer_page(row.uuid)),
        ];
        Self { customer: row.into(), links }
    }
}

fn created(row: &Model) -> Versioned<Created<LinkedCustomer>> {
    Versioned::new(row.version, Created::at(urls::customer(row.uuid), row.into()))
}

fn updated(row: &Model) -> Versioned<Data<LinkedCustomer>> {
    Versioned::new(row.version, data(row))
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
/// The response to `{}`, and to values that are already set, is 200; nothing changes. `password` and another
/// `email` need a step-up.
#[utoipa::path(
    patch,
    path = "/api/customers/{uuid}",
    tag = "customers",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier, with or without hyphens")),
    request_body = CustomerPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed customer", body = Data<LinkedCustomer>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, NoSuchCustomer, EmailTaken, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(customer::update(&ctx, write.respond_with(updated), id.uuid()?, body.into()).await?.into())
}

/// Delete a customer
///
/// Deletes the customer with its addresses and all other data. This cannot be undone.
#[utoipa::path(
    delete,
    path = "/api/customers/{uuid}",
    tag = "customers",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier, with or without hyphens")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted customer", body = Data<Customer>),
        Failing<(SteppedUpOnly, NoSuchCustomer, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_customer(
    ctx: SteppedUpCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(customer::delete(&ctx, write.respond_with(data::<Model, Customer>), id.uuid()?).await?.into())
}
