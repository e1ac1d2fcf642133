//! REST operations to verify e-mail addresses.

use utoipa::ToSchema;

use super::failures::{AlreadyVerified, CustomerDeleted, EmailTaken};
use super::{EmptyBody, empty_body};
use crate::app::ctx::CustomerCtx;
use crate::http::Data;
use crate::http::failures::{Body, Change, CustomerOnly, Failing, Throttled};
use crate::http::{AnonymousCtx, Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::input::patch::Field;
use crate::service::verification;

/// A mailed token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::verification` reads it")]
pub(super) struct VerificationToken {
    /// The token from the mailed link.
    #[schema(example = "c2h5mn4wq8zr0t6xk3vbj7dfpy9las1e")]
    token: String,
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
    JsonObject(mut body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let token = Field::take(&mut body, "token");
    Ok(verification::verify(&ctx, write.respond_with(empty_body), token).await?.into())
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
