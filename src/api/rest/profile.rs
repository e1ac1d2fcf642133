//! REST operations on the caller's own account.

use serde::Serialize;
use utoipa::ToSchema;

use super::customer::Customer;
use super::documented_failures::{CustomerDeleted, EmailTaken};
use super::link::Link;
use super::openapi::EntityTag;
use super::response::{Versioned, data};
use crate::app::ctx::CustomerCtx;
use crate::bodies;
use crate::entity::customer::Model;
use crate::http::failure::documented::{Body, CustomerOnly, Failing, StaleVersion, Throttled};
use crate::http::{Data, Failure, JsonObject, OneWrite, WriteResponse, urls};
use crate::service::customer;

bodies! {
    /// Changes to the caller's own account. At least one property is required; others are ignored.
    ProfilePatch: Update customer::ProfileInput;
    /// The current password, as confirmation.
    Confirmation: Create customer::Confirmation;
}

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
        Self { customer: row.into(), links: [Link::own(urls::ME)] }
    }
}

fn updated(row: &Model) -> Versioned<Data<Profile>> {
    Versioned::new(row.version, data(row))
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
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(customer::delete_own(&ctx, write.respond_with(data::<Model, Customer>), body.into()).await?.into())
}
