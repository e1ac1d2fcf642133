//! REST operations of the back office on the sessions and the mails of a customer.

use super::documented_failures::{CannotReset, CannotVerify, NoSuchCustomer, NoSuchCustomerSession};
use super::openapi::PathUuid;
use super::response::{EmptyBody, data, empty_body};
use super::session::Session;
use crate::app::ctx::AdminCtx;
use crate::entity::{customer, customer_session};
use crate::http::failure::documented::{AdminOnly, Change, Failing, Throttled};
use crate::http::{Data, Failure, NestedPathId, OneWrite, PathId, WriteResponse};
use crate::service::{password, session, verification};

/// End a session of a customer
///
/// The tokens of the session become invalid at once.
#[utoipa::path(
    delete,
    path = "/api/customers/{uuid}/sessions/{id}",
    tag = "tokens",
    params(
        ("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer"),
        ("id" = inline(PathUuid), Path, description = "Identifier of the session, from `customer { sessions { id } }`"),
    ),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The ended session", body = Data<Session>),
        Failing<(AdminOnly, NoSuchCustomerSession, Change)>,
    )
)]
pub(super) async fn delete_customer_session(
    ctx: AdminCtx,
    write: OneWrite,
    id: NestedPathId<customer::Entity, customer_session::Entity>,
) -> Result<WriteResponse, Failure> {
    let write = write.respond_with(data::<customer_session::Model, Session>);
    Ok(session::end_of(&ctx, write, id.parent()?, id.uuid()?).await?.into())
}

/// End all sessions of a customer
///
/// All tokens of the customer become invalid at once. A pending e-mail change is canceled.
#[utoipa::path(
    delete,
    path = "/api/customers/{uuid}/sessions",
    tag = "tokens",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "All sessions have ended", body = Data<EmptyBody>),
        Failing<(AdminOnly, NoSuchCustomer, Change)>,
    )
)]
pub(super) async fn delete_customer_sessions(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<customer::Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(session::end_all_of(&ctx, write.respond_with(empty_body), id.uuid()?).await?.into())
}

/// Mail a verification link to a customer
///
/// The link is mailed to the new address of a pending e-mail change, otherwise to the current address.
#[utoipa::path(
    post,
    path = "/api/customers/{uuid}/verify-email",
    tag = "customers",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The mail is queued", body = Data<EmptyBody>),
        Failing<(AdminOnly, NoSuchCustomer, CannotVerify, Throttled, Change)>,
    )
)]
pub(super) async fn send_customer_verification(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<customer::Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(verification::send(&ctx, write.respond_with(empty_body), id.uuid()?).await?.into())
}

/// Mail a link to set a new password to a customer
#[utoipa::path(
    post,
    path = "/api/customers/{uuid}/reset-password",
    tag = "customers",
    params(("uuid" = inline(PathUuid), Path, description = "Public identifier of the customer")),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The mail is queued", body = Data<EmptyBody>),
        Failing<(AdminOnly, NoSuchCustomer, CannotReset, Throttled, Change)>,
    )
)]
pub(super) async fn send_customer_password_reset(
    ctx: AdminCtx,
    write: OneWrite,
    id: PathId<customer::Entity>,
) -> Result<WriteResponse, Failure> {
    Ok(password::send_reset(&ctx, write.respond_with(empty_body), id.uuid()?).await?.into())
}
