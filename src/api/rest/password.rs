//! REST operations to change and reset passwords of customers.

use super::documented_failures::CustomerDeleted;
use super::response::{EmptyBody, empty_body};
use super::token::{Tokens, tokens};
use crate::app::ctx::CustomerCtx;
use crate::bodies;
use crate::http::failure::documented::{Body, CustomerOnly, Failing, Throttled};
use crate::http::{AnonymousCtx, Data, Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::password;

bodies! {
    /// The current and the new password.
    PasswordChange: Create password::PasswordChange;
    /// The account whose password is to be reset.
    ResetRequest: Create password::ResetRequest;
    /// A mailed token and the new password.
    PasswordReset: Create password::PasswordReset;
}

/// Change my password
///
/// All other sessions end, and all existing tokens become invalid. The current session continues with the tokens in the
/// response. The customer is notified by mail.
#[utoipa::path(
    post,
    path = "/api/customers/me/password",
    tag = "account",
    request_body = PasswordChange,
    security(("customer" = [])),
    responses(
        (status = 200, description = "New tokens of the current session", body = Data<Tokens>),
        Failing<(CustomerOnly, CustomerDeleted, Throttled, Body)>,
    )
)]
pub(super) async fn change_my_password(
    ctx: CustomerCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(password::change(&ctx, write.respond_with(tokens), body.into()).await?.into())
}

/// Request a password reset
///
/// A link is mailed to the customer if the account exists and is enabled. The response and its duration are the same in
/// all cases.
#[utoipa::path(
    post,
    path = "/api/customers/reset-password",
    tag = "account",
    request_body = ResetRequest,
    security(()),
    responses(
        (status = 200, description = "The mail is queued if the account exists and is enabled", body = Data<EmptyBody>),
        Failing<(Throttled, Body)>,
    )
)]
pub(super) async fn request_password_reset(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(password::request_reset(&ctx, write.respond_with(empty_body), body.into()).await?.into())
}

/// Reset my password with a mailed token
///
/// The token can be used once, within an hour. All other reset tokens of the account become invalid, and all sessions
/// end. The response contains the tokens of a new session. The customer is notified by mail.
#[utoipa::path(
    post,
    path = "/api/customers/password",
    tag = "account",
    request_body = PasswordReset,
    security(()),
    responses(
        (status = 200, description = "The password has been set; tokens of a new session", body = Data<Tokens>),
        Failing<(Throttled, Body)>,
    )
)]
pub(super) async fn reset_password(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(password::reset(&ctx, write.respond_with(tokens), body.into()).await?.into())
}
