//! REST operations on customer groups.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{DefaultGroup, GroupNameTaken, NoSuchGroup};
use super::link::Link;
use super::openapi::{EntityTag, PathUuid};
use super::response::{Created, Versioned, data};
use crate::app::ctx::AdminCtx;
use crate::bodies;
use crate::entity::customer_group::{Entity, Model};
use crate::http::failure::documented::{AdminOnly, Body, Change, Failing, StaleVersion};
use crate::http::{Data, Failure, JsonObject, OneWrite, PathId, WriteResponse, urls};
use crate::service::content_version::ContentVersion;
use crate::service::group;
use crate::types::timestamp;

bodies! {
    /// A new customer group. Other properties are ignored.
    NewCustomerGroup: Create group::GroupInput;
    /// Changes to a customer group. Absent properties stay unchanged; others are ignored.
    CustomerGroupPatch: Update group::GroupInput;
}

/// A customer group.
#[derive(Serialize, ToSchema)]
pub(super) struct CustomerGroup {
    /// Numeric identifier of the group.
    #[schema(example = 2)]
    customer_group_id: i32,
    /// Public identifier of the group.
    #[schema(format = "uuid", example = "6c1f0d0e-3f2b-4d8a-9a5e-2f0c7b1d4e11")]
    uuid: String,
    /// Name of the group.
    #[schema(example = "VIP")]
    group_name: String,
    /// Time of the creation (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
}

/// A customer group with links.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkedCustomerGroup {
    #[serde(flatten)]
    group: CustomerGroup,
    /// Links to related operations.
    #[schema(example = json!([
        {"rel": "edit", "href": "/api/customer-groups/6c1f0d0e-3f2b-4d8a-9a5e-2f0c7b1d4e11", "action": "PATCH", "types": ["application/json"]},
        {"rel": "delete", "href": "/api/customer-groups/6c1f0d0e-3f2b-4d8a-9a5e-2f0c7b1d4e11", "action": "DELETE", "types": ["application/json"]},
    ]))]
    links: [Link; 2],
}

impl From<&Model> for CustomerGroup {
    fn from(row: &Model) -> Self {
        Self {
            customer_group_id: row.customer_group_id,
            uuid: row.uuid.to_string(),
            group_name: row.group_name.clone(),
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
        }
    }
}

impl From<&Model> for LinkedCustomerGroup {
    fn from(row: &Model) -> Self {
        Self { links: Link::edit_and_delete(&urls::customer_group(row.uuid)), group: row.into() }
    }
}

fn created(row: &Model) -> Versioned<Created<LinkedCustomerGroup>> {
    Versioned::new(row.content_version(), Created::at(urls::customer_group(row.uuid), row.into()))
}

fn updated(row: &Model) -> Versioned<Data<LinkedCustomerGroup>> {
    Versioned::new(row.content_version(), data(row))
}

/// Create a customer group
#[utoipa::path(
    post,
    path = "/api/customer-groups",
    tag = "customer groups",
    request_body = NewCustomerGroup,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new group", body = Data<LinkedCustomerGroup>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, GroupNameTaken, Body)>,
    )
)]
pub(super) async fn create_customer_group(
    ctx: AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(group::create(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Change a customer group
///
/// The response to `{}`, and to the current name, is 200; nothing changes.
#[utoipa::path(
    patch,
    path = "/api/customer-groups/{uuid}",
    tag = "customer groups",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the group")),
    request_body = CustomerGroupPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed group", body = Data<LinkedCustomerGroup>, headers(("ETag" = EntityTag))),
        Failing<(AdminOnly, NoSuchGroup, GroupNameTaken, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_customer_group(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(group::update(&ctx, write.respond_with(updated), id.uuid()?, body.into()).await?.into())
}

/// Delete a customer group
///
/// Its customers move to the default group, which can't be deleted.
#[utoipa::path(
    delete,
    path = "/api/customer-groups/{uuid}",
    tag = "customer groups",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the group")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted group", body = Data<CustomerGroup>),
        Failing<(AdminOnly, NoSuchGroup, DefaultGroup, StaleVersion, Change)>,
    )
)]
pub(super) async fn delete_customer_group(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(group::delete(&ctx, write.respond_with(data::<Model, CustomerGroup>), id.uuid()?).await?.into())
}
