//! REST operations on the caller's own account.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::Versioned;
use super::customer::{Customer, deleted};
use super::failures::{CustomerDeleted, EmailTaken};
use super::link::Link;
use super::openapi::EntityTag;
use crate::app::ctx::CustomerCtx;
use crate::entity::customer::Model;
use crate::http::Data;
use crate::http::failures::{Body, CustomerOnly, Failing, StaleVersion, Throttled};
use crate::http::{Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::customer;
use crate::service::input::patch::Field;

/// The caller's own account with links.
#[derive(Serialize, ToSchema)]
pub(super) struct Profile {
    #[serde(flatten)]
    customer: Customer,
    /// Links to related operations.
    #[schema(example = json!([
        {"rel": "self", "href": "/api/customers/me", "action": "PATCH", "types": ["application/json"]},
    ]))]
    links: [Link; 1],
}

impl From<&Model> for Profile {
    fn from(row: &Model) -> Self {
        Self { customer: row.into(), links: [Link::own("/api/customers/me")] }
    }
}

fn updated(row: &Model) -> Versioned<Json<Data<Profile>>> {
    Versioned::new(row.version, Json(Data { data: row.into() }))
}

/// Changes to the caller's own account. At least one property is required; others are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::customer::CustomerInput` reads it")]
pub(super) struct ProfilePatch {
    /// Display name, at most 255 characters.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$",
        example = "John A. Smith"
    )]
    full_name: Option<String>,
    /// New e-mail address. It takes effect when the link mailed to it is opened.
    #[schema(nullable = false, format = "idn-email", max_length = 254, example = "john.smith@example.com")]
    email: Option<String>,
}

/// The current password, as confirmation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::customer::delete_own` reads it")]
pub(super) struct Confirmation {
    /// Password of the account.
    #[schema(format = "password", example = "correct horse battery")]
    password: String,
}

/// Change my name or e-mail address
///
/// A new address takes effect when the link mailed to it is opened; until then, the response contains the old address.
/// The old address receives a notification. If verification is disabled, the new address takes effect at once.
#[utoipa::path(
    patch,
    path = "/api/customers/me",
    tag = "account",
    request_body = ProfilePatch,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The changed account", body = Data<Profile>, headers(("ETag" = EntityTag))),
        Failing<(CustomerOnly, CustomerDeleted, EmailTaken, Throttled, StaleVersion, Body)>,
    )
)]
pub(super) async fn update_me(
    ctx: CustomerCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(customer::update_own(&ctx, write.respond_with(updated), body.into()).await?.into())
}

/// Delete my account
///
/// Deletes the account and all its data. This cannot be undone, so the password is required.
#[utoipa::path(
    delete,
    path = "/api/customers/me",
    tag = "account",
    request_body = Confirmation,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The deleted account", body = Data<Customer>),
        Failing<(CustomerOnly, CustomerDeleted, Throttled, StaleVersion, Body)>,
    )
)]
pub(super) async fn delete_me(
    ctx: CustomerCtx,
    write: OneWrite,
    JsonObject(mut body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let password = Field::take(&mut body, "password");
    Ok(customer::delete_own(&ctx, write.respond_with(deleted), password).await?.into())
}
