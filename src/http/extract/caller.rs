//! Extracts the caller of a request: the [`Ctx`].
//!
//! Without a token the caller is anonymous, unless patron is the front door of EverShop and the request has a session cookie
//! of the shop (`shop_caller.rs`). A request with an invalid token is refused with 401. The conditions of the
//! request (`If-Match`, `Idempotency-Key`) are read after the caller has been authorized, so that a refused caller
//! learns nothing about them.

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
use super::shop_caller::authenticate_by_cookie;
use crate::app::App;
use crate::app::ctx::{AdminCtx, Caller, Ctx, CustomerCtx, OwnAdminCtx, SteppedUpCtx};
use crate::app::idempotency::KeyedRequest;
use crate::entity::customer_row::CustomerRow;
use crate::error::Error;
use crate::http::failure::Failure;
use crate::http::idempotency_key::{MalformedKey, malformed_key};
use crate::http::middleware::RequestId;
use crate::http::stored_response::replay;
use crate::service::auth;
use crate::telemetry::Trace;
use crate::types::IfMatch;

/// The row of the calling customer, as it was read during authentication. `None` for other callers.
#[derive(Clone, Debug, Default)]
pub(crate) struct CurrentCustomer(pub Option<CustomerRow>);

/// Must be extracted after the [`Ctx`], which reads the row.
impl<S: Send + Sync> FromRequestParts<S> for CurrentCustomer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.remove().unwrap_or_default())
    }
}

/// Any caller. A request with an invalid token is refused, not treated as anonymous. So is an admin that has yet to set up a
/// second factor.
impl<S> FromRequestParts<S> for Ctx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let AnyCtx(ctx) = AnyCtx::from_request_parts(parts, state).await?;
        match ctx.caller {
            Caller::UnenrolledAdmin { .. } => Err(ctx.refuse_admin().into()),
            _ => Ok(ctx),
        }
    }
}

/// The [`Ctx`] of any caller, also of an admin that has yet to set up a second factor. For the GraphQL API, where each field
/// decides what the caller may read.
#[derive(Debug)]
pub(crate) struct AnyCtx(pub Ctx);

impl<S> FromRequestParts<S> for AnyCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let mut ctx = authenticate(parts, Arc::<App>::from_ref(state)).await?;
        let (if_match, keyed) = conditions(&ctx, parts).await?;
        ctx.set_conditions(if_match, keyed);
        Ok(Self(ctx))
    }
}

/// Authenticates the caller by its token, or else by the session cookie of the shop, and builds the context.
async fn authenticate(parts: &mut Parts, app: Arc<App>) -> Result<Ctx, Rejection> {
    let authenticated = match bearer_token(parts)? {
        None => authenticate_by_cookie(parts, &app).await?,
        Some(bearer) => Some(auth::authenticate(&app, bearer.token().trim_end()).await?),
    };
    let (caller, token_id) = match authenticated {
        None => (Caller::Anonymous, None),
        Some(authenticated) => {
            parts.extensions.insert(CurrentCustomer(authenticated.customer));
            (authenticated.caller, authenticated.token_id)
        }
    };
    Ok(Ctx { token_id, ..ctx(app, caller, parts) })
}

/// The response of a request that does not reach its handler.
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

/// The conditions in the headers of an authorized caller: the version and the idempotency key. Rejects malformed headers, and responds
/// to a repeated request with its stored response.
async fn conditions(ctx: &Ctx, parts: &Parts) -> Result<(IfMatch, Option<Arc<KeyedRequest>>), Rejection> {
    if parts.extensions.get::<MalformedKey>().is_some() {
        return Err(malformed_key().into());
    }
    let if_match = if_match(parts)?;
    let keyed = parts.extensions.get::<Arc<KeyedRequest>>().cloned();
    if let Some(keyed) = &keyed
        && let Some(stored) = keyed.begin(&ctx.caller, ctx.ip).await?
    {
        return Err(Rejection(replay(stored)));
    }
    Ok((if_match, keyed))
}

/// The version that a request expects to change.
fn if_match(parts: &Parts) -> Result<IfMatch, Error> {
    if !parts.headers.contains_key(IF_MATCH) || ![Method::PATCH, Method::DELETE].contains(&parts.method) {
        return Ok(IfMatch::Absent);
    }
    IfMatch::parse(parts.headers.get_all(IF_MATCH).iter())
}

/// The [`Ctx`] of a route that authenticates by the body, such as a login. The `Authorization` header is ignored:
/// clients send it with every request, and they call these routes when their token has expired.
#[derive(Debug)]
pub(crate) struct AnonymousCtx(pub Ctx);

impl<S> FromRequestParts<S> for AnonymousCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let mut ctx = ctx(Arc::<App>::from_ref(state), Caller::Anonymous, parts);
        let (if_match, keyed) = conditions(&ctx, parts).await?;
        ctx.set_conditions(if_match, keyed);
        Ok(Self(ctx))
    }
}

/// The token of the `Authorization` header (RFC 6750 2.1).
fn bearer_token(parts: &Parts) -> Result<Option<Authorization<Bearer>>, Error> {
    const EXPECTED: Error = Error::Unauthenticated("The Authorization header must be: Bearer <access token>");
    // `Authorization` reads the first header only, and accepts an empty token.
    if parts.headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(EXPECTED);
    }
    let bearer = parts.headers.typed_try_get::<Authorization<Bearer>>().map_err(|_| EXPECTED)?;
    match bearer {
        Some(bearer) if bearer.token().is_empty() => Err(EXPECTED),
        bearer => Ok(bearer),
    }
}

/// An admin. Any other caller is refused before the rest of the request is read, so that a stranger learns nothing from how a
/// body or a URL is refused.
impl<S> FromRequestParts<S> for AdminCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let ctx = authenticate(parts, Arc::<App>::from_ref(state)).await?;
        let mut admin = ctx.into_admin().map_err(|ctx| ctx.refuse_admin())?;
        let (if_match, keyed) = conditions(&admin, parts).await?;
        admin.set_conditions(if_match, keyed);
        Ok(admin)
    }
}

/// An admin that may do what needs a step-up. Any other caller is refused first, as for [`AdminCtx`].
impl<S> FromRequestParts<S> for SteppedUpCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let ctx = authenticate(parts, Arc::<App>::from_ref(state)).await?;
        let mut admin = ctx.into_admin().map_err(|ctx| ctx.refuse_admin())?.stepped_up()?;
        let (if_match, keyed) = conditions(&admin, parts).await?;
        admin.set_conditions(if_match, keyed);
        Ok(admin)
    }
}

/// An admin that acts on its own account. Any other caller is refused first, as for [`AdminCtx`].
impl<S> FromRequestParts<S> for OwnAdminCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let ctx = authenticate(parts, Arc::<App>::from_ref(state)).await?;
        let mut admin = ctx.into_own_admin()?;
        let (if_match, keyed) = conditions(&admin, parts).await?;
        admin.set_conditions(if_match, keyed);
        Ok(admin)
    }
}

/// A customer. Any other caller is refused first, as for [`AdminCtx`].
impl<S> FromRequestParts<S> for CustomerCtx
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let ctx = authenticate(parts, Arc::<App>::from_ref(state)).await?;
        let mut customer = ctx.into_customer()?;
        let (if_match, keyed) = conditions(&customer, parts).await?;
        customer.set_conditions(if_match, keyed);
        Ok(customer)
    }
}
