//! REST operations on customer groups.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::customer::parse_uuid;
use super::failures::{DefaultGroup, GroupNameTaken, NoSuchGroup};
use super::link::Link;
use super::openapi::PathId;
use crate::app::ctx::AdminCtx;
use crate::bodies;
use crate::entity::customer_group::Model;
use crate::http::Data;
use crate::http::failures::{AdminOnly, Body, Change, Failing};
use crate::http::{Failure, JsonObject, OneWrite, WriteResponse};
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
        Self { links: Link::edit_and_delete(&url(row.uuid)), group: row.into() }
    }
}

fn url(group: Uuid) -> String {
    format!("/api/customer-groups/{group}")
}

/// The group that a path names. An invalid identifier is 404, like an unknown one.
fn group_id(path: Result<Path<String>, PathRejection>) -> Result<Uuid, Failure> {
    let text = path.map(|Path(text)| text).unwrap_or_default();
    parse_uuid(&text).ok_or_else(|| Failure::not_found("Group not found"))
}

/// Create a customer group
#[utoipa::path(
    post,
    path = "/api/customer-groups",
    tag = "customer groups",
    request_body = NewCustomerGroup,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new group", body = Data<LinkedCustomerGroup>),
        Failing<(AdminOnly, GroupNameTaken, Body)>,
    )
)]
pub(super) async fn create_customer_group(
    ctx: AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|row: &Model| {
        let data = Data { data: LinkedCustomerGroup::from(row) };
        (StatusCode::CREATED, [(header::LOCATION, url(row.uuid))], Json(data))
    });
    Ok(group::create(&ctx, write, body.into()).await?.into())
}

/// Change a customer group
///
/// The response to `{}`, and to the current name, is 200; nothing changes.
#[utoipa::path(
    patch,
    path = "/api/customer-groups/{uuid}",
    tag = "customer groups",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the group")),
    request_body = CustomerGroupPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed group", body = Data<LinkedCustomerGroup>),
        Failing<(AdminOnly, NoSuchGroup, GroupNameTaken, Body)>,
    )
)]
pub(super) async fn update_customer_group(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|row: &Model| Json(Data { data: LinkedCustomerGroup::from(row) }));
    Ok(group::update(&ctx, write, group_id(path)?, body.into()).await?.into())
}

/// Delete a customer group
///
/// Its customers move to the default group, which can't be deleted.
#[utoipa::path(
    delete,
    path = "/api/customer-groups/{uuid}",
    tag = "customer groups",
    params(("uuid" = inline(PathId), Path, description = "Public identifier of the group")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The deleted group", body = Data<CustomerGroup>),
        Failing<(AdminOnly, NoSuchGroup, DefaultGroup, Change)>,
    )
)]
pub(super) async fn delete_customer_group(
    ctx: AdminCtx,
    write: OneWrite,
    path: Result<Path<String>, PathRejection>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(|row: &Model| Json(Data { data: CustomerGroup::from(row) }));
    Ok(group::delete(&ctx, write, group_id(path)?).await?.into())
}
