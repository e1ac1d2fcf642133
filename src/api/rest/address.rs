//! REST operations on addresses: admins can change those of all customers, customers their own.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Versioned;
use super::customer::parse_uuid;
use super::failures::{
    CustomerDeleted, NoSuchAddress, NoSuchCustomer, NoSuchCustomerAddress, TooManyAddresses,
};
use super::link::Link;
use super::openapi::{EntityTag, PathId};
use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx};
use crate::bodies;
use crate::entity::customer_address::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, CustomerOnly, Failing, StaleVersion};
use crate::http::{Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::account::Owner;
use crate::service::address::{self, OwnedAddress};
use crate::types::timestamp;

bodies! {
    /// A new address. Other properties are ignored.
    NewAddress: Create address::AddressInput;
    /// Changes to an address. Absent properties stay unchanged; `null` empties one. The changed address must have all
    /// properties that a new one needs.
    AddressPatch: Update address::AddressInput;
}

/// A postal address of a customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Address {
    /// Numeric identifier of the address.
    #[schema(example = 7)]
    customer_address_id: i32,
    /// Public identifier of the address.
    #[schema(format = "uuid", example = "0b5a3c3e-6d0c-4f0b-9a53-5b8f6f6a2c11")]
    uuid: String,
    /// Numeric identifier of the customer.
    #[schema(example = 21)]
    customer_id: i32,
    /// Name of the recipient.
    #[schema(required = true, example = "John Smith")]
    full_name: Option<String>,
    /// Telephone number, as it was entered.
    #[schema(required = true, example = "+1 555 0123456")]
    telephone: Option<String>,
    /// First address line.
    #[schema(required = true, example = "1 Market Street")]
    address_1: Option<String>,
    /// Second address line.
    #[schema(required = true, example = "Suite 400")]
    address_2: Option<String>,
    /// Postal code.
    #[schema(required = true, example = "94103")]
    postcode: Option<String>,
    /// City or town.
    #[schema(required = true, example = "San Francisco")]
    city: Option<String>,
    /// ISO 3166-2 code or free text.
    #[schema(required = true, example = "US-CA")]
    province: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "US")]
    country: String,
    /// Whether it is the default address of the customer.
    is_default: bool,
    /// Time of the creation (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
    /// Version of the address. It starts at 1, and every change increases it.
    #[schema(example = 1)]
    version: i32,
}

/// An address with links.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedAddress {
    #[serde(flatten)]
    address: Address,
    /// Links to related operations.
    #[schema(example = json!([
        {"rel": "edit", "href": "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f/addresses/0b5a3c3e-6d0c-4f0b-9a53-5b8f6f6a2c11", "action": "PATCH", "types": ["application/json"]},
        {"rel": "delete", "href": "/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f/addresses/0b5a3c3e-6d0c-4f0b-9a53-5b8f6f6a2c11", "action": "DELETE", "types": ["application/json"]},
    ]))]
    links: [Link; 2],
}

impl From<&Model> for Address {
    fn from(row: &Model) -> Self {
        Self {
            customer_address_id: row.customer_address_id,
            uuid: row.uuid.to_string(),
            customer_id: row.customer_id,
            full_name: row.full_name.clone(),
            telephone: row.telephone.clone(),
            address_1: row.address_1.clone(),
            address_2: row.address_2.clone(),
            postcode: row.postcode.clone(),
            city: row.city.clone(),
            province: row.province.clone(),
            country: row.country.clone(),
            is_default: row.is_default,
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
            version: row.version,
        }
    }
}

impl From<&OwnedAddress> for LinkedAddress {
    fn from(owned: &OwnedAddress) -> Self {
        let links = Link::edit_and_delete(&url(owned.owner, owned.address.uuid));
        Self { address: (&owned.address).into(), links }
    }
}

/// The URL of an address. It names the customer in the same way as the request.
fn url(owner: Owner, address: Uuid) -> String {
    match owner.is_caller() {
        true => format!("/api/customers/me/addresses/{address}"),
        false => format!("/api/customers/{}/addresses/{address}", owner.uuid()),
    }
}

type CreatedAddress = Versioned<(StatusCode, [(HeaderName, String); 1], Json<Data<LinkedAddress>>)>;

fn created(owned: &OwnedAddress) -> CreatedAddress {
    let location = url(owned.owner, owned.address.uuid);
    let data = Json(Data { data: owned.into() });
    Versioned::new(owned.address.version, (StatusCode::CREATED, [(header::LOCATION, location)], data))
}

fn updated(owned: &OwnedAddress) -> Versioned<Json<Data<LinkedAddress>>> {
    Versioned::new(owned.address.version, Json(Data { data: owned.into() }))
}

fn deleted(owned: &OwnedAddress) -> Json<Data<Address>> {
    Json(Data { data: (&owned.address).into() })
}

