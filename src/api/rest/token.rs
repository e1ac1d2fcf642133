//! REST operations for tokens of admins and customers: login, refresh and logout. Refresh tokens rotate.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::failures::{RefreshTokenRefused, WrongCredentials};
use super::{EmptyBody, empty_body};
use crate::app::write::Written;
use crate::http::Data;
use crate::http::failures::{Body, Failing, Throttled};
use crate::http::{AnonymousCtx, Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::input::patch::{Field, Mode, Problems, TextMessages};
use crate::service::token::TokenPair;
use crate::service::{admin, session};

/// An access token, and a refresh token to get new tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    /// The token for the header `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbktpbmQiOiJhY2Nlc3MifQ.c2lnbmF0dXJl")]
    access_token: String,
    /// The token for the refresh route, to be used shortly before the access token expires.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbktpbmQiOiJhY2Nlc3MifQ.c2lnbmF0dXJl")]
    refresh_token: String,
}

impl From<&TokenPair> for Tokens {
    fn from(pair: &TokenPair) -> Self {
        Self { access_token: pair.access_token.clone(), refresh_token: pair.refresh_token.clone() }
    }
}

/// An account's credentials.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field to report every problem")]
pub(super) struct Credentials {
    /// E-mail address; upper and lower case are equal.
    #[schema(example = "admin@localhost")]
    email: String,
    /// Password.
    #[schema(format = "password", example = "correct horse battery")]
    password: String,
}

/// A refresh token.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body, which is read field by field to report every problem")]
pub(super) struct RefreshToken {
    /// The refresh token as it was issued.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ0b2tlbktpbmQiOiJhY2Nlc3MifQ.c2lnbmF0dXJl")]
    refresh_token: String,
}

/// Takes required strings out of a body, and reports all missing ones.
fn strings<const N: usize>(
    mut body: Map<String, Value>,
    fields: [(&str, TextMessages); N],
) -> Result<[String; N], Failure> {
    let mut problems = Problems::default();
    let texts = fields.map(|(name, messages)| {
        let field = Field::take(&mut body, name);
        problems.text(name, field, Mode::Create, messages).unwrap_or_default()
    });
    problems.finish()?;
    Ok(texts)
}

/// The credentials in a body.
fn credentials(JsonObject(body): JsonObject) -> Result<(String, SecretString), Failure> {
    let email = TextMessages { not_a_string: "Email must be a string", required: "Email is required" };
    let password =
        TextMessages { not_a_string: "Password must be a string", required: "Password is required" };
    let [email, password] = strings(body, [("email", email), ("password", password)])?;
    Ok((email, password.into()))
}

/// The refresh token in a body.
fn refresh_token(JsonObject(body): JsonObject) -> Result<String, Failure> {
    let messages = TextMessages {
        not_a_string: "Refresh token must be a string",
        required: "Refresh token is required",
    };
    let [refresh_token] = strings(body, [("refreshToken", messages)])?;
    Ok(refresh_token)
}

/// The view of a write that issues tokens.
pub(super) fn tokens(pair: &TokenPair) -> TokenResponse {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(Data { data: pair.into() }))
}

/// Tokens, which caches must not store (RFC 6749 5.1).
type TokenResponse = ([(HeaderName, HeaderValue); 1], Json<Data<Tokens>>);

/// Log in as an admin
///
/// The response to a wrong password, an unknown address and a disabled admin is the same, and takes the same time.
/// After a wrong password, logins to the account are blocked for one second. The time doubles with each further wrong
/// password, up to 15 minutes. The response to a blocked login is the same as well.
#[utoipa::path(
    post,
    path = "/api/user/tokens",
    tag = "tokens",
    request_body = Credentials,
    security(()),
    responses(
        (status = 200, description = "Tokens of the admin", body = Data<Tokens>),
        Failing<(WrongCredentials, Throttled, Body)>,
    )
)]
pub(super) async fn create_admin_tokens(
    AnonymousCtx(ctx): AnonymousCtx,
    write: OneWrite,
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    let (email, password) = credentials(body)?;
    Ok(admin::log_in(&ctx, write.respond_with(tokens), &email, &password).await?.into())
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
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(session::admin::refresh(&ctx, write.respond_with(tokens), &refresh_token(body)?).await?.into())
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
    body: JsonObject,
) -> Result<Response, Failure> {
    let ended = session::admin::revoke(&ctx, write.respond_with(empty_body), &refresh_token(body)?).await?;
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
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    let (email, password) = credentials(body)?;
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
    body: JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(session::refresh(&ctx, write.respond_with(tokens), &refresh_token(body)?).await?.into())
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
    body: JsonObject,
) -> Result<Response, Failure> {
    let ended = session::revoke(&ctx, write.respond_with(empty_body), &refresh_token(body)?).await?;
    Ok(revoked(ended))
}

/// The response of a logout. It is the same whether a session has ended or the token was invalid.
fn revoked(ended: Option<Written<()>>) -> Response {
    ended.map_or_else(|| empty_body(&()).into_response(), |ended| WriteResponse::from(ended).into_response())
}
