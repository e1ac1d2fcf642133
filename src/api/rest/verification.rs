//! Verifying e-mail addresses over REST.

use utoipa::ToSchema;

use super::failures::{AlreadyVerified, CustomerDeleted, EmailTaken};
use super::{EmptyBody, empty_body};
use crate::http::Data;
use crate::http::failures::{Body, Change, CustomerOnly, Failing, Throttled};
use crate::http::{AnonymousCtx, CustomerCtx, Done, Failure, JsonObject, OneWrite};
use crate::service::input::patch::Field;
use crate::service::verification;

/// A mailed token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body; `service::verification` reads it")]
pub(super) struct VerificationToken {
    /// As it is in the link.
    #[schema(example = "c2h5mn4wq8zr0t6xk3vbj7dfpy9las1e")]
    token: String,
}

/// Verify an e-mail address with a mailed token
///
/// When it is a new address, it is the account's from now on, and the old one is told.
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
) -> Result<Done, Failure> {
    let token = Field::take(&mut body, "token");
    Ok(verification::verify(&ctx, write.answered(empty_body), token).await?.into())
}

/// Have the link mailed again that verifies one's address
///
/// To the address that waits: the new one, else the present one.
#[utoipa::path(
    post,
    path = "/api/customers/me/verify-email",
    tag = "account",
    security(("customer" = [])),
    responses(
        (status = 200, description = "A mail is on its way", body = Data<EmptyBody>),
        Failing<(CustomerOnly, CustomerDeleted, AlreadyVerified, Throttled, Change)>,
    )
)]
pub(super) async fn send_my_verification(
    CustomerCtx(ctx): CustomerCtx,
    write: OneWrite,
) -> Result<Done, Failure> {
    Ok(verification::send_again(&ctx, write.answered(empty_body)).await?.into())
}
