//! The pages that mailed links open, unless a storefront serves its own: one confirms an e-mail address, one resets a
//! password. They call the REST API, and show the shop of `PATRON_SHOP_…`.
//!
//! The token is in the fragment of the URL. Browsers don't send fragments, so the token appears in no log and no
//! `Referer`. The script also reads it from the query, as in the links that EverShop mails, and removes it from the address
//! at once.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use rust_embed::RustEmbed;

use super::{assets, shop};
use crate::app::App;
use crate::http::Failure;

/// Allows only the files of the pages. The browser must not submit a form itself: without the script it would put the
/// password into a URL.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `src/web/account/`, embedded into the binary.
#[derive(RustEmbed)]
#[folder = "src/web/account"]
struct AccountFiles;

/// The two pages and their files. The pages use relative URLs, so that a proxy can serve them below a path.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/account/verify-email", page("verify-email.html"))
        .route("/account/reset-password", page("reset-password.html"))
        .route("/account/account.js", file("account.js"))
        .route("/account/account.css", file("account.css"))
        .route("/account/shop.css", get(stylesheet))
        .route("/account/logo", get(logo))
}

fn page(name: &'static str) -> MethodRouter<Arc<App>> {
    get(async move |State(app): State<Arc<App>>| {
        let Some(file) = AccountFiles::get(name) else {
            return Failure::from_status(StatusCode::NOT_FOUND).into_response();
        };
        let page = shop::insert(&String::from_utf8_lossy(&file.data), &app.config.shop);
        generated("text/html", page)
    })
}

fn file(name: &'static str) -> MethodRouter<Arc<App>> {
    get(async move || assets::file::<AccountFiles>(name, CONTENT_SECURITY_POLICY))
}

async fn stylesheet(State(app): State<Arc<App>>) -> Response {
    generated("text/css", shop::stylesheet(&app.config.shop))
}

/// The logo. It has the policy of a response that is not a page: a script in an SVG image does not run. Web mail of other
/// origins may embed it.
async fn logo(State(app): State<Arc<App>>) -> Response {
    let Some(logo) = &app.config.shop.logo else {
        return Failure::from_status(StatusCode::NOT_FOUND).into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, logo.media_type),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, logo.bytes.clone()).into_response()
}

/// Responds with a text that depends on the settings. The middleware adds the entity tag.
fn generated(media_type: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        // Browsers revalidate it every time, and get a 304 if it is unchanged.
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    (headers, text).into_response()
}