async fn create(
    ctx: &Ctx,
    write: OneWrite,
    owner: Owner,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(address::create(ctx, write.respond_with(created), owner, body.into()).await?.into())
}

async fn update(
    ctx: &Ctx,
    write: OneWrite,
    owner: Owner,
    id: &str,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(address::update(ctx, write.respond_with(updated), owner, address_id(id)?, body.into()).await?.into())
}

async fn delete(ctx: &Ctx, write: OneWrite, owner: Owner, id: &str) -> Result<WriteResponse, Failure> {
    Ok(address::delete(ctx, write.respond_with(deleted), owner, address_id(id)?).await?.into())
}

fn address_id(text: &str) -> Result<Uuid, Failure> {
    parse_uuid(text).ok_or_else(|| Failure::not_found("Address not found"))
}

fn owner(ctx: &AdminCtx, customer: &str) -> Result<Owner, Failure> {
    let uuid = parse_uuid(customer).ok_or_else(|| Failure::not_found("Customer not found"))?;
    Ok(Owner::of(ctx, uuid))
}

/// A path that can't be decoded is 404.
fn undecodable(_: PathRejection) -> Failure {
    Failure::not_found("Address not found")
}

/// Add an address to a customer
#[utoipa::path(
    post,
    path = "/api/customers/{uuid}/addresses",
    tag = "addresses",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the customer")),
    request_body = NewAddress,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new address", body = Data<LinkedAddress>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchCustomer, TooManyAddresses, Body)>,
    )
)]
pub(super) async fn create_customer_address(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    let Path(customer) = path.map_err(undecodable)?;
    create(&ctx, write, owner(&ctx, &customer)?, body).await
}

/// Change an address of a customer
#[utoipa::path(
    patch,
    path = "/api/customers/{uuid}/addresses/{address_uuid}",
    tag = "addresses",
    params(
        ("uuid" = inline(PathId), Path, description = "Public identifier of the customer"),
        ("address_uuid" = inline(PathId), Path, description = "Public identifier of the address"),
    ),
    request_body = AddressPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed address", body = Data<LinkedAddress>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchCustomerAddress, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer_address(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<(String, String)>, PathRejection>,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    let Path((customer, address)) = path.map_err(undecodable)?;
    update(&ctx, write, owner(&ctx, &customer)?, &address, body).await
}

/// Delete an address of a customer
///
/// If it was the default address, the newest other address becomes the default.
#[utoipa::path(
    delete,
    path = "/api/customers/{uuid}/addresses/{address_uuid}",
    tag = "addresses",
    params(
        ("uuid" = inline(PathId), Path, description = "Public identifier of the customer"),
        ("address_uuid" = inline(PathId), Path, description = "Public identifier of the address"),
    ),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted address", body = Data<Address>),
        Failing<(AdminOnly, NoSuchCustomerAddress, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_customer_address(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let Path((customer, address)) = path.map_err(undecodable)?;
    delete(&ctx, write, owner(&ctx, &customer)?, &address).await
}

/// Add an address to my account
#[utoipa::path(
    post,
    path = "/api/customers/me/addresses",
    tag = "addresses",
    request_body = NewAddress,
    security(("customer" = [])),
    responses(
        (status = 201, description = "The new address", body = Data<LinkedAddress>, headers(("ETag" = EntityTag))),
        Failing<(CustomerOnly, CustomerDeleted, TooManyAddresses, Body)>,
    )
)]
pub(super) async fn create_my_address(
    ctx: CustomerCtx,
    write: OneWrite,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    create(&ctx, write, Owner::me(&ctx), body).await
}

/// Change one of my addresses
#[utoipa::path(
    patch,
    path = "/api/customers/me/addresses/{address_uuid}",
    tag = "addresses",
    params(("address_uuid" = inline(PathId), Path, description = "Public identifier of the address")),
    request_body = AddressPatch,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The changed address", body = Data<LinkedAddress>, headers(("ETag" = EntityTag))),
        Failing<(CustomerOnly, NoSuchAddress, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_my_address(
    ctx: CustomerCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    let Path(address) = path.map_err(undecodable)?;
    update(&ctx, write, Owner::me(&ctx), &address, body).await
}

/// Delete one of my addresses
///
/// If it was the default address, the newest other address becomes the default.
#[utoipa::path(
    delete,
    path = "/api/customers/me/addresses/{address_uuid}",
    tag = "addresses",
    params(("address_uuid" = inline(PathId), Path, description = "Public identifier of the address")),
    security(("customer" = [])),
    responses(
        (status = 200, description = "The deleted address", body = Data<Address>),
        Failing<(CustomerOnly, NoSuchAddress, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_my_address(
    ctx: CustomerCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let Path(address) = path.map_err(undecodable)?;
    delete(&ctx, write, Owner::me(&ctx), &address).await
}
