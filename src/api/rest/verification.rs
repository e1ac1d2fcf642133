//! REST operations to verify e-mail addresses.

use super::documented_failures::{AlreadyVerified, CustomerDeleted, EmailTaken};
use super::response::{EmptyBody, empty_body};
use crate::app::ctx::CustomerCtx;
use crate::bodies;
use crate::http::failure::documented::{Body, Change, CustomerOnly, Failing, Throttled};
use crate::http::{AnonymousCtx, Data, Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::verification;

bodies! {
    /// A mailed token.
    VerificationToken: Create verification::VerificationInput;
}

/// Verify an e-mail address with a mailed token
///
/// If the address is a pending e-mail change, it becomes the address of the account, and the old address receives a
/// notification.
#[utoipa::path(
    post,
    path = "/api/customers/verify-email",
    tag = "account",
    request_body = VerificationToken,
    security(()),
    responses(
        (status = 200, description = "The address is verified", body = Data<EmptyBody>),
        Failing<(EmailTaken, Throttled, Body)>,
    )
)]
pub(super) async fn verify_email(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(verification::verify(&ctx, write.respond_with(empty_body), body.into()).await?.into())
}

/// Resend the verification e-mail
///
/// The link is mailed to the new address of a pending e-mail change, otherwise to the current address.
#[utoipa::path(
    post,
    path = "/api/customers/me/verify-email",
    tag = "account",
    security(("customer" = [])),
    responses(
        (status = 200, description = "The mail is queued", body = Data<EmptyBody>),
        Failing<(CustomerOnly, CustomerDeleted, AlreadyVerified, Throttled, Change)>,
    )
)]
pub(super) async fn send_my_verification(
    ctx: CustomerCtx,
    write: OneWrite,
) -> Result<WriteResponse, Failure> {
    Ok(verification::resend(&ctx, write.respond_with(empty_body)).await?.into())
}
