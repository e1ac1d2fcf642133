//! Who calls: the [`Ctx`] of a request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, IF_MATCH, USER_AGENT};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::Failure;
use super::idempotency::replay;
use super::layers::RequestId;
use crate::app::App;
use crate::ctx::{Caller, Ctx};
use crate::entity::customer;
use crate::error::Error;
use crate::idempotency::KeyedRequest;
use crate::service::auth;
use crate::telemetry::Trace;
use crate::types::IfMatch;

/// The row of the customer whose token it is, as it was read when the token was looked at.
#[derive(Clone, Debug, Default)]
pub struct CurrentCustomer(pub Option<customer::Model>);

/// Take it after the [`Ctx`], which reads it; there is none for callers that are no customers.
impl<S: Send + Sync> FromRequestParts<S> for CurrentCustomer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.remove().unwrap_or_default())
    }
}

/// Without a token the caller is anonymous; with a bad one the request is refused, never anonymous.
impl<S> FromRequestParts<S> for Ctx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Instead> {
        let app = Arc::<App>::from_ref(state);
        let (caller, token_id) = match bearer_token(parts)? {
            None => (Caller::Anonymous, None),
            Some(token) => {
                let authenticated = auth::authenticate(&app, token).await?;
                parts.extensions.insert(CurrentCustomer(authenticated.customer));
                (authenticated.caller, authenticated.token_id)
            }
        };
        Ok(Self { token_id, ..ctx(app, caller, parts).await? })
    }
}

/// What is answered instead of calling a handler.
#[derive(Debug)]
pub struct Instead(Response);

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        self.0
    }
}

impl From<Error> for Instead {
    fn from(error: Error) -> Self {
        Self(Failure::from(error).into_response())
    }
}

/// # Errors
/// What a request with a key was answered before; a header that can't be read.
async fn ctx(app: Arc<App>, caller: Caller, parts: &Parts) -> Result<Ctx, Instead> {
    let keyed = parts.extensions.get::<Arc<KeyedRequest>>().cloned();
    if let Some(keyed) = &keyed
        && let Some(first) = keyed.begin(&caller).await?
    {
        return Err(Instead(replay(first)));
    }
    let if_match = if_match(parts)?;
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
    let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Ok(Ctx {
        app,
        caller,
        token_id: None,
        request_id: request_id.unwrap_or_default(),
        ip: address.map(|ConnectInfo(address)| address.ip()),
        user_agent: user_agent.map(str::to_owned),
        if_match,
        keyed,
        trace: parts.extensions.get::<Trace>().cloned(),
    })
}

/// Which version a request wants to change.
fn if_match(parts: &Parts) -> Result<IfMatch, Error> {
    if !parts.headers.contains_key(IF_MATCH) || ![Method::PATCH, Method::DELETE].contains(&parts.method) {
        return Ok(IfMatch::Absent);
    }
    // What is no text is no tag either.
    let values = parts.headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or_default());
    IfMatch::parse(values)
}

/// The [`Ctx`] of a route whose caller shows itself by the body: an `Authorization` header is not looked at.
/// Clients send one with every call, and this is where they come when it has expired.
#[derive(Debug)]
pub struct AnonymousCtx(pub Ctx);

impl<S> FromRequestParts<S> for AnonymousCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Instead> {
        Ok(Self(ctx(Arc::<App>::from_ref(state), Caller::Anonymous, parts).await?))
    }
}

/// The token of the `Authorization` header (RFC 6750 2.1).
fn bearer_token(parts: &Parts) -> Result<Option<&str>, Error> {
    const EXPECTED: Error = Error::Unauthenticated("The Authorization header must be: Bearer <access token>");
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(EXPECTED);
    }
    let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(EXPECTED)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() { Ok(Some(token)) } else { Err(EXPECTED) }
}

/// The [`Ctx`] of an admin: anyone else is refused before anything else of the request is looked at. The
/// service checks again; this is so that a stranger learns nothing from how a body or a URL is refused.
#[derive(Debug)]
pub struct AdminCtx(pub Ctx);

impl<S> FromRequestParts<S> for AdminCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Instead> {
        let ctx = Ctx::from_request_parts(parts, state).await?;
        ctx.require_admin()?;
        Ok(Self(ctx))
    }
}

/// The [`Ctx`] of a customer; as [`AdminCtx`].
#[derive(Debug)]
pub struct CustomerCtx(pub Ctx);

impl<S> FromRequestParts<S> for CustomerCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Instead> {
        let ctx = Ctx::from_request_parts(parts, state).await?;
        ctx.require_customer()?;
        Ok(Self(ctx))
    }
}
