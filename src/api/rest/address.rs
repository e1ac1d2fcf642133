//! Addresses of customers over REST: those of any customer for admins, one's own for a customer.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Versioned;
use super::customer::parse_uuid;
use super::failures::{
    CustomerDeleted, NoSuchAddress, NoSuchCustomer, NoSuchCustomerAddress, TooManyAddresses,
};
use super::link::Link;
use super::openapi::{EntityTag, FlagInput, PathId};
use crate::app::ctx::Ctx;
use crate::entity::customer_address::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, CustomerOnly, Failing, StaleVersion};
use crate::http::{AdminCtx, CustomerCtx, Done, Failure, JsonObject, OneWrite};
use crate::service::account::Owner;
use crate::service::address::{self, Owned};
use crate::types::timestamp;

/// An address, as REST answers with it.
#[derive(Serialize, ToSchema)]
pub(super) struct Address {
    /// Primary key.
    #[schema(example = 7)]
    customer_address_id: i32,
    /// Public identifier.
    #[schema(format = "uuid", example = "0b5a3c3e-6d0c-4f0b-9a53-5b8f6f6a2c11")]
    uuid: String,
    /// Primary key of its customer.
    #[schema(example = 21)]
    customer_id: i32,
    /// Who receives there.
    #[schema(required = true, example = "John Smith")]
    full_name: Option<String>,
    /// Telephone number, as typed.
    #[schema(required = true, example = "+1 555 0123456")]
    telephone: Option<String>,
    /// First line.
    #[schema(required = true, example = "1 Market Street")]
    address_1: Option<String>,
    /// Second line.
    #[schema(required = true, example = "Suite 400")]
    address_2: Option<String>,
    /// Postal code.
    #[schema(required = true, example = "94103")]
    postcode: Option<String>,
    /// Town.
    #[schema(required = true, example = "San Francisco")]
    city: Option<String>,
    /// ISO 3166-2 code, or free text.
    #[schema(required = true, example = "US-CA")]
    province: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "US")]
    country: String,
    /// Whether it is the customer's default.
    is_default: bool,
    /// When it was added (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// When it last changed (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    version: i32,
}

/// An address with what can be done next.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedAddress {
    #[serde(flatten)]
    address: Address,
    /// Where to go from here.
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

impl From<&Owned> for LinkedAddress {
    fn from(owned: &Owned) -> Self {
        let links = Link::edit_and_delete(&url(owned.owner, owned.address.uuid));
        Self { address: (&owned.address).into(), links }
    }
}

/// Where an address can be changed and deleted, by whoever named its customer so.
fn url(owner: Owner, address: Uuid) -> String {
    match owner {
        Owner::Me => format!("/api/customers/me/addresses/{address}"),
        Owner::Customer(customer) => format!("/api/customers/{customer}/addresses/{address}"),
    }
}

/// What a new address is made of. Any other property is ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::address::AddressInput` reads it")]
pub(super) struct NewAddress {
    /// Who receives there.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "John Smith"
    )]
    full_name: String,
    /// Telephone number.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "+1 555 0123456")]
    telephone: Option<String>,
    /// First line.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "1 Market Street"
    )]
    address_1: String,
    /// Second line.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "Suite 400")]
    address_2: Option<String>,
    /// Postal code.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "94103"
    )]
    postcode: String,
    /// Town.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "San Francisco")]
    city: Option<String>,
    /// ISO 3166-2 code, or free text.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "US-CA"
    )]
    province: String,
    /// ISO 3166-1 alpha-2 code.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Za-z]{2}$", example = "US")]
    country: String,
    /// Setting it takes it from the others.
    #[schema(value_type = Option<FlagInput>, nullable = false, example = true)]
    is_default: Option<Value>,
}

/// What changes: absent stays, `null` is emptied. The address that comes of it must have all that a new one needs.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::address::AddressInput` reads it")]
pub(super) struct AddressPatch {
    /// Who receives there.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "John Smith"
    )]
    full_name: Option<String>,
    /// Telephone number.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "+1 555 0123456")]
    telephone: Option<String>,
    /// First line.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "1 Market Street"
    )]
    address_1: Option<String>,
    /// Second line.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "Suite 400")]
    address_2: Option<String>,
    /// Postal code.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "94103"
    )]
    postcode: Option<String>,
    /// Town.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "San Francisco")]
    city: Option<String>,
    /// ISO 3166-2 code, or free text.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "US-CA"
    )]
    province: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[A-Za-z]{2}$", example = "US")]
    country: Option<String>,
    /// Setting it takes it from the others.
    #[schema(value_type = Option<FlagInput>, nullable = false, example = true)]
    is_default: Option<Value>,
}

