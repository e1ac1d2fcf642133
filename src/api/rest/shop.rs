//! The front door: the login and logout of EverShop's storefront (`PATRON_COMPAT=evershop`).
//!
//! They are routes of the shop, which exist only behind the front door. So they are not in the OpenAPI document;
//! `docs/front-door.md` describes them.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::response::{EmptyBody, NotStored, empty_body};
use crate::app::App;
use crate::http::shop_cookie::{remove_session, set_session};
use crate::http::{AnonymousCtx, Data, Failure, JsonObject, OneWrite, ShopVisitor, WriteResponse};
use crate::service::front_door::{self, NewShopSession};
use crate::service::input::credentials::CredentialsInput;

/// The routes, if patron is a front door.
pub(super) fn routes(app: &App) -> Router<Arc<App>> {
    if app.config.front_door.is_none() {
        return Router::new();
    }
    Router::new()
        .route("/customer/login", post(log_in_at_shop))
        .route("/customer/logout", get(log_out_of_shop).post(log_out_of_shop))
}

/// The identifier of a session, which EverShop returns as well. Without its signature it opens nothing.
#[derive(Serialize)]
struct ShopSessionId {
    sid: String,
}

/// A response with a cookie, which caches must not store.
type WithCookie<T> = NotStored<([(HeaderName, String); 1], Data<T>)>;

/// Log in at the storefront
///
/// The attempts are limited like those for tokens. The response sets the session cookie.
async fn log_in_at_shop(
    AnonymousCtx(ctx): AnonymousCtx,
    ShopVisitor(earlier): ShopVisitor,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    let (email, password) = CredentialsInput::from(body).parse()?;
    let app = Arc::clone(&ctx.app);
    let write = write.respond_with(move |session: &NewShopSession| logged_in(&app, session));
    Ok(front_door::log_in(&ctx, write, &email, &password, earlier.as_deref()).await?.into())
}

fn logged_in(app: &App, session: &NewShopSession) -> Result<WithCookie<ShopSessionId>, Failure> {
    let cookie = [(header::SET_COOKIE, set_session(app, &session.sid)?)];
    Ok(NotStored((cookie, Data::of(ShopSessionId { sid: session.sid.clone() }))))
}

/// Log out of the storefront
///
/// Ends the session of the cookie and removes the cookie, if a customer is logged in. The response is 200 without a session as
/// well.
async fn log_out_of_shop(
    AnonymousCtx(ctx): AnonymousCtx,
    ShopVisitor(session): ShopVisitor,
    write: OneWrite,
) -> Result<Response, Failure> {
    let Some(sid) = session else { return Ok(NotStored(empty_body(&())).into_response()) };
    let app = Arc::clone(&ctx.app);
    let write = write.respond_with(move |(): &()| logged_out(&app));
    Ok(match front_door::log_out(&ctx, write, &sid).await? {
        Some(ended) => WriteResponse::from(ended).into_response(),
        None => NotStored(empty_body(&())).into_response(),
    })
}

fn logged_out(app: &App) -> Result<WithCookie<EmptyBody>, Failure> {
    Ok(NotStored(([(header::SET_COOKIE, remove_session(app)?)], empty_body(&()))))
}
