//! REST operations on admins. GraphQL lists them.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{AdminEmailTaken, DisablesItself, NoSuchAdmin, RemovesOwnFactor};
use super::link::Link;
use super::openapi::{EntityTag, PathUuid};
use super::response::{Created, Versioned, data};
use crate::app::ctx::SteppedUpCtx;
use crate::bodies;
use crate::entity::admin_user::Entity;
use crate::http::failure::documented::{Body, Change, Failing, StaleVersion, SteppedUpOnly};
use crate::http::{Data, Failure, JsonObject, OneWrite, PathId, WriteResponse, urls};
use crate::service::admin::{self, AdminRecord};
use crate::service::content_version::ContentVersion;
use crate::types::timestamp;

bodies! {
    /// A new admin. Other properties are ignored.
    NewAdmin: Create admin::NewAdminInput;
    /// Changes to an admin. Absent properties stay unchanged; others are ignored.
    AdminPatch: Update admin::AdminInput;
}

/// An admin: a person or a script of the back office.
#[derive(Serialize, ToSchema)]
pub(super) struct Admin {
    /// Public identifier of the admin.
    #[schema(format = "uuid", example = "7b1f2c8e-2d0e-4a0c-9a57-3f6f0e5a9d44")]
    uuid: String,
    /// E-mail address to log in with, as it was entered.
    #[schema(example = "ada@example.com")]
    email: String,
    /// Display name.
    #[schema(example = "Ada Smith")]
    full_name: String,
    /// 1: enabled, 0: disabled.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    status: i16,
    /// Whether the second factor of the admin is on.
    #[schema(example = true)]
    second_factor: bool,
    /// Time of the creation (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    created_at: String,
    /// Time of the last change (RFC 3339).
    #[schema(format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    updated_at: String,
    /// Time of the last login (RFC 3339).
    #[schema(required = true, format = "date-time", example = "2023-02-07T14:18:05.000Z")]
    last_sign_in_at: Option<String>,
    /// A link to change the admin.
    #[schema(example = json!([
        {"rel": "self", "href": "/api/users/7b1f2c8e-2d0e-4a0c-9a57-3f6f0e5a9d44", "action": "PATCH", "types": ["application/json"]},
    ]))]
    links: [Link; 1],
}

impl From<&AdminRecord> for Admin {
    fn from(AdminRecord { row, has_second_factor }: &AdminRecord) -> Self {
        Self {
            uuid: row.uuid.to_string(),
            email: row.email.as_str().to_owned(),
            full_name: row.full_name.clone(),
            status: row.status.into(),
            second_factor: *has_second_factor,
            created_at: timestamp(row.created_at),
            updated_at: timestamp(row.updated_at),
            last_sign_in_at: row.last_sign_in_at.map(timestamp),
            links: [Link::own(&urls::admin(row.uuid))],
        }
    }
}

fn created(record: &AdminRecord) -> Versioned<Created<Admin>> {
    let created = Created::at(urls::admin(record.row.uuid), record.into());
    Versioned::new(record.row.content_version(), created)
}

fn current(record: &AdminRecord) -> Versioned<Data<Admin>> {
    Versioned::new(record.row.content_version(), data(record))
}

/// Create an admin
///
/// The admin logs in with this e-mail address and password, and can then change the password.
#[utoipa::path(
    post,
    path = "/api/users",
    tag = "admins",
    request_body = NewAdmin,
    security(("admin" = [])),
    responses(
        (status = 201, description = "The new admin", body = Data<Admin>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, AdminEmailTaken, Body)>,
    )
)]
pub(super) async fn create_admin(
    ctx: SteppedUpCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(admin::add(&ctx, write.respond_with(created), body.into()).await?.into())
}

/// Rename, enable or disable an admin
///
/// A disabled admin is logged out at once. The response to `{}`, and to values that are already set, is 200; nothing changes.
#[utoipa::path(
    patch,
    path = "/api/users/{uuid}",
    tag = "admins",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the admin")),
    request_body = AdminPatch,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The changed admin", body = Data<Admin>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, NoSuchAdmin, DisablesItself, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_admin(
    ctx: SteppedUpCtx,
    write: OneWrite,
    id: PathId<Entity>,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(admin::update(&ctx, write.respond_with(current), id.uuid()?, body.into()).await?.into())
}

/// Remove the second factor of an admin
///
/// For an admin that lost its authenticator app and its recovery codes. The admin is notified by mail. Nothing changes if the
/// admin has no second factor. The own one is turned off with `DELETE /api/user/me/second-factor`.
#[utoipa::path(
    delete,
    path = "/api/users/{uuid}/second-factor",
    tag = "admins",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the admin")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The admin", body = Data<Admin>, headers(("ETag" = EntityTag))),
        Failing<(SteppedUpOnly, NoSuchAdmin, RemovesOwnFactor, Change)>,
    )
)]
pub(super) async fn delete_admin_second_factor(
    ctx: SteppedUpCtx,
    write: OneWrite,
    id: PathId<Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(admin::remove_factor(&ctx, write.respond_with(current), id.uuid()?).await?.into())
}
