//! REST operations for tokens of admins and customers: login, refresh and logout. Refresh tokens rotate.

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::{CodeNeeded, RefreshTokenRefused, WrongCredentials};
use super::response::{EmptyBody, NotStored, data, empty_body};
use crate::app::write::Written;
use crate::bodies;
use crate::http::failure::documented::{Body, Failing, Throttled};
use crate::http::{AnonymousCtx, Data, Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::input::credentials::{AdminCredentialsInput, CredentialsInput, RefreshInput};
use crate::service::token::TokenPair;
use crate::service::{admin, session};

bodies! {
    /// An account's credentials.
    Credentials: Create CredentialsInput;
    /// An admin's credentials.
    AdminCredentials: Create AdminCredentialsInput;
    /// A refresh token.
    RefreshToken: Create RefreshInput;
}

/// A token, for the examples in the OpenAPI document.
const EXAMPLE_TOKEN: &str =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbktpbmQiOiJhY2Nlc3MifQ.c2lnbmF0dXJl";

/// An access token, and a refresh token to get new tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    /// The token for the header `Authorization: Bearer …`.
    #[schema(example = json!(EXAMPLE_TOKEN))]
    access_token: String,
    /// The token for the refresh route, to be used shortly before the access token expires.
    #[schema(example = json!(EXAMPLE_TOKEN))]
    refresh_token: String,
}

impl From<&TokenPair> for Tokens {
    fn from(pair: &TokenPair) -> Self {
        Self { access_token: pair.access_token.clone(), refresh_token: pair.refresh_token.clone() }
    }
}

/// The view of a write that issues tokens. Caches must not store it (RFC 6749 5.1).
pub(super) fn tokens(pair: &TokenPair) -> NotStored<Data<Tokens>> {
    NotStored(data(pair))
}

/// Log in as an admin
///
/// The response to a wrong password, an unknown address and a disabled admin is the same, and takes the same time.
/// After a wrong password, logins to the account are blocked for one second. The time doubles with each further wrong
/// password, up to 15 minutes. The response to a blocked login is the same as well.
///
/// An admin with a second factor has to send a code with the right password: without one, the response is 401 with
/// `second_factor_required`. Each code is accepted once. Wrong codes are delayed like wrong passwords.
#[utoipa::path(
    post,
    path = "/api/user/tokens",
    tag = "tokens",
    request_body = AdminCredentials,
    security(()),
    responses(
        (status = 200, description = "Tokens of the admin", body = Data<Tokens>),
        Failing<(WrongCredentials, CodeNeeded, Throttled, Body)>,
    )
)]
pub(super) async fn create_admin_tokens(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let (email, password, code) = AdminCredentialsInput::from(body).parse()?;
    let write = write.respond_with(tokens);
    Ok(admin::log_in(&ctx, write, &email, &password, code.as_ref()).await?.into())
}

/// Refresh the tokens of an admin
///
/// The response contains the next refresh token. A refresh token can be used again (by a second tab, or after a lost
/// response) until a token that was issued for it has been used. After that, a further use ends the session.
#[utoipa::path(
    post,
    path = "/api/user/token/refresh",
    tag = "tokens",
    request_body = RefreshToken,
    security(()),
    responses(
        (status = 200, description = "New tokens of the admin", body = Data<Tokens>),
        Failing<(RefreshTokenRefused, Throttled, Body)>,
    )
)]
pub(super) async fn refresh_admin_tokens(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(session::admin::refresh(&ctx, write.respond_with(tokens), &RefreshInput::from(body).parse()?)
        .await?
        .into())
}

/// Log out an admin
///
/// Ends the session of the refresh token, which also invalidates its access tokens. The response is 200 for an invalid
/// token as well.
#[utoipa::path(
    post,
    path = "/api/user/token/revoke",
    tag = "tokens",
    request_body = RefreshToken,
    security(()),
    responses(
        (status = 200, description = "The session has ended", body = Data<EmptyBody>),
        Failing<(Throttled, Body)>,
    )
)]
pub(super) async fn revoke_admin_token(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Response, Failure> {
    let ended =
        session::admin::revoke(&ctx, write.respond_with(empty_body), &RefreshInput::from(body).parse()?)
            .await?;
    Ok(revoked(ended))
}

/// Log in as a customer
///
/// Starts a session. The response to a wrong password, an unknown address and a disabled customer is the same, and
/// takes the same time. After a wrong password, logins to the account are blocked for one second. The time doubles with
/// each further wrong password, up to 15 minutes. The response to a blocked login is the same as well. Existing
/// sessions and password resets continue to work.
#[utoipa::path(
    post,
    path = "/api/customer/tokens",
    tag = "tokens",
    request_body = Credentials,
    security(()),
    responses(
        (status = 200, description = "Tokens of the customer", body = Data<Tokens>),
        Failing<(WrongCredentials, Throttled, Body)>,
    )
)]
pub(super) async fn create_customer_tokens(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let (email, password) = CredentialsInput::from(body).parse()?;
    Ok(session::log_in(&ctx, write.respond_with(tokens), &email, &password).await?.into())
}

/// Refresh the tokens of a customer
///
/// The response contains the next refresh token. A refresh token can be used again (by a second tab, or after a lost
/// response) until a token that was issued for it has been used. After that, a further use ends the session.
#[utoipa::path(
    post,
    path = "/api/customer/token/refresh",
    tag = "tokens",
    request_body = RefreshToken,
    security(()),
    responses(
        (status = 200, description = "New tokens of the customer", body = Data<Tokens>),
        Failing<(RefreshTokenRefused, Throttled, Body)>,
    )
)]
pub(super) async fn refresh_customer_tokens(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(session::refresh(&ctx, write.respond_with(tokens), &RefreshInput::from(body).parse()?).await?.into())
}

/// Log out a customer
///
/// Ends the session of the refresh token, which also invalidates its access tokens. The response is 200 for an invalid
/// token as well.
#[utoipa::path(
    post,
    path = "/api/customer/token/revoke",
    tag = "tokens",
    request_body = RefreshToken,
    security(()),
    responses(
        (status = 200, description = "The session has ended", body = Data<EmptyBody>),
        Failing<(Throttled, Body)>,
    )
)]
pub(super) async fn revoke_customer_token(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<Response, Failure> {
    let ended =
        session::revoke(&ctx, write.respond_with(empty_body), &RefreshInput::from(body).parse()?).await?;
    Ok(revoked(ended))
}

/// The response of a logout. It is the same whether a session has ended or the token was invalid.
fn revoked(ended: Option<Written<()>>) -> Response {
    ended.map_or_else(|| empty_body(&()).into_response(), |ended| WriteResponse::from(ended).into_response())
}
