//! REST operations on addresses: admins can change those of all customers, customers their own.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::documented_failures::{
    CustomerDeleted, NoSuchAddress, NoSuchCustomer, NoSuchCustomerAddress, TooManyAddresses,
};
use super::link::Link;
use super::openapi::{EntityTag, PathUuid};
use super::response::{Created, Versioned, data};
use crate::app::ctx::{AdminCtx, Ctx, CustomerCtx};
use crate::bodies;
use crate::entity::customer;
use crate::entity::customer_address::{Entity, Model};
use crate::http::failure::documented::{AdminOnly, Body, Change, CustomerOnly, Failing, StaleVersion};
use crate::http::{Data, Failure, JsonObject, NestedPathId, OneWrite, PathId, WriteResponse, urls};
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
        let links = Link::edit_and_delete(&urls::address(owned.owner, owned.address.uuid));
        Self { address: (&owned.address).into(), links }
    }
}

fn created(owned: &OwnedAddress) -> Versioned<Created<LinkedAddress>> {
    let url = urls::address(owned.owner, owned.address.uuid);
    Versioned::new(owned.address.version, Created::at(url, owned.into()))
}

fn updated(owned: &OwnedAddress) -> Versioned<Data<LinkedAddress>> {
    Versioned::new(owned.address.version, data(owned))
}

fn deleted(owned: &OwnedAddress) -> Data<Address> {
    data(&owned.address)
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
    uuid: Uuid,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(address::update(ctx, write.respond_with(updated), owner, uuid, body.into()).await?.into())
}

async fn delete(ctx: &Ctx, write: OneWrite, owner: Owner, uuid: Uuid) -> Result<WriteResponse, Failure> {
    Ok(address::delete(ctx, write.respond_with(deleted), owner, uuid).await?.into())
}

/// Add an address to a customer
#[utoipa::path(
    post,
    path = "/api/customers/{uuid}/addresses",
    tag = "addresses",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer")),
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
    id: PathId<customer::Entity>,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    create(&ctx, write, Owner::of(&ctx, id.uuid()?), body).await
}

/// Change an address of a customer
#[utoipa::path(
    patch,
    path = "/api/customers/{uuid}/addresses/{address_uuid}",
    tag = "addresses",
    params(
        ("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer"),
        ("address_uuid" = inline(PathUuid), Path, description = "Public identifier of the address"),
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
    id: NestedPathId<customer::Entity, Entity>,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    update(&ctx, write, Owner::of(&ctx, id.parent()?), id.uuid()?, body).await
}

/// Delete an address of a customer
///
/// If it was the default address, the newest other address becomes the default.
#[utoipa::path(
    delete,
    path = "/api/customers/{uuid}/addresses/{address_uuid}",
    tag = "addresses",
    params(
        ("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer"),
        ("address_uuid" = inline(PathUuid), Path, description = "Public identifier of the address"),
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
    id: NestedPathId<customer::Entity, Entity>,
) -> Result<WriteResponse, Failure> {
    delete(&ctx, write, Owner::of(&ctx, id.parent()?), id.uuid()?).await
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
    params(("address_uuid" = inline(PathUuid), Path, description = "Public identifier of the address")),
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
    id: PathId<Entity>,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    update(&ctx, write, Owner::me(&ctx), id.uuid()?, body).await
}

/// Delete one of my addresses
///
/// If it was the default address, the newest other address becomes the default.
#[utoipa::path(
    delete,
    path = "/api/customers/me/addresses/{address_uuid}",
    tag = "addresses",
    params(("address_uuid" = inline(PathUuid), Path, description = "Public identifier of the address")),
    security(("customer" = [])),
    responses(
        (status = 200, description = "The deleted address", body = Data<Address>),
        Failing<(CustomerOnly, NoSuchAddress, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_my_address(
    ctx: CustomerCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    delete(&ctx, write, Owner::me(&ctx), id.uuid()?).await
}
