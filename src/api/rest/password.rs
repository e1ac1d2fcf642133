//! Passwords of customers over REST.

use utoipa::ToSchema;

use super::failures::CustomerDeleted;
use super::token::{Tokens, tokens};
use super::{EmptyBody, empty_body};
use crate::http::Data;
use crate::http::failures::{Body, CustomerOnly, Failing, Throttled};
use crate::http::{AnonymousCtx, CustomerCtx, Done, Failure, JsonObject, OneWrite};
use crate::service::password;

/// The old and the new password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::password::PasswordChange` reads it")]
pub(super) struct PasswordChange {
    /// The password that is in force.
    #[schema(format = "password", example = "correct horse battery")]
    current_password: String,
    /// The new one: 8 characters to 1024 bytes, not a common one.
    #[schema(format = "password", min_length = 8, max_length = 1024, example = "battery staple horse")]
    password: String,
}

/// Whose password was forgotten.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::password::ResetRequest` reads it")]
pub(super) struct ResetRequest {
    /// E-mail address of the account, in any case.
    #[schema(format = "idn-email", example = "john.smith@example.com")]
    email: String,
}

/// A mailed token and the new password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::password::Reset` reads it")]
pub(super) struct PasswordReset {
    /// As it is in the link.
    #[schema(example = "c2h5mn4wq8zr0t6xk3vbj7dfpy9las1e")]
    token: String,
    /// The new password: 8 characters to 1024 bytes, not a common one.
    #[schema(format = "password", min_length = 8, max_length = 1024, example = "battery staple horse")]
    password: String,
}

/// Change one's own password
///
/// Every session but this one ends, and every token that was issued so far is refused: this session goes on with the
/// tokens of the answer. The owner is told by mail.
#[utoipa::path(
    post,
    path = "/api/customers/me/password",
    tag = "account",
    request_body = PasswordChange,
    security(("customer" = [])),
    responses(
        (status = 200, description = "The next tokens of this session", body = Data<Tokens>),
        Failing<(CustomerOnly, CustomerDeleted, Throttled, Body)>,
    )
)]
pub(super) async fn change_my_password(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(password::change(&ctx, write.answered(tokens), body.into()).await?.into())
}

/// Ask for a link to set a new password
///
/// It is mailed to a customer who is known and enabled. The answer, and the time it takes, is the same for anybody.
#[utoipa::path(
    post,
    path = "/api/customers/reset-password",
    tag = "account",
    request_body = ResetRequest,
    security(()),
    responses(
        (status = 200, description = "A mail is on its way, if there is somebody to get it", body = Data<EmptyBody>),
        Failing<(Throttled, Body)>,
    )
)]
pub(super) async fn request_password_reset(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(password::request_reset(&ctx, write.answered(empty_body), body.into()).await?.into())
}

/// Set a new password with a mailed token
///
/// The token is good once, for an hour; all others of the account end with it, and so do all sessions. The answer holds
/// the tokens of a new one. The owner is told by mail.
#[utoipa::path(
    post,
    path = "/api/customers/password",
    tag = "account",
    request_body = PasswordReset,
    security(()),
    responses(
        (status = 200, description = "The password is set; tokens of a new session", body = Data<Tokens>),
        Failing<(Throttled, Body)>,
    )
)]
pub(super) async fn reset_password(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Done, Failure> {
    Ok(password::reset(&ctx, write.answered(tokens), body.into()).await?.into())
}