type CreatedAddress = Versioned<(StatusCode, [(HeaderName, String); 1], Json<Data<LinkedAddress>>)>;

fn created(owned: &Owned) -> CreatedAddress {
    let location = url(owned.owner, owned.address.uuid);
    let data = Json(Data { data: owned.into() });
    Versioned::new(owned.address.version, (StatusCode::CREATED, [(header::LOCATION, location)], data))
}

fn updated(owned: &Owned) -> Versioned<Json<Data<LinkedAddress>>> {
    Versioned::new(owned.address.version, Json(Data { data: owned.into() }))
}

fn deleted(owned: &Owned) -> Json<Data<Address>> {
    Json(Data { data: (&owned.address).into() })
}

async fn create(
    ctx: &Ctx,
    write: OneWrite,
    owner: Owner,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(address::create(ctx, write.answered(created), owner, body.into()).await?.into())
}

async fn update(
    ctx: &Ctx,
    write: OneWrite,
    owner: Owner,
    id: &str,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(address::update(ctx, write.answered(updated), owner, address_id(id)?, body.into()).await?.into())
}

async fn delete(ctx: &Ctx, write: OneWrite, owner: Owner, id: &str) -> Result<Done, Failure> {
    Ok(address::delete(ctx, write.answered(deleted), owner, address_id(id)?).await?.into())
}

fn address_id(text: &str) -> Result<Uuid, Failure> {
    parse_uuid(text).ok_or_else(|| Failure::not_found("Address not found"))
}

fn owner(customer: &str) -> Result<Owner, Failure> {
    let uuid = parse_uuid(customer).ok_or_else(|| Failure::not_found("Customer not found"))?;
    Ok(Owner::Customer(uuid))
}

/// A path that can't be decoded names nothing.
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
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    body: JsonObject,
) -> Result<Done, Failure> {
    let Path(customer) = path.map_err(undecodable)?;
    create(&ctx, write, owner(&customer)?, body).await
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
        (status = 200, description = "The address as it is now", body = Data<LinkedAddress>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchCustomerAddress, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer_address(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<(String, String)>, PathRejection>,
    body: JsonObject,
) -> Result<Done, Failure> {
    let Path((customer, address)) = path.map_err(undecodable)?;
    update(&ctx, write, owner(&customer)?, &address, body).await
}

/// Delete an address of a customer
///
/// When it was the default, the newest of the others becomes it.
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
        (status = 200, description = "The address as it was", body = Data<Address>),
        Failing<(AdminOnly, NoSuchCustomerAddress, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_customer_address(
    AdminCtx(ctx): AdminCtx,
    write: OneWrite,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Done, Failure> {
    let Path((customer, address)) = path.map_err(undecodable)?;
    delete(&ctx, write, owner(&customer)?, &address).await
}

/// Add an address to one's own
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
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
    body: JsonObject,
) -> Result<Done, Failure> {
    create(&ctx, write, Owner::Me, body).await
}

/// Change one of one's own addresses
#[utoipa::path(
    patch,
    path = "/api/customers/me/addresses/{address_uuid}",
    tag = "addresses",
    params(("address_uuid" = inline(PathId), Path, description = "Public identifier of the address")),
    request_body = AddressPatch,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The address as it is now", body = Data<LinkedAddress>, headers(("ETag" = EntityTag))),
        Failing<(CustomerOnly, NoSuchAddress, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_my_address(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    body: JsonObject,
) -> Result<Done, Failure> {
    let Path(address) = path.map_err(undecodable)?;
    update(&ctx, write, Owner::Me, &address, body).await
}

/// Delete one of one's own addresses
///
/// When it was the default, the newest of the others becomes it.
#[utoipa::path(
    delete,
    path = "/api/customers/me/addresses/{address_uuid}",
    tag = "addresses",
    params(("address_uuid" = inline(PathId), Path, description = "Public identifier of the address")),
    security(("customer" = [])),
    responses(
        (status = 200, description = "The address as it was", body = Data<Address>),
        Failing<(CustomerOnly, NoSuchAddress, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_my_address(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<Done, Failure> {
    let Path(address) = path.map_err(undecodable)?;
    delete(&ctx, write, Owner::Me, &address).await
}
