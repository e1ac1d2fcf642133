//! Who calls: the [`Ctx`] of a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::Method;
use axum::http::header::{AUTHORIZATION, IF_MATCH, USER_AGENT};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use headers::HeaderMapExt;
use headers::authorization::{Authorization, Bearer};

use super::client_address::client_address;
use crate::app::App;
use crate::app::ctx::{Caller, Ctx};
use crate::app::idempotency::KeyedRequest;
use crate::entity::customer;
use crate::error::Error;
use crate::http::failure::Failure;
use crate::http::middleware::RequestId;
use crate::http::middleware::idempotency::{MalformedKey, malformed_key, replay};
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
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        authenticated(parts, Arc::<App>::from_ref(state), |_| Ok(())).await
    }
}

/// The context of a request by its token, when it may call at all.
async fn authenticated(
    parts: &mut Parts,
    app: Arc<App>,
    may_call: impl Fn(&Ctx) -> Result<(), Error>,
) -> Result<Ctx, Rejection> {
    let (caller, token_id) = match bearer_token(parts)? {
        None => (Caller::Anonymous, None),
        Some(bearer) => {
            let authenticated = auth::authenticate(&app, bearer.token().trim_end()).await?;
            parts.extensions.insert(CurrentCustomer(authenticated.customer));
            (authenticated.caller, authenticated.token_id)
        }
    };
    let ctx = Ctx { token_id, ..ctx(app, caller, parts) };
    may_call(&ctx)?;
    conditional(ctx, parts).await
}

/// What is answered instead of calling a handler.
#[derive(Debug)]
pub struct Rejection(Response);

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.0
    }
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        Self(Failure::from(error).into_response())
    }
}

fn ctx(app: Arc<App>, caller: Caller, parts: &Parts) -> Ctx {
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
    let ip = client_address(&parts.extensions, &parts.headers, &app.config.server);
    let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Ctx {
        app,
        caller,
        token_id: None,
        request_id: request_id.unwrap_or_default(),
        ip,
        user_agent: user_agent.map(str::to_owned),
        if_match: IfMatch::Absent,
        keyed: None,
        trace: parts.extensions.get::<Trace>().cloned(),
    }
}

/// The context with the conditions of its headers. Only now: whoever may not call is not told what is wrong with them.
///
/// # Errors
/// What a request with a key was answered before; headers that can't be read.
async fn conditional(mut ctx: Ctx, parts: &Parts) -> Result<Ctx, Rejection> {
    if parts.extensions.get::<MalformedKey>().is_some() {
        return Err(malformed_key().into());
    }
    ctx.if_match = if_match(parts)?;
    ctx.keyed = parts.extensions.get::<Arc<KeyedRequest>>().cloned();
    if let Some(keyed) = &ctx.keyed
        && let Some(first) = keyed.begin(&ctx.caller, ctx.ip).await?
    {
        return Err(Rejection(replay(first)));
    }
    Ok(ctx)
}

/// Which version a request wants to change.
fn if_match(parts: &Parts) -> Result<IfMatch, Error> {
    if !parts.headers.contains_key(IF_MATCH) || ![Method::PATCH, Method::DELETE].contains(&parts.method) {
        return Ok(IfMatch::Absent);
    }
    IfMatch::parse(parts.headers.get_all(IF_MATCH).iter())
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
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let ctx = ctx(Arc::<App>::from_ref(state), Caller::Anonymous, parts);
        conditional(ctx, parts).await.map(Self)
    }
}

/// The token of the `Authorization` header (RFC 6750 2.1).
fn bearer_token(parts: &Parts) -> Result<Option<Authorization<Bearer>>, Error> {
    const EXPECTED: Error = Error::Unauthenticated("The Authorization header must be: Bearer <access token>");
    // `Authorization` reads only the first header, and accepts an empty token.
    if parts.headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(EXPECTED);
    }
    let bearer = parts.headers.typed_try_get::<Authorization<Bearer>>().map_err(|_| EXPECTED)?;
    match bearer {
        Some(bearer) if bearer.token().is_empty() => Err(EXPECTED),
        bearer => Ok(bearer),
    }
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
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        authenticated(parts, Arc::<App>::from_ref(state), Ctx::require_admin).await.map(Self)
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
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let may_call = |ctx: &Ctx| ctx.require_customer().map(drop);
        authenticated(parts, Arc::<App>::from_ref(state), may_call).await.map(Self)
    }
}
